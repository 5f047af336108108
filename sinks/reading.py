"""Read-only transactions for the API, each under the database role of who asks.

The role is the boundary: within a transaction the login has given up its own rights, so a query of an operator
reads `live` and one of a planner reads `history`, whatever the code above asks for.
"""

import threading
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from enum import Enum
from typing import Any, Final, NamedTuple, Self, TypeVar

import psycopg
import psycopg_pool
from psycopg.types.json import Jsonb

from duls.errors import BusyError, ServiceAwayError, SlowQueryError
from sinks.connection import CONNECT_TIMEOUT_S, DEAD_PEER_MS, Connection, first_line
from sinks.patience import never
from sinks.queries import query
from sinks.silence import READING_S, ListeningConnection, Silence

APPLICATION_NAME: Final = "duls api"
MOST_WAITING: Final = 64  # more requests than these are told to come again at once


Rows = TypeVar("Rows", bound=Sized)
Result = TypeVar("Result")


class ReadRole(Enum):
    """A database role that reads; the value begins a transaction under it."""

    OPERATOR = "begin_operator"
    PLANNER = "begin_planner"


class Access(NamedTuple):
    """Who reads what, for the log."""

    subject: str | None
    token_id: str | None
    route: str
    parameters: dict[str, Any]  # as JSON knows it


class PoolBounds(NamedTuple):
    """How much of the database the API may use."""

    connections: int = 8
    wait_s: float = 2.0  # for a connection


class Reader:
    """A pool of connections, used from many threads; broken connections are replaced.

    Args:
        url: libpq URL of a login that may take the roles of operators and planners.
        bounds: of the pool.
        should_stop: whether a database that does not answer is waited for no longer.
    """

    def __init__(
        self,
        url: str,
        bounds: PoolBounds = PoolBounds(),  # noqa: B008  # frozen
        *,
        should_stop: Callable[[], bool] = never,
    ) -> None:
        self._silence = Silence(READING_S, should_stop)
        self._pool = psycopg_pool.ConnectionPool(
            url,
            connection_class=ListeningConnection,
            kwargs={
                "autocommit": True,
                "application_name": APPLICATION_NAME,
                "connect_timeout": CONNECT_TIMEOUT_S,
                "tcp_user_timeout": DEAD_PEER_MS,
                # every filter may be there or not, so a plan is made for the values and never kept
                "prepare_threshold": None,
            },
            min_size=1,
            max_size=bounds.connections,
            timeout=bounds.wait_s,
            max_waiting=MOST_WAITING,
            configure=self._set_limits,
            check=psycopg_pool.ConnectionPool.check_connection,  # a server that was restarted is noticed here
            open=False,
            name=APPLICATION_NAME,
        )
        self._lock = threading.Lock()
        self._in_use = 0

    def __enter__(self) -> Self:
        """Begin to connect; a database that is away is tried again for ever."""
        self._pool.open()
        return self

    def __exit__(self, *_reason: object) -> None:
        """Close the connections that nobody uses."""
        self._pool.close(timeout=1.0)

    def stats(self) -> dict[str, int]:
        """Return figures of the pool, as psycopg_pool names them; those that are 0 may be left out."""
        return self._pool.get_stats()

    @contextmanager
    def transaction(self, role: ReadRole) -> Iterator[Connection]:
        """Give a connection within a read-only transaction under *role*.

        Raises:
            BusyError: no connection was free in time.
            SlowQueryError: a statement took longer than it may.
            ServiceAwayError: the database does not answer, or the connection broke.
        """
        with self._connection() as connection, _under(connection, role):
            yield connection

    def read(
        self, role: ReadRole, action: Callable[[Connection], Rows], *, access: Access | None = None
    ) -> Rows:
        """Run *action* in such a transaction and return its rows.

        With *access*, it is written down who read how many rows, before they are returned.
        """
        with self._connection() as connection:
            with _under(connection, role):
                rows = action(connection)
            if access is not None:
                _log(connection, access, len(rows))
            return rows

    def as_login(self, action: Callable[[Connection], Result]) -> Result:
        """Run *action* with the rights of the login itself, which are few; it makes its own transactions.

        Raises:
            BusyError: no connection was free in time.
            SlowQueryError: a statement took longer than it may.
            ServiceAwayError: the database does not answer, or the connection broke.
        """
        with self._connection() as connection:
            return action(connection)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Give a connection of the pool, and turn the driver's errors into ours."""
        with self._errors(), self._pool.connection() as connection:
            self._count(1)
            try:
                yield connection
            finally:
                self._count(-1)

    def _set_limits(self, connection: ListeningConnection) -> None:
        """Set the limits of a new session."""
        connection.silence = self._silence
        connection.execute(query("reading", "set_limits"))

    def _count(self, change: int) -> None:
        """Keep count of the connections in use."""
        with self._lock:
            self._in_use += change

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        try:
            yield
        except psycopg_pool.TooManyRequests as error:
            message = "too many requests wait for a database connection"
            raise BusyError(message) from error
        except psycopg_pool.PoolTimeout as error:
            raise self._no_connection() from error
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable) as error:
            message = f"a query was ended: {first_line(error)}"
            raise SlowQueryError(message) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            message = f"cannot read the database: {first_line(error)}; is it running and reachable?"
            raise ServiceAwayError(message) from error

    def _no_connection(self) -> ServiceAwayError:
        """Tell whether connections are in use or there are none."""
        if self._in_use:
            return BusyError("every database connection is in use")
        return ServiceAwayError("no connection to the database; is it running and reachable?")


@contextmanager
def _under(connection: Connection, role: ReadRole) -> Iterator[None]:
    """Hold a read-only transaction under *role*."""
    connection.execute(query("reading", role.value))
    try:
        yield
    finally:
        # nothing was written, and after an error there is nothing to commit
        if not connection.closed:
            connection.execute(query("reading", "end"))


def _log(connection: Connection, access: Access, rows: int) -> None:
    """Write down who read what, under the login itself."""
    values = {**access._asdict(), "parameters": Jsonb(access.parameters), "rows": rows}
    with connection.transaction():
        connection.execute(query("reading", "relax_commit"))
        connection.execute(query("reading", "log_access"), values)


def obstacles(connection: Connection) -> list[str]:
    """Return why the login cannot read for operators and planners; empty when it can."""
    return [str(row[0]) for row in connection.execute(query("reading", "obstacles"))]
