"""Building the blocks of edges that links are tested against."""

from math import isqrt
from typing import Final

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array, UInt64Array
from processors.jit import kernel
from processors.shared_lists import Lists, group_lists
from processors.zone_boxes import SPAN, SPAN_SHIFT, box_of_edge
from processors.zone_edges import RawEdges, columns_in_row
from processors.zone_index import MARGIN_DEG, EdgeBlocks, Grid, row_of

EDGES_PER_BLOCK: Final = 2  # at most, on average, until there are MAX_SIDE by MAX_SIDE blocks
MAX_SIDE: Final = 1 << 10  # a block is 32 columns of boxes wide then


def build_blocks(grid: Grid, raw: RawEdges, zone_no: Int32Array) -> EdgeBlocks:
    """Build the blocks of the edges of zones.

    Args:
        grid: over the box of all zones.
        raw: their edges.
        zone_no: number of each zone.
    """
    same, example = _same_edges(raw)
    owners, lists = _owners(raw, zone_no, same)
    count = _blocks_for(example.size)
    fine, blocks, shift = block_grids(grid, count)
    starts = np.zeros(count + 1, np.int32)
    _count_edges(blocks, raw, example, starts)
    np.cumsum(starts, out=starts)
    edges = np.empty((int(starts[-1]), 4), np.float64)
    boxes = np.empty(len(edges), np.uint64)
    number = np.empty(len(edges), np.int64)
    _fill_blocks(fine, blocks, raw, example, starts[:-1].copy(), number, boxes, edges)
    return EdgeBlocks(
        fine, blocks, shift, starts, boxes, edges, owners[number], lists.starts.astype(np.int32), lists.values
    )


def _blocks_for(edges: int) -> int:
    """Return how many blocks there are for a number of edges."""
    side = 1
    while side < MAX_SIDE and EDGES_PER_BLOCK * side * side < edges:
        side *= 2
    return side * side


def block_grids(grid: Grid, count: int) -> tuple[Grid, Grid, int]:
    """Return the grid in which boxes are told, that of so many blocks, and the shift between both."""
    side = isqrt(count)
    shift = SPAN_SHIFT + 1 - side.bit_length()
    columns_per_deg = grid.columns_per_deg / grid.columns * SPAN
    rows_per_deg = grid.rows_per_deg / grid.rows * SPAN
    return (
        Grid(grid.west, grid.south, columns_per_deg, rows_per_deg, SPAN, SPAN),
        # by a power of two, so that blocks end where columns do
        Grid(grid.west, grid.south, columns_per_deg / (1 << shift), rows_per_deg / (1 << shift), side, side),
        shift,
    )


def _same_edges(raw: RawEdges) -> tuple[Int64Array, Int64Array]:
    """Return for each edge the number of those with its ends, and of each number one edge."""
    bits = np.stack([raw.x1, raw.y1, raw.x2, raw.y2], axis=1).view(np.int32)
    return group_lists(Lists(np.arange(len(bits) + 1) * bits.shape[1], bits.ravel()))


def _owners(raw: RawEdges, zone_no: Int32Array, same: Int64Array) -> tuple[Int32Array, Lists]:
    """Return for each number of an edge the list of the zones that have it, and these lists."""
    edges = raw.edge_starts[raw.polygon_starts]
    zone = np.repeat(zone_no, np.diff(edges))
    order = np.lexsort((zone, same))
    same, zone = same[order], zone[order]
    is_first = np.ones(same.size, bool)
    is_first[1:] = (same[1:] != same[:-1]) | (zone[1:] != zone[:-1])
    same, zone = same[is_first], zone[is_first]
    starts = np.searchsorted(same, np.arange(same[-1] + 2 if same.size else 1))
    group, example = group_lists(Lists(starts, zone))
    sizes = np.diff(starts)[example]
    ends = np.cumsum(sizes)
    places = np.repeat(starts[example] - (ends - sizes), sizes) + np.arange(sizes.sum())
    return group.astype(np.int32), Lists(np.append(0, ends), zone[places])


@kernel
def _count_edges(grid: Grid, raw: RawEdges, edges: Int64Array, starts: Int32Array) -> None:
    for edge in edges:
        for row in range(
            row_of(grid, raw.y1[edge] - MARGIN_DEG), row_of(grid, raw.y2[edge] + MARGIN_DEG) + 1
        ):
            left, right = columns_in_row(grid, raw, edge, row)
            for block in range(row * grid.columns + left, row * grid.columns + right + 1):
                starts[block + 1] += 1


@kernel
def _fill_blocks(
    fine: Grid,
    grid: Grid,
    raw: RawEdges,
    edges: Int64Array,
    filled: Int32Array,
    numbers: Int64Array,
    boxes: UInt64Array,
    ends: Float64Array,
) -> None:
    for number in range(edges.size):
        edge = edges[number]
        x1, y1, x2, y2 = raw.x1[edge], raw.y1[edge], raw.x2[edge], raw.y2[edge]
        for row in range(row_of(grid, y1 - MARGIN_DEG), row_of(grid, y2 + MARGIN_DEG) + 1):
            left, right = columns_in_row(grid, raw, edge, row)
            for block in range(row * grid.columns + left, row * grid.columns + right + 1):
                place = filled[block]
                filled[block] += 1
                numbers[place] = number
                boxes[place] = box_of_edge(fine, x1, y1, x2, y2)
                ends[place, 0], ends[place, 1], ends[place, 2], ends[place, 3] = x1, y1, x2, y2
