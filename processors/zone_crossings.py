"""Fast crossings: which zones a straight link between two positions crosses without a position inside.

The walk goes through the blocks of edges near the segment. Most edges there are told from their boxes alone.
"""

from typing import Final, NamedTuple

from processors.columns import Int32Array, Int64Array
from processors.geometry import segments_cross
from processors.jit import inner_kernel
from processors.zone_boxes import box_of_link, boxes_meet
from processors.zone_index import MARGIN_DEG, EdgeBlocks, Grid, column_of, row_of
from processors.zone_sets import ZoneSetArrays, set_contains

SHORT: Final = 4
"""Blocks in the box of a link, about, of which all are visited: cheaper than to work out which it touches."""


class CrossingScratch(NamedTuple):
    """Working memory of a walk: when each zone was last found, and the zones found."""

    last: Int64Array  # number of the last query that found the zone, by zone number
    query: Int64Array  # shape (1,), number of the running query
    found: Int32Array  # zone numbers, shape (zones,)


class Link(NamedTuple):
    """Two positions, one after the other, in degrees, and the zone set of each."""

    ax: float
    ay: float
    bx: float
    by: float
    a_set: int
    b_set: int


@inner_kernel
def crossed_zones(blocks: EdgeBlocks, sets: ZoneSetArrays, scratch: CrossingScratch, link: Link) -> int:
    """Write to `scratch.found` the zones with an edge that a link crosses and neither of its ends inside.

    Where the two cross, both touch the same block and their boxes meet, so no other edge can be crossed.

    Returns:
        How many zones were found.
    """
    west = column_of(blocks.fine, min(link.ax, link.bx) - MARGIN_DEG)
    east = column_of(blocks.fine, max(link.ax, link.bx) + MARGIN_DEG)
    south = row_of(blocks.fine, min(link.ay, link.by) - MARGIN_DEG)
    north = row_of(blocks.fine, max(link.ay, link.by) + MARGIN_DEG)
    box = box_of_link(west, south, east, north)
    first, last = west >> blocks.shift, east >> blocks.shift
    first_row, last_row = south >> blocks.shift, north >> blocks.shift
    is_short = (last_row - first_row) * (last - first) <= SHORT
    scratch.query[0] += 1
    found = 0
    for row in range(first_row, last_row + 1):
        if not is_short:
            first, last = _columns_of_segment(blocks.grid, row, link)
        begin = row * blocks.grid.columns
        for edge in range(blocks.starts[begin + first], blocks.starts[begin + last + 1]):
            if boxes_meet(blocks.boxes[edge], box):
                x1, y1, x2, y2 = blocks.edges[edge]
                if segments_cross(link.ax, link.ay, link.bx, link.by, x1, y1, x2, y2):
                    found = _add_owners(blocks, sets, scratch, link, edge, found)
    return found


@inner_kernel
def _add_owners(
    blocks: EdgeBlocks, sets: ZoneSetArrays, scratch: CrossingScratch, link: Link, edge: int, found: int
) -> int:
    """Add those zones of a crossed edge that hold neither end and are not found yet; return how many are."""
    owners = blocks.owners[edge]
    for place in range(blocks.owner_starts[owners], blocks.owner_starts[owners + 1]):
        zone_no = blocks.owner_zones[place]
        if set_contains(sets, link.a_set, zone_no) or set_contains(sets, link.b_set, zone_no):
            continue
        if scratch.last[zone_no] != scratch.query[0]:
            scratch.last[zone_no] = scratch.query[0]
            scratch.found[found] = zone_no
            found += 1
    return found


@inner_kernel
def _columns_of_segment(grid: Grid, row: int, link: Link) -> tuple[int, int]:
    """Return the first and last column that the segment touches in a row, with the margin."""
    ax, ay, bx, by = link.ax, link.ay, link.bx, link.by
    if by < ay:
        ax, ay, bx, by = bx, by, ax, ay
    at_low, at_high = ax, bx
    if by - ay > MARGIN_DEG:
        low = max(ay, grid.south + row / grid.rows_per_deg - MARGIN_DEG)
        high = min(by, grid.south + (row + 1) / grid.rows_per_deg + MARGIN_DEG)
        slope = (bx - ax) / (by - ay)
        at_low = ax + (low - ay) * slope
        at_high = ax + (high - ay) * slope
    return (
        column_of(grid, min(at_low, at_high) - MARGIN_DEG),
        column_of(grid, max(at_low, at_high) + MARGIN_DEG),
    )
