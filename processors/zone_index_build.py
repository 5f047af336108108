"""Building a zone index: edges by grid row, border cells, the zone set of every other cell, leaves, and blocks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array
from processors.jit import kernel
from processors.zone_blocks import build_blocks
from processors.zone_edges import (
    Ground,
    Polygon,
    RawEdges,
    ZoneEdges,
    columns_in_row,
    grid_over,
    is_in_zone,
    raw_edges,
)
from processors.zone_index import (
    MARGIN_DEG,
    PARTS,
    Grid,
    ZoneIndex,
    column_of,
    finer,
    row_of,
)
from processors.zone_leaves import build_leaves
from processors.zone_sets import NO_ZONES, ZoneSets


class IndexedZone(NamedTuple):
    """A zone as the index takes it: its number and its polygons, rings of (lon, lat), closed or not."""

    zone_no: int
    polygons: Sequence[Polygon]


def build_zone_index(zones: Sequence[IndexedZone], zone_sets: ZoneSets) -> ZoneIndex:
    """Build the index of *zones*, registering the zone sets of its cells in *zone_sets*."""
    ordered = sorted(zones, key=lambda zone: zone.zone_no)
    raw = raw_edges([zone.polygons for zone in ordered])
    grid = grid_over(raw)
    cells, members = _border_pairs(grid, raw)
    border_cells, first = np.unique(cells, return_index=True)
    border = np.full(grid.rows * grid.columns, -1, np.int32)
    border[border_cells] = np.arange(border_cells.size, dtype=np.int32)
    ground = Ground(
        grid,
        np.array([zone.zone_no for zone in ordered], np.int32),
        _edges_by_row(grid, raw),
        np.zeros(grid.rows * grid.columns, np.int32),
        border,
        np.append(first, cells.size).astype(np.int32),
        members.astype(np.int32),
    )
    _fill_bases(ground, raw, zone_sets)
    leaves = build_leaves(ground, raw, zone_sets)
    answer = np.append(np.where(border < 0, ground.base, -1 - border), NO_ZONES).astype(np.int32)
    return ZoneIndex(grid, answer, ground.zone_no, leaves, build_blocks(grid, raw, ground.zone_no))


def _edges_by_row(grid: Grid, raw: RawEdges) -> ZoneEdges:
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
def _row_ranges(grid: Grid, raw: RawEdges) -> tuple[Int32Array, Int32Array]:
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


def _border_pairs(grid: Grid, raw: RawEdges) -> tuple[Int64Array, Int64Array]:
    """Return (cell, zone) of every zone with an edge in a cell, by cell, then zone."""
    seen = np.full(grid.rows * grid.columns, -1, np.int32)
    none = np.empty(0, np.int64)
    fine = finer(grid)
    count = _mark_border(grid, fine, raw, seen, none, none)
    cells, zones = np.empty(count, np.int64), np.empty(count, np.int64)
    seen.fill(-1)
    _mark_border(grid, fine, raw, seen, cells, zones)
    # they stand by zone
    order = np.argsort(cells, kind="stable")
    return cells[order], zones[order]


@kernel
def _mark_border(
    grid: Grid, fine: Grid, raw: RawEdges, seen: Int32Array, cells: Int64Array, zones: Int64Array
) -> int:
    """Count the (cell, zone) pairs and, where the arrays have room, write them.

    A cell is near an edge where one of its parts is.
    """
    count = 0
    for zone in range(raw.polygon_starts.size - 1):
        first_edge = raw.edge_starts[raw.polygon_starts[zone]]
        for edge in range(first_edge, raw.edge_starts[raw.polygon_starts[zone + 1]]):
            bottom = row_of(fine, raw.y1[edge] - MARGIN_DEG)
            top = row_of(fine, raw.y2[edge] + MARGIN_DEG)
            for row in range(bottom, top + 1):
                left, right = columns_in_row(fine, raw, edge, row)
                in_row = row // PARTS * grid.columns
                for cell in range(in_row + left // PARTS, in_row + right // PARTS + 1):
                    if seen[cell] != zone:
                        seen[cell] = zone
                        if count < cells.size:
                            cells[count] = cell
                            zones[count] = zone
                        count += 1
    return count


def _fill_bases(ground: Ground, raw: RawEdges, zone_sets: ZoneSets) -> None:
    """Add each zone to the base of the cells that lie wholly inside it."""
    for zone, zone_no in enumerate(ground.zone_no.tolist()):
        edges = slice(
            raw.edge_starts[raw.polygon_starts[zone]], raw.edge_starts[raw.polygon_starts[zone + 1]]
        )
        if edges.stop == edges.start:
            continue
        corner = (
            column_of(ground.grid, min(raw.x1[edges].min(), raw.x2[edges].min())),
            row_of(ground.grid, raw.y1[edges].min()),
            column_of(ground.grid, max(raw.x1[edges].max(), raw.x2[edges].max())),
            row_of(ground.grid, raw.y2[edges].max()),
        )
        cells = _interior_cells(ground, zone, corner)
        old = np.unique(ground.base[cells])
        new = np.array([zone_sets.number_of([*zone_sets.zones_of(int(s)), zone_no]) for s in old], np.int32)
        if cells.size:
            ground.base[cells] = new[np.searchsorted(old, ground.base[cells])]


@kernel
def _interior_cells(ground: Ground, zone: int, corner: tuple[int, int, int, int]) -> Int64Array:
    """Return the cells of the box that lie inside a zone and hold none of its edges."""
    grid = ground.grid
    left, bottom, right, top = corner
    found = np.empty((right - left + 1) * (top - bottom + 1), np.int64)
    count = 0
    for row in range(bottom, top + 1):
        run_inside = False
        in_run = False
        for column in range(left, right + 1):
            cell = row * grid.columns + column
            if _is_border_of(ground, cell, zone):
                in_run = False
                continue
            if not in_run:
                # no edge of the zone touches a run of such cells, so one point answers for all of them
                lon = grid.west + (column + 0.5) / grid.columns_per_deg
                lat = grid.south + (row + 0.5) / grid.rows_per_deg
                run_inside = is_in_zone(ground.edges, zone, row, lon, lat)
                in_run = True
            if run_inside:
                found[count] = cell
                count += 1
    return found[:count]


@kernel
def _is_border_of(ground: Ground, cell: int, zone: int) -> bool:
    border = ground.border[cell]
    if border < 0:
        return False
    for place in range(ground.border_starts[border], ground.border_starts[border + 1]):
        if ground.border_zones[place] == zone:
            return True
    return False
