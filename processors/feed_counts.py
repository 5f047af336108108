"""Counts per source and minute of arrival: what was accepted, taken, rejected, late and so on."""

from typing import Final, NamedTuple

import numpy as np

from processors.cells import CellTable, cell_of
from processors.columns import Int64Array, UInt8Array
from processors.jit import inner_kernel, lean_kernel
from processors.units import MINUTE_US
from processors.vocabulary import FIRST_REJECTION

# columns of a feed count table
# (accepted rows passed validation; each is then late, low confidence, out of order, duplicate, taken or held)
ACCEPTED: Final = 0
TAKEN: Final = 1
REJECTED: Final = 2
DUPLICATES: Final = 3
OUT_OF_ORDER: Final = 4
LATE: Final = 5
LOW_CONFIDENCE: Final = 6
FEED_COLUMNS: Final = 7
FEED_COUNTS: Final = (
    "accepted",
    "taken",
    "rejected",
    "duplicates",
    "out_of_order",
    "late",
    "low_confidence",
)

MINUTE_BITS: Final = 40


class FeedDelta(NamedTuple):
    """What to add to the counts of feeds, sorted by key, each key once."""

    source: UInt8Array  # Source code
    minute_us: Int64Array  # start of the minute of arrival
    counts: Int64Array  # shape (rows, FEED_COLUMNS), in the order of FEED_COUNTS


class RejectionDelta(NamedTuple):
    """What to add to the counts of rejections by reason, sorted by key, each key once."""

    source: UInt8Array  # Source code
    minute_us: Int64Array  # start of the minute of arrival
    reason: UInt8Array  # Outcome code
    count: Int64Array  # type: ignore[assignment]  # tuple.count is not used


@inner_kernel
def count_feed(feeds: CellTable, source: int, arrival_us: int, column: int) -> None:
    """Count one row of a source at its minute of arrival."""
    minute = max(arrival_us // MINUTE_US, 0)
    feeds.values[cell_of(feeds, (source << MINUTE_BITS) | minute), column] += 1


@lean_kernel
def count_feeds(feeds: CellTable, source: int, arrival_us: Int64Array, column: int) -> None:
    """Count rows of a source, each at its minute of arrival."""
    for row in range(arrival_us.size):
        count_feed(feeds, source, arrival_us[row], column)


@lean_kernel
def count_outcomes(
    feeds: CellTable, reasons: CellTable, source: int, arrival_us: Int64Array, outcome: UInt8Array
) -> None:
    """Count the accepted and the rejected rows of a batch, the latter also by reason."""
    for row in range(outcome.size):
        if outcome[row] < FIRST_REJECTION:
            count_feed(feeds, source, arrival_us[row], ACCEPTED)
        else:
            count_feed(feeds, source, arrival_us[row], REJECTED)
            minute = max(arrival_us[row] // MINUTE_US, 0)
            key = (((source << 8) | np.int64(outcome[row])) << MINUTE_BITS) | minute
            reasons.values[cell_of(reasons, key), 0] += 1


def feed_delta(keys: Int64Array, values: Int64Array) -> FeedDelta:
    """Return drained feed counts as a delta."""
    minute = keys & ((1 << MINUTE_BITS) - 1)
    return FeedDelta((keys >> MINUTE_BITS).astype(np.uint8), minute * MINUTE_US, values)


def rejection_delta(keys: Int64Array, values: Int64Array) -> RejectionDelta:
    """Return drained rejection counts as a delta."""
    minute = keys & ((1 << MINUTE_BITS) - 1)
    group = keys >> MINUTE_BITS
    return RejectionDelta(
        (group >> 8).astype(np.uint8), minute * MINUTE_US, (group & 255).astype(np.uint8), values[:, 0].copy()
    )
