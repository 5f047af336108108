"""Connections to PostgreSQL, with the limits that keep a stopped process from blocking the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from duls.errors import ServiceAwayError
from sinks.queries import query
from sinks.silence import ListeningConnection, Silence

Connection = psycopg.Connection[TupleRow]

CONNECT_TIMEOUT_S: Final = 5
LAST_CONNECT_TIMEOUT_S: Final = 2  # of a process that is asked to stop; libpq takes no less
# A peer that vanished without a word is noticed after this, well within the 60 s of the promise.
DEAD_PEER_MS: Final = 15_000


def raw_connection(url: str, *, application_name: str, silence: Silence = Silence()) -> Connection:  # noqa: B008  # frozen
    """Open an autocommit connection and set the session limits; psycopg's errors pass through."""
    connection = ListeningConnection.connect(
        url,
        autocommit=True,
        application_name=application_name,
        connect_timeout=LAST_CONNECT_TIMEOUT_S if silence.should_stop() else CONNECT_TIMEOUT_S,
        tcp_user_timeout=DEAD_PEER_MS,
        keepalives_idle=5,
        keepalives_interval=3,
        keepalives_count=3,
    )
    connection.silence = silence
    try:
        connection.execute(query("session", "set_limits"))
    except BaseException:
        connection.close()
        raise
    return connection


def open_connection(url: str, *, application_name: str) -> Connection:
    """Open an autocommit connection with session limits.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    with away_errors("connect to the database"):
        return raw_connection(url, application_name=application_name)


@contextmanager
def away_errors(what: str) -> Iterator[None]:
    """Turn a lost or refused connection into ServiceAwayError; *what* says what was being done."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        message = f"cannot {what}: {first_line(error)}; is the database running and reachable?"
        raise ServiceAwayError(message) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message: later lines can hold values of rows."""
    return str(error).partition("\n")[0]
