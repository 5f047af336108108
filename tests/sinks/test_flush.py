"""Tests of the flush transaction: it fences, moves offsets and cursors, and does all of it or nothing."""

from collections.abc import Callable

import pytest

from duls.errors import FencedError, RefusedError
from sinks.claims import Claim, claim
from sinks.connection import Connection
from sinks.flush import flush
from sinks.flush_parts import Cursor, Flush, OutboxMessage
from tests.sinks.flush_values import RAW, SLOT_S, START_US, TOPIC, advance, cells, rows_of

pytestmark = pytest.mark.services


def cursor_at(next_offset: int, next_index: int = 0) -> Cursor:
    """Return a cursor of partition 0 over raw partition 5."""
    return Cursor(TOPIC, 0, RAW, 5, 0, next_offset, next_index, START_US)


def test_a_flush_of_another_epoch_changes_nothing(connection: Connection, claims: dict[int, Claim]) -> None:
    """A process whose partition was taken over is fenced, also when only one of two was."""
    claim(connection, TOPIC, [1], {0: 0, 1: 0})
    moves = [advance(claims, 0, 0, 5), advance(claims, 1, 0, 5)]

    with pytest.raises(FencedError, match=r"\[1\]"):
        flush(connection, Flush(moves, SLOT_S, cells([1], START_US)), 1)

    assert [(0,)] == rows_of(connection, "SELECT count(*) FROM core.flow_slot")
    assert [(0,), (0,)] == rows_of(connection, "SELECT next_offset FROM core.observation_offset")


def test_a_flush_from_another_offset_changes_nothing(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Compare-and-set: an expected offset that is not the stored one is a fence too."""
    with pytest.raises(FencedError, match=r"\[0\]"):
        flush(connection, Flush([advance(claims, 0, 3, 5)], SLOT_S, cells([1], START_US)), 1)

    assert [(0,)] == rows_of(connection, "SELECT count(*) FROM core.flow_slot")


def test_a_cursor_never_goes_back(connection: Connection, claims: dict[int, Claim]) -> None:
    """A flush that would move one back is refused as a whole; standing still is allowed."""
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, cursors=[cursor_at(10, 3)]), 1)
    flush(connection, Flush([advance(claims, 0, 1, 2)], SLOT_S, cursors=[cursor_at(10, 3)]), 2)

    with pytest.raises(RefusedError, match="go back"):
        flush(connection, Flush([advance(claims, 0, 2, 3)], SLOT_S, cursors=[cursor_at(10, 2)]), 3)

    stored = rows_of(connection, "SELECT next_offset, next_index FROM core.source_cursor")
    offset = rows_of(connection, "SELECT next_offset FROM core.observation_offset WHERE partition = 0")
    assert [(10, 3)] == stored
    assert [(2,)] == offset


def test_an_error_after_the_offsets_moved_changes_nothing(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Offsets and figures are one transaction at every failpoint before COMMIT."""
    parts = Flush(
        [advance(claims, 0, 0, 1)],
        SLOT_S,
        cells([1], START_US),
        outbox=[OutboxMessage("t", None, b"v")],
    )
    for place in ("flush-before-transaction", "flush-after-offsets", "flush-before-commit"):
        with pytest.raises(ZeroDivisionError):
            flush(connection, parts, 1, failing_at(place))

    for table in ("flow_slot", "outbox"):
        assert [(0,)] == rows_of(connection, f"SELECT count(*) FROM core.{table}")  # noqa: S608  # names of this file
    assert [(0,), (0,)] == rows_of(connection, "SELECT next_offset FROM core.observation_offset")


def failing_at(place: str) -> Callable[[str], None]:
    """Return a failpoint that raises at one place."""

    def fail(name: str) -> None:
        """Raise at the place."""
        if name == place:
            raise ZeroDivisionError

    return fail


def test_empty_parts_cost_no_statement(
    connection: Connection, claims: dict[int, Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush that only moves offsets runs two statements, and twice one that does nothing."""
    statements: list[object] = []
    execute = Connection.execute

    def counted(self: Connection, statement: object, *rest: object) -> object:
        """Count and run."""
        statements.append(statement)
        return execute(self, statement, *rest)  # type: ignore[call-overload]  # passes on what it got

    monkeypatch.setattr("psycopg.Connection.execute", counted)
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, cells([], START_US)), 1)

    assert len(statements) == 4
