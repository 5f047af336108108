"""Flow cells: the counters of (zone, slot, class, emission, source), and their roll-up to hours and days.

Kernels add to slot cells only. All figures but `vehicles` and `late` add up over slots; those two are counted
for each grain by itself, in the slot cell where they became known, and leave with the grain that they belong to.
"""

from typing import Final

import numpy as np

from processors.calendar import local_day, local_days
from processors.columns import FIGURES, FlowDelta, Int64Array
from processors.jit import inner_kernel, lean_kernel
from processors.rules import Rules
from processors.units import HOUR_US, US_PER_S

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
_GROUP_BITS: Final = 7  # of class, emission and source
_GROUP_MASK: Final = (1 << _GROUP_BITS) - 1
_BUCKET_MASK: Final = (1 << SLOT_BITS) - 1
ZONE_SHIFT: Final = SLOT_BITS + _GROUP_BITS  # the zone stands above slot, class, emission and source
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
    slot = keys & _BUCKET_MASK
    days = local_days(slot * slot_us, midnights_us).astype(np.int64)
    return {
        "slot": _grouped(keys, slot, slot_us, values, "slot"),
        "hour": _grouped(keys, slot * slot_us // HOUR_US, HOUR_US, values, "hour"),
        "day": _grouped(keys, days, 1, values, "day"),
    }


def _grouped(keys: Int64Array, bucket: Int64Array, unit: int, values: Int64Array, grain: str) -> FlowDelta:
    """Return the sums of slot cells by bucket of a grain, given as a number of *unit* each."""
    # in this order flow deltas stand: by zone, bucket, class, emission, source
    ordered = keys >> ZONE_SHIFT << ZONE_SHIFT | bucket << _GROUP_BITS | (keys >> SLOT_BITS & _GROUP_MASK)
    columns = np.array([{**_ADDITIVE, **_BY_GRAIN[grain]}[figure] for figure in FIGURES])
    found = np.empty(keys.size, np.int64)
    sums = np.zeros((keys.size, len(FIGURES)), np.int64)
    count = _add_up(np.argsort(ordered), ordered, values, columns, found, sums)
    found = found[:count]
    return FlowDelta(
        (found >> ZONE_SHIFT).astype(np.int32),
        (found >> _GROUP_BITS & _BUCKET_MASK) * unit,
        (found >> 3 & 15).astype(np.uint8),
        (found >> 1 & 3).astype(np.uint8),
        (found & 1).astype(np.uint8),
        sums[:count].copy(),
    )


@lean_kernel
def _add_up(
    order: Int64Array,
    keys: Int64Array,
    values: Int64Array,
    columns: Int64Array,
    found: Int64Array,
    sums: Int64Array,
) -> int:
    """Write each key with the sums of the columns of its rows, in *order*; return how many are not all zero."""
    count = 0
    any_figure = False
    for number in range(order.size):
        row = order[number]
        found[count] = keys[row]
        for place in range(columns.size):
            value = values[row, columns[place]]
            sums[count, place] += value
            any_figure = any_figure or value != 0
        is_last = number + 1 == order.size or keys[order[number + 1]] != keys[row]
        if is_last and any_figure:
            count += 1
            any_figure = False
    return count
