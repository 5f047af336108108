"""What users write who know the documentation of their framework and shapely's: one position at a time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from shapely import MultiPolygon, Point, Polygon, STRtree

from benchmarks.city_records import build_city
from benchmarks.marker_zones import MARKERS, marker_zones
from benchmarks.peer_forms import SLOT_S
from processors.zone_feature import ZoneFeature


class PlainZones:
    """The zones of the measured city in a tree, and others behind them."""

    def __init__(self, others: Sequence[ZoneFeature] = ()) -> None:
        self._tree = STRtree(
            [
                MultiPolygon([Polygon(shell, holes) for shell, *holes in zone.polygons])
                for zone in (*build_city(1).zones, *others)
            ]
        )

    @classmethod
    def with_markers(cls) -> Self:
        """Return the zones of the city and those of marker vehicles."""
        return cls(marker_zones(build_city(1), MARKERS)[0])

    def around(self, position: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the zones that a decoded position is in."""
        point = Point(position["lon"], position["lat"])
        zones: list[int] = self._tree.query(point, predicate="intersects").tolist()
        return zones


class PlainCounts:
    """Positions by zone and slot in a dictionary."""

    def __init__(self) -> None:
        self.records = 0
        self.cells: Counter[tuple[int, int]] = Counter()
        self._zones = PlainZones()

    def add(self, position: Mapping[str, Any]) -> None:
        """Count a decoded position."""
        slot = int(datetime.fromisoformat(position["time"]).timestamp()) // SLOT_S
        for zone in self._zones.around(position):
            self.cells[zone, slot] += 1
        self.records += 1
