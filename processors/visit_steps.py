"""The steps of one vehicle in one zone: coming, staying, leaving; each adds its figures to the flow cells."""

from typing import Final, NamedTuple

import numpy as np

from processors.carrier_counts import CarrierCounts, count_carrier
from processors.cells import cell_of
from processors.columns import Int32Array, Int64Array
from processors.flow_cells import (
    DISAPPEARANCES,
    DISTANCE_UM,
    DWELL_US,
    LATE,
    OBSERVATIONS,
    STOP_US,
    STOPS,
    VEHICLES_DAY,
    VEHICLES_HOUR,
    VEHICLES_SLOT,
    VISIT_US,
    VISITS,
    add_late,
    flow_key,
)
from processors.jit import inner_kernel
from processors.rules import Rules
from processors.shared_runs import unshare
from processors.units import HOUR_US
from processors.vehicle_table import (
    NONE,
    UNCOUNTED,
    VehicleArrays,
    add_visited,
    find_visited,
    free_visit,
    open_visit,
)
from processors.visited_zones import put_slot, slot_at
from processors.vocabulary import Source
from processors.zone_crossings import CrossingScratch
from processors.zone_index import ZoneIndex
from processors.zone_sets import NO_ZONES, ZoneSetArrays

FMS: Final = int(Source.FMS)


class World(NamedTuple):
    """What does not change while positions are taken."""

    rules: Rules
    sets: ZoneSetArrays
    zones: ZoneIndex
    scratch: CrossingScratch
    changed: Int32Array  # by zone number: version of the zones that changed it last, 0 when never
    version: int  # version of the zones
    midnights_us: Int64Array  # UTC times of local midnights


class Step(NamedTuple):
    """A position of a vehicle that is being taken, and its link to the previous one."""

    vehicle: int  # row of the vehicle
    event_us: int
    slot: int  # of the event time
    arrival_us: int
    lat: float  # degrees
    lon: float  # degrees
    link_um: int  # distance from the previous taken position
    is_linked: bool


class FlowCells(NamedTuple):
    """The table of flow cells, as `CellTable` is one, and the vehicles by carrier that belong to it."""

    keys: Int64Array
    values: Int64Array
    used: Int64Array
    carriers: CarrierCounts


@inner_kernel
def flow_cell_at(arrays: VehicleArrays, cells: FlowCells, row: int, zone_no: int, slot: int) -> int:
    """Return the flow cell of a zone, of the class of a vehicle, in a slot."""
    vehicle = arrays.vehicles[row]
    return cell_of(cells, flow_key(zone_no, slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS))


@inner_kernel
def _count_inside(
    world: World, arrays: VehicleArrays, cells: FlowCells, step: Step, visit: int, cell: int
) -> None:
    """Count a position inside: the observation, the vehicle where new, and whether it was late."""
    cells.values[cell, OBSERVATIONS] += 1
    count_vehicle(world, arrays, cells, step, arrays.visits[visit], cell)
    add_late(cells.values[cell], LATE, step.event_us, step.arrival_us, world.rules, world.midnights_us)


@inner_kernel
def count_vehicle(
    world: World, arrays: VehicleArrays, cells: FlowCells, step: Step, record: np.void, cell: int
) -> None:
    """Count the vehicle of a visit in the buckets of a position that have not counted it there."""
    last = record["slot"]
    if last == step.slot:
        return
    cells.values[cell, VEHICLES_SLOT] += 1
    counted = np.int64(last if last >= 0 else ~last)
    hour = step.event_us // HOUR_US
    is_new_today = int(last == UNCOUNTED)
    if is_new_today or counted * world.rules.slot_us // HOUR_US != hour:
        cells.values[cell, VEHICLES_DAY] += is_new_today
        cells.values[cell, VEHICLES_HOUR] += 1
        vehicle = arrays.vehicles[step.vehicle]
        key = flow_key(record["zone_no"], hour, vehicle["vehicle_class"], vehicle["zero_emission"], FMS)
        count_carrier(cells.carriers, key, vehicle["carrier"], is_new_today)
    record["slot"] = step.slot


@inner_kernel
def come(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step, zone_no: int, column: int) -> int:
    """Start a visit with an entry or an appearance (*column*) at a taken position, and return it."""
    place = find_visited(arrays, step.vehicle, zone_no)
    slot = UNCOUNTED
    if place == NONE:
        place = add_visited(arrays, step.vehicle, zone_no)
    else:
        slot = slot_at(arrays.visited, place, step.slot)
    visit = open_visit(arrays)
    record = arrays.visits[visit]
    record["first_us"] = step.event_us
    record["run_us"] = step.event_us
    record["run_lat"] = step.lat
    record["run_lon"] = step.lon
    record["zone_no"] = zone_no
    record["visited"] = place
    record["slot"] = slot
    cell = flow_cell_at(arrays, cells, step.vehicle, zone_no, step.slot)
    cells.values[cell, column] += 1
    _count_inside(world, arrays, cells, step, visit, cell)
    return visit


