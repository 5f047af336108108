"""Tests of database roles: each reads its own schema and nothing else."""

import psycopg
import pytest

from sinks.claims import claim
from sinks.connection import Connection
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush, OutboxMessage
from tests.sinks.flush_values import SLOT_S, START_DAY, START_US, TOPIC, advance, cells

pytestmark = pytest.mark.services

OPERATOR_READS = "live.zone_now"
PLANNER_READS = "history.zone_flow_day"
NOBODY_READS = "core.flow_slot"


@pytest.mark.parametrize(
    ("role", "allowed", "forbidden"),
    [
        ("duls_operator", [OPERATOR_READS], [PLANNER_READS, NOBODY_READS]),
        ("duls_planner", [PLANNER_READS], [OPERATOR_READS, NOBODY_READS]),
        ("duls_ingest", [OPERATOR_READS, NOBODY_READS], [PLANNER_READS]),
    ],
)
def test_a_role_reads_what_it_is_for(
    connection: Connection, role: str, allowed: list[str], forbidden: list[str]
) -> None:
    """The grants of the migration hold on the real server."""
    connection.execute(f"SET ROLE {role}".encode())

    for name in allowed:
        assert [] == connection.execute(f"SELECT * FROM {name}".encode()).fetchall()  # noqa: S608  # names of this file
    for name in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {name}".encode())  # noqa: S608  # names of this file


@pytest.mark.parametrize("role", ["duls_operator", "duls_planner"])
def test_a_reader_changes_nothing(connection: Connection, role: str) -> None:
    """Neither through a view nor by making tables."""
    connection.execute(f"SET ROLE {role}".encode())

    for statement in ("DELETE FROM core.zone", "DELETE FROM live.alert", "CREATE TABLE live.mine (a int)"):
        with pytest.raises(psycopg.Error):
            connection.execute(statement.encode())


def test_ingest_claims_and_flushes(connection: Connection) -> None:
    """It writes tables, new chunks included, and cannot change their shape."""
    connection.execute("SET ROLE duls_ingest")
    prepare_session(connection)
    claims = claim(connection, TOPIC, [0], {0: 0})
    parts = Flush(
        [advance(claims, 0, 0, 1)],
        SLOT_S,
        cells([1], START_US),
        days=cells([1], START_DAY),
        outbox=[OutboxMessage("t", None, b"v")],
    )

    flush(connection, parts, 1)

    assert [(1,)] == connection.execute("SELECT count(*) FROM core.flow_slot").fetchall()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER TABLE core.outbox ADD COLUMN more int")
