"""Taking positions: the state machine of one vehicle, and the walk over everything that is due."""

from typing import Final, NamedTuple

import numpy as np

from processors.carrier_counts import has_carrier_room
from processors.cells import CellTable, cell_of, is_full
from processors.columns import Int32Array, UInt8Array
from processors.feed_counts import DUPLICATES, OUT_OF_ORDER, TAKEN, count_feed
from processors.flow_cells import APPEARANCES, DISAPPEARANCES, ENTRIES, EXITS, THROUGH, flow_key
from processors.geometry import distance_um
from processors.jit import inner_kernel, lean_kernel
from processors.look_ahead import DueBlock, look_ahead, next_block
from processors.reorder import DOOMED, RESOLVED, WAITING, HeldArrays, release, unlink
from processors.set_steps import remain
from processors.shared_runs import share, unshare
from processors.vehicle_table import (
    FOREVER_US,
    LINES,
    NEXT_EXPIRY_US,
    NO_CLASS,
    NONE,
    OPEN_VISITS,
    VEHICLES_TOP,
    VehicleArrays,
    now_group,
    remove_vehicle,
)
from processors.visit_steps import (
    FMS,
    FlowCells,
    Step,
    World,
    come,
    day_ends_us,
    disappear,
    expires_us,
    follow,
    leave,
    start_run,
    stay,
)
from processors.zone_crossings import Link, crossed_zones
from processors.zone_sets import NO_ZONES

DONE: Final = 0
NEEDS_ROOM: Final = 1


class Positions(NamedTuple):
    """Everything that taking positions changes."""

    arrays: VehicleArrays
    held: HeldArrays
    cells: FlowCells
    set_cells: CellTable
    feeds: CellTable
    block: DueBlock


@lean_kernel
def take_due(world: World, state: Positions, before_us: int, largest_set: int) -> int:
    """Take all positions that arrived before *before_us*, by (arrival, source partition, offset, index).

    Returns:
        DONE, or NEEDS_ROOM when a table must grow before the walk goes on.
    """
    held, block = state.held, state.block
    while True:
        count = next_block(held, before_us, block)
        if count == 0:
            return DONE
        look_ahead(world, state.arrays, held, state.set_cells, block, count)
        for place in block.places[:count]:
            row = held.rows[place]
            if row["state"] == WAITING and not _take_with_earlier(world, state, place, largest_set):
                return NEEDS_ROOM
            if row["state"] == DOOMED:
                count_feed(state.feeds, FMS, row["arrival_us"], OUT_OF_ORDER)
            release(held, row["partition"])


@inner_kernel
def _take_with_earlier(world: World, state: Positions, place: int, largest_set: int) -> bool:
    """Take a due position after those of its vehicle that precede it and arrived at most `reorder_us` after it.

    Returns:
        Whether there was room for all of them; if not, what is left is taken by another call.
    """
    held = state.held
    row = held.rows[place]
    limit_us = row["arrival_us"] + world.rules.reorder_us
    while row["state"] == WAITING:
        if not _has_room(state, largest_set):
            return False
        first = state.arrays.vehicles[row["vehicle"]]["held_head"]
        unlink(held, state.arrays, first)
        if held.rows[first]["arrival_us"] <= limit_us:
            held.rows[first]["state"] = RESOLVED
            _resolve(world, state, held.rows[first])
        else:
            # it came later and precedes by event time alone, which the vehicle's clock passes now
            held.rows[first]["state"] = DOOMED
    return True


@inner_kernel
def _has_room(state: Positions, largest_set: int) -> bool:
    arrays = state.arrays
    return (
        not is_full(state.cells)
        and has_carrier_room(state.cells.carriers, largest_set)
        and not is_full(state.set_cells)
        and not is_full(state.feeds)
        and arrays.counts[LINES] + largest_set <= arrays.visited.size
        and arrays.counts[OPEN_VISITS] + largest_set <= arrays.visits.size
    )


@inner_kernel
def _resolve(world: World, state: Positions, held: np.void) -> None:
    """Take a held position, or count it as out of order or duplicate."""
    arrays = state.arrays
    row = held["vehicle"]
    vehicle = arrays.vehicles[row]
    if held["event_us"] <= vehicle["event_us"]:
        outcome = OUT_OF_ORDER if held["event_us"] < vehicle["event_us"] else DUPLICATES
        count_feed(state.feeds, FMS, held["arrival_us"], outcome)
        return
    count_feed(state.feeds, FMS, held["arrival_us"], TAKEN)
    if vehicle["vehicle_class"] == NO_CLASS:
        vehicle["carrier"] = held["carrier"]
        vehicle["vehicle_class"] = held["vehicle_class"]
        vehicle["zero_emission"] = held["zero_emission"]
        arrays.newest[row]["group"] = now_group(held["vehicle_class"], held["zero_emission"])
    _move(world, state, row, held)
    vehicle["event_us"] = held["event_us"]
    vehicle["lat"] = held["lat"]
    vehicle["lon"] = held["lon"]
    vehicle["zone_set"] = held["zone_set"]
    vehicle["zone_version"] = world.version
    expiry_us = expires_us(world, held["event_us"], vehicle["day"])
    arrays.expires_us[row] = expiry_us
    arrays.counts[NEXT_EXPIRY_US] = min(arrays.counts[NEXT_EXPIRY_US], expiry_us)


