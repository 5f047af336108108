"""Taking positions: the state machine of one vehicle, and the walk over everything that is due."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.cells import CellTable, is_full
from processors.columns import Int32Array, UInt8Array
from processors.feed_counts import DUPLICATES, OUT_OF_ORDER, TAKEN, count_feed
from processors.flow_cells import APPEARANCES, DISAPPEARANCES, ENTRIES, EXITS, THROUGH, add_to_slot
from processors.geometry import distance_um
from processors.jit import lean_kernel
from processors.reorder import DOOMED, RESOLVED, WAITING, HeldArrays, next_due, release, unlink
from processors.vehicle_table import (
    FOREVER_US,
    NEXT_EXPIRY_US,
    NO_CLASS,
    NONE,
    OPEN_VISITS,
    VEHICLES_TOP,
    VISITED,
    VehicleArrays,
    remove_vehicle,
)
from processors.visit_steps import FMS, World, come, day_ends_us, disappear, expires_us, leave, stay
from processors.zone_crossings import crossed_zones
from processors.zone_sets import NO_ZONES, set_contains

DONE: Final = 0
NEEDS_ROOM: Final = 1


class Positions(NamedTuple):
    """Everything that taking positions changes."""

    arrays: VehicleArrays
    held: HeldArrays
    cells: CellTable
    feeds: CellTable


@lean_kernel
def take_due(world: World, state: Positions, before_us: int, largest_set: int) -> int:
    """Take all positions that arrived before *before_us*, by (arrival, source partition, offset, index).

    Each first takes those held of its vehicle that precede it in event order and arrived at most `reorder_us`
    after it.

    Returns:
        DONE, or NEEDS_ROOM when a table must grow before the walk goes on.
    """
    held = state.held
    while True:
        partition = next_due(held, before_us)
        if partition == NONE:
            return DONE
        place = held.queue_head[partition]
        row = held.rows[place]
        if row["state"] == WAITING:
            limit_us = row["arrival_us"] + world.rules.reorder_us
            other = state.arrays.vehicles[row["vehicle"]]["held_head"]
            while other != place:
                if not _has_room(state, largest_set):
                    return NEEDS_ROOM
                following = held.rows[other]["later"]
                unlink(held, state.arrays, other)
                if held.rows[other]["arrival_us"] <= limit_us:
                    held.rows[other]["state"] = RESOLVED
                    _resolve(world, state, other)
                else:
                    # it came later and precedes by event time alone, which the vehicle's clock passes now
                    held.rows[other]["state"] = DOOMED
                other = following
            if not _has_room(state, largest_set):
                return NEEDS_ROOM
            unlink(held, state.arrays, place)
            _resolve(world, state, place)
        elif row["state"] == DOOMED:
            count_feed(state.feeds, FMS, row["arrival_us"], OUT_OF_ORDER)
        release(held, partition)


@lean_kernel
def _has_room(state: Positions, largest_set: int) -> bool:
    arrays = state.arrays
    return (
        not is_full(state.cells)
        and not is_full(state.feeds)
        and arrays.counts[VISITED] + largest_set <= arrays.visited.size
        and arrays.counts[OPEN_VISITS] + largest_set <= arrays.visits.size
    )


@lean_kernel
def _resolve(world: World, state: Positions, place: int) -> None:
    """Take a held position, or count it as out of order or duplicate."""
    held = state.held.rows[place]
    row = held["vehicle"]
    vehicle = state.arrays.vehicles[row]
    if held["event_us"] < vehicle["event_us"]:
        count_feed(state.feeds, FMS, held["arrival_us"], OUT_OF_ORDER)
        return
    if held["event_us"] == vehicle["event_us"]:
        count_feed(state.feeds, FMS, held["arrival_us"], DUPLICATES)
        return
    count_feed(state.feeds, FMS, held["arrival_us"], TAKEN)
    if vehicle["vehicle_class"] == NO_CLASS:
        vehicle["vehicle_class"] = held["vehicle_class"]
        vehicle["zero_emission"] = held["zero_emission"]
    _move(world, state, row, held)
    vehicle["event_us"] = held["event_us"]
    vehicle["lat"] = held["lat"]
    vehicle["lon"] = held["lon"]
    vehicle["zone_set"] = held["zone_set"]
    vehicle["zone_version"] = world.version
    expiry_us = expires_us(world, held["event_us"], vehicle["day"])
    state.arrays.expires_us[row] = expiry_us
    state.arrays.counts[NEXT_EXPIRY_US] = min(expiry_us, state.arrays.counts[NEXT_EXPIRY_US])


@lean_kernel
def _move(world: World, state: Positions, row: int, held: NDArray[np.void]) -> None:
    """Add the figures of the step from the previous taken position of a vehicle to this one."""
    vehicle = state.arrays.vehicles[row]
    old, new = vehicle["zone_set"], held["zone_set"]
    rules = world.rules
    gap_us = held["event_us"] - vehicle["event_us"]
    # the distance matters only to links over a long gap, to dwell inside a zone and to crossings
    link_um = 0
    if gap_us <= rules.park_gap_us:
        link_um = distance_um(vehicle["lat"], vehicle["lon"], held["lat"], held["lon"])
    linked = gap_us <= rules.max_gap_us or (gap_us <= rules.park_gap_us and link_um <= rules.stop_radius_um)
    if old != NO_ZONES or new != NO_ZONES:
        _change_zones(world, state, row, held, linked, link_um)
    if gap_us <= rules.max_gap_us and link_um <= rules.max_jump_um:
        _pass_through(world, state, row, held, old)


@lean_kernel
def _change_zones(
    world: World, state: Positions, row: int, held: NDArray[np.void], linked: bool, link_um: int
) -> None:
    """Walk the zones of the previous and of this position side by side; both are ascending."""
    arrays, cells = state.arrays, state.cells
    vehicle = arrays.vehicles[row]
    zones, starts = world.sets.zones, world.sets.starts
    old, old_end = starts[vehicle["zone_set"]], starts[vehicle["zone_set"] + 1]
    new, new_end = starts[held["zone_set"]], starts[held["zone_set"] + 1]
    last_us = vehicle["event_us"]
    while old < old_end or new < new_end:
        if new == new_end or (old < old_end and zones[old] < zones[new]):
            if linked:
                leave(world, arrays, cells, row, zones[old], held["event_us"], EXITS)
            else:
                leave(world, arrays, cells, row, zones[old], last_us, DISAPPEARANCES)
            old += 1
        elif old == old_end or zones[new] < zones[old]:
            known = linked and world.changed[zones[new]] <= vehicle["zone_version"]
            come(world, arrays, cells, row, zones[new], held, ENTRIES if known else APPEARANCES)
            new += 1
        else:
            if linked:
                stay(world, arrays, cells, row, zones[new], held, link_um)
            else:
                leave(world, arrays, cells, row, zones[old], last_us, DISAPPEARANCES)
                come(world, arrays, cells, row, zones[new], held, APPEARANCES)
            old += 1
            new += 1


@lean_kernel
def _pass_through(world: World, state: Positions, row: int, held: NDArray[np.void], old: int) -> None:
    """Count the zones that the link crosses with both ends outside."""
    vehicle = state.arrays.vehicles[row]
    found = crossed_zones(
        world.index, world.scratch, vehicle["lon"], vehicle["lat"], held["lon"], held["lat"]
    )
    slot = held["event_us"] // world.rules.slot_us
    for place in range(found):
        zone_no = world.scratch.found[place]
        if (
            world.changed[zone_no] <= vehicle["zone_version"]
            and not set_contains(world.sets, old, zone_no)
            and not set_contains(world.sets, held["zone_set"], zone_no)
        ):
            vehicle_class, zero_emission = vehicle["vehicle_class"], vehicle["zero_emission"]
            add_to_slot(state.cells, zone_no, slot, vehicle_class, zero_emission, FMS, THROUGH, 1)


@lean_kernel
def expire(world: World, state: Positions, stream_us: int) -> int:
    """End the visits of vehicles whose silence is proven or whose day is over, and forget the latter.

    Returns:
        DONE, or NEEDS_ROOM when a table must grow and the call be repeated.
    """
    arrays = state.arrays
    if stream_us <= arrays.counts[NEXT_EXPIRY_US]:
        return DONE
    soonest_us = FOREVER_US
    for row in range(arrays.counts[VEHICLES_TOP]):
        expiry_us = arrays.expires_us[row]
        if expiry_us < stream_us:
            if is_full(state.cells):
                return NEEDS_ROOM
            disappear(world, arrays, state.cells, row)
            vehicle = arrays.vehicles[row]
            expiry_us = day_ends_us(world, vehicle["day"])
            if expiry_us < stream_us and vehicle["held_head"] == NONE:
                remove_vehicle(arrays, row)
                continue
            # a silent vehicle keeps its class, and what counted it, until its day is over; a position that is
            # still held then cannot be linked: look again when stream time moves
            expiry_us = max(expiry_us, stream_us)
            arrays.expires_us[row] = expiry_us
        soonest_us = min(soonest_us, expiry_us)
    arrays.counts[NEXT_EXPIRY_US] = soonest_us
    return DONE


@lean_kernel
def end_changed_visits(world: World, state: Positions, kept: Int32Array, changed: UInt8Array) -> int:
    """End the visits to changed zones at the last taken positions.

    Args:
        world: The old zones.
        state: The vehicles.
        kept: By zone set: the set without the changed zones.
        changed: By zone number: 1 where the zone changed.

    Returns:
        DONE, or NEEDS_ROOM when a table must grow and the call be repeated.
    """
    arrays = state.arrays
    for row in range(arrays.counts[VEHICLES_TOP]):
        vehicle = arrays.vehicles[row]
        zone_set = vehicle["zone_set"]
        if vehicle["in_use"] == 0 or kept[zone_set] == zone_set:
            continue
        if is_full(state.cells):
            return NEEDS_ROOM
        for place in range(world.sets.starts[zone_set], world.sets.starts[zone_set + 1]):
            zone_no = world.sets.zones[place]
            if changed[zone_no]:
                leave(world, arrays, state.cells, row, zone_no, vehicle["event_us"], DISAPPEARANCES)
        vehicle["zone_set"] = kept[zone_set]
    return DONE
