"""Flow cells: the counters of (zone, slot, class, emission, source), and their roll-up to hours and days.

Kernels add to slot cells only. All figures but `vehicles` and `late` add up over slots; those two are counted
for each grain by itself, in the slot cell where they became known, and leave with the grain that they belong to.
"""

from typing import Final

import numpy as np

from processors.calendar import HOUR_US, US_PER_S, local_day, local_days
from processors.columns import FIGURES, FlowDelta, Int64Array
from processors.jit import inner_kernel
from processors.rules import Rules

# columns of a flow cell table
OBSERVATIONS: Final = 0
ENTRIES: Final = 1
EXITS: Final = 2
APPEARANCES: Final = 3
DISAPPEARANCES: Final = 4
DWELL_US: Final = 5
VISITS: Final = 6
VISIT_US: Final = 7
STOPS: Final = 8
STOP_US: Final = 9
DISTANCE_UM: Final = 10
THROUGH: Final = 11
VEHICLES_SLOT: Final = 12
VEHICLES_HOUR: Final = 13
VEHICLES_DAY: Final = 14
LATE_SLOT: Final = 15
LATE_HOUR: Final = 16
LATE_DAY: Final = 17
LATE: Final = LATE_SLOT  # first of the three
FLOW_COLUMNS: Final = 18

_ADDITIVE: Final = {
    "observations": OBSERVATIONS,
    "entries": ENTRIES,
    "exits": EXITS,
    "appearances": APPEARANCES,
    "disappearances": DISAPPEARANCES,
    "dwell_us": DWELL_US,
    "visits": VISITS,
    "visit_us": VISIT_US,
    "stops": STOPS,
    "stop_us": STOP_US,
    "distance_um": DISTANCE_UM,
    "through": THROUGH,
}
_BY_GRAIN: Final = {
    "slot": {"vehicles": VEHICLES_SLOT, "late": LATE_SLOT},
    "hour": {"vehicles": VEHICLES_HOUR, "late": LATE_HOUR},
    "day": {"vehicles": VEHICLES_DAY, "late": LATE_DAY},
}
GRAINS: Final = ("slot", "hour", "day")

SLOT_BITS: Final = 31
ZONE_SHIFT: Final = SLOT_BITS + 7  # the zone stands above slot, class, emission and source
MAX_ZONE_NO: Final = (1 << 24) - 1


@inner_kernel
def flow_key(zone_no: int, slot: int, vehicle_class: int, zero_emission: int, source: int) -> np.int64:
    """Pack the key of a slot cell; *slot* is the slot start divided by the slot length."""
    group = ((np.int64(zone_no) * 16 + vehicle_class) * 4 + zero_emission) * 2 + source
    return (group << 31) | slot


@inner_kernel
def add_late(
    values: Int64Array, column: int, event_us: int, arrival_us: int, rules: Rules, midnights_us: Int64Array
) -> None:
    """Count an observation as late for each bucket that ended more than `late_after_us` before its arrival.

    *values* are the counters of its cell, in which slot, hour and day stand from *column* on.
    """
    limit_us = arrival_us - rules.late_after_us
    if limit_us <= event_us:
        return
    if limit_us > (event_us // rules.slot_us + 1) * rules.slot_us:
        values[column] += 1
    if limit_us > (event_us // HOUR_US + 1) * HOUR_US:
        values[column + 1] += 1
    if limit_us > midnights_us[local_day(event_us, midnights_us) + 1]:
        values[column + 2] += 1


def roll_up(
    keys: Int64Array, values: Int64Array, *, slot_s: int, midnights_us: Int64Array
) -> dict[str, FlowDelta]:
    """Return the deltas of slots, hours and days of drained slot cells.

    Args:
        keys: Packed keys, in any order and perhaps repeated, shape (n,).
        values: Counters, shape (n, FLOW_COLUMNS).
        slot_s: Length of the slots in seconds.
        midnights_us: Table of local midnights.
    """
    slot_us = slot_s * US_PER_S
    group = keys >> SLOT_BITS
    slot_start_us = (keys & ((1 << SLOT_BITS) - 1)) * slot_us
    buckets = {
        "slot": slot_start_us,
        "hour": slot_start_us // HOUR_US * HOUR_US,
        "day": local_days(slot_start_us, midnights_us).astype(np.int64),
    }
    return {grain: _grouped(group, buckets[grain], values, grain) for grain in GRAINS}


def _grouped(group: Int64Array, bucket: Int64Array, values: Int64Array, grain: str) -> FlowDelta:
    zone = group >> 7
    order = np.lexsort((group, bucket, zone))
    group, bucket = group[order], bucket[order]
    columns = np.array([{**_ADDITIVE, **_BY_GRAIN[grain]}[figure] for figure in FIGURES])
    figures = values[np.ix_(order, columns)]
    new = np.ones(group.size, bool)
    new[1:] = (group[1:] != group[:-1]) | (bucket[1:] != bucket[:-1])
    first = np.flatnonzero(new)
    if first.size:
        figures = np.add.reduceat(figures, first, axis=0)
    kept = figures.any(axis=1)
    group, bucket = group[first][kept], bucket[first][kept]
    return FlowDelta(
        (group >> 7).astype(np.int32),
        bucket,
        (group >> 3 & 15).astype(np.uint8),
        (group >> 1 & 3).astype(np.uint8),
        (group & 1).astype(np.uint8),
        np.ascontiguousarray(figures[kept]),
    )