@inner_kernel
def _move(world: World, state: Positions, row: int, held: np.void) -> None:
    """Add the figures of the step from the previous taken position of a vehicle to this one."""
    vehicle = state.arrays.vehicles[row]
    old, new = vehicle["zone_set"], held["zone_set"]
    rules = world.rules
    gap_us = held["event_us"] - vehicle["event_us"]
    # the distance matters only to links over a long gap, to dwell inside a zone and to crossings
    link_um = 0
    if gap_us <= rules.park_gap_us:
        link_um = distance_um(vehicle["lat"], vehicle["lon"], held["lat"], held["lon"])
    is_linked = gap_us <= rules.max_gap_us or (
        gap_us <= rules.park_gap_us and link_um <= rules.stop_radius_um
    )
    if gap_us <= rules.max_gap_us and link_um <= rules.max_jump_um:
        _pass_through(world, state, vehicle, held)
    if old == NO_ZONES and new == NO_ZONES:
        return
    slot = held["event_us"] // rules.slot_us
    step = Step(row, held["event_us"], slot, held["arrival_us"], held["lat"], held["lon"], link_um, is_linked)
    if old == new and is_linked:
        remain(world, state.arrays, state.cells, state.set_cells, step)
    else:
        unshare(state.arrays, row)
        _change_zones(world, state, step, new)
        share(state.arrays, row, slot)


@inner_kernel
def _change_zones(world: World, state: Positions, step: Step, zone_set: int) -> None:
    """Walk the open visits and the zones of this position side by side; both are in order of zone numbers."""
    arrays, cells, row = state.arrays, state.cells, step.vehicle
    vehicle = arrays.vehicles[row]
    zones = world.sets.zones
    new, new_end = world.sets.starts[zone_set], world.sets.starts[zone_set + 1]
    last_us = vehicle["event_us"]
    end_slot, column = step.slot, EXITS
    if not step.is_linked and vehicle["visits"] != NONE:
        end_slot, column = last_us // world.rules.slot_us, DISAPPEARANCES
    # visits often have the same running run: whether it ends is worked out once for all of them
    run_us = last_us
    ends_run = step.link_um > world.rules.stop_radius_um
    before, visit = NONE, vehicle["visits"]
    while visit != NONE or new < new_end:
        is_old = visit != NONE and (new == new_end or arrays.visits[visit]["zone_no"] <= zones[new])
        is_new = new < new_end and (visit == NONE or zones[new] <= arrays.visits[visit]["zone_no"])
        if is_old and is_new and step.is_linked:
            record = arrays.visits[visit]
            if record["run_us"] != run_us:
                run_us = record["run_us"]
                run_um = distance_um(record["run_lat"], record["run_lon"], step.lat, step.lon)
                ends_run = run_um > world.rules.stop_radius_um
            stay(world, arrays, cells, step, visit)
            if ends_run:
                start_run(world, arrays, cells, step, visit)
            before, visit = visit, record["following"]
        else:
            if is_old:
                visit = leave(world, arrays, cells, row, visit, end_slot, column)
                follow(arrays, row, before, visit)
            if is_new:
                is_known = step.is_linked and world.changed[zones[new]] <= vehicle["zone_version"]
                came = come(world, arrays, cells, step, zones[new], ENTRIES if is_known else APPEARANCES)
                follow(arrays, row, before, came)
                follow(arrays, row, came, visit)
                before = came
        new += is_new


@inner_kernel
def _pass_through(world: World, state: Positions, vehicle: np.void, held: np.void) -> None:
    """Count the zones that the link crosses with both ends outside."""
    link = Link(
        vehicle["lon"], vehicle["lat"], held["lon"], held["lat"], vehicle["zone_set"], held["zone_set"]
    )
    for place in range(crossed_zones(world.zones.blocks, world.sets, world.scratch, link)):
        zone_no = world.scratch.found[place]
        if world.changed[zone_no] <= vehicle["zone_version"]:
            slot = held["event_us"] // world.rules.slot_us
            key = flow_key(zone_no, slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS)
            state.cells.values[cell_of(state.cells, key), THROUGH] += 1


@lean_kernel
def expire(world: World, state: Positions, stream_us: int) -> int:
    """End the visits of vehicles whose silence is proven or whose day is over, and forget the latter.

    Returns:
        DONE, or NEEDS_ROOM when a table must grow and the call be repeated.
    """
    arrays = state.arrays
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
        unshare(arrays, row)
        before, visit = NONE, vehicle["visits"]
        while visit != NONE:
            if changed[arrays.visits[visit]["zone_no"]]:
                end_slot = vehicle["event_us"] // world.rules.slot_us
                visit = leave(world, arrays, state.cells, row, visit, end_slot, DISAPPEARANCES)
                follow(arrays, row, before, visit)
            else:
                before, visit = visit, arrays.visits[visit]["following"]
        vehicle["zone_set"] = kept[zone_set]
        share(arrays, row, vehicle["slot"])
    return DONE
