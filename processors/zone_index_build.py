"""Building a zone index: edges by grid row, border cells, and the zone set of every other cell."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.jit import kernel
from processors.zone_index import (
    MARGIN_DEG,
    MAX_MASK_ZONES,
    UNRESOLVED,
    Grid,
    ZoneEdges,
    ZoneIndex,
    column_of,
    is_in_zone,
    row_of,
)
from processors.zone_sets import ZoneSets

Ring = Sequence[tuple[float, float]]
Polygon = Sequence[Ring]

CELLS_PER_EDGE = 32  # finer grids answer more points at once; beyond this the gain is below 5 %
MIN_CELLS = 1 << 14
MAX_CELLS = 1 << 22  # 32 MiB of cells


class IndexedZone(NamedTuple):
    """A zone as the index takes it: its number and its polygons, rings of (lon, lat), closed or not."""

    zone_no: int
    polygons: Sequence[Polygon]


class _RawEdges(NamedTuple):
    polygon_starts: Int32Array  # polygons of each zone
    edge_starts: Int64Array  # edges of each polygon
    x1: Float64Array
    y1: Float64Array
    x2: Float64Array
    y2: Float64Array


def build_zone_index(zones: Sequence[IndexedZone], zone_sets: ZoneSets) -> ZoneIndex:
    """Build the index of *zones*, registering the zone sets of its cells in *zone_sets*."""
    ordered = sorted(zones, key=lambda zone: zone.zone_no)
    raw = _raw_edges(ordered)
    grid = _grid_over(raw)
    edges = _edges_by_row(grid, raw)
    zone_no = np.array([zone.zone_no for zone in ordered], np.int32)
    cells, members = _border_pairs(grid, raw)
    border_cells, first = np.unique(cells, return_index=True)
    border = np.full(grid.rows * grid.columns, -1, np.int32)
    border[border_cells] = np.arange(border_cells.size, dtype=np.int32)
    border_starts = np.append(first, cells.size).astype(np.int32)
    sizes = np.diff(border_starts)
    entries = np.where(sizes <= MAX_MASK_ZONES, np.left_shift(1, np.minimum(sizes, MAX_MASK_ZONES)), 0)
    mask_starts = np.concatenate([[0], np.cumsum(entries, dtype=np.int64)]).astype(np.int64)
    index = ZoneIndex(
        grid,
        np.empty(grid.rows * grid.columns, np.int32),
        zone_no,
        edges,
        np.zeros(grid.rows * grid.columns, np.int32),
        border,
        border_starts,
        members.astype(np.int32),
        mask_starts,
        np.full(int(mask_starts[-1]), UNRESOLVED, np.int32),
    )
    _fill_bases(index, raw, zone_sets)
    index.answer[:] = np.where(border < 0, index.base, -1 - border)
    return index


def _raw_edges(zones: Sequence[IndexedZone]) -> _RawEdges:
    """Collect the edges of all polygons, each from its lower end (of equals the western one) to the other."""
    polygon_counts: list[int] = [0]
    edge_counts: list[int] = [0]
    pieces: list[Float64Array] = [np.empty((0, 4))]
    for zone in zones:
        polygon_counts.append(len(zone.polygons))
        for polygon in zone.polygons:
            edges = np.concatenate([np.empty((0, 4)), *(_ring_edges(ring) for ring in polygon)])
            edge_counts.append(len(edges))
            pieces.append(edges)
    table = np.concatenate(pieces)
    return _RawEdges(
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


def _grid_over(raw: _RawEdges) -> Grid:
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


def _edges_by_row(grid: Grid, raw: _RawEdges) -> ZoneEdges:
    first, last = _row_ranges(grid, raw)
    polygons = raw.edge_starts.size - 1
    first_row = np.zeros(polygons, np.int32)
    row_counts = np.zeros(polygons, np.int64)
    for polygon in range(polygons):
        edges = slice(raw.edge_starts[polygon], raw.edge_starts[polygon + 1])
        if edges.stop > edges.start:
            first_row[polygon] = first[edges].min()
            row_counts[polygon] = last[edges].max() - first_row[polygon] + 1
    row_table = np.concatenate([[0], np.cumsum(row_counts)]).astype(np.int64)
    row_starts, chosen = _fill_rows(raw.edge_starts, first, last, first_row, row_table)
    return ZoneEdges(
        raw.polygon_starts,
        first_row,
        row_table,
        row_starts,
        raw.x1[chosen],
        raw.y1[chosen],
        raw.x2[chosen],
        raw.y2[chosen],
    )


@kernel
def _row_ranges(grid: Grid, raw: _RawEdges) -> tuple[Int32Array, Int32Array]:
    first = np.empty(raw.y1.size, np.int32)
    last = np.empty(raw.y1.size, np.int32)
    for edge in range(raw.y1.size):
        first[edge] = row_of(grid, raw.y1[edge] - MARGIN_DEG)
        last[edge] = row_of(grid, raw.y2[edge] + MARGIN_DEG)
    return first, last


@kernel
def _fill_rows(
    edge_starts: Int64Array,
    first: Int32Array,
    last: Int32Array,
    first_row: Int32Array,
    row_table: Int64Array,
) -> tuple[Int64Array, Int64Array]:
    """Return the starts of all rows of all polygons and the edges that stand in them."""
    row_starts = np.zeros(row_table[-1] + 1, np.int64)
    for polygon in range(edge_starts.size - 1):
        base = row_table[polygon] - first_row[polygon]
        for edge in range(edge_starts[polygon], edge_starts[polygon + 1]):
            for row in range(first[edge], last[edge] + 1):
                row_starts[base + row + 1] += 1
    for row in range(row_starts.size - 1):
        row_starts[row + 1] += row_starts[row]
    chosen = np.empty(row_starts[-1], np.int64)
    filled = row_starts[:-1].copy()
    for polygon in range(edge_starts.size - 1):
        base = row_table[polygon] - first_row[polygon]
        for edge in range(edge_starts[polygon], edge_starts[polygon + 1]):
            for row in range(first[edge], last[edge] + 1):
                chosen[filled[base + row]] = edge
                filled[base + row] += 1
    return row_starts, chosen


@kernel
def _columns_in_row(grid: Grid, raw: _RawEdges, edge: int, row: int) -> tuple[int, int]:
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


def _border_pairs(grid: Grid, raw: _RawEdges) -> tuple[Int64Array, Int64Array]:
    """Return (cell, zone) of every zone with an edge in a cell, by cell, then zone."""
    seen = np.full(grid.rows * grid.columns, -1, np.int32)
    count = _mark_border(grid, raw, seen, np.empty(0, np.int64), np.empty(0, np.int64))
    cells, zones = np.empty(count, np.int64), np.empty(count, np.int64)
    seen.fill(-1)
    _mark_border(grid, raw, seen, cells, zones)
    order = np.lexsort((zones, cells))
    return cells[order], zones[order]


@kernel
def _mark_border(grid: Grid, raw: _RawEdges, seen: Int32Array, cells: Int64Array, zones: Int64Array) -> int:
    """Count the (cell, zone) pairs and, where the arrays have room, write them."""
    count = 0
    for zone in range(raw.polygon_starts.size - 1):
        first_edge = raw.edge_starts[raw.polygon_starts[zone]]
        for edge in range(first_edge, raw.edge_starts[raw.polygon_starts[zone + 1]]):
            bottom = row_of(grid, raw.y1[edge] - MARGIN_DEG)
            top = row_of(grid, raw.y2[edge] + MARGIN_DEG)
            for row in range(bottom, top + 1):
                left, right = _columns_in_row(grid, raw, edge, row)
                for cell in range(row * grid.columns + left, row * grid.columns + right + 1):
                    if seen[cell] != zone:
                        seen[cell] = zone
                        if count < cells.size:
                            cells[count] = cell
                            zones[count] = zone
                        count += 1
    return count


def _fill_bases(index: ZoneIndex, raw: _RawEdges, zone_sets: ZoneSets) -> None:
    """Add each zone to the base of the cells that lie wholly inside it."""
    for zone, zone_no in enumerate(index.zone_no.tolist()):
        edges = slice(
            raw.edge_starts[raw.polygon_starts[zone]], raw.edge_starts[raw.polygon_starts[zone + 1]]
        )
        if edges.stop == edges.start:
            continue
        corner = (
            column_of(index.grid, min(raw.x1[edges].min(), raw.x2[edges].min())),
            row_of(index.grid, raw.y1[edges].min()),
            column_of(index.grid, max(raw.x1[edges].max(), raw.x2[edges].max())),
            row_of(index.grid, raw.y2[edges].max()),
        )
        cells = _interior_cells(index, zone, corner)
        old = np.unique(index.base[cells])
        new = np.array([zone_sets.number_of([*zone_sets.zones_of(int(s)), zone_no]) for s in old], np.int32)
        if cells.size:
            index.base[cells] = new[np.searchsorted(old, index.base[cells])]


@kernel
def _interior_cells(index: ZoneIndex, zone: int, corner: tuple[int, int, int, int]) -> Int64Array:
    """Return the cells of the box that lie inside a zone and hold none of its edges."""
    grid = index.grid
    left, bottom, right, top = corner
    found = np.empty((right - left + 1) * (top - bottom + 1), np.int64)
    count = 0
    for row in range(bottom, top + 1):
        run_inside = False
        in_run = False
        for column in range(left, right + 1):
            cell = row * grid.columns + column
            if _is_border_of(index, cell, zone):
                in_run = False
                continue
            if not in_run:
                # no edge of the zone touches a run of such cells, so one point answers for all of them
                lon = grid.west + (column + 0.5) / grid.columns_per_deg
                lat = grid.south + (row + 0.5) / grid.rows_per_deg
                run_inside = is_in_zone(index.edges, zone, row, lon, lat)
                in_run = True
            if run_inside:
                found[count] = cell
                count += 1
    return found[:count]


@kernel
def _is_border_of(index: ZoneIndex, cell: int, zone: int) -> bool:
    border = index.border[cell]
    if border < 0:
        return False
    for place in range(index.border_starts[border], index.border_starts[border + 1]):
        if index.border_zones[place] == zone:
            return True
    return False
