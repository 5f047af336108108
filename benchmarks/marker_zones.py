"""Zones south of the city that only marker vehicles enter."""

from typing import Final, NamedTuple

from processors.simulation.city import SimulatedCity
from processors.zone_feature import ZoneFeature

SIDE_DEG: Final = 0.001  # of a marker zone
SPACING_DEG: Final = 0.003
SOUTH_DEG: Final = 0.004  # below the city
MARKERS: Final = 60


class Marker(NamedTuple):
    """A vehicle and its zone."""

    zone_id: str
    vehicle: str
    lat: float
    lon: float


def marker_zones(city: SimulatedCity, count: int) -> tuple[list[ZoneFeature], list[Marker]]:
    """Return small square zones in a row south of a city, and a vehicle for each."""
    points = [point for zone in city.zones for polygon in zone.polygons for point in polygon[0]]
    west = min(lon for lon, _ in points)
    south = min(lat for _, lat in points) - SOUTH_DEG
    zones, markers = [], []
    for number in range(count):
        left = west + number * SPACING_DEG
        right, top = left + SIDE_DEG, south + SIDE_DEG
        ring = ((left, south), (right, south), (right, top), (left, top), (left, south))
        zone_id = f"marker-{number}"
        zones.append(ZoneFeature(zone_id, zone_id, "other", None, None, 0.008, ((ring,),)))
        middle = SIDE_DEG / 2
        markers.append(Marker(zone_id, f"marker:{number}", south + middle, left + middle))
    return zones, markers
