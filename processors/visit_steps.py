"""The steps of one vehicle in one zone: coming, staying, leaving; each adds its figures to the flow cells."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.calendar import HOUR_US
from processors.cells import CellTable
from processors.columns import Int32Array, Int64Array
from processors.flow_cells import (
    DISAPPEARANCES,
    DISTANCE_UM,
    DWELL_US,
    OBSERVATIONS,
    STOP_US,
    STOPS,
    VEHICLES_DAY,
    VEHICLES_HOUR,
    VEHICLES_SLOT,
    VISIT_US,
    VISITS,
    add_late,
    add_to_slot,
)
from processors.geometry import distance_um
from processors.jit import lean_kernel
from processors.rules import Rules
from processors.vehicle_table import (
    NONE,
    UNCOUNTED,
    VehicleArrays,
    free_visit,
    open_visit,
    visited_zone,
)
from processors.vocabulary import Source
from processors.zone_crossings import CrossingScratch
from processors.zone_index import ZoneIndex
from processors.zone_sets import ZoneSetArrays

FMS = int(Source.FMS)


class World(NamedTuple):
    """What does not change while positions are taken."""

    rules: Rules
    sets: ZoneSetArrays
    index: ZoneIndex  # type: ignore[assignment]  # tuple.index is not used
    scratch: CrossingScratch
    changed: Int32Array  # by zone number: version of the zones that changed it last, 0 when never
    version: int  # version of the zones
    midnights_us: Int64Array  # UTC times of local midnights


@lean_kernel
def count_inside(
    world: World, arrays: VehicleArrays, cells: CellTable, row: int, node: int, event_us: int, arrival_us: int
) -> None:
    """Count a taken position inside a zone: the observation, the vehicle where new, and whether it was late."""
    vehicle = arrays.vehicles[row]
    record = arrays.visited[node]
    slot_us = world.rules.slot_us
    slot = event_us // slot_us
    cell = add_to_slot(
        cells,
        record["zone_no"],
        slot,
        vehicle["vehicle_class"],
        vehicle["zero_emission"],
        FMS,
        OBSERVATIONS,
        1,
    )
    last = record["slot"]
    if last != slot:
        cells.values[cell, VEHICLES_SLOT] += 1
        if last == UNCOUNTED:
            cells.values[cell, VEHICLES_DAY] += 1
            cells.values[cell, VEHICLES_HOUR] += 1
        else:
            counted = np.int64(last if last >= 0 else ~last)
            if counted * slot_us // HOUR_US != event_us // HOUR_US:
                cells.values[cell, VEHICLES_HOUR] += 1
        record["slot"] = slot
    add_late(cells, cell, event_us, arrival_us, slot_us, world.rules.late_after_us, world.midnights_us)


@lean_kernel
def come(
    world: World,
    arrays: VehicleArrays,
    cells: CellTable,
    row: int,
    zone_no: int,
    held: NDArray[np.void],
    column: int,
) -> None:
    """Start a visit with an entry or an appearance (*column*) at a taken position."""
    vehicle = arrays.vehicles[row]
    node = visited_zone(arrays, row, zone_no)
    visit = open_visit(arrays)
    arrays.visited[node]["visit"] = visit
    record = arrays.visits[visit]
    record["first_us"] = held["event_us"]
    record["run_us"] = held["event_us"]
    record["run_lat"] = held["lat"]
    record["run_lon"] = held["lon"]
    slot = held["event_us"] // world.rules.slot_us
    add_to_slot(cells, zone_no, slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS, column, 1)
    count_inside(world, arrays, cells, row, node, held["event_us"], held["arrival_us"])


@lean_kernel
def stay(
    world: World,
    arrays: VehicleArrays,
    cells: CellTable,
    row: int,
    zone_no: int,
    held: NDArray[np.void],
    link_um: int,
) -> None:
    """Go on with a visit at a taken position that is linked to the previous one."""
    vehicle = arrays.vehicles[row]
    node = visited_zone(arrays, row, zone_no)
    vehicle_class, zero_emission = vehicle["vehicle_class"], vehicle["zero_emission"]
    slot_us = world.rules.slot_us
    event_us = held["event_us"]
    start_us = vehicle["event_us"]
    while start_us < event_us:
        slot = start_us // slot_us
        end_us = min((slot + 1) * slot_us, event_us)
        add_to_slot(cells, zone_no, slot, vehicle_class, zero_emission, FMS, DWELL_US, end_us - start_us)
        start_us = end_us
    add_to_slot(cells, zone_no, event_us // slot_us, vehicle_class, zero_emission, FMS, DISTANCE_UM, link_um)
    visit = arrays.visits[arrays.visited[node]["visit"]]
    if distance_um(visit["run_lat"], visit["run_lon"], held["lat"], held["lon"]) > world.rules.stop_radius_um:
        _end_run(world, arrays, cells, row, node)
        visit["run_us"] = event_us
        visit["run_lat"] = held["lat"]
        visit["run_lon"] = held["lon"]
    count_inside(world, arrays, cells, row, node, event_us, held["arrival_us"])


@lean_kernel
def _end_run(world: World, arrays: VehicleArrays, cells: CellTable, row: int, node: int) -> None:
    """End a run of positions at the last taken one; it is a stop when it lasted long enough."""
    vehicle = arrays.vehicles[row]
    record = arrays.visited[node]
    last_us = vehicle["event_us"]
    length_us = last_us - arrays.visits[record["visit"]]["run_us"]
    if length_us >= world.rules.stop_min_us:
        slot = last_us // world.rules.slot_us
        cell = add_to_slot(
            cells, record["zone_no"], slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS, STOPS, 1
        )
        cells.values[cell, STOP_US] += length_us


@lean_kernel
def leave(
    world: World, arrays: VehicleArrays, cells: CellTable, row: int, zone_no: int, end_us: int, column: int
) -> None:
    """End a visit with an exit or a disappearance (*column*) in the bucket of *end_us*."""
    vehicle = arrays.vehicles[row]
    node = visited_zone(arrays, row, zone_no)
    _end_run(world, arrays, cells, row, node)
    visit = arrays.visited[node]["visit"]
    slot = end_us // world.rules.slot_us
    cell = add_to_slot(
        cells, zone_no, slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS, column, 1
    )
    cells.values[cell, VISITS] += 1
    cells.values[cell, VISIT_US] += vehicle["event_us"] - arrays.visits[visit]["first_us"]
    free_visit(arrays, visit)
    arrays.visited[node]["visit"] = NONE


@lean_kernel
def disappear(world: World, arrays: VehicleArrays, cells: CellTable, row: int) -> None:
    """End all visits of a vehicle at its last taken position."""
    zone_set = arrays.vehicles[row]["zone_set"]
    for place in range(world.sets.starts[zone_set], world.sets.starts[zone_set + 1]):
        last_us = arrays.vehicles[row]["event_us"]
        leave(world, arrays, cells, row, world.sets.zones[place], last_us, DISAPPEARANCES)
    arrays.vehicles[row]["zone_set"] = 0


@lean_kernel
def expires_us(world: World, event_us: int, day: int) -> int:
    """Return the stream time beyond which a vehicle's visits end: silence proven, or its day over."""
    rules = world.rules
    silent_us = event_us + rules.park_gap_us + rules.allowed_lateness_us + rules.reorder_us
    return min(silent_us, day_ends_us(world, day))


@lean_kernel
def day_ends_us(world: World, day: int) -> int:
    """Return the stream time beyond which no position of a local day can come any more."""
    return world.midnights_us[day + 1] + world.rules.allowed_lateness_us + world.rules.reorder_us
