"""Distinct vehicles by carrier: what a flow cell of an hour and of a local day must be asked before it is published.

A vehicle is counted for its carrier when `vehicles` of the hour or the day count it, so the counts of all carriers,
the unknown one among them, add up to that figure. Carriers are pseudonyms of a local day, 0 where none is named.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.calendar import local_days
from processors.columns import CarrierDelta, Int64Array
from processors.flow_cells import SLOT_BITS
from processors.jit import inner_kernel
from processors.key_table import ABSENT, KeyTable, new_key_table, numbered_key, with_key_room
from processors.units import HOUR_US
from processors.vocabulary import Source

# columns of `values`
HOUR: Final = 0
DAY: Final = 1


class CarrierCounts(NamedTuple):
    """Counts between two flushes."""

    places: KeyTable  # (flow key of the hour, carrier) → place in `values`
    values: Int64Array  # shape (places, 2)


def new_carrier_counts() -> CarrierCounts:
    """Return counts of nothing."""
    return CarrierCounts(new_key_table(), np.zeros((1 << 6, 2), np.int64))


@inner_kernel
def has_carrier_room(counts: CarrierCounts, more: int) -> bool:
    """Tell whether so many more cells fit."""
    need = counts.places.used[0] + more
    return 2 * need <= counts.places.hi.size and need <= counts.values.shape[0]


def with_carrier_room(counts: CarrierCounts, more: int) -> CarrierCounts:
    """Return the same counts with room for so many more cells."""
    need = int(counts.places.used[0]) + more
    places, values = with_key_room(counts.places, more), counts.values
    if need > values.shape[0]:
        values = np.zeros((1 << (need - 1).bit_length(), 2), np.int64)
        values[: counts.values.shape[0]] = counts.values
    return CarrierCounts(places, values)


@inner_kernel
def count_carrier(counts: CarrierCounts, hour_key: int, carrier: int, day: int) -> None:
    """Count a vehicle of a carrier in the hour, and in the local day where *day* is 1, not 0. There must be room.

    *hour_key* is that of the flow cell, with the time in hours since 1970 in the place of the slot.
    """
    place = numbered_key(counts.places, np.uint64(hour_key), np.uint64(carrier))
    counts.values[place, HOUR] += 1
    counts.values[place, DAY] += day


def drain_carriers(counts: CarrierCounts, midnights_us: Int64Array) -> dict[str, CarrierDelta]:
    """Return what was counted by hour and by local day; the caller drops the counts.

    Args:
        counts: What was counted.
        midnights_us: Table of local midnights.
    """
    taken = counts.places.number != ABSENT
    key, carrier = counts.places.hi[taken].astype(np.int64), counts.places.lo[taken].astype(np.int64)
    values = counts.values[counts.places.number[taken]]
    group, hour_us = key >> SLOT_BITS, (key & ((1 << SLOT_BITS) - 1)) * HOUR_US
    days = local_days(hour_us, midnights_us).astype(np.int64)
    return {
        "hour": summed(group, hour_us, carrier, values[:, HOUR]),
        "day": summed(group, days, carrier, values[:, DAY]),
    }


def group_of(zone_no: Int64Array, vehicle_class: Int64Array, zero_emission: Int64Array) -> Int64Array:
    """Pack zone, class and emission of positions as flow keys do above the slot."""
    return ((zone_no * 16 + vehicle_class) * 4 + zero_emission) * 2 + int(Source.FMS)


def summed(group: Int64Array, bucket: Int64Array, carrier: Int64Array, vehicles: Int64Array) -> CarrierDelta:
    """Return the sums of counts by cell and carrier; keys may repeat, and cells without vehicles are left out.

    *group* is packed as by `group_of`.
    """
    counted = vehicles > 0
    group, bucket, carrier, vehicles = group[counted], bucket[counted], carrier[counted], vehicles[counted]
    # by zone, bucket, class and emission, as cells stand; ranks in place of values keep each key in one integer
    buckets, bucket_rank = np.unique(bucket, return_inverse=True)
    _, cell_rank = np.unique(
        ((group >> 7) * buckets.size + bucket_rank) << 7 | group & 127, return_inverse=True
    )
    carriers, carrier_rank = np.unique(carrier, return_inverse=True)
    ranks = cell_rank * carriers.size + carrier_rank
    order = np.argsort(ranks)
    first = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    sums = np.add.reduceat(vehicles[order], first) if first.size else vehicles
    first = order[first]
    group = group[first]
    return CarrierDelta(
        (group >> 7).astype(np.int32),
        bucket[first],
        (group >> 3 & 15).astype(np.uint8),
        (group >> 1 & 3).astype(np.uint8),
        carrier[first].astype(np.uint32),
        sums,
    )
