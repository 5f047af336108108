"""The zones of the simulated city: tilings, emission zones over the centre, and small ones at the kerb."""

import itertools
import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int64Array
from processors.simulation.plane import degrees
from processors.simulation.tiles import CORDON, OUTERMOST, SPOKES, Mesh, disc, stepped, tile
from processors.zone_area import area_km2
from processors.zone_feature import Polygon, Ring, ZoneFeature

MUNICIPALITY: Final = "GM0344"
DISTRICT_BANDS: Final = ((CORDON, 4, 4), (4, OUTERMOST, 6))
"""Inner ring, outer ring and number of districts around; the centre is one more."""
NEIGHBOURHOOD_BANDS: Final = ((0, 1, 4), (1, 2, 6), (2, 3, 8), (3, 4, 12), (4, 5, 16), (5, 6, 16), (6, 7, 24))
ENVIRONMENT_SPOKE: Final = (
    60  # up to here the environmental zone ends at the cordon, beyond it a ring farther out
)
FULL_FLEET: Final = 5_000  # vehicles for which the capacities below are meant; more vehicles scale them


class Kerb(NamedTuple):
    """Where small zones can lie."""

    centre_m: Float64Array  # places of nodes near the centre, shape (n, 2), in random order
    anywhere_m: Float64Array  # places of all nodes, in random order
    depots_m: Float64Array  # places of nodes in industrial estates, in random order


class _Maker(NamedTuple):
    """What the makers of zones draw from."""

    rng: np.random.Generator
    capacity_scale: float

    def capacity(self, low: int, high: int) -> int:
        """Draw a capacity in vehicles."""
        return max(1, round(float(self.rng.integers(low, high + 1)) * self.capacity_scale))


def draw_zones(
    mesh: Mesh, kerb: Kerb, rng: np.random.Generator, *, zones: int, vehicles: int
) -> tuple[ZoneFeature, ...]:
    """Draw *zones* zones, the most telling ones first; the emission zones are always the first two."""
    maker = _Maker(rng, max(1.0, vehicles / FULL_FLEET))
    areas = itertools.chain(_emission_zones(mesh, maker), _shapes(kerb, maker), _tilings(mesh))
    return tuple(itertools.islice(itertools.chain(areas, _kerb_zones(kerb, maker)), zones))


def _emission_zones(mesh: Mesh, maker: _Maker) -> Iterator[ZoneFeature]:
    """Yield the zero-emission zone within the cordon and the environmental zone around it."""
    yield _zone(
        "ze-centrum",
        "Zero-emissiezone Centrum",
        "zero_emission_zone",
        ((disc(mesh, CORDON),),),
        maker.capacity(270, 270),
    )
    ring = stepped(mesh, CORDON, CORDON + 1, ENVIRONMENT_SPOKE)
    yield _zone("milieuzone", "Milieuzone", "environmental_zone", ((ring,),), maker.capacity(430, 430))


def _shapes(kerb: Kerb, maker: _Maker) -> Iterator[ZoneFeature]:
    """Yield a zone with a hole and one of three parts, of which two overlap."""
    court_m, market_m = kerb.centre_m[0], kerb.centre_m[1]
    hole = _blob(court_m, 110.0, 8, maker.rng)
    court: Polygon = (_blob(court_m, 330.0, 14, maker.rng), hole)
    yield _zone("hofkwartier", "Hofkwartier", "other", (court,), maker.capacity(25, 25))
    offsets_m = ((0.0, 0.0), (60.0, 30.0), (420.0, -180.0))
    markets = tuple((_blob(market_m + offset_m, 90.0, 9, maker.rng),) for offset_m in offsets_m)
    yield _zone("markten", "Markten", "smart_zone", markets, maker.capacity(12, 12))


