"""Tests of the points where labels of zones stand."""

from processors.zone_feature import Polygon, contains
from processors.zone_label import label_point

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
