"""The area of a zone on the sphere."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from processors.zone_feature import Polygon

AUTHALIC_RADIUS_KM = 6_371.0072
"""Radius of the sphere with the same surface as WGS84 (about 0.3 % off the ellipsoid at 52 degrees)."""


def area_km2(polygons: Sequence[Polygon]) -> float:
    """Return the area in km² that *polygons* cover together, overlaps counted once.

    Lambert's cylindrical equal-area projection turns areas on the sphere into areas in the plane; edges are
    straight in longitude and latitude, and the difference is far below a thousandth for zones of city size.
    """
    shapes = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in polygons]
    whole = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    return float(shapely.transform(whole, _equal_area_km).area)


def _equal_area_km(points_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project (lon, lat) in degrees to the equal-area plane in km."""
    radians = np.radians(points_deg)
    return AUTHALIC_RADIUS_KM * np.column_stack((radians[:, 0], np.sin(radians[:, 1])))