def _tilings(mesh: Mesh) -> Iterator[ZoneFeature]:
    """Yield the municipality, its districts and its neighbourhoods."""
    yield _zone("gemeente", "Gemeente", "municipality", ((disc(mesh, OUTERMOST),),), None)
    yield _zone("wijk-01", "Wijk 01", "district", ((disc(mesh, CORDON),),), None)
    for number, ring in enumerate(_band_tiles(mesh, DISTRICT_BANDS), start=2):
        yield _zone(f"wijk-{number:02d}", f"Wijk {number:02d}", "district", ((ring,),), None)
    for number, ring in enumerate(_band_tiles(mesh, NEIGHBOURHOOD_BANDS), start=1):
        yield _zone(f"buurt-{number:03d}", f"Buurt {number:03d}", "neighbourhood", ((ring,),), None)


def _band_tiles(mesh: Mesh, bands: tuple[tuple[int, int, int], ...]) -> Iterator[Ring]:
    """Yield the tiles of bands, each (inner ring, outer ring, tiles around)."""
    for inner, outer, around in bands:
        width = SPOKES // around
        for place in range(around):
            yield tile(mesh, inner, outer, (place * width, (place + 1) * width))


def _kerb_zones(kerb: Kerb, maker: _Maker) -> Iterator[ZoneFeature]:
    """Yield small zones without end: of 20, fifteen for loading, two smart, two building sites and a hub."""
    for number in itertools.count(1):
        twenty = number % 20
        if twenty == 1:
            place_m = _of(kerb.depots_m, number // 20)
            rings = ((_blob(place_m, 150.0, 6, maker.rng),),)
            yield _zone(f"hub-{number:04d}", f"Hub {number}", "hub", rings, maker.capacity(10, 40))
        elif twenty in (2, 12):
            rings = ((_blob(_of(kerb.centre_m, number), 200.0, 10, maker.rng),),)
            yield _zone(
                f"slim-{number:04d}", f"Slimme zone {number}", "smart_zone", rings, maker.capacity(8, 18)
            )
        elif twenty in (5, 15):
            rings = ((_blob(_of(kerb.anywhere_m, number), 90.0, 7, maker.rng),),)
            name = f"Bouwplaats {number}"
            yield _zone(f"bouw-{number:04d}", name, "construction_site", rings, maker.capacity(3, 8))
        else:
            places_m = kerb.centre_m if number % 3 else kerb.anywhere_m
            rings = ((_bay(_of(places_m, number), maker.rng),),)
            yield _zone(
                f"laad-{number:04d}", f"Laadplek {number}", "loading_zone", rings, maker.capacity(3, 6)
            )


def _zone(
    zone_id: str, name: str, kind: str, polygons: tuple[Polygon, ...], capacity: int | None
) -> ZoneFeature:
    """Return a zone of the simulated municipality."""
    return ZoneFeature(zone_id, name, kind, MUNICIPALITY, capacity, area_km2(polygons), polygons)


def _of(places_m: Float64Array, number: int) -> Float64Array:
    """Return a place by number, beginning again after the last."""
    place: Float64Array = places_m[number % len(places_m)]
    return place


def _blob(centre_m: Float64Array, radius_m: float, corners: int, rng: np.random.Generator) -> Ring:
    """Return an irregular ring around a place; seen from there it never folds."""
    angle = (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) * (2.0 * math.pi / corners)
    reach_m = radius_m * rng.uniform(0.8, 1.15, corners)
    return _ring(centre_m + np.column_stack((reach_m * np.cos(angle), reach_m * np.sin(angle))))


def _bay(centre_m: Float64Array, rng: np.random.Generator) -> Ring:
    """Return a loading bay of about 50 by 26 metres, turned at random."""
    turn = rng.uniform(0.0, math.pi)
    along = np.array([math.cos(turn), math.sin(turn)]) * rng.uniform(20.0, 30.0)
    across = np.array([-math.sin(turn), math.cos(turn)]) * 13.0
    corners: Int64Array = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    return _ring(centre_m + corners[:, :1] * along + corners[:, 1:] * across)


def _ring(corners_m: Float64Array) -> Ring:
    """Return a closed ring in degrees."""
    points = [(float(lon), float(lat)) for lon, lat in degrees(corners_m)]
    return (*points, points[0])
