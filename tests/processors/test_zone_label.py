"""Tests of the points where labels of zones stand."""

from processors.zone_feature import Polygon
from processors.zone_label import label_point
from processors.zone_points import contains

SMALL: Polygon = (((5.0, 52.0), (5.001, 52.0), (5.001, 52.001), (5.0, 52.001), (5.0, 52.0)),)
# a horseshoe: the middle of its box is outside it
HORSESHOE: Polygon = (
    (
        (4.0, 52.0), (4.03, 52.0), (4.03, 52.03), (4.02, 52.03), (4.02, 52.01), (4.01, 52.01), (4.01, 52.03),
        (4.0, 52.03), (4.0, 52.0),
    ),
)  # fmt: skip


def test_a_label_stands_in_the_largest_polygon_whatever_its_shape() -> None:
    """Neither an island elsewhere nor a hollow shape draws it outside."""
    lon, lat = label_point([SMALL, HORSESHOE])

    assert contains([HORSESHOE], lon, lat)


def test_a_ring_without_an_inside_is_labelled_at_its_start() -> None:
    """Even what no file reader would let through gets a point that a database can store."""
    flat = ((5.0, 52.0), (5.1, 52.0), (5.0, 52.0))
    huge = ((5.0, 52.0), (1.7976931348623157e308, -0.0), (-1e-7, 0.3), (5.0, 52.0))

    assert all(-1e309 < value < 1e309 for value in (*label_point([(flat,)]), *label_point([(huge,)])))
