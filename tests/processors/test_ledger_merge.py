"""Ledgers of several slot lengths put together: hours, days and feeds add up, slots stay apart."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.camera_counts import CAMERA_COLUMNS, CameraDelta
from processors.columns import FIGURES, CarrierDelta, FlowDelta, VisitorDelta
from processors.feed_counts import FEED_COLUMNS, FeedDelta, RejectionDelta
from processors.ledger import LedgerDelta
from processors.ledger_merge import merged

Keyed = dict[tuple[int, ...], int]

flow_keys = st.tuples(
    st.integers(0, 2), st.integers(0, 2), st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)
)
flows = st.dictionaries(flow_keys, st.integers(1, 1 << 40), max_size=5)
feeds = st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 2)), st.integers(1, 9), max_size=4)
reasons = st.dictionaries(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(16, 18)), st.integers(1, 9), max_size=4
)
# halves of ids on both sides of the sign bit
halves = st.sampled_from([0, 1, 1 << 63, (1 << 64) - 1])
camera_keys = st.tuples(
    halves, halves, st.integers(0, 2), st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)
)
cameras = st.dictionaries(camera_keys, st.integers(1, 9), max_size=4)
carrier_keys = st.tuples(
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 1),
    st.integers(0, 2),
    st.sampled_from([0, 1, 2**32 - 1]),
)
carriers = st.dictionaries(carrier_keys, st.integers(1, 9), max_size=5)
visitor_keys = st.tuples(st.integers(0, 1), st.integers(0, 2), st.sampled_from([1, 2, (1 << 64) - 1]))
visitors = st.dictionaries(visitor_keys, st.integers(1, (1 << 31) - 1), max_size=5)
deltas = st.lists(st.tuples(flows, feeds, reasons, cameras, carriers, visitors), min_size=1, max_size=3)


def columns(rows: Keyed, width: int) -> list[list[int]]:
    """Return the columns of the keys, ascending."""
    return [[key[place] for key in sorted(rows)] for place in range(width)]


def delta_of(  # the parts of one delta
    cells: Keyed, minutes: Keyed, rejected: Keyed, passed: Keyed, sent: Keyed, came: Keyed
) -> LedgerDelta:
    """Return a delta whose figures are a value and its multiples."""
    zone, bucket, vehicle_class, emission, source = columns(cells, 5)
    values = np.array([cells[key] for key in sorted(cells)], np.int64)
    flow = FlowDelta(
        np.array(zone, np.int32),
        np.array(bucket, np.int64),
        np.array(vehicle_class, np.uint8),
        np.array(emission, np.uint8),
        np.array(source, np.uint8),
        values[:, None] * np.arange(1, len(FIGURES) + 1),
    )
    feed_source, minute = columns(minutes, 2)
    counts = np.array([minutes[key] for key in sorted(minutes)], np.int64)
    why_source, why_minute, why = columns(rejected, 3)
    return LedgerDelta(
        {"slot": flow, "hour": flow, "day": flow},
        FeedDelta(
            np.array(feed_source, np.uint8),
            np.array(minute, np.int64),
            counts[:, None] * np.arange(1, FEED_COLUMNS + 1),
        ),
        RejectionDelta(
            np.array(why_source, np.uint8),
            np.array(why_minute, np.int64),
            np.array(why, np.uint8),
            np.array([rejected[key] for key in sorted(rejected)], np.int64),
        ),
        camera_delta(passed),
        {"hour": carrier_delta(sent), "day": carrier_delta(sent)},
        visitor_delta(came),
    )


def visitor_delta(came: Keyed) -> VisitorDelta:
    """Return who came, with properties that follow from the key."""
    month, zone_no, visitor = columns(came, 3)
    return VisitorDelta(
        np.array(month, np.int32),
        np.array(zone_no, np.int32),
        np.array(visitor, np.uint64),
        np.array([came[key] for key in sorted(came)], np.int32),
        np.array(month, np.bool_),
        np.array(zone_no, np.uint8),
        np.array(zone_no, np.uint8),
    )


def carrier_delta(sent: Keyed) -> CarrierDelta:
    """Return vehicles by carrier."""
    types = (np.int32, np.int64, np.uint8, np.uint8, np.uint32)
    keys = (np.array(column, kind) for column, kind in zip(columns(sent, 5), types, strict=True))
    return CarrierDelta(*keys, np.array([sent[key] for key in sorted(sent)], np.int64))


def camera_delta(passed: Keyed) -> CameraDelta:
    """Return counts of cameras, a value and its double, in the order of the merge: signed halves."""
    order = sorted(passed, key=lambda key: tuple(half - (half >> 63 << 64) for half in key[:2]) + key[2:])
    types = (np.uint64, np.uint64, np.int64, np.uint8, np.uint8, np.uint8)
    keys = (np.array([key[place] for key in order], kind) for place, kind in enumerate(types))
    counts = np.array([passed[key] for key in order], np.int64)
    return CameraDelta(*keys, counts[:, None] * np.arange(1, CAMERA_COLUMNS + 1))


def summed(parts: list[Keyed]) -> Keyed:
    """Return the sums by key."""
    total: Counter[tuple[int, ...]] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


@given(deltas)
def test_sums_are_those_of_the_parts(parts: list[tuple[Keyed, ...]]) -> None:
    """Every key once, ascending, with the types of a single delta."""
    whole = merged([delta_of(*part) for part in parts])

    came: Keyed = {}
    for part in parts:
        came |= {key: came.get(key, 0) | days for key, days in part[5].items()}
    expected = delta_of(*(summed([part[place] for part in parts]) for place in range(5)), came)
    for grain in ("hour", "day"):
        require_equal(expected.flows[grain], whole.flows[grain])
        require_equal(expected.carriers[grain], whole.carriers[grain])
    require_equal(expected.feeds, whole.feeds)
    require_equal(expected.rejections, whole.rejections)
    require_equal(expected.cameras, whole.cameras)
    require_equal(expected.visitors, whole.visitors)
    require_equal(delta_of(*parts[0]).flows["slot"], whole.flows["slot"])


def require_equal(expected: tuple[object, ...], actual: tuple[object, ...]) -> None:
    """Compare columns, types included."""
    for left, right in zip(map(np.asarray, expected), map(np.asarray, actual), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)
