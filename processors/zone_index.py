"""Exact point-in-zone lookup by a grid of two levels over the zones.

Theory of operation. The bounding box of all zones is cut into cells. A cell that no edge touches lies wholly
in one set of zones, its *base*, and answers at once. A *border* cell is cut again into `PARTS` by `PARTS` parts; most
of those answer at once too. A part with edges in it is a *leaf*: it holds the original edges that touch it, each
once however many polygons share it, and a state with one bit per polygon that has one of them.

Why the edges that touch a leaf are enough. The rule counts the edges whose ray crossing lies right of the point.
An edge that does not touch the leaf is, within the heights of the leaf, wholly right of it or wholly left of it.
Right of it, it is crossed exactly where one of its two ends is higher than the point and the other is not. Summed
over a closed ring, both edges at a corner say the same about that corner and cancel, except where an edge that
touches the leaf leads to a corner right of it within its heights. So the odd or even count over all other edges
is a constant of the leaf, times "is the corner higher than the point" for those corners: two more bits per edge.
The constants come from the rule itself, applied to all edges at the middle of the leaf.

The state, once the edges have been tested, selects the zone set from a small table, filled the first time that
a state is met. A leaf with edges of more than `MAX_MASK_ZONES` polygons has several *pages* of them.

The index selects edges and never cuts them, and marks cells with a margin wider than any rounding error, so
every answer equals the rule applied to all edges of all zones.
"""

from typing import Final, NamedTuple

from processors.columns import Float64Array, Int32Array, UInt64Array
from processors.jit import inner_kernel

MARGIN_DEG = 1e-9  # 0.1 mm: a million times the rounding error of a degree, far below a cell
PARTS_SHIFT: Final = 2
PARTS: Final = (
    1 << PARTS_SHIFT
)  # of a border cell, each way; a power of two, so that parts end where cells do
MAX_MASK_ZONES: Final = 12  # polygons with edges in a leaf that one page, with its table of states, holds
UNRESOLVED = -1

FIRST_EDGE, STATE, FIRST_MASK, BASE = range(4)  # columns of `Leaves.heads`
MORE: Final = 1 << 30  # in a state: another page of the same leaf follows
STATE_BITS: Final = (1 << MAX_MASK_ZONES) - 1
OWNERS_SHIFT: Final = (
    MAX_MASK_ZONES  # in a toggle: from here on, one bit per polygon that has the edge, once or twice
)
LOWER_RIGHT: Final = (
    1 << 28
)  # in a toggle: the lower end of the edge is a corner right of the leaf, in its heights
UPPER_RIGHT: Final = 1 << 29


class Grid(NamedTuple):
    """A regular grid of cells over a box."""

    west: float  # degrees
    south: float  # degrees
    columns_per_deg: float
    rows_per_deg: float
    columns: int
    rows: int


class Leaves(NamedTuple):
    """The parts of border cells. The parts of border cell b stand at `PARTS * PARTS * b`, by row, then column."""

    answer: Int32Array  # zone set of each part; with edges in it, -1 - its first page
    heads: Int32Array  # shape (pages + 1, 4): first edge, state before any edge, first place in `mask_sets`, base
    edges: Float64Array  # shape (edges, 4): (x1, y1) the lower end, (x2, y2) the other
    toggles: (
        Int32Array  # of each edge: the bits of the polygons that it turns, owners, LOWER_RIGHT, UPPER_RIGHT
    )
    member_starts: Int32Array  # shape (pages + 1,)
    members: Int32Array  # zone (place in the index) of each bit of a page
    mask_sets: Int32Array  # zone set of a state, or UNRESOLVED


class EdgeBlocks(NamedTuple):
    """The edges of all zones by blocks of their box, for links; an edge is in every block that it touches.

    Those of block b stand at `starts[b]:starts[b + 1]`, each once however many zones share it. The box of an edge is
    one word, so that one subtraction compares it with that of a link: `processors.zone_boxes` tells how.
    """

    fine: Grid  # of SPAN columns and rows, in which boxes are told
    grid: Grid  # of the blocks: as many columns as rows, a power of two
    shift: int  # from a column or row of `fine` to that of its block
    starts: Int32Array  # shape (blocks + 1,), by row, then column
    boxes: UInt64Array
    edges: Float64Array  # shape (edges, 4): (x1, y1) the lower end, (x2, y2) the other
    owners: Int32Array  # of each edge: number of the list of its zones
    owner_starts: Int32Array  # of each list
    owner_zones: Int32Array  # zone numbers


class ZoneIndex(NamedTuple):
    """Everything that lookups and crossings need, as arrays."""

    grid: Grid
    answer: (
        Int32Array  # zone set of each cell, shape (rows * columns,); with edges in it, -1 - its border number
    )
    zone_no: Int32Array  # zone number by place in this index
    leaves: Leaves
    blocks: EdgeBlocks


@inner_kernel
def finer(grid: Grid) -> Grid:
    """Return the grid of the parts of all cells."""
    return Grid(
        grid.west,
        grid.south,
        grid.columns_per_deg * PARTS,
        grid.rows_per_deg * PARTS,
        grid.columns * PARTS,
        grid.rows * PARTS,
    )


@inner_kernel
def column_of(grid: Grid, lon: float) -> int:
    """Return the column of a longitude, clamped to the grid."""
    return int(min(max((lon - grid.west) * grid.columns_per_deg, 0.0), grid.columns - 1.0))


@inner_kernel
def row_of(grid: Grid, lat: float) -> int:
    """Return the row of a latitude, clamped to the grid."""
    return int(min(max((lat - grid.south) * grid.rows_per_deg, 0.0), grid.rows - 1.0))


@inner_kernel
def toggled(x1: float, y1: float, x2: float, y2: float, toggle: int, lon: float, lat: float) -> int:
    """Return 1 where an edge of a leaf turns the bits of its polygons for a point, else 0."""
    lower = int(y1 > lat)
    upper = int(y2 > lat)
    # the rule of `crosses_ray` without a branch; a level edge is crossed nowhere
    height = y2 - y1 if y2 > y1 else 1.0
    crossed = (lower ^ upper) & int(lon < x1 + (lat - y1) * (x2 - x1) / height)
    return crossed ^ (lower & int((toggle & LOWER_RIGHT) != 0)) ^ (upper & int((toggle & UPPER_RIGHT) != 0))


@inner_kernel
def flipped(leaves: Leaves, edge: int, lon: float, lat: float) -> int:
    """Return the bits that an edge of a leaf turns for a point."""
    x1, y1, x2, y2 = leaves.edges[edge]
    toggle = leaves.toggles[edge]
    return -toggled(x1, y1, x2, y2, toggle, lon, lat) & toggle & STATE_BITS


@inner_kernel
def part_of(grid: Grid, lon: float, lat: float) -> int:
    """Return which part of its cell a point of the grid is in."""
    column = int((lon - grid.west) * grid.columns_per_deg * PARTS)
    row = int((lat - grid.south) * grid.rows_per_deg * PARTS)
    return (row & (PARTS - 1)) * PARTS + (column & (PARTS - 1))
