"""Where the label of a zone stands on a map."""

from collections.abc import Sequence

import numpy as np
import shapely

from processors.zone_feature import Point, Polygon


def label_point(polygons: Sequence[Polygon]) -> Point:
    """Return a point (lon, lat) in degrees inside the largest of *polygons*, away from its narrow ends.

    Where that has no inside, it is the first point of its ring.
    """
    shapes = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in polygons]
    with np.errstate(all="ignore"):  # rings without an inside have odd areas
        largest = max(shapes, key=shapely.area)
        point = shapely.point_on_surface(largest)
    if point.is_empty or not np.isfinite((point.x, point.y)).all():
        lon, lat = largest.exterior.coords[0]
    else:
        lon, lat = point.x, point.y
    return float(lon), float(lat)
