"""Whether a single point is in a zone; batches of points go through the zone index."""

from collections.abc import Sequence
from itertools import pairwise

from processors.geometry import crosses_ray
from processors.zone_feature import Polygon, Ring


def contains(polygons: Sequence[Polygon], lon: float, lat: float) -> bool:
    """Tell whether any of *polygons* contains the point, by the half-open crossing rule."""
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
