"""The edges of zones as arrays, the grid over them, which of its cells each touches, and the rule over a row of it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.geometry import crosses_ray
from processors.jit import inner_kernel
from processors.zone_index import MARGIN_DEG, Grid, column_of

Ring = Sequence[tuple[float, float]]
Polygon = Sequence[Ring]

CELLS_PER_EDGE: Final = 8
NEAR_CELLS: Final = (
    1 << 17
)  # 512 KiB of answers, which stay in the second cache: until then there are more cells
NEAR_CELLS_PER_EDGE: Final = 32
MIN_CELLS: Final = 1 << 10
MAX_CELLS: Final = 1 << 20  # 4 MiB of answers: what a core keeps near


class RawEdges(NamedTuple):
    """All edges of all zones, zone by zone and polygon by polygon, each from its lower end."""

    polygon_starts: Int32Array  # polygons of each zone
    edge_starts: Int64Array  # edges of each polygon
    x1: Float64Array
    y1: Float64Array
    x2: Float64Array
    y2: Float64Array


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


class Ground(NamedTuple):
    """What an index is built on: its grid, the edges of its zones by row, and what each cell is."""

    grid: Grid
    zone_no: Int32Array  # zone number by place in the index
    edges: ZoneEdges
    base: Int32Array  # zone set of each cell, shape (rows * columns,), without its border zones
    border: Int32Array  # border number of each cell, or -1
    border_starts: Int32Array
    border_zones: Int32Array  # zones (places in the index) with an edge in the cell, ascending


def raw_edges(zones: Sequence[Sequence[Polygon]]) -> RawEdges:
    """Collect the edges of all polygons, each from its lower end (of equals the western one) to the other."""
    polygon_counts: list[int] = [0]
    edge_counts: list[int] = [0]
    pieces: list[Float64Array] = [np.empty((0, 4))]
    for polygons in zones:
        polygon_counts.append(len(polygons))
        for polygon in polygons:
            edges = np.concatenate([np.empty((0, 4)), *(_ring_edges(ring) for ring in polygon)])
            edge_counts.append(len(edges))
            pieces.append(edges)
    table = np.concatenate(pieces)
    return RawEdges(
        np.cumsum(polygon_counts, dtype=np.int32),
        np.cumsum(edge_counts, dtype=np.int64),
        *(np.ascontiguousarray(column) for column in table.T),
    )


def _ring_edges(ring: Ring) -> Float64Array:
    points = np.asarray(ring, np.float64).reshape(-1, 2)
    starts, ends = points, np.roll(points, -1, axis=0)
    swap = (ends[:, 1] < starts[:, 1]) | ((ends[:, 1] == starts[:, 1]) & (ends[:, 0] < starts[:, 0]))
    lower = np.where(swap[:, None], ends, starts)
    upper = np.where(swap[:, None], starts, ends)
    edges = np.hstack([lower, upper])
    kept: Float64Array = edges[(lower != upper).any(axis=1)]
    return kept


def grid_over(raw: RawEdges) -> Grid:
    """Return a grid over all edges, the finer the more there are; a point in a border cell costs twice as much."""
    if raw.x1.size == 0:
        return Grid(0.0, 0.0, 1.0, 1.0, 1, 1)
    west = min(raw.x1.min(), raw.x2.min()) - 2 * MARGIN_DEG
    east = max(raw.x1.max(), raw.x2.max()) + 2 * MARGIN_DEG
    south = raw.y1.min() - 2 * MARGIN_DEG
    north = raw.y2.max() + 2 * MARGIN_DEG
    near = min(NEAR_CELLS_PER_EDGE * raw.x1.size, NEAR_CELLS)
    cells = min(max(CELLS_PER_EDGE * raw.x1.size, near, MIN_CELLS), MAX_CELLS)
    side = int(np.sqrt(cells))
    return Grid(
        float(west), float(south), float(side / (east - west)), float(side / (north - south)), side, side
    )


@inner_kernel
def columns_in_row(grid: Grid, raw: RawEdges, edge: int, row: int) -> tuple[int, int]:
    """Return the first and last column that an edge touches in a row, with the margin."""
    x1, y1, x2, y2 = raw.x1[edge], raw.y1[edge], raw.x2[edge], raw.y2[edge]
    low = max(y1, grid.south + row / grid.rows_per_deg - MARGIN_DEG)
    high = min(y2, grid.south + (row + 1) / grid.rows_per_deg + MARGIN_DEG)
    if y2 - y1 > MARGIN_DEG:
        slope = (x2 - x1) / (y2 - y1)
        at_low = x1 + (max(low, y1) - y1) * slope
        at_high = x1 + (min(high, y2) - y1) * slope
    else:
        at_low, at_high = x1, x2
    return (
        column_of(grid, min(at_low, at_high) - MARGIN_DEG),
        column_of(grid, max(at_low, at_high) + MARGIN_DEG),
    )


@inner_kernel
def is_in_polygon(edges: ZoneEdges, polygon: int, row: int, lon: float, lat: float) -> bool:
    """Tell whether a point of a grid row is in a polygon: by an odd count over its rings."""
    place = row - edges.first_row[polygon]
    table = edges.row_table[polygon]
    if place < 0 or place >= edges.row_table[polygon + 1] - table:
        return False
    inside = False
    for edge in range(edges.row_starts[table + place], edges.row_starts[table + place + 1]):
        if crosses_ray(lon, lat, edges.x1[edge], edges.y1[edge], edges.x2[edge], edges.y2[edge]):
            inside = not inside
    return inside


@inner_kernel
def is_in_zone(edges: ZoneEdges, zone: int, row: int, lon: float, lat: float) -> bool:
    """Tell whether a point of a grid row is in a zone: in any of its polygons."""
    for polygon in range(edges.polygon_starts[zone], edges.polygon_starts[zone + 1]):
        if is_in_polygon(edges, polygon, row, lon, lat):
            return True
    return False
