"""A zone as everything but the kernels sees it: its texts, its capacity and its exact polygons."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from processors.geometry import crosses_ray

Point = tuple[float, float]
"""(lon, lat) in degrees WGS84."""

Ring = tuple[Point, ...]
"""A closed line: the last point equals the first."""

Polygon = tuple[Ring, ...]
"""The outer ring, then the holes."""


@dataclass(frozen=True, slots=True)
class ZoneFeature:
    """A named zone; a point is in it when any of its polygons contains the point."""

    zone_id: str
    name: str
    kind: str  # one of ZONE_KINDS
    municipality: str | None  # CBS code such as GM0363
    capacity: int | None  # vehicles at once
    area_km2: float  # on the authalic sphere, overlaps of its polygons counted once
    polygons: tuple[Polygon, ...]


def contains(polygons: Sequence[Polygon], lon: float, lat: float) -> bool:
    """Tell whether any of *polygons* contains the point, by the half-open crossing rule.

    For single points; batches go through the zone index.
    """
    return any(sum(_crossings(ring, lon, lat) for ring in polygon) % 2 == 1 for polygon in polygons)


def _crossings(ring: Ring, lon: float, lat: float) -> int:
    """Return how many edges of *ring* the ray from the point toward +lon crosses."""
    count = 0
    for start, end in pairwise(ring):
        # the lower end first, of equals the one with the smaller longitude
        (y1, x1), (y2, x2) = sorted(((start[1], start[0]), (end[1], end[0])))
        if (y1 > lat) != (y2 > lat) and crosses_ray(lon, lat, x1, y1, x2, y2):
            count += 1
    return count
