"""The compiled formulas give the bits of the oracle's."""

from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import distance_um as naive_distance_um
from naive.geometry import edge_crosses, edge_of, segment_crosses
from processors.geometry import crosses_ray, distance_um, orientation, segments_cross
from zone_strategies import random_place, random_zones

latitudes = st.floats(-90.0, 90.0)
longitudes = st.floats(-180.0, 180.0)
# few values, so that points lie on edges, edges are level, and ends coincide
few = st.integers(-3, 3).map(float)
DELTAS_DEG: Final = (0.0, 1e-12, 1e-9, 1e-6, 1e-4, 0.01, 1.0)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distances_are_those_of_the_oracle_to_the_last_bit(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    """Anywhere on the globe, in whole micrometres."""
    assert naive_distance_um(lat1, lon1, lat2, lon2) == distance_um(lat1, lon1, lat2, lon2)


@pytest.mark.parametrize("delta_deg", DELTAS_DEG)
def test_short_distances_are_those_of_the_oracle_to_the_last_bit(delta_deg: float) -> None:
    """From nothing to a degree, where links are."""
    rng = Random(1)
    for _ in range(2_000):
        lat1, lon1 = rng.uniform(50.0, 54.0), rng.uniform(3.0, 8.0)
        lat2, lon2 = lat1 + rng.uniform(-1, 1) * delta_deg, lon1 + rng.uniform(-1, 1) * delta_deg
        assert naive_distance_um(lat1, lon1, lat2, lon2) == distance_um(lat1, lon1, lat2, lon2)


@pytest.mark.parametrize(
    "ends",
    [(52.0, 5.0, 52.0, 5.0), (90.0, 0.0, -90.0, 0.0), (0.0, 0.0, 0.0, 180.0), (52.0, -180.0, 52.0, 180.0)],
)
def test_distances_at_the_ends_of_the_scale_are_those_of_the_oracle(
    ends: tuple[float, float, float, float],
) -> None:
    """Nothing, half a meridian, half the equator, and once around."""
    assert naive_distance_um(*ends) == distance_um(*ends)


@given(few, few, few, few, few, few)
def test_rays_cross_the_edges_that_the_oracle_counts(
    x: float, y: float, px: float, py: float, qx: float, qy: float
) -> None:
    """Also where the point is level with an end, on the edge, or the edge is level."""
    edge = edge_of((px, py), (qx, qy))

    assert edge_crosses(edge, x, y) == crosses_ray(x, y, *edge)


@given(few, few, few, few, few, few, few, few)
def test_segments_cross_the_edges_that_the_oracle_counts(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, qx: float, qy: float
) -> None:
    """Also where they touch, lie on one line, or have no length."""
    edge = edge_of((px, py), (qx, qy))

    assert segment_crosses((ax, ay), (bx, by), edge) == segments_cross(ax, ay, bx, by, *edge)


def test_rays_and_segments_agree_with_the_oracle_where_rounding_decides() -> None:
    """Points computed on slanted edges lie beside them by less than a bit, on the same side for both."""
    rng = Random(2)
    zones = random_zones(rng, 12)
    rings = [ring for zone in zones.values() for polygon in zone for ring in polygon]
    for _ in range(20_000):
        ring = rng.choice(rings)
        number = rng.randrange(len(ring))
        edge = edge_of(ring[number - 1], ring[number])
        a, b = random_place(rng, zones), random_place(rng, zones)
        assert edge_crosses(edge, *a) == crosses_ray(*a, *edge)
        assert segment_crosses(a, b, edge) == segments_cross(*a, *b, *edge)


def test_a_point_left_of_a_line_has_a_positive_orientation() -> None:
    """Twice the area of the triangle, negative on the right and 0 on the line."""
    assert [2.0, -2.0, 0.0] == [orientation(0.0, 0.0, 2.0, 0.0, 1.0, y) for y in (1.0, -1.0, 0.0)]
