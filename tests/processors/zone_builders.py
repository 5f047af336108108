"""What tests of the zone index share: zones with numbers, and points where a lookup goes wrong first."""

from collections.abc import Hashable, Mapping
from random import Random

import numpy as np

from naive import Geometry, contains
from processors.columns import Float64Array
from processors.zone_index import ZoneIndex
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets
from zone_strategies import Place, random_place


def numbered(zones: Mapping[Hashable, Geometry]) -> dict[int, Geometry]:
    """Return zones by numbers that have gaps and follow no order."""
    return {(7 * place) % 101 + 1: zone for place, zone in enumerate(zones.values())}


def built(zones: Mapping[int, Geometry]) -> tuple[ZoneIndex, ZoneSets]:
    """Return the index of zones and its registry."""
    zone_sets = ZoneSets()
    indexed = [IndexedZone(zone_no, zone) for zone_no, zone in zones.items()]
    return build_zone_index(indexed, zone_sets), zone_sets


def coordinates(places: list[Place]) -> tuple[Float64Array, Float64Array]:
    """Return the longitudes and latitudes of places."""
    table = np.array(places, np.float64).reshape(-1, 2)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])


def looked_up(zones: Mapping[int, Geometry], places: list[Place]) -> list[tuple[int, ...]]:
    """Return the zones of each place as the index tells them."""
    index, zone_sets = built(zones)
    return [zone_sets.zones_of(number) for number in lookup(index, zone_sets, *coordinates(places)).tolist()]


def contained(zones: Mapping[int, Geometry], places: list[Place]) -> list[tuple[int, ...]]:
    """Return the zones of each place as the oracle tells them."""
    ascending = sorted(zones)
    return [tuple(zone_no for zone_no in ascending if contains(zones[zone_no], *place)) for place in places]


def hard_places(rng: Random, zones: Mapping[int, Geometry], count: int) -> list[Place]:
    """Return corners, points on edges and level with corners, each also moved by one bit."""
    places = []
    for _ in range(count):
        lon, lat = random_place(rng, zones)
        if rng.random() < 0.3:
            lon = float(np.nextafter(lon, rng.choice((-np.inf, np.inf))))
        if rng.random() < 0.3:
            lat = float(np.nextafter(lat, rng.choice((-np.inf, np.inf))))
        places.append((lon, lat))
    return places
