"""Exact point-in-zone lookup by a grid over the zones.

Theory of operation. The bounding box of all zones is cut into cells. A cell that no edge touches lies wholly
in one set of zones, its *base*, and answers at once. A *border* cell has a base and a short list of zones with
edges in it; for those the half-open crossing rule runs over the original edges whose height range meets the grid
row of the point (edges elsewhere cannot be crossed by its ray). The answers form a bit mask that selects the
zone set from a small table, filled the first time that a combination is met.

The index selects edges and never cuts them, and marks cells with a margin wider than any rounding error, so
every answer equals the rule applied to all edges of all zones.
"""

from typing import NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.geometry import crosses_ray
from processors.jit import inner_kernel, lean_kernel
from processors.zone_sets import NO_ZONES, ZoneSets

MARGIN_DEG = 1e-9  # 0.1 mm: a million times the rounding error of a degree, far below a cell
MAX_MASK_ZONES = 16  # border zones of one cell that fit a mask table; more are resolved one by one
UNRESOLVED = -1


class Grid(NamedTuple):
    """A regular grid of cells over a box."""

    west: float  # degrees
    south: float  # degrees
    columns_per_deg: float
    rows_per_deg: float
    columns: int
    rows: int


class ZoneEdges(NamedTuple):
    """Polygons of zones and their edges by grid row.

    Zone z has the polygons `polygon_starts[z]:polygon_starts[z + 1]`. Polygon p has edges in the rows from
    `first_row[p]` on; those of its k-th row stand in `row_starts[row_table[p] + k]` to the next start. Each edge
    is (x1, y1) its lower end, (x2, y2) the other.
    """

    polygon_starts: Int32Array
    first_row: Int32Array
    row_table: Int64Array
    row_starts: Int64Array
    x1: Float64Array
    y1: Float64Array
    x2: Float64Array
    y2: Float64Array


class ZoneIndex(NamedTuple):
    """Everything a lookup needs, as arrays."""

    grid: Grid
    answer: Int32Array  # zone set of each cell, shape (rows * columns,); with edges in it, -1 - its place in the lists
    zone_no: Int32Array  # zone number by place in this index
    edges: ZoneEdges
    base: Int32Array  # zone set of each cell, shape (rows * columns,), without its border zones
    border: Int32Array  # place of each cell in the border lists, or -1
    border_starts: Int32Array
    border_zones: Int32Array  # zones (places in this index) with an edge in the cell, ascending
    mask_starts: Int64Array  # first entry of a border cell in `mask_sets`
    mask_sets: Int32Array  # zone set of a mask, or UNRESOLVED


@inner_kernel
def column_of(grid: Grid, lon: float) -> int:
    """Return the column of a longitude, clamped to the grid."""
    return int(min(max((lon - grid.west) * grid.columns_per_deg, 0.0), grid.columns - 1.0))


@inner_kernel
def row_of(grid: Grid, lat: float) -> int:
    """Return the row of a latitude, clamped to the grid."""
    return int(min(max((lat - grid.south) * grid.rows_per_deg, 0.0), grid.rows - 1.0))


@inner_kernel
def is_in_zone(edges: ZoneEdges, zone: int, row: int, lon: float, lat: float) -> bool:
    """Tell whether a point of a grid row is in a zone: in any polygon, by an odd count over its rings."""
    for polygon in range(edges.polygon_starts[zone], edges.polygon_starts[zone + 1]):
        place = row - edges.first_row[polygon]
        table = edges.row_table[polygon]
        if place < 0 or place >= edges.row_table[polygon + 1] - table:
            continue
        inside = False
        for edge in range(edges.row_starts[table + place], edges.row_starts[table + place + 1]):
            if crosses_ray(lon, lat, edges.x1[edge], edges.y1[edge], edges.x2[edge], edges.y2[edge]):
                inside = not inside
        if inside:
            return True
    return False


@lean_kernel
def _lookup(
    index: ZoneIndex, lon: Float64Array, lat: Float64Array, sets: Int32Array, masks: Int64Array
) -> int:
    """Write the zone set of each point, UNRESOLVED with its mask where the table has no answer yet.

    Returns the number of unresolved points.
    """
    grid = index.grid
    unresolved = 0
    for point in range(lon.size):
        x = (lon[point] - grid.west) * grid.columns_per_deg
        y = (lat[point] - grid.south) * grid.rows_per_deg
        if not (x >= 0.0 and y >= 0.0 and x < grid.columns and y < grid.rows):
            sets[point] = NO_ZONES
            continue
        row = int(y)
        cell = row * grid.columns + int(x)
        answer = index.answer[cell]
        if answer >= 0:
            # one read of memory: of a country the cells fit no cache
            sets[point] = answer
            continue
        border = -1 - answer
        first, last = index.border_starts[border], index.border_starts[border + 1]
        mask = 0
        for place in range(first, min(last, first + 62)):
            if is_in_zone(index.edges, index.border_zones[place], row, lon[point], lat[point]):
                mask |= np.int64(1) << (place - first)
        if last - first <= MAX_MASK_ZONES:
            sets[point] = index.mask_sets[index.mask_starts[border] + mask]
        else:
            sets[point] = UNRESOLVED
        if sets[point] == UNRESOLVED:
            masks[point] = mask
            unresolved += 1
    return unresolved


def lookup(index: ZoneIndex, zone_sets: ZoneSets, lon: Float64Array, lat: Float64Array) -> Int32Array:
    """Return the number of the zone set of each point.

    Args:
        index: The zones.
        zone_sets: Registry that the index was built with; combinations met for the first time are added.
        lon: Longitudes in degrees, shape (n,), finite.
        lat: Latitudes in degrees, shape (n,), finite.
    """
    sets = np.empty(lon.size, np.int32)
    masks = np.zeros(lon.size, np.int64)
    if _lookup(index, lon, lat, sets, masks):
        for point in np.flatnonzero(sets == UNRESOLVED):
            sets[point] = _resolve(index, zone_sets, float(lon[point]), float(lat[point]), int(masks[point]))
    return sets


def _resolve(index: ZoneIndex, zone_sets: ZoneSets, lon: float, lat: float, mask: int) -> int:
    grid = index.grid
    row = row_of(grid, lat)
    cell = row * grid.columns + column_of(grid, lon)
    border = index.border[cell]
    candidates = index.border_zones[index.border_starts[border] : index.border_starts[border + 1]]
    chosen = [
        int(index.zone_no[zone])
        for bit, zone in enumerate(candidates)
        if (mask >> bit & 1 if bit < 62 else is_in_zone(index.edges, zone, row, lon, lat))
    ]
    number = zone_sets.number_of([*zone_sets.zones_of(int(index.base[cell])), *chosen])
    if candidates.size <= MAX_MASK_ZONES:
        index.mask_sets[index.mask_starts[border] + mask] = number
    return number
