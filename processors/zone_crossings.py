"""Fast crossings: which zones a straight link between two positions crosses without a position inside.

The walk visits the leaves near the segment; where the cells of a link have none, it costs one read for each cell.
"""

from typing import Final, NamedTuple

from processors.columns import Int32Array, Int64Array
from processors.geometry import segments_cross
from processors.jit import inner_kernel, lowest_bit
from processors.zone_index import (
    FIRST_EDGE,
    MARGIN_DEG,
    MORE,
    OWNERS_SHIFT,
    PARTS,
    PARTS_SHIFT,
    STATE,
    STATE_BITS,
    Grid,
    ZoneIndex,
    column_of,
    finer,
    row_of,
)
from processors.zone_sets import ZoneSetArrays, set_contains

SHORT: Final = 4
"""Parts in the box of a link, about, of which all are visited: cheaper than to work out which it touches."""


EACH_ROW: Final = sum(1 << PARTS * row for row in range(PARTS))
"""The first part of each row of a cell."""


class Box(NamedTuple):
    """Rows and columns of parts, first and last."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class CrossingScratch(NamedTuple):
    """Working memory of a walk: when each zone was last tested, and the zones found."""

    tested: Int64Array  # number of the last query that tested the zone, by place in the index
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
def crossed_zones(index: ZoneIndex, sets: ZoneSetArrays, scratch: CrossingScratch, link: Link) -> int:
    """Write to `scratch.found` the zones with an edge that a link crosses and neither of its ends inside.

    Returns:
        How many zones were found.
    """
    fine = finer(index.grid)
    first_row = row_of(fine, min(link.ay, link.by) - MARGIN_DEG)
    last_row = row_of(fine, max(link.ay, link.by) + MARGIN_DEG)
    first = column_of(fine, min(link.ax, link.bx) - MARGIN_DEG)
    last = column_of(fine, max(link.ax, link.bx) + MARGIN_DEG)
    is_short = (last_row - first_row) * (last - first) <= SHORT
    rows = last_row - first_row + 1 if is_short else 1
    scratch.query[0] += 1
    found = 0
    for row in range(first_row, last_row + 1, rows):
        if not is_short:
            first, last = _columns_of_segment(fine, row, link)
        found = _crossed_in_box(index, sets, scratch, link, Box(row, row + rows - 1, first, last), found)
    return found


@inner_kernel
def _crossed_in_box(
    index: ZoneIndex, sets: ZoneSetArrays, scratch: CrossingScratch, link: Link, box: Box, found: int
) -> int:
    """Add the zones with an edge in the leaves of a box that the link crosses; return how many are found."""
    for row in range(box.first_row >> PARTS_SHIFT, (box.last_row >> PARTS_SHIFT) + 1):
        for column in range(box.first_column >> PARTS_SHIFT, (box.last_column >> PARTS_SHIFT) + 1):
            cell = row * index.grid.columns + column
            parts = int(index.leaf_parts[cell])
            if parts:
                parts &= _parts_in_box(box, row << PARTS_SHIFT, column << PARTS_SHIFT)
            while parts:
                part = lowest_bit(parts)
                parts &= parts - 1
                page = -1 - index.leaves.answer[(-1 - index.answer[cell]) * PARTS * PARTS + part]
                found = _crossed_of_leaf(index, sets, scratch, link, page, found)
    return found


@inner_kernel
def _parts_in_box(box: Box, row: int, column: int) -> int:
    """Return the bits of the parts of a cell that are in a box; the first part of the cell is (row, column)."""
    first = max(box.first_column - column, 0)
    last = min(box.last_column - column, PARTS - 1)
    low = PARTS * max(box.first_row - row, 0)
    high = PARTS * (min(box.last_row - row, PARTS - 1) + 1)
    return ((2 << last) - (1 << first)) * EACH_ROW & (1 << high) - (1 << low)


@inner_kernel
def _crossed_of_leaf(
    index: ZoneIndex, sets: ZoneSetArrays, scratch: CrossingScratch, link: Link, page: int, found: int
) -> int:
    """Add the zones with an edge in a leaf that the link crosses; return how many are found.

    Where the two cross, both touch the same part, so the edges of the leaves on the way are all that can be crossed.
    """
    leaves = index.leaves
    more = True
    while more:
        for edge in range(leaves.heads[page, FIRST_EDGE], leaves.heads[page + 1, FIRST_EDGE]):
            x1, y1, x2, y2 = leaves.edges[edge]
            if segments_cross(link.ax, link.ay, link.bx, link.by, x1, y1, x2, y2):
                owners = leaves.toggles[edge] >> OWNERS_SHIFT & STATE_BITS
                found = _add_owners(index, sets, scratch, link, page, owners, found)
        more = leaves.heads[page, STATE] >= MORE
        page += 1
    return found


@inner_kernel
def _add_owners(
    index: ZoneIndex,
    sets: ZoneSetArrays,
    scratch: CrossingScratch,
    link: Link,
    page: int,
    owners: int,
    found: int,
) -> int:
    """Add those zones of a crossed edge that hold neither end and are not found yet; return how many are."""
    place = index.leaves.member_starts[page]
    while owners:
        if owners & 1:
            zone = index.leaves.members[place]
            if scratch.tested[zone] != scratch.query[0]:
                scratch.tested[zone] = scratch.query[0]
                zone_no = index.zone_no[zone]
                if not (set_contains(sets, link.a_set, zone_no) or set_contains(sets, link.b_set, zone_no)):
                    scratch.found[found] = zone_no
                    found += 1
        owners >>= 1
        place += 1
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
