"""The synthetic city: zones that tile and overlap, roads that connect, cameras on every way in."""

import itertools
from collections import Counter

import numpy as np
import pytest
import shapely

from processors.camera_file import read_cameras
from processors.camera_sight import derived_zone
from processors.columns import Int64Array
from processors.simulation.city import SimulatedCity
from processors.simulation.city_files import cameras_csv, zones_geojson
from processors.simulation.roads import FAR_MS
from processors.vocabulary import ZONE_KINDS
from processors.zone_file import read_zones
from processors.zone_points import contains


def kinds_at(city: SimulatedCity, lon: float, lat: float) -> Counter[str]:
    """Return how many zones of each kind contain a point."""
    return Counter(zone.kind for zone in city.zones if contains(zone.polygons, lon, lat))


def test_the_same_seed_builds_the_same_city(city: SimulatedCity, midnights_us: Int64Array) -> None:
    """Zones and cameras are equal to the last bit, ids included."""
    again = SimulatedCity.build(7, vehicles=60, midnights_us=midnights_us)

    assert zones_geojson(again) == zones_geojson(city)
    assert again.cameras == city.cameras


def test_another_seed_builds_another_city(city: SimulatedCity, midnights_us: Int64Array) -> None:
    """The seed settles the geometry."""
    other = SimulatedCity.build(8, vehicles=60, midnights_us=midnights_us, zones=3)

    assert other.zones != city.zones[:3]
    assert len(other.zones) == 3


def test_zones_read_back_exactly_and_without_a_report(city: SimulatedCity) -> None:
    """The file is what a steward would load."""
    file = read_zones(zones_geojson(city))

    assert file.reports == []
    assert tuple(file.features) == city.zones


def test_cameras_read_back_exactly_and_without_a_report(city: SimulatedCity) -> None:
    """The registry names zones of the same city."""
    file = read_cameras(cameras_csv(city), city.zones)

    assert file.reports == []
    assert tuple(file.features) == city.cameras


def test_there_are_zones_of_every_kind_a_hole_and_a_multipolygon(city: SimulatedCity) -> None:
    """All 400 zones have their own id."""
    assert {zone.kind for zone in city.zones} == set(ZONE_KINDS)
    assert len({zone.zone_id for zone in city.zones}) == 400
    assert any(len(polygon) > 1 for zone in city.zones for polygon in zone.polygons)
    assert any(len(zone.polygons) > 1 for zone in city.zones)


@pytest.mark.parametrize("kind", ["district", "neighbourhood"])
def test_tiling_zones_cover_the_municipality_once(city: SimulatedCity, kind: str) -> None:
    """Their areas add up, and no point is in two of them."""
    whole = next(zone for zone in city.zones if zone.kind == "municipality")
    tiles = [zone for zone in city.zones if zone.kind == kind]
    rng = np.random.default_rng(3)
    low, high = np.min(whole.polygons[0][0], axis=0), np.max(whole.polygons[0][0], axis=0)

    assert sum(zone.area_km2 for zone in tiles) == pytest.approx(whole.area_km2)
    for lon, lat in rng.uniform(low, high, (300, 2)):
        kinds = kinds_at(city, float(lon), float(lat))
        assert kinds[kind] == kinds["municipality"]


def test_tiling_zones_share_their_vertices(city: SimulatedCity) -> None:
    """A vertex on the edge of a neighbourhood is a vertex of its neighbours."""
    tiles = [zone for zone in city.zones if zone.kind == "neighbourhood"]
    uses = Counter(point for zone in tiles for point in zone.polygons[0][0][1:])
    outer = set(next(zone for zone in city.zones if zone.kind == "municipality").polygons[0][0])

    assert all(count >= 2 for point, count in uses.items() if point not in outer)


def test_many_zones_overlap_in_the_centre(city: SimulatedCity) -> None:
    """The centre is in both emission zones and in every tiling."""
    zero_emission = city.zones[0]
    centre = shapely.Polygon(zero_emission.polygons[0][0]).centroid

    kinds = kinds_at(city, centre.x, centre.y)

    assert {kinds[kind] for kind in ("zero_emission_zone", "environmental_zone", "district")} == {1}
    assert sum(kinds.values()) >= 5


def test_every_node_can_be_reached_from_every_other(city: SimulatedCity) -> None:
    """Following the ways takes exactly the time that the table says."""
    roads = city.world.roads
    rng = np.random.default_rng(5)

    assert roads.way_ms.max() < FAR_MS
    for node, target in rng.integers(0, roads.lat.size, (20, 2)).tolist():
        time_ms, place = 0, node
        while place != target:
            edge = roads.first_edge[place] + roads.way[target, place]
            time_ms += int(roads.edge_ms[edge])
            place = int(roads.edge_to[edge])
        assert time_ms == roads.way_ms[target, node]


def test_no_street_enters_an_emission_zone_without_a_camera(city: SimulatedCity) -> None:
    """Each edge between inside and outside has a camera that knows the zone."""
    roads, cordon = city.world.roads, city.cordon
    starts = np.repeat(np.arange(roads.lat.size), np.diff(roads.first_edge))
    for zone in city.zones[:2]:
        inside = [contains(zone.polygons, lon, lat) for lon, lat in zip(roads.lon, roads.lat, strict=True)]
        for edge, (start, end) in enumerate(zip(starts, roads.edge_to, strict=True)):
            if inside[start] != inside[end]:
                camera = city.cameras[cordon.edge_camera[edge]]
                assert zone.zone_id in [camera_zone.zone_id for camera_zone in camera.zones]


def test_the_movements_of_cameras_follow_from_their_place_and_azimuth(city: SimulatedCity) -> None:
    """What the registry says explicitly is what would be derived."""
    zone_of = {zone.zone_id: zone for zone in city.zones}
    pairs = [(camera, zone) for camera in city.cameras for zone in camera.zones]

    derived = [
        derived_zone(
            zone_of[zone.zone_id], lat=camera.lat, lon=camera.lon, azimuth_deg=camera.azimuth_deg or 0.0
        )
        for camera, zone in pairs
    ]

    assert sum(given == zone for given, (_, zone) in zip(derived, pairs, strict=True)) >= 0.9 * len(pairs)


def test_neighbouring_node_numbers_are_neighbouring_places(city: SimulatedCity) -> None:
    """Rounds are windows of node numbers, so most steps must be short."""
    roads = city.world.roads
    points = list(zip(roads.lon, roads.lat, strict=True))
    steps = [np.hypot(a[0] - b[0], a[1] - b[1]) for a, b in itertools.pairwise(points)]

    assert np.median(steps) < 0.005
