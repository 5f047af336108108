"""Reading ahead of the walk over due positions: which are next, and the memory that their steps will need.

Vehicles, visits, cells and zones lie all over memory, and a step reads one to tell where the next one is. So the
walk goes block by block, and asks for what a whole block needs before the first of it is taken.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.cells import CellTable, home_of
from processors.columns import Int32Array, Int64Array
from processors.flow_cells import flow_key
from processors.jit import inner_kernel, prefetch
from processors.reorder import HeldArrays, next_due
from processors.vehicle_table import FOREVER_US, NONE, VehicleArrays
from processors.visit_steps import FMS, World
from processors.zone_index import EdgeBlocks, column_of, row_of
from processors.zone_sets import NO_ZONES

BLOCK: Final = 64
CHAIN: Final = 3  # visits of a vehicle that are asked for after its first one


class DueBlock(NamedTuple):
    """The positions that are taken next, and how far the queues have been looked through for them."""

    places: Int32Array  # shape (BLOCK,)
    near: Int64Array  # block of edges of zones that each is in, shape (BLOCK,)
    visits: (
        Int32Array  # of those that change the zones of their vehicle: visit asked for last, shape (BLOCK,)
    )
    lines: Int32Array  # of the same: first line of its visited zones, shape (BLOCK,)
    heads: Int32Array  # by source partition: first one in the queue that is not in the block
    heads_us: Int64Array  # arrival of each, FOREVER_US where there is none


def due_block_for(held: HeldArrays) -> DueBlock:
    """Return working memory for the queues of a store."""
    return DueBlock(
        np.empty(BLOCK, np.int32),
        np.empty(BLOCK, np.int64),
        np.empty(BLOCK, np.int32),
        np.empty(BLOCK, np.int32),
        np.empty_like(held.queue_head),
        np.empty_like(held.head_us),
    )


@inner_kernel
def next_block(held: HeldArrays, before_us: int, block: DueBlock) -> int:
    """List the next positions that arrived before *before_us*, by (arrival, partition), and return how many."""
    for partition in range(block.heads.size):
        block.heads[partition] = held.queue_head[partition]
        block.heads_us[partition] = held.head_us[partition]
    for number in range(BLOCK):
        partition = next_due(block.heads_us, before_us)
        if partition == NONE:
            return number
        place = block.heads[partition]
        following = held.rows[place]["queued"]
        block.places[number] = place
        block.heads[partition] = following
        block.heads_us[partition] = FOREVER_US if following == NONE else held.rows[following]["arrival_us"]
    return BLOCK


@inner_kernel
def look_ahead(
    world: World, arrays: VehicleArrays, held: HeldArrays, set_cells: CellTable, block: DueBlock, count: int
) -> None:
    """Ask for what the steps of a block will read: what each read leads to is asked for in the next round."""
    zones = world.zones.blocks
    for number in range(count):
        prefetch(arrays.vehicles, held.rows[block.places[number]]["vehicle"])
    changing = 0
    for number in range(count):
        row = held.rows[block.places[number]]
        vehicle = arrays.vehicles[row["vehicle"]]
        block.near[number] = _block_at(zones, row["lon"], row["lat"])
        prefetch(zones.starts, block.near[number])
        if row["zone_set"] != vehicle["zone_set"]:
            block.visits[changing] = vehicle["visits"]
            block.lines[changing] = vehicle["visited"]
            changing += 1
            prefetch(arrays.visits, vehicle["visits"])
            prefetch(arrays.visited, vehicle["visited"])
        elif row["zone_set"] != NO_ZONES:
            place = _set_cell_home(set_cells, vehicle)
            prefetch(set_cells.keys, place)
            prefetch(set_cells.values, place)
            prefetch(arrays.visits, vehicle["visits"])
    for number in range(count):
        edge = zones.starts[block.near[number]]
        prefetch(zones.boxes, edge)
        prefetch(zones.edges, edge)
    for number in range(changing):
        line = block.lines[number]
        if line != NONE:
            prefetch(arrays.visited, arrays.visited[line]["following"])
    for _ in range(CHAIN):
        for number in range(changing):
            visit = block.visits[number]
            if visit != NONE:
                block.visits[number] = arrays.visits[visit]["following"]
                prefetch(arrays.visits, block.visits[number])


@inner_kernel
def _block_at(zones: EdgeBlocks, lon: float, lat: float) -> int:
    """Return the block of edges that a position is in."""
    return row_of(zones.grid, lat) * zones.grid.columns + column_of(zones.grid, lon)


@inner_kernel
def _set_cell_home(set_cells: CellTable, vehicle: np.void) -> int:
    """Return where the set cell of a step within the same zones should be, unless a slot begins with it."""
    key = flow_key(
        vehicle["zone_set"], vehicle["slot"], vehicle["vehicle_class"], vehicle["zero_emission"], FMS
    )
    return home_of(set_cells, key)
