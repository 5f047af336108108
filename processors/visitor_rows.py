"""Which vehicles came to which zones on which days of a month, where vehicles are known over months.

A kernel notes a vehicle when a zone counts it the first time on a local day, so whatever is repeated, late or doubtful
is in these rows as it is in the vehicles of the day. Nobody is noted whose row has no pseudonym of the month.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from processors.columns import (
    Int32Array,
    Int64Array,
    UInt32Array,
    UInt64Array,
    VisitorDelta,
)
from processors.jit import inner_kernel
from processors.vehicle_traits import AT_HOME, holders_in


class VisitorRows(NamedTuple):
    """Vehicles that came, in the order in which they were counted; `used[0]` rows are taken."""

    zone_no: Int32Array
    day: Int32Array  # local day, days since 1970-01-01
    visitor: UInt64Array
    traits: UInt32Array
    used: Int64Array  # shape (1,)


def new_visitor_rows(capacity: int = 0) -> VisitorRows:
    """Return rows of nobody with room for some."""
    return VisitorRows(
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity, np.uint32),
        np.zeros(1, np.int64),
    )


def with_visitor_room(rows: VisitorRows, more: int) -> VisitorRows:
    """Return the same rows with room for so many more."""
    used = int(rows.used[0])
    if used + more <= rows.day.size:
        return rows
    grown = new_visitor_rows(1 << (used + more).bit_length())
    grown.zone_no[:used] = rows.zone_no[:used]
    grown.day[:used] = rows.day[:used]
    grown.visitor[:used] = rows.visitor[:used]
    grown.traits[:used] = rows.traits[:used]
    grown.used[0] = used
    return grown


@inner_kernel
def add_visitor(rows: VisitorRows, zone_no: int, day: int, visitor: np.uint64, traits: np.uint32) -> None:
    """Note that a vehicle came to a zone on a day. There must be room."""
    row = rows.used[0]
    rows.zone_no[row] = zone_no
    rows.day[row] = day
    rows.visitor[row] = visitor
    rows.traits[row] = traits
    rows.used[0] = row + 1


def drain_visitors(rows: VisitorRows) -> VisitorDelta:
    """Return what was noted."""
    used = int(rows.used[0])
    day = rows.day[:used].astype("M8[D]")
    month = day.astype("M8[M]").astype("M8[D]")
    bits = np.left_shift(1, (day - month).astype(np.int64)).astype(np.int32)
    traits = rows.traits[:used]
    return _by_visitor(
        VisitorDelta(
            month.astype(np.int64).astype(np.int32),
            rows.zone_no[:used],
            rows.visitor[:used],
            bits,
            (traits & AT_HOME) != 0,
            *holders_in(traits),
        )
    )


def merged_visitors(deltas: Sequence[VisitorDelta]) -> VisitorDelta:
    """Return one delta of several; of a vehicle in more than one, the first tells what it is."""
    return _by_visitor(VisitorDelta._make(map(np.concatenate, zip(*deltas, strict=True))))


def _by_visitor(rows: VisitorDelta) -> VisitorDelta:
    """Return each vehicle of a month and zone once, with all of its days."""
    order = np.lexsort((rows.visitor, rows.zone_no, rows.month))  # stable: the first counted comes first
    sorted_rows = VisitorDelta._make(column[order] for column in rows)
    if order.size == 0:
        return sorted_rows
    month, zone_no, visitor = sorted_rows[:3]
    other = (month[1:] != month[:-1]) | (zone_no[1:] != zone_no[:-1]) | (visitor[1:] != visitor[:-1])
    starts = np.flatnonzero(np.append(True, other))
    once = VisitorDelta._make(column[starts] for column in sorted_rows)
    return once._replace(days=np.bitwise_or.reduceat(sorted_rows.days, starts))
