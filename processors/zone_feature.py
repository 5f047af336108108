"""A zone as everything but the kernels sees it: its texts, its capacity and its exact polygons."""

from dataclasses import dataclass

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
