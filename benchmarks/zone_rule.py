"""The rule of `docs` for "inside" applied to every edge of every zone, without an index: what B1 compares with.

It shares no code with the index. A zone is asked about the points in its box only, for no ray from elsewhere, toward
greater longitudes, crosses an odd number of its edges.
"""

from typing import Final

import numpy as np

from benchmarks.country import SEED, Country
from processors.columns import Float64Array, Int64Array
from processors.jit import kernel
from processors.zone_index_build import IndexedZone

NUDGED: Final = 0.5  # share of the hard points that are moved by one bit
KINDS: Final = 3  # of hard points: on a vertex, on an edge, level with a vertex


def edges_of(zone: IndexedZone) -> Float64Array:
    """Return the edges of a zone of one ring from their lower ends, shape (n, 4)."""
    points = np.array(zone.polygons[0][0], np.float64)
    start, end = points[:-1], points[1:]
    is_lower = (start[:, 1] < end[:, 1]) | ((start[:, 1] == end[:, 1]) & (start[:, 0] < end[:, 0]))
    edges: Float64Array = np.where(is_lower[:, None], np.hstack([start, end]), np.hstack([end, start]))
    return edges


def hard_points(country: Country, count: int) -> tuple[Float64Array, Float64Array]:
    """Return points on vertices, on edges and level with vertices; half of them moved by one bit."""
    rng = np.random.default_rng(SEED + 3)
    edges = np.concatenate([edges_of(zone) for zone in country.zones])
    x1, y1, x2, y2 = edges[rng.integers(0, len(edges), count)].T
    along = rng.random(count)
    kind = rng.integers(0, KINDS, count)
    lon = np.choose(kind, [x1, x1 + along * (x2 - x1), x1 + (along - 0.5) * 0.05])
    lat = np.choose(kind, [y1, y1 + along * (y2 - y1), y1])
    return _nudged(rng, lon), _nudged(rng, lat)


def _nudged(rng: np.random.Generator, values: Float64Array) -> Float64Array:
    toward = np.where(rng.random(values.size) < 0.5, -np.inf, np.inf)
    moved: Float64Array = np.where(rng.random(values.size) < NUDGED, np.nextafter(values, toward), values)
    return moved


def pairs_by_rule(country: Country, lon: Float64Array, lat: Float64Array) -> Int64Array:
    """Return (point, zone number) of every containment as one ascending number each."""
    order = np.argsort(lat)
    x, y = lon[order], lat[order]
    found = []
    for zone in country.zones:
        edges = edges_of(zone)
        first, last = np.searchsorted(y, (edges[:, 1].min(), edges[:, 3].max()), side="left")
        inside = first + _inside(edges, x[first:last], y[first:last])
        found.append(order[inside].astype(np.int64) << 32 | zone.zone_no)
    return np.sort(np.concatenate(found))


@kernel
def _inside(edges: Float64Array, x: Float64Array, y: Float64Array) -> Int64Array:
    """Return the places of the points that are inside."""
    west = min(edges[:, 0].min(), edges[:, 2].min())
    east = max(edges[:, 0].max(), edges[:, 2].max())
    places = np.empty(x.size, np.int64)
    count = 0
    for place in range(x.size):
        if not west <= x[place] <= east:
            continue
        inside = False
        for edge in range(edges.shape[0]):
            x1, y1, x2, y2 = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
            if (y1 > y[place]) != (y2 > y[place]) and x[place] < x1 + (y[place] - y1) * (x2 - x1) / (y2 - y1):
                inside = not inside
        if inside:
            places[count] = place
            count += 1
    return places[:count].copy()
