"""Building the parts of border cells: the zone set of those without edges, and the leaves.

What the bits of a leaf mean, and why they are exact, stands in `processors.zone_index`.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array
from processors.jit import inner_kernel, kernel
from processors.shared_lists import Lists, group_lists
from processors.zone_edges import Ground, RawEdges, columns_in_row, is_in_polygon
from processors.zone_index import (
    BASE,
    FIRST_EDGE,
    FIRST_MASK,
    LOWER_RIGHT,
    MARGIN_DEG,
    MAX_MASK_ZONES,
    MORE,
    OWNERS_SHIFT,
    PARTS,
    STATE,
    STATE_BITS,
    UNRESOLVED,
    UPPER_RIGHT,
    Grid,
    Leaves,
    finer,
    row_of,
    toggled,
)
from processors.zone_sets import ZoneSets

SAME_EDGE_REACH: Final = (
    64  # edges of a page among which the same one is looked for; missing one costs time only
)


class _Touches(NamedTuple):
    """The edges that touch each part of the border cells: part p has `edge[starts[p]:starts[p + 1]]`, ascending."""

    starts: Int64Array
    edge: Int32Array
    polygon: Int32Array  # polygon of every edge of all zones


class _Part(NamedTuple):
    """One part of a border cell."""

    row: int  # of its cell
    lon: float  # its middle, degrees
    lat: float
    bottom: float  # its heights, with half the margin
    top: float


def build_leaves(ground: Ground, raw: RawEdges, zone_sets: ZoneSets) -> Leaves:
    """Build the parts of the border cells of a ground whose bases are known."""
    touches = _touches(ground, raw)
    cells = np.flatnonzero(ground.border >= 0)
    base = _part_bases(ground, touches, cells, zone_sets)
    leaves = _leaves(ground, raw, touches, cells, base)
    masks = np.left_shift(1, np.diff(leaves.member_starts).astype(np.int64))
    leaves.heads[1:, FIRST_MASK] = np.cumsum(masks)
    return leaves._replace(mask_sets=np.full(int(masks.sum()), UNRESOLVED, np.int32))


def _touches(ground: Ground, raw: RawEdges) -> _Touches:
    fine = finer(ground.grid)
    parts = (ground.border_starts.size - 1) * PARTS * PARTS
    starts = np.zeros(parts + 1, np.int64)
    _count_touches(ground, fine, raw, starts)
    np.cumsum(starts, out=starts)
    edge = np.empty(int(starts[-1]), np.int32)
    _list_touches(ground, fine, raw, starts[:-1].copy(), edge)
    polygon = np.repeat(np.arange(raw.edge_starts.size - 1, dtype=np.int32), np.diff(raw.edge_starts))
    return _Touches(starts, edge, polygon)


@kernel
def _count_touches(ground: Ground, fine: Grid, raw: RawEdges, starts: Int64Array) -> None:
    for edge in range(raw.x1.size):
        bottom = row_of(fine, raw.y1[edge] - MARGIN_DEG)
        for row in range(bottom, row_of(fine, raw.y2[edge] + MARGIN_DEG) + 1):
            left, right = columns_in_row(fine, raw, edge, row)
            for column in range(left, right + 1):
                starts[_part_at(ground, row, column) + 1] += 1


@kernel
def _list_touches(ground: Ground, fine: Grid, raw: RawEdges, filled: Int64Array, edges: Int32Array) -> None:
    for edge in range(raw.x1.size):
        bottom = row_of(fine, raw.y1[edge] - MARGIN_DEG)
        for row in range(bottom, row_of(fine, raw.y2[edge] + MARGIN_DEG) + 1):
            left, right = columns_in_row(fine, raw, edge, row)
            for column in range(left, right + 1):
                part = _part_at(ground, row, column)
                edges[filled[part]] = edge
                filled[part] += 1


@inner_kernel
def _part_at(ground: Ground, row: int, column: int) -> int:
    border = ground.border[row // PARTS * ground.grid.columns + column // PARTS]
    return (border * PARTS + row % PARTS) * PARTS + column % PARTS


@inner_kernel
def _part(grid: Grid, cell: int, number: int) -> _Part:
    """Return part *number* of a cell."""
    row, column = cell // grid.columns, cell % grid.columns
    low = row + (number // PARTS) / PARTS
    return _Part(
        row,
        grid.west + (column + (number % PARTS + 0.5) / PARTS) / grid.columns_per_deg,
        grid.south + (low + 0.5 / PARTS) / grid.rows_per_deg,
        grid.south + low / grid.rows_per_deg - MARGIN_DEG / 2,
        grid.south + (low + 1.0 / PARTS) / grid.rows_per_deg + MARGIN_DEG / 2,
    )


def _part_bases(ground: Ground, touches: _Touches, cells: Int64Array, zone_sets: ZoneSets) -> Int32Array:
    """Return the set of the zones that hold the whole of each part, as far as no edge of their polygon is in it."""
    lists = _zones_of_parts(ground, touches, cells)
    group, example = group_lists(lists)
    numbers = np.empty(example.size, np.int32)
    for place, part in enumerate(example.tolist()):
        cell_base, *zones = lists.values[lists.starts[part] : lists.starts[part + 1]].tolist()
        numbers[place] = zone_sets.number_of(
            [*zone_sets.zones_of(cell_base), *ground.zone_no[zones].tolist()]
        )
    return numbers[group]


@kernel
def _zones_of_parts(ground: Ground, touches: _Touches, cells: Int64Array) -> Lists:
    """Return for each part the base of its cell, then the border zones of the cell that hold its middle.

    Of these zones only the polygons without an edge in the part count.
    """
    parts = touches.starts.size - 1
    starts = np.zeros(parts + 1, np.int64)
    values = np.empty(parts + PARTS * PARTS * ground.border_zones.size, np.int32)
    count = 0
    for part in range(parts):
        border = part // (PARTS * PARTS)
        here = _part(ground.grid, cells[border], part % (PARTS * PARTS))
        values[count] = ground.base[cells[border]]
        count += 1
        for place in range(ground.border_starts[border], ground.border_starts[border + 1]):
            zone = ground.border_zones[place]
            if _holds_part(ground, touches, part, zone, here):
                values[count] = zone
                count += 1
        starts[part + 1] = count
    return Lists(starts, values[:count].copy())


@inner_kernel
def _holds_part(ground: Ground, touches: _Touches, part: int, zone: int, here: _Part) -> bool:
    """Tell whether a polygon of a zone without edges in a part holds its middle."""
    for polygon in range(ground.edges.polygon_starts[zone], ground.edges.polygon_starts[zone + 1]):
        touched = False
        for place in range(touches.starts[part], touches.starts[part + 1]):
            touched = touched or touches.polygon[touches.edge[place]] == polygon
        if not touched and is_in_polygon(ground.edges, polygon, here.row, here.lon, here.lat):
            return True
    return False


def _leaves(ground: Ground, raw: RawEdges, touches: _Touches, cells: Int64Array, base: Int32Array) -> Leaves:
    """Return the leaves, without their tables of states."""
    entries = touches.edge.size
    pages = int((np.diff(touches.starts) > 0).sum()) + entries // MAX_MASK_ZONES
    room = Leaves(
        base,
        np.zeros((pages + 1, 4), np.int32),
        np.empty((entries, 4), np.float64),
        np.empty(entries, np.int32),
        np.zeros(pages + 1, np.int32),
        np.empty(entries, np.int32),
        np.empty(0, np.int32),
    )
    pages = _fill_leaves(ground, raw, touches, cells, room)
    edges, members = room.heads[pages, FIRST_EDGE], room.member_starts[pages]
    return Leaves(
        room.answer,
        room.heads[: pages + 1].copy(),
        room.edges[:edges].copy(),
        room.toggles[:edges].copy(),
        room.member_starts[: pages + 1].copy(),
        room.members[:members].copy(),
        room.mask_sets,
    )


@kernel
def _fill_leaves(ground: Ground, raw: RawEdges, touches: _Touches, cells: Int64Array, leaves: Leaves) -> int:
    """Write the pages of all parts with edges; return how many there are."""
    page = 0
    for part in range(touches.starts.size - 1):
        first, end = touches.starts[part], touches.starts[part + 1]
        if first == end:
            continue
        here = _part(ground.grid, cells[part // (PARTS * PARTS)], part % (PARTS * PARTS))
        base = leaves.answer[part]
        leaves.answer[part] = -1 - page
        while first < end:
            first = _fill_page(ground, raw, touches, first, end, here, leaves, page)
            leaves.heads[page, BASE] = base
            if first < end:
                leaves.heads[page, STATE] |= MORE
            page += 1
    return page


@inner_kernel
def _fill_page(
    ground: Ground,
    raw: RawEdges,
    touches: _Touches,
    first: int,
    end: int,
    here: _Part,
    leaves: Leaves,
    page: int,
) -> int:
    """Write a page with the edges from *first* on, as far as bits go; return the first edge of the next one."""
    bit = -1
    polygon = -1
    state = 0
    members = leaves.member_starts[page]
    begin = count = leaves.heads[page, FIRST_EDGE]
    zone = 0
    while first < end:
        edge = touches.edge[first]
        if touches.polygon[edge] != polygon:
            if bit == MAX_MASK_ZONES - 1:
                break
            bit += 1
            polygon = touches.polygon[edge]
            zone = np.searchsorted(ground.edges.polygon_starts, polygon, side="right") - 1
            leaves.members[members + bit] = zone
            state ^= is_in_polygon(ground.edges, polygon, here.row, here.lon, here.lat) << bit
        x1, y1, x2, y2 = raw.x1[edge], raw.y1[edge], raw.x2[edge], raw.y2[edge]
        corners = _corners(x1, y1, x2, y2, here)
        # the state before any edge is that of the middle without what the edges here do to it
        state ^= toggled(x1, y1, x2, y2, corners, here.lon, here.lat) << bit
        place = _place_of_edge(leaves, begin, count, x1, y1, x2, y2)
        if place == count:
            leaves.edges[place, 0], leaves.edges[place, 1] = x1, y1
            leaves.edges[place, 2], leaves.edges[place, 3] = x2, y2
            leaves.toggles[place] = corners
            count += 1
        leaves.toggles[place] ^= 1 << bit
        leaves.toggles[place] |= 1 << bit << OWNERS_SHIFT
        first += 1
    leaves.heads[page, STATE] = state & STATE_BITS
    leaves.heads[page + 1, FIRST_EDGE] = count
    leaves.member_starts[page + 1] = members + bit + 1
    return first


@inner_kernel
def _corners(x1: float, y1: float, x2: float, y2: float, here: _Part) -> int:
    """Return which ends of an edge are corners right of the middle of a part, within its heights."""
    lower = LOWER_RIGHT if x1 > here.lon and here.bottom <= y1 <= here.top else 0
    upper = UPPER_RIGHT if x2 > here.lon and here.bottom <= y2 <= here.top else 0
    return lower | upper


@inner_kernel
def _place_of_edge(leaves: Leaves, begin: int, count: int, x1: float, y1: float, x2: float, y2: float) -> int:
    """Return the place of an edge among those of a page, or *count*."""
    for place in range(max(begin, count - SAME_EDGE_REACH), count):
        if (
            leaves.edges[place, 0] == x1
            and leaves.edges[place, 1] == y1
            and leaves.edges[place, 2] == x2
            and leaves.edges[place, 3] == y2
        ):
            return place
    return count
