"""The zones in force: which of them contain a point, and which a segment crosses.

Bounding boxes only spare work. They are widened by `MARGIN_DEG`, far more than the rounding of a crossing, so
that no zone is left out that the formulas of `naive.geometry` would count.
"""

import math
from collections.abc import Container, Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from naive.geometry import Edge, Geometry, Point, edges_of, odd_crossings, segment_crosses

MARGIN_DEG: Final = 1e-9
CELL_DEG: Final = 0.008  # side of the squares that remember which boxes touch them
MANY_CELLS: Final = 10_000  # a box over more squares than this is simply tried everywhere

Box = tuple[float, float, float, float]  # min lon, min lat, max lon, max lat


@dataclass(frozen=True)
class Zone:
    """One zone as the oracle keeps it."""

    zone_id: Hashable
    geometry: Geometry  # as tuples, so that two versions compare by value
    polygons: tuple[list[Edge], ...]
    box: Box
    since: int  # number of the version that brought this geometry

    def contains(self, lon: float, lat: float) -> bool:
        """Tell whether the zone contains a point."""
        left, low, right, high = self.box
        if not (left <= lon <= right and low <= lat <= high):
            return False
        return any(odd_crossings(edges, lon, lat) for edges in self.polygons)

    def is_crossed(self, a: Point, b: Point) -> bool:
        """Tell whether the segment from *a* to *b* crosses an edge of the zone."""
        left, low, right, high = self.box
        if (
            max(a[0], b[0]) < left
            or min(a[0], b[0]) > right
            or max(a[1], b[1]) < low
            or min(a[1], b[1]) > high
        ):
            return False
        return any(segment_crosses(a, b, edge) for edge in chain.from_iterable(self.polygons))


class Zones:
    """One version of all zones."""

    def __init__(self, geometries: Mapping[Hashable, Geometry], previous: "Zones | None" = None) -> None:
        self.version: int = 0 if previous is None else previous.version + 1
        self.by_id: dict[Hashable, Zone] = {}
        for zone_id, given in geometries.items():
            zone = _zone(zone_id, given, self.version)
            old = None if previous is None else previous.by_id.get(zone_id)
            unchanged = old is not None and old.geometry == zone.geometry
            self.by_id[zone_id] = old if old is not None and unchanged else zone
        self._everywhere: list[Zone] = []
        self._cells: dict[tuple[int, int], list[Zone]] = {}
        for zone in self.by_id.values():
            self._remember(zone)

    def containing(self, lon: float, lat: float) -> list[Hashable]:
        """Return the ids of the zones that contain a point."""
        near = self._cells.get((math.floor(lon / CELL_DEG), math.floor(lat / CELL_DEG)), ())
        return [zone.zone_id for zone in chain(self._everywhere, near) if zone.contains(lon, lat)]

    def crossed(self, a: Point, b: Point, but: Container[Hashable] = ()) -> list[Hashable]:
        """Return the ids of the zones, *but* some, with an edge that the segment from *a* to *b* crosses."""
        box = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        near = {zone.zone_id: zone for cell in _cells_of(box) for zone in self._cells.get(cell, ())}
        return [
            zone.zone_id
            for zone in chain(self._everywhere, near.values())
            if zone.zone_id not in but and zone.is_crossed(a, b)
        ]

    def changed_from(self, previous: "Zones") -> set[Hashable]:
        """Return the ids of zones that are new, gone, or of another geometry than in *previous*."""
        ids = self.by_id.keys() | previous.by_id.keys()
        return {zone_id for zone_id in ids if self.by_id.get(zone_id) is not previous.by_id.get(zone_id)}

    def _remember(self, zone: Zone) -> None:
        """Note in each square that the box of *zone* touches it."""
        left, low, right, high = zone.box
        if (right - left + CELL_DEG) * (high - low + CELL_DEG) > MANY_CELLS * CELL_DEG * CELL_DEG:
            self._everywhere.append(zone)
            return
        for cell in _cells_of(zone.box):
            self._cells.setdefault(cell, []).append(zone)


def _zone(zone_id: Hashable, given: Geometry, version: int) -> Zone:
    """Return a zone with its edges and its widened box."""
    geometry = tuple(
        tuple(tuple((float(point[0]), float(point[1])) for point in ring) for ring in polygon)
        for polygon in given
    )
    points = [point for polygon in geometry for ring in polygon for point in ring]
    box = (
        min((point[0] for point in points), default=math.inf) - MARGIN_DEG,
        min((point[1] for point in points), default=math.inf) - MARGIN_DEG,
        max((point[0] for point in points), default=-math.inf) + MARGIN_DEG,
        max((point[1] for point in points), default=-math.inf) + MARGIN_DEG,
    )
    return Zone(zone_id, geometry, tuple(edges_of(polygon) for polygon in geometry), box, version)


def _cells_of(box: Box) -> Iterator[tuple[int, int]]:
    """Yield the squares that a box touches; none for the box of nothing."""
    left, low, right, high = box
    if left > right:
        return
    for column in range(math.floor(left / CELL_DEG), math.floor(right / CELL_DEG) + 1):
        for row in range(math.floor(low / CELL_DEG), math.floor(high / CELL_DEG) + 1):
            yield column, row
