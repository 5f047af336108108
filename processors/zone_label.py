"""Where the label of a zone stands on a map."""

from collections.abc import Sequence

import shapely

from processors.zone_feature import Point, Polygon


def label_point(polygons: Sequence[Polygon]) -> Point:
    """Return a point (lon, lat) in degrees inside the largest of *polygons*, away from its narrow ends."""
    shapes = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in polygons]
    point = shapely.point_on_surface(max(shapes, key=shapely.area))
    return float(point.x), float(point.y)
