"""Held positions: what has arrived and is not yet due, in two orders at once.

Each held position stands in the queue of its source partition (in order of arrival, which is how it came) and,
until it is resolved, in the list of its vehicle (in event order). Due positions leave the queues by (arrival,
source partition, offset, index); the list then says which others precede one of them. Both are links between
places of one array, so a held position is stored once and moved never.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Int32Array, Int64Array
from processors.jit import inner_kernel, lean_kernel
from processors.records import MAPPED_BYTES, with_record_room
from processors.vehicle_table import (
    FOREVER_US,
    NEVER_US,
    NO_CLASS,
    NONE,
    VehicleArrays,
    now_group,
    remove_vehicle,
)

HELD: Final = np.dtype(
    [
        ("event_us", "i8"),
        ("arrival_us", "i8"),
        ("offset", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("index", "i4"),
        ("partition", "i4"),  # source partition
        ("vehicle", "i4"),  # row of the vehicle
        ("zone_set", "i4"),
        ("earlier", "i4"),  # in the list of the vehicle
        ("later", "i4"),
        ("queued", "i4"),  # next in the queue of the source partition; next free place when not in use
        ("carrier", "u4"),
        ("vehicle_class", "u1"),
        ("zero_emission", "u1"),
        ("state", "u1"),
    ],
    align=True,
)

# states of a held position
WAITING: Final = 0  # stands in the list of its vehicle
RESOLVED: Final = 1  # taken, out of order or duplicate before it was due itself, or forgotten
DOOMED: Final = 2  # a later position was taken before it: out of order as soon as it is due

# places in `counts`
HELD_TOP: Final = 0
HELD_FREE: Final = 1
HELD_COUNT: Final = 2
SCAN_STEPS: Final = 3  # steps spent on finding places in lists since the last reset


SMALL: Final = MAPPED_BYTES // HELD.itemsize  # positions of a store that is not mapped yet
ROOM_FACTOR: Final = 4


class HeldArrays(NamedTuple):
    """Held positions and the ends of the queue of each source partition."""

    rows: NDArray[np.void]  # HELD
    queue_head: Int32Array  # by source partition
    queue_tail: Int32Array
    head_us: Int64Array  # arrival of each head, FOREVER_US where the queue is empty
    counts: Int64Array  # shape (4,)


def new_held_arrays(partitions: int, capacity: int = 1 << 12) -> HeldArrays:
    """Return an empty store for positions of so many source partitions."""
    return HeldArrays(
        np.zeros(capacity, HELD),
        np.full(partitions, NONE, np.int32),
        np.full(partitions, NONE, np.int32),
        np.full(partitions, FOREVER_US, np.int64),
        np.array([0, NONE, 0, 0], np.int64),
    )


def with_held_room(held: HeldArrays, more: int) -> HeldArrays:
    """Return the same store with room for so many more positions."""
    need = int(held.counts[HELD_COUNT]) + more
    if need <= held.rows.size:
        return held
    # a backlog fills the store to millions within a second: room beyond need costs nothing, and each growth a copy
    room = need if need <= SMALL else ROOM_FACTOR * need
    return held._replace(rows=with_record_room(held.rows, int(held.counts[HELD_TOP]), room))


def with_partitions(held: HeldArrays, partitions: int) -> HeldArrays:
    """Return the same store with queues for at least so many source partitions."""
    missing = partitions - held.queue_head.size
    if missing <= 0:
        return held
    ends = np.full(missing, NONE, np.int32)
    return held._replace(
        queue_head=np.concatenate([held.queue_head, ends]),
        queue_tail=np.concatenate([held.queue_tail, ends]),
        head_us=np.concatenate([held.head_us, np.full(missing, FOREVER_US, np.int64)]),
    )


@inner_kernel
def hold(held: HeldArrays, partition: int, arrival_us: int) -> int:
    """Return a new place at the end of the queue of a source partition. There must be room."""
    place = held.counts[HELD_FREE]
    if place == NONE:
        place = held.counts[HELD_TOP]
        held.counts[HELD_TOP] += 1
    else:
        held.counts[HELD_FREE] = held.rows[place]["queued"]
    held.counts[HELD_COUNT] += 1
    held.rows[place]["queued"] = NONE
    held.rows[place]["partition"] = partition
    held.rows[place]["arrival_us"] = arrival_us
    held.rows[place]["state"] = WAITING
    tail = held.queue_tail[partition]
    if tail == NONE:
        held.queue_head[partition] = place
        held.head_us[partition] = arrival_us
    else:
        held.rows[tail]["queued"] = place
    held.queue_tail[partition] = place
    return place


@inner_kernel
def release(held: HeldArrays, partition: int) -> None:
    """Give back the place at the head of the queue of a source partition."""
    place = held.queue_head[partition]
    head = held.rows[place]["queued"]
    held.queue_head[partition] = head
    if head == NONE:
        held.queue_tail[partition] = NONE
        held.head_us[partition] = FOREVER_US
    else:
        held.head_us[partition] = held.rows[head]["arrival_us"]
    held.rows[place]["queued"] = held.counts[HELD_FREE]
    held.counts[HELD_FREE] = place
    held.counts[HELD_COUNT] -= 1
    if held.counts[HELD_COUNT] == 0:
        # all places are free: begin anew, so that a snapshot holds nothing of what went
        held.counts[HELD_TOP] = 0
        held.counts[HELD_FREE] = NONE


@inner_kernel
def precedes(a: np.void, b: np.void) -> bool:
    """Tell whether held position a stands before b by (event, arrival, source partition, offset, index)."""
    if a["event_us"] != b["event_us"]:
        return a["event_us"] < b["event_us"]
    if a["arrival_us"] != b["arrival_us"]:
        return a["arrival_us"] < b["arrival_us"]
    if a["partition"] != b["partition"]:
        return a["partition"] < b["partition"]
    if a["offset"] != b["offset"]:
        return a["offset"] < b["offset"]
    return a["index"] < b["index"]


@inner_kernel
def link(held: HeldArrays, arrays: VehicleArrays, place: int) -> None:
    """Put a held position into the list of its vehicle.

    The search starts at the newest position or at the one linked last, so rows in order, or sorted blocks, cost
    one step each.
    """
    rows = held.rows
    row = rows[place]
    vehicle = arrays.vehicles[row["vehicle"]]
    earlier = vehicle["held_tail"]
    if earlier != NONE and not precedes(rows[earlier], row):
        finger = vehicle["held_finger"]
        if finger != NONE:
            earlier = finger
        while earlier != NONE and not precedes(rows[earlier], row):
            earlier = rows[earlier]["earlier"]
            held.counts[SCAN_STEPS] += 1
        if earlier != NONE:
            later = rows[earlier]["later"]
            while later != NONE and precedes(rows[later], row):
                earlier = later
                later = rows[earlier]["later"]
                held.counts[SCAN_STEPS] += 1
    later = vehicle["held_head"] if earlier == NONE else rows[earlier]["later"]
    row["earlier"] = earlier
    row["later"] = later
    if earlier == NONE:
        vehicle["held_head"] = place
    else:
        rows[earlier]["later"] = place
    if later == NONE:
        vehicle["held_tail"] = place
    else:
        rows[later]["earlier"] = place
    vehicle["held_finger"] = place
    _follow_newest(held, arrays, place)


@inner_kernel
def _follow_newest(held: HeldArrays, arrays: VehicleArrays, place: int) -> None:
    """Let the newest position of a vehicle be a linked one; of several at a time the one to be taken first."""
    row = held.rows[place]
    event_us = row["event_us"]
    vehicle, newest = arrays.vehicles[row["vehicle"]], arrays.newest[row["vehicle"]]
    if event_us < newest["us"]:
        return
    if event_us == newest["us"] and (
        event_us == vehicle["event_us"]
        or (row["earlier"] != NONE and held.rows[row["earlier"]]["event_us"] == event_us)
    ):
        return
    newest["us"] = event_us
    newest["zone_set"] = row["zone_set"]
    if vehicle["vehicle_class"] == NO_CLASS:
        newest["group"] = now_group(row["vehicle_class"], row["zero_emission"])


@inner_kernel
def newest_set(held: HeldArrays, vehicle: np.void, newest: np.void, taken_set: int) -> int:
    """Return the zone set of the newest position of a vehicle, given that of the last taken one."""
    if vehicle["event_us"] == newest["us"] or vehicle["held_tail"] == NONE:
        return taken_set
    place = vehicle["held_tail"]
    earlier = held.rows[place]["earlier"]
    while earlier != NONE and held.rows[earlier]["event_us"] == newest["us"]:
        place = earlier
        earlier = held.rows[place]["earlier"]
    return held.rows[place]["zone_set"]


@inner_kernel
def unlink(held: HeldArrays, arrays: VehicleArrays, place: int) -> None:
    """Take a held position out of the list of its vehicle."""
    row = held.rows[place]
    vehicle = arrays.vehicles[row["vehicle"]]
    earlier, later = row["earlier"], row["later"]
    if earlier == NONE:
        vehicle["held_head"] = later
    else:
        held.rows[earlier]["later"] = later
    if later == NONE:
        vehicle["held_tail"] = earlier
    else:
        held.rows[later]["earlier"] = earlier
    if vehicle["held_finger"] == place:
        vehicle["held_finger"] = NONE


@lean_kernel
def forget_held(held: HeldArrays, arrays: VehicleArrays, offsets: Int64Array) -> None:
    """Let positions at or beyond an offset of their source partition have no effect when they leave their queues.

    Vehicles that nothing else is known of are forgotten with them.
    """
    for partition in range(held.queue_head.size):
        place = held.queue_head[partition]
        while place != NONE:
            row = held.rows[place]
            if row["offset"] >= offsets[partition]:
                if row["state"] == WAITING:
                    unlink(held, arrays, place)
                    vehicle = arrays.vehicles[row["vehicle"]]
                    if vehicle["held_head"] == NONE and vehicle["event_us"] == NEVER_US:
                        remove_vehicle(arrays, row["vehicle"])
                row["state"] = RESOLVED
            place = row["queued"]


@inner_kernel
def next_due(head_us: Int64Array, before_us: int) -> int:
    """Return the source partition whose first position is due next, or NONE.

    Due are positions that arrived before *before_us*; the first is that of the least (arrival, partition).
    *head_us* has the arrival of the first one of each.
    """
    best = NONE
    best_us = before_us
    for partition in range(head_us.size):
        if head_us[partition] < best_us:
            best = partition
            best_us = head_us[partition]
    return best
