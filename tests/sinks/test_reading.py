"""Reading for others: under their role, within bounds, written down, and again after a loss."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duls.errors import BusyError, ServiceAwayError, SlowQueryError
from sinks.connection import Connection, open_connection
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from sinks.reading import Access, PoolBounds, Reader, ReadRole, obstacles
from tests.services.external import Database

pytestmark = pytest.mark.services

ACCESS = Access("kade", "7", "/v1/now", {"zone": ["kade"]})
FEEDS = b"SELECT * FROM feed"


def login(url: str, *roles: str) -> str:
    """Make a login that is a member of some roles, and return its URL; it is dropped with `drop_login`."""
    name = f"login_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(sql.Identifier(name)))
        for role in roles:
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))
    return make_conninfo(url, user=name, password="x")  # noqa: S106  # of a login that ends with the test


@pytest.fixture(scope="module")
def figures_url(timescale: Database) -> Iterator[str]:
    """Give the URL of a migrated database that these tests share: migrating takes longer than they do."""
    url = timescale.create_database(f"test_{uuid.uuid4().hex}")
    migrate(url)
    yield url
    drop_database(url)


@pytest.fixture
def api_url(figures_url: str) -> Iterator[str]:
    """Give the URL of a login that has what the API needs, and nothing else."""
    url = login(figures_url, "duls_api")
    yield url
    drop_login(figures_url, url)


def drop_login(figures_url: str, url: str) -> None:
    """Drop a login."""
    name = str(conninfo_to_dict(url)["user"])
    with psycopg.connect(figures_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def rows(statement: bytes) -> Callable[[Connection], list[Any]]:
    """Return an action that runs a statement and returns its rows."""
    return lambda connection: connection.execute(statement).fetchall()


def test_the_role_of_the_api_has_what_it_needs_and_nothing_else(api_url: str, figures_url: str) -> None:
    """It reads in the name of others and writes down that it did; by itself it reads nothing."""
    with Reader(api_url) as reader:
        assert 2 == len(reader.read(ReadRole.OPERATOR, rows(FEEDS), access=ACCESS))
        assert [] == reader.read(ReadRole.PLANNER, rows(b"SELECT * FROM cell_day"))
    with open_connection(api_url, application_name="test") as connection:
        assert [] == obstacles(connection)
        for statement in (
            b"SELECT * FROM live.feed",
            b"SELECT * FROM core.access_log",
            b"DELETE FROM core.access_log",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with open_connection(figures_url, application_name="test") as connection:
        written = connection.execute("SELECT subject, token_id, route, parameters, rows FROM core.access_log")
        assert [("kade", "7", "/v1/now", {"zone": ["kade"]}, 2)] == written.fetchall()


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        (ReadRole.PLANNER, b"SELECT * FROM live.feed"),
        (ReadRole.PLANNER, b"SELECT * FROM core.flow_slot"),
        (ReadRole.OPERATOR, b"SELECT * FROM history.cell_day"),
        (ReadRole.OPERATOR, b"SELECT * FROM core.access_log"),
        (ReadRole.OPERATOR, b"CREATE TEMP TABLE mine (a integer)"),
    ],
)
def test_the_role_is_the_boundary(figures_url: str, role: ReadRole, forbidden: bytes) -> None:
    """Even for a login that may do everything, whatever is asked for."""
    with Reader(figures_url) as reader, pytest.raises(psycopg.Error) as refused:
        reader.read(role, rows(forbidden))

    assert refused.value.sqlstate in {"42501", "25006"}  # insufficient privilege, read-only transaction


def test_names_are_those_of_the_role(figures_url: str) -> None:
    """One query serves both schemas."""
    where = b"SELECT 'cell_day'::regclass::oid, current_schema()::text"
    with Reader(figures_url) as reader:
        live = reader.read(ReadRole.OPERATOR, rows(where))
        history = reader.read(ReadRole.PLANNER, rows(where))

    assert ("live", "history") == (live[0][1], history[0][1])
    assert live[0][0] != history[0][0]


def test_what_is_not_written_down_is_not_given(figures_url: str) -> None:
    """A login that cannot write the log gives no figures; nor does it know which tokens are revoked."""
    url = login(figures_url, "duls_operator", "duls_planner")
    with Reader(url) as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.read(ReadRole.OPERATOR, rows(FEEDS), access=ACCESS)
    with open_connection(url, application_name="test") as connection:
        reasons = obstacles(connection)
    drop_login(figures_url, url)

    assert 2 == len(reasons)
    assert "may not write core.access_log" in reasons[0]
    assert "may not read core.revoked_token" in reasons[1]


def test_a_login_without_the_roles_is_told_what_it_lacks(figures_url: str) -> None:
    """One sentence each."""
    url = login(figures_url)
    with open_connection(url, application_name="test") as connection:
        reasons = obstacles(connection)
    drop_login(figures_url, url)

    assert 4 == len(reasons)
    assert all(name in " ".join(reasons) for name in ("duls_operator", "duls_planner", "GRANT duls_api"))


def test_a_database_without_views_is_told_what_it_lacks(database_url: str) -> None:
    """It was never migrated, or by an older version."""
    with open_connection(database_url, application_name="test") as connection:
        assert "run duls migrate" in obstacles(connection)[0]


def test_a_database_without_revoked_tokens_is_told_so(figures_url: str) -> None:
    """An API that is newer than its database takes no token, and says why."""
    with (
        open_connection(figures_url, application_name="test") as connection,
        connection.transaction() as undone,
    ):
        connection.execute("DROP TABLE core.revoked_token")
        reasons = obstacles(connection)
        undone.force_rollback = True

    assert 1 == len(reasons)
    assert reasons[0].endswith("no token is taken: run duls migrate")


def test_a_query_that_takes_too_long_is_ended(figures_url: str) -> None:
    """And the connection goes on."""

    def sleep(connection: Connection) -> list[object]:
        """Sleep longer than a statement may last."""
        connection.execute("SET LOCAL statement_timeout = '50ms'")
        return connection.execute("SELECT pg_sleep(20)").fetchall()

    with Reader(figures_url, PoolBounds(connections=1)) as reader:
        with pytest.raises(SlowQueryError):
            reader.read(ReadRole.OPERATOR, sleep)
        assert [(1,)] == reader.read(ReadRole.OPERATOR, rows(b"SELECT 1"))


def test_more_readers_than_connections_are_told_to_come_again(figures_url: str) -> None:
    """After a moment of waiting, not at the end of the other query."""
    begun, end = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> list[object]:
        """Keep the connection."""
        begun.set()
        end.wait(20.0)
        return []

    def hold_once(reader: Reader) -> None:
        """Keep the connection, which takes longer to open than anybody waits on a busy machine."""
        while not begun.is_set():
            with suppress(BusyError):
                reader.read(ReadRole.OPERATOR, hold)

    with Reader(figures_url, PoolBounds(connections=1, wait_s=0.1)) as reader:
        holding = threading.Thread(target=hold_once, args=(reader,))
        holding.start()
        assert begun.wait(20.0)
        with pytest.raises(BusyError):
            reader.read(ReadRole.OPERATOR, rows(FEEDS))
        end.set()
        holding.join()


def test_sessions_that_ended_are_replaced(figures_url: str) -> None:
    """A server that was restarted has none of them; nobody who asks afterwards notices."""
    with Reader(figures_url, PoolBounds(connections=2)) as reader:
        assert 2 == len(reader.read(ReadRole.OPERATOR, rows(FEEDS)))
        with open_connection(figures_url, application_name="test") as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'duls api' AND datname = current_database()"
            ).fetchall()

        assert (True,) in ended
        assert 2 == len(reader.read(ReadRole.OPERATOR, rows(FEEDS)))


def test_a_session_that_ends_under_a_query_is_a_loss(figures_url: str) -> None:
    """Of this query only."""

    def end_oneself(connection: Connection) -> list[object]:
        """End the session in which this runs."""
        with psycopg.connect(figures_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": connection.info.backend_pid})
        return connection.execute("SELECT 1").fetchall()

    with Reader(figures_url) as reader:
        with pytest.raises(ServiceAwayError, match="cannot read the database"):
            reader.read(ReadRole.OPERATOR, end_oneself)
        assert 2 == len(reader.read(ReadRole.OPERATOR, rows(FEEDS)))


def test_a_database_that_is_away_is_said_to_be_away() -> None:
    """In the time that a connection may take, not for ever."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    with Reader(nowhere, PoolBounds(wait_s=0.2)) as reader, pytest.raises(ServiceAwayError) as away:
        reader.read(ReadRole.OPERATOR, rows(FEEDS))

    assert not isinstance(away.value, BusyError)
