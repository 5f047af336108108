"""Values for tests of the flush: small deltas and advances, and the rows that a flush leaves."""

from uuid import UUID

import numpy as np

from processors.columns import FIGURES, FlowDelta
from sinks.claims import Claim
from sinks.connection import Connection
from sinks.flush_parts import NowColumns, PartitionAdvance

TOPIC = UUID(int=1)
RAW = UUID(int=2)
SLOT_S = 300
SLOT_US = SLOT_S * 1_000_000
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
START_US = 1_795_420_800_000_000  # 2026-11-23 08:00 UTC
START_DAY = START_US // DAY_US


def cells(zones: list[int], bucket: int, figure: int = 1) -> FlowDelta:
    """Return one cell per zone in *bucket*, in the order given, every figure being *figure*."""
    rows = len(zones)
    return FlowDelta(
        np.array(zones, np.int32),
        np.full(rows, bucket, np.int64),
        np.full(rows, 3, np.uint8),
        np.full(rows, 1, np.uint8),
        np.zeros(rows, np.uint8),
        np.full((rows, len(FIGURES)), figure, np.int64),
    )


def visits(day: int, opened: int, closed: int) -> FlowDelta:
    """Return one day cell with entries and exits only."""
    delta = cells([1], day, 0)
    delta.figures[0, FIGURES.index("entries")] = opened
    delta.figures[0, FIGURES.index("exits")] = closed
    return delta


def now_columns(present: list[int], silent: list[int]) -> NowColumns:
    """Return counts of zones 1, 2, … in partition 0."""
    rows = len(present)
    return NowColumns(
        np.zeros(rows, np.int32),
        np.arange(1, rows + 1, dtype=np.int32),
        np.full(rows, 3, np.uint8),
        np.full(rows, 2, np.uint8),
        np.array(present, np.int64),
        np.array(silent, np.int64),
    )


def advance(claims: dict[int, Claim], partition: int, expected: int, following: int) -> PartitionAdvance:
    """Return the move of a claimed partition of the test topic."""
    return PartitionAdvance(TOPIC, partition, expected, following, claims[partition].epoch)


def rows_of(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Return all rows of a statement."""
    return connection.execute(statement.encode()).fetchall()