@inner_kernel
def stay(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step, visit: int) -> None:
    """Go on with a visit at a taken position that is linked to the previous one."""
    record = arrays.visits[visit]
    slot_us = world.rules.slot_us
    start_us = arrays.vehicles[step.vehicle]["event_us"]
    for slot in range(first_slot(start_us, step.slot, slot_us), step.slot):
        end_us = (slot + 1) * slot_us
        cell = flow_cell_at(arrays, cells, step.vehicle, record["zone_no"], slot)
        cells.values[cell, DWELL_US] += end_us - start_us
        start_us = end_us
    cell = flow_cell_at(arrays, cells, step.vehicle, record["zone_no"], step.slot)
    cells.values[cell, DWELL_US] += step.event_us - start_us
    cells.values[cell, DISTANCE_UM] += step.link_um
    _count_inside(world, arrays, cells, step, visit, cell)


@inner_kernel
def first_slot(start_us: int, slot: int, slot_us: int) -> int:
    """Return the slot of a time in *slot* or before it: mostly in it, which is told without a division."""
    return slot if start_us >= slot * slot_us else start_us // slot_us


@inner_kernel
def start_run(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step, visit: int) -> None:
    """End the run of a visit at the last taken position and start another one at this one."""
    _end_run(world, arrays, cells, step.vehicle, visit)
    record = arrays.visits[visit]
    record["run_us"] = step.event_us
    record["run_lat"] = step.lat
    record["run_lon"] = step.lon


@inner_kernel
def _end_run(world: World, arrays: VehicleArrays, cells: FlowCells, row: int, visit: int) -> None:
    """End a run of positions at the last taken one; it is a stop when it lasted long enough."""
    record = arrays.visits[visit]
    last_us = arrays.vehicles[row]["event_us"]
    length_us = last_us - record["run_us"]
    if length_us >= world.rules.stop_min_us:
        count_stop(world, arrays, cells, row, record["zone_no"], length_us)


@inner_kernel
def count_stop(
    world: World, arrays: VehicleArrays, cells: FlowCells, row: int, zone_no: int, length_us: int
) -> None:
    """Count a stop that ended at the last taken position of a vehicle."""
    last_us = arrays.vehicles[row]["event_us"]
    cell = flow_cell_at(arrays, cells, row, zone_no, last_us // world.rules.slot_us)
    cells.values[cell, STOPS] += 1
    cells.values[cell, STOP_US] += length_us


@inner_kernel
def leave(
    world: World, arrays: VehicleArrays, cells: FlowCells, row: int, visit: int, end_slot: int, column: int
) -> int:
    """End a visit with an exit or a disappearance (*column*) in a slot; return the next visit."""
    record = arrays.visits[visit]
    _end_run(world, arrays, cells, row, visit)
    cell = flow_cell_at(arrays, cells, row, record["zone_no"], end_slot)
    cells.values[cell, column] += 1
    cells.values[cell, VISITS] += 1
    cells.values[cell, VISIT_US] += arrays.vehicles[row]["event_us"] - record["first_us"]
    put_slot(arrays.visited, record["visited"], record["slot"])
    following = record["following"]
    free_visit(arrays, visit)
    return following


@inner_kernel
def follow(arrays: VehicleArrays, row: int, before: int, visit: int) -> None:
    """Let a visit follow another one of a vehicle, or be its first one after NONE."""
    if before == NONE:
        arrays.vehicles[row]["visits"] = visit
    else:
        arrays.visits[before]["following"] = visit


@inner_kernel
def disappear(world: World, arrays: VehicleArrays, cells: FlowCells, row: int) -> None:
    """End all visits of a vehicle at its last taken position."""
    unshare(arrays, row)
    vehicle = arrays.vehicles[row]
    visit = vehicle["visits"]
    end_slot = vehicle["event_us"] // world.rules.slot_us
    while visit != NONE:
        visit = leave(world, arrays, cells, row, visit, end_slot, DISAPPEARANCES)
    vehicle["visits"] = NONE
    vehicle["zone_set"] = NO_ZONES


@inner_kernel
def day_ends_us(world: World, day: int) -> int:
    """Return the stream time beyond which no position of a local day can come any more."""
    return world.midnights_us[day + 1] + world.rules.allowed_lateness_us + world.rules.reorder_us


@inner_kernel
def expires_us(world: World, event_us: int, day: int) -> int:
    """Return the stream time beyond which a vehicle's visits end: silence proven, or its day over."""
    rules = world.rules
    silent_us = event_us + rules.park_gap_us + rules.allowed_lateness_us + rules.reorder_us
    return min(silent_us, day_ends_us(world, day))
