"""Turns are for those with rights: what a reader may do never keeps the others from working."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from sinks.claims import claim
from sinks.connection import Connection, open_connection
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush
from sinks.migrate import migrate, require_current
from sinks.queries import queries_of
from sinks.turns import Turn, give_back_turn, hold_turn, take_turn
from tests.sinks.flush_values import SLOT_S, START_US, TOPIC, advance, cells

pytestmark = pytest.mark.services

READERS = ("duls_operator", "duls_planner")
NUMBERS = range(7_041_001, 7_041_020)
"""Of advisory locks that were turns, and those of migrations, once."""
WRITING = (
    "CREATE TEMPORARY TABLE full_disk AS SELECT generate_series(1, 10)",
    "CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "SELECT lo_from_bytea(0, 'full')",
    "SELECT lo_create(0)",
)


@pytest.mark.parametrize("role", READERS)
def test_no_lock_of_a_reader_stops_the_figures(connection: Connection, figures_url: str, role: str) -> None:
    """A viewer of Grafana sends any SQL, advisory locks among it, in transactions that only read."""
    prepare_session(connection)
    connection.execute("SET lock_timeout = '1s'")
    with open_connection(figures_url, application_name="test reader") as reader:
        reader.execute(f"SET ROLE {role}".encode())
        reader.execute("SET transaction_read_only = on")
        for number in NUMBERS:
            reader.execute("SELECT pg_advisory_lock(%s)", (number,))

        claims = claim(connection, TOPIC, [0], {0: 0})
        flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, cells([1], START_US)), 1)
        with connection.transaction():
            for turn in Turn:
                take_turn(connection, turn)
        assert hold_turn(connection, Turn.PUBLICATION)

    assert [(1,)] == connection.execute("SELECT count(*) FROM core.flow_slot").fetchall()


@pytest.mark.parametrize("role", READERS)
def test_no_lock_of_a_reader_stops_migrations(figures_url: str, role: str) -> None:
    """Nor the start of a role, which waits for migrations that run."""
    with (
        ThreadPoolExecutor(1) as pool,
        open_connection(figures_url, application_name="test reader") as reader,
    ):
        reader.execute(f"SET ROLE {role}".encode())
        for number in NUMBERS:
            reader.execute("SELECT pg_advisory_lock(%s)", (number,))
        try:
            assert [] == pool.submit(migrate, figures_url).result(60.0)
            pool.submit(require_current, figures_url).result(60.0)
        finally:
            reader.close()


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM core.turn FOR UPDATE",
        "LOCK TABLE core.migrating IN SHARE UPDATE EXCLUSIVE MODE",
        "LOCK TABLE core.retention_horizon IN ACCESS SHARE MODE",
        "LOCK TABLE live.zone IN ROW SHARE MODE",
        "LOCK TABLE history.zone IN ROW SHARE MODE",
    ],
)
def test_a_reader_cannot_lock_what_is_ours(connection: Connection, role: str, statement: str) -> None:
    """Neither rows nor tables, nor those below a view."""
    connection.execute(f"SET ROLE {role}".encode())

    with connection.transaction(), pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_a_reader_writes_nothing_at_all(database_url: str) -> None:
    """That transactions only read is a default, and a query may change it."""
    migrate(database_url)
    with open_connection(database_url, application_name="test") as connection:
        for role in (*READERS, "duls_api"):
            connection.execute(f"SET ROLE {role}".encode())
            connection.execute("SET default_transaction_read_only = off")
            for statement in WRITING:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


def test_no_query_takes_an_advisory_lock() -> None:
    """Any login may hold one."""
    files = sorted(path.stem for path in Path("sinks/sql").glob("*.sql"))

    found = [name for name in files if b"pg_advisory" in b"".join(queries_of(name).values())]

    assert [] == found


def test_a_turn_is_had_by_one_at_a_time(connection: Connection, figures_url: str) -> None:
    """Another waits until the transaction ends; another turn is free."""
    with open_connection(figures_url, application_name="test other") as other:
        other.execute("SET lock_timeout = '100ms'")
        with connection.transaction():
            take_turn(connection, Turn.CLAIMS)
            with pytest.raises(psycopg.errors.LockNotAvailable), other.transaction():
                take_turn(other, Turn.CLAIMS)
            with other.transaction():
                take_turn(other, Turn.RULES)
        with other.transaction():
            take_turn(other, Turn.CLAIMS)


def test_the_api_takes_the_turn_of_rules(connection: Connection) -> None:
    """Under its own login, whose rights are few."""
    connection.execute("SET ROLE duls_api")

    with connection.transaction():
        take_turn(connection, Turn.RULES)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        hold_turn(connection, Turn.PUBLICATION)


def test_a_turn_is_held_until_it_is_given_back(connection: Connection, figures_url: str) -> None:
    """By the session that holds it; again by the same one is nothing new."""
    with open_connection(figures_url, application_name="test other") as other:
        assert hold_turn(connection, Turn.PUBLICATION)
        assert hold_turn(connection, Turn.PUBLICATION)
        assert not hold_turn(other, Turn.PUBLICATION)
        give_back_turn(other, Turn.PUBLICATION)
        assert not hold_turn(other, Turn.PUBLICATION)
        give_back_turn(connection, Turn.PUBLICATION)
        assert hold_turn(other, Turn.PUBLICATION)


def test_a_turn_of_a_session_that_ended_is_free(connection: Connection, figures_url: str) -> None:
    """However it ended: a process that was killed gives nothing back."""
    with open_connection(figures_url, application_name="test other") as other:
        assert hold_turn(other, Turn.PUBLICATION)
        pid = other.info.backend_pid
    connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    assert hold_turn(connection, Turn.PUBLICATION)


@pytest.mark.parametrize("change", ["server_start = 'epoch'", "held_since = now() - interval '25 hours'"])
def test_a_number_that_means_another_session_holds_nothing(
    connection: Connection, figures_url: str, change: str
) -> None:
    """Numbers of sessions begin anew with the server, and come back after a while."""
    with open_connection(figures_url, application_name="test other") as other:
        assert hold_turn(other, Turn.PUBLICATION)
        connection.execute(f"UPDATE core.turn SET {change} WHERE holder_pid IS NOT NULL".encode())  # noqa: S608  # of this file

        assert hold_turn(connection, Turn.PUBLICATION)


def test_a_turn_that_is_missing_is_told_of(connection: Connection) -> None:
    """It could not be taken, and nothing would be kept apart."""
    connection.execute("DELETE FROM core.turn")

    with pytest.raises(Exception, match="duls migrate"), connection.transaction():
        take_turn(connection, Turn.CLAIMS)
