"""Points in polygons, crossings of edges, and distances: the formulas of semantics.md in their order.

A geometry is the `coordinates` of a GeoJSON MultiPolygon: polygons, each a list of rings, each a list of
(lon, lat). Rings may be closed or not: the edge from the last point to the first has no length in a closed
ring, and an edge without length crosses nothing.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

Point = Sequence[float]  # (lon, lat) in degrees
Polygon = Sequence[Sequence[Point]]
Geometry = Sequence[Polygon]
Edge = tuple[
    float, float, float, float
]  # x1, y1, x2, y2: from the end with the smaller latitude to the other

EARTH_RADIUS_M: Final = 6_371_008.8


def edge_of(p: Point, q: Point) -> Edge:
    """Write an edge from its end with the smaller latitude, of equals the smaller longitude, to the other."""
    if (p[1], p[0]) <= (q[1], q[0]):
        return (p[0], p[1], q[0], q[1])
    return (q[0], q[1], p[0], p[1])


def edges_of(polygon: Polygon) -> list[Edge]:
    """Return all edges of all rings of a polygon."""
    return [edge_of(ring[i - 1], ring[i]) for ring in polygon for i in range(len(ring))]


def edge_crosses(edge: Edge, lon: float, lat: float) -> bool:
    """Tell whether the ray from a point toward +lon counts *edge*, half-open."""
    x1, y1, x2, y2 = edge
    return (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1)


def odd_crossings(edges: Iterable[Edge], lon: float, lat: float) -> bool:
    """Tell whether the ray from a point toward +lon counts an odd number of *edges*."""
    odd = False
    for x1, y1, x2, y2 in edges:  # edge_crosses, written out: this line is most of the oracle's time
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            odd = not odd
    return odd


def crosses(p: Point, q: Point, lon: float, lat: float) -> bool:
    """Tell whether the ray from a point toward +lon counts the edge between *p* and *q*."""
    return edge_crosses(edge_of(p, q), lon, lat)


def inside(polygon: Polygon, lon: float, lat: float) -> bool:
    """Tell whether a point is in one polygon: an odd count over all its rings."""
    return odd_crossings(edges_of(polygon), lon, lat)


def contains(geometry: Geometry, lon: float, lat: float) -> bool:
    """Tell whether a zone contains a point: any of its polygons does."""
    return any(inside(polygon, lon, lat) for polygon in geometry)


def segment_crosses(a: Point, b: Point, edge: Edge) -> bool:
    """Tell whether the segment from *a* to *b* crosses *edge*.

    With o(p, q, r) = (qx-px)*(ry-py) - (qy-py)*(rx-px), which is positive where r lies left of the line from p to q:
    o(a, b, e1), o(a, b, e2), o(e1, e2, a) and o(e1, e2, b), written out, for this is most of the oracle's time.
    """
    (ax, ay), (bx, by), (x1, y1, x2, y2) = a, b, edge
    return ((bx - ax) * (y1 - ay) - (by - ay) * (x1 - ax) > 0) != (
        (bx - ax) * (y2 - ay) - (by - ay) * (x2 - ax) > 0
    ) and ((x2 - x1) * (ay - y1) - (y2 - y1) * (ax - x1) > 0) != (
        (x2 - x1) * (by - y1) - (y2 - y1) * (bx - x1) > 0
    )


def crosses_zone(a: Point, b: Point, geometry: Geometry) -> bool:
    """Tell whether the segment from *a* to *b* crosses any edge of a zone."""
    return any(segment_crosses(a, b, edge) for polygon in geometry for edge in edges_of(polygon))


def distance_um(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    """Return the haversine distance between two points in micrometres, rounded half to even."""
    phi1 = math.radians(lat1)
    phi2 = math.radians(lat2)
    s1 = math.sin((phi2 - phi1) * 0.5)
    s2 = math.sin((math.radians(lon2) - math.radians(lon1)) * 0.5)
    h = s1 * s1 + math.cos(phi1) * math.cos(phi2) * (s2 * s2)
    return round(2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h))) * 1e6)
