"""The step of a vehicle that stays where it is: in the same zones, linked. Counted once per zone set, not per zone.

That is what most positions are. What they add is the same for every zone of the set, so it goes to a *set cell*,
keyed as flow cells are with a set in the place of the zone, and is spread over the zones when the ledger is
drained. What may differ by zone is in `shared_runs`.
"""

from typing import Final

import numpy as np

from processors.cells import FREE, CellTable, cell_of, is_full
from processors.flow_cells import (
    DISTANCE_UM,
    DWELL_US,
    LATE_DAY,
    LATE_HOUR,
    LATE_SLOT,
    OBSERVATIONS,
    ZONE_SHIFT,
    add_late,
    flow_key,
)
from processors.geometry import distance_um
from processors.jit import inner_kernel, lean_kernel
from processors.shared_runs import share
from processors.vehicle_table import NEVER_US, NONE, VehicleArrays
from processors.visit_steps import (
    FMS,
    FlowCells,
    Step,
    World,
    count_stop,
    count_vehicle,
    first_slot,
    flow_cell_at,
    start_run,
)
from processors.zone_sets import ZoneSetArrays

# columns of a set cell table
SET_OBSERVATIONS: Final = 0
SET_DWELL_US: Final = 1
SET_DISTANCE_UM: Final = 2
SET_LATE: Final = 3  # slot, hour and day
SET_COLUMNS: Final = 6

_FLOW_COLUMN: Final = np.array([OBSERVATIONS, DWELL_US, DISTANCE_UM, LATE_SLOT, LATE_HOUR, LATE_DAY])


@inner_kernel
def remain(world: World, arrays: VehicleArrays, cells: FlowCells, set_cells: CellTable, step: Step) -> None:
    """Go on with all visits of a vehicle at a linked position in the same zones."""
    vehicle = arrays.vehicles[step.vehicle]
    slot_us = world.rules.slot_us
    start_us = vehicle["event_us"]
    for slot in range(first_slot(start_us, step.slot, slot_us), step.slot):
        end_us = (slot + 1) * slot_us
        cell = _set_cell_at(arrays, set_cells, step.vehicle, slot)
        set_cells.values[cell, SET_DWELL_US] += end_us - start_us
        start_us = end_us
    cell = _set_cell_at(arrays, set_cells, step.vehicle, step.slot)
    values = set_cells.values[cell]
    values[SET_DWELL_US] += step.event_us - start_us
    values[SET_DISTANCE_UM] += step.link_um
    values[SET_OBSERVATIONS] += 1
    add_late(values, SET_LATE, step.event_us, step.arrival_us, world.rules, world.midnights_us)
    if vehicle["slot"] != step.slot:
        _count_vehicle_everywhere(world, arrays, cells, step)
        vehicle["slot"] = step.slot
    _go_on_with_runs(world, arrays, cells, step)


@lean_kernel
def spread(set_cells: CellTable, sets: ZoneSetArrays, flows: CellTable, place: int) -> int:
    """Add the set cells from a place of their table on to the flow cells of all zones of each set.

    Returns:
        The place of the first one that was not added since the flow cells are full, or the size of the table.
    """
    while place < set_cells.keys.size:
        key = set_cells.keys[place]
        if key != FREE:
            if is_full(flows):
                return place
            number = key >> ZONE_SHIFT
            rest = key & ((np.int64(1) << ZONE_SHIFT) - 1)
            for zone in range(sets.starts[number], sets.starts[number + 1]):
                cell = cell_of(flows, np.int64(sets.zones[zone]) << ZONE_SHIFT | rest)
                for column in range(SET_COLUMNS):
                    flows.values[cell, _FLOW_COLUMN[column]] += set_cells.values[place, column]
        place += 1
    return place


@inner_kernel
def _set_cell_at(arrays: VehicleArrays, set_cells: CellTable, row: int, slot: int) -> int:
    """Return the set cell of the zones of a vehicle, of its class, in a slot."""
    vehicle = arrays.vehicles[row]
    key = flow_key(vehicle["zone_set"], slot, vehicle["vehicle_class"], vehicle["zero_emission"], FMS)
    return cell_of(set_cells, key)


@inner_kernel
def _count_vehicle_everywhere(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step) -> None:
    """Count a vehicle in the slot of a position, for each of its visits that this slot has not counted."""
    visit = arrays.vehicles[step.vehicle]["visits"]
    while visit != NONE:
        record = arrays.visits[visit]
        cell = flow_cell_at(arrays, cells, step.vehicle, record["zone_no"], step.slot)
        count_vehicle(world, arrays, cells, step, record, cell)
        visit = record["following"]


@inner_kernel
def _go_on_with_runs(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step) -> None:
    """End the runs that this position is too far from, and start others at it."""
    vehicle = arrays.vehicles[step.vehicle]
    if vehicle["run_us"] == NEVER_US:
        _go_on_with_each_run(world, arrays, cells, step)
        share(arrays, step.vehicle, vehicle["slot"])
        return
    last_us = vehicle["event_us"]
    run_us = vehicle["run_us"]
    run_um = step.link_um
    if run_us != last_us:
        run_um = distance_um(vehicle["run_lat"], vehicle["run_lon"], step.lat, step.lon)
    if run_um <= world.rules.stop_radius_um:
        return
    if last_us - run_us >= world.rules.stop_min_us:
        visit = vehicle["visits"]
        while visit != NONE:
            record = arrays.visits[visit]
            count_stop(world, arrays, cells, step.vehicle, record["zone_no"], last_us - run_us)
            visit = record["following"]
    vehicle["run_us"] = step.event_us
    vehicle["run_lat"] = step.lat
    vehicle["run_lon"] = step.lon


@inner_kernel
def _go_on_with_each_run(world: World, arrays: VehicleArrays, cells: FlowCells, step: Step) -> None:
    """The same, visit by visit: their runs began at different positions."""
    last_us = arrays.vehicles[step.vehicle]["event_us"]
    visit = arrays.vehicles[step.vehicle]["visits"]
    while visit != NONE:
        record = arrays.visits[visit]
        run_um = step.link_um
        if record["run_us"] != last_us:
            run_um = distance_um(record["run_lat"], record["run_lon"], step.lat, step.lon)
        if run_um > world.rules.stop_radius_um:
            start_run(world, arrays, cells, step, visit)
        visit = record["following"]
