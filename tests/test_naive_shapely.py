"""The oracle's geometry against another implementation: where no rule about edges decides, both agree."""

from random import Random
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from naive import Geometry, contains, crosses_zone, distance_um
from naive.geometry import EARTH_RADIUS_M
from zone_strategies import CENTRE, HALF_SIDE, LATTICE_DEG, Place, random_zones

POINTS = 200_000
OFF_EDGE_DEG = 1e-12  # far above the rounding of a crossing, far below what points are drawn at


def worlds(rng: Random, count: int) -> list[Geometry]:
    """Return zones of all kinds that shapely calls valid."""
    zones = [zone for _ in range(count) for zone in random_zones(rng, 6).values()]
    return [zone for zone in zones if all(shape.is_valid for shape in shapes(zone))]


def shapes(zone: Geometry) -> list[Any]:
    """Return the polygons of a zone as shapely has them."""
    return [shapely.Polygon(polygon[0], polygon[1:]) for polygon in zone]


def edges(zone: Geometry) -> Any:
    """Return all rings of a zone as lines."""
    return shapely.MultiLineString(
        [ring for polygon in zone for ring in ([*ring, ring[0]] for ring in polygon)]
    )


def random_points(rng: Random, count: int) -> NDArray[np.float64]:
    """Return points in and around the world, shape (count, 2)."""
    side = 1.1 * HALF_SIDE * LATTICE_DEG
    return np.array([[centre + rng.uniform(-side, side) for centre in CENTRE] for _ in range(count)])


def test_points_off_the_edges_are_where_shapely_finds_them() -> None:
    """Two hundred thousand random points, in zones with holes, of several polygons, and tiling."""
    rng = Random(1)
    zones = worlds(rng, 40)
    each = -(-POINTS // len(zones))
    for zone in zones:
        points = random_points(rng, each)
        points = points[shapely.distance(edges(zone), shapely.points(points)) > OFF_EDGE_DEG]
        expected = np.any([shapely.contains_xy(shape, points) for shape in shapes(zone)], axis=0)

        assert expected.tolist() == [contains(zone, lon, lat) for lon, lat in points.tolist()]


def test_segments_that_touch_no_corner_cross_what_shapely_finds_crossed() -> None:
    """Twenty thousand random segments."""
    rng = Random(2)
    zones = worlds(rng, 20)
    for zone in zones:
        lines = edges(zone)
        ends = random_points(rng, 2 * 20_000 // len(zones)).reshape(-1, 2, 2)
        expected = shapely.intersects(lines, shapely.linestrings(ends)).tolist()

        assert expected == [crosses_zone(a, b, zone) for a, b in ends.tolist()]


def chord_um(a: Place, b: Place) -> float:
    """Return the distance of two (lon, lat) by way of the chord through the sphere, which rounds differently."""
    ends = [
        (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)) for lon, lat in np.radians([a, b])
    ]
    return float(2.0 * EARTH_RADIUS_M * np.arcsin(np.linalg.norm(np.subtract(*ends)) / 2.0) * 1e6)


def test_distances_are_those_of_the_chord() -> None:
    """Both rounded to whole micrometres; the chord itself is right to some hundredths of one."""
    rng = Random(3)
    for _ in range(2_000):
        a = (rng.uniform(3.0, 8.0), rng.uniform(50.0, 54.0))
        b = (a[0] + rng.uniform(-0.1, 0.1), a[1] + rng.uniform(-0.1, 0.1))
        expected = chord_um(a, b)
        assert abs(expected - distance_um(a[1], a[0], b[1], b[0])) <= 0.6
