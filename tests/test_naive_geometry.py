"""Points, crossings and distances of the oracle, worked out by hand."""

import math
from random import Random

import pytest

from naive import contains, crosses, crosses_zone, distance_um, inside
from naive.zones import Zones
from naive_examples import METRE_111_UM, square

UNIT = [square(0.0, 0.0, 1.0, 1.0)]
TRIANGLE = [[[(0.0, 0.0), (2.0, 0.0), (0.0, 2.0)]]]  # its ring is left open
WITH_HOLE = [[*square(0.0, 0.0, 3.0, 3.0), *square(1.0, 1.0, 2.0, 2.0)]]


def test_the_ray_counts_edges_to_the_right_of_the_point_half_open_in_latitude() -> None:
    """An edge from latitude 0 to 1 counts at 0 and not at 1; a point on the edge is not left of it."""
    low, high = (1.0, 0.0), (1.0, 1.0)

    assert crosses(low, high, 0.5, 0.0)
    assert not crosses(low, high, 0.5, 1.0)
    assert not crosses(low, high, 1.0, 0.5)
    assert not crosses(low, (2.0, 0.0), 0.5, 0.0)


def test_the_direction_in_which_an_edge_is_given_does_not_matter() -> None:
    """Two zones that write a shared edge in opposite directions compute the same number."""
    rng = Random(1)
    for _ in range(1_000):
        p, q = (rng.random(), rng.random()), (rng.random(), rng.random())
        along = rng.random()
        lon, lat = p[0] + along * (q[0] - p[0]), p[1] + along * (q[1] - p[1])
        assert crosses(p, q, lon, lat) == crosses(q, p, lon, lat)


@pytest.mark.parametrize(
    ("lon", "lat", "expected"),
    [
        (0.5, 0.5, True),
        (0.0, 0.0, True),  # the lower left corner belongs to the square,
        (0.0, 0.5, True),  # with its left
        (0.5, 0.0, True),  # and lower edge,
        (1.0, 0.5, False),  # not its right
        (0.5, 1.0, False),  # and upper edge
        (1.0, 1.0, False),
        (0.0, 1.0, False),
        (1.0, 0.0, False),
        (-0.5, 0.5, False),
        (1.5, 0.5, False),
    ],
)
def test_a_square_contains_its_left_and_lower_edges(lon: float, lat: float, expected: bool) -> None:
    """The half-open rule, corner by corner."""
    assert expected == contains(UNIT, lon, lat)


def test_a_ring_that_is_left_open_is_closed() -> None:
    """The edge from the last point back to the first counts."""
    assert contains(TRIANGLE, 0.5, 0.5)
    assert not contains(TRIANGLE, -0.1, 0.5)
    assert not contains(TRIANGLE, 1.5, 1.0)


def test_a_hole_is_outside_and_its_edges_follow_the_same_rule() -> None:
    """The hole takes its left and lower edges out; its right and upper edges stay in the polygon."""
    assert inside(WITH_HOLE[0], 0.5, 1.5)
    assert not inside(WITH_HOLE[0], 1.5, 1.5)
    assert not inside(WITH_HOLE[0], 1.0, 1.5)
    assert inside(WITH_HOLE[0], 2.0, 1.5)
    assert inside(WITH_HOLE[0], 2.5, 1.5)


def test_a_zone_contains_what_any_of_its_polygons_contains() -> None:
    """Polygons of one zone that overlap do not cancel out, as rings of one polygon do."""
    overlapping = [square(0.0, 0.0, 2.0, 2.0), square(1.0, 1.0, 3.0, 3.0)]

    assert all(contains(overlapping, place, place) for place in (0.5, 1.5, 2.5))
    assert not contains(overlapping, 2.5, 0.5)


def test_a_point_on_an_edge_that_tiling_zones_share_is_in_exactly_one() -> None:
    """Points drawn on the slanted edge between two quadrangles, up to rounding, are in one of them."""
    corners = (5.103, 52.017), (5.131, 52.003)
    upper = [[[(5.10, 52.02), (5.14, 52.02), corners[1], corners[0]]]]
    lower = [[[(5.10, 52.00), corners[0], corners[1], (5.14, 52.00)]]]
    rng = Random(2)
    for along in [0.5, *(rng.random() for _ in range(2_000))]:
        lon = corners[0][0] + along * (corners[1][0] - corners[0][0])
        lat = corners[0][1] + along * (corners[1][1] - corners[0][1])
        assert 1 == contains(upper, lon, lat) + contains(lower, lon, lat)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((-1.0, 0.5), (2.0, 0.5), True),  # straight through
        ((-1.0, 0.5), (0.5, 0.5), True),  # in
        ((0.2, 0.2), (0.8, 0.8), False),  # within
        ((-1.0, 1.5), (2.0, 1.5), False),  # above
        ((-0.5, 1.0), (0.5, 2.0), False),  # past the corner (0, 1), on the side of nothing
        ((-1.0, 0.5), (-1.0, 0.5), False),  # no segment
        ((-1.0, 0.0), (2.0, 0.0), True),  # along the lower edge: the left edge has o = 0 and o = 3
        ((-1.0, 1.0), (2.0, 1.0), False),  # along the upper edge: the left edge has o = -3 and o = 0
    ],
)
def test_a_segment_crosses_a_zone_where_it_crosses_one_of_its_edges(
    a: tuple[float, float], b: tuple[float, float], expected: bool
) -> None:
    """Both pairs of orientations must differ; zero counts as not positive."""
    assert expected == crosses_zone(a, b, UNIT)


def test_a_thousandth_of_a_degree_of_latitude_is_111_metres() -> None:
    """R * pi / 180 / 1000 = 111.195080 m, along any meridian; nothing is 0."""
    assert METRE_111_UM == pytest.approx(distance_um(52.0, 5.0, 52.001, 5.0), abs=2)
    assert METRE_111_UM == pytest.approx(distance_um(0.0, 5.0, 0.0, 5.001), abs=2)
    assert 0 == distance_um(52.0, 5.0, 52.0, 5.0)


def test_antipodes_are_half_a_great_circle_apart() -> None:
    """Rounding never takes the root of h over 1."""
    assert round(math.pi * 6_371_008.8 * 1e6) == distance_um(0.0, 0.0, 0.0, 180.0)


def test_boxes_spare_work_and_change_no_answer() -> None:
    """Looking zones up by box and square gives what testing every edge of every zone gives."""
    rng = Random(3)
    geometries = {number: _triangles(rng) for number in range(30)} | {"wide": [square(-9.0, -9.0, 9.0, 9.0)]}
    zones = Zones(geometries)
    corners = [point for geometry in geometries.values() for polygon in geometry for point in polygon[0]]
    for _ in range(500):
        a, b = rng.choice(corners), (rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1))
        expected = {zone_id for zone_id, geometry in geometries.items() if contains(geometry, *a)}
        assert expected == set(zones.containing(*a))
        expected = {zone_id for zone_id, geometry in geometries.items() if crosses_zone(a, b, geometry)}
        assert expected == set(zones.crossed(a, b))


def _triangles(rng: Random) -> list[list[list[tuple[float, float]]]]:
    """Return a zone of two triangles on a lattice, so that corners share latitudes and longitudes."""
    corner = [
        [(rng.randrange(-10, 10) / 100, rng.randrange(-10, 10) / 100) for _ in range(3)] for _ in range(2)
    ]
    return [[corner[0]], [corner[1]]]
