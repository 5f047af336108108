"""What a database server is: its version, its extension and its clock."""

from typing import NamedTuple

from sinks.connection import Connection, away_errors
from sinks.queries import query


class ServerFacts(NamedTuple):
    """A PostgreSQL server as a database on it sees it."""

    version: str
    timescale_version: str | None  # None: plain tables
    licence: str | None  # `timescale` has compression, `apache` has not
    now_us: int  # its clock, microseconds since 1970 UTC


def server_facts(connection: Connection) -> ServerFacts:
    """Return what the server is.

    Raises:
        ServiceAwayError: it does not answer.
    """
    with away_errors("ask the database server what it is"):
        row = connection.execute(query("server", "facts")).fetchall()[0]
    return ServerFacts(*row)
