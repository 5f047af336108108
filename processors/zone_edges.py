"""The edges of zones as arrays, the grid over them, and which of its cells each touches."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.jit import inner_kernel
from processors.zone_index import MARGIN_DEG, Grid, column_of

Ring = Sequence[tuple[float, float]]
Polygon = Sequence[Ring]

CELLS_PER_EDGE: Final = 2
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
    """Return a grid over all edges, as fine as there are edges."""
    if raw.x1.size == 0:
        return Grid(0.0, 0.0, 1.0, 1.0, 1, 1)
    west = min(raw.x1.min(), raw.x2.min()) - 2 * MARGIN_DEG
    east = max(raw.x1.max(), raw.x2.max()) + 2 * MARGIN_DEG
    south = raw.y1.min() - 2 * MARGIN_DEG
    north = raw.y2.max() + 2 * MARGIN_DEG
    cells = min(max(CELLS_PER_EDGE * raw.x1.size, MIN_CELLS), MAX_CELLS)
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
