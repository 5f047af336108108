"""Reading the geometry of a GeoJSON feature: exact where it is valid, repaired where that is safe.

Valid coordinates are kept bit for bit, because two zones that share an edge must keep sharing it.
"""

import math
from typing import Final, NamedTuple, NoReturn

import shapely

from processors.zone_feature import Point, Polygon, Ring

MAX_LON_DEG: Final = 180.0
MAX_LAT_DEG: Final = 90.0
MIN_DISTINCT_POINTS: Final = 3


class UnusableGeometryError(ValueError):
    """The geometry of one feature cannot be used; the message is the reason of the refusal."""


class ReadGeometry(NamedTuple):
    """The polygons of a feature, and what had to be changed to get them, each change once."""

    polygons: tuple[Polygon, ...]
    repairs: tuple[str, ...]


def read_geometry(geometry: object) -> ReadGeometry:
    """Read a GeoJSON Polygon or MultiPolygon.

    Raises:
        UnusableGeometryError: nothing polygonal can be made of it without guessing.
    """
    repairs: dict[str, None] = {}  # a set that keeps the order of discovery
    polygons: list[Polygon] = []
    for member in _members(geometry):
        polygons.extend(_valid(_polygon(member, repairs), repairs))
    if not polygons:
        _refuse("the geometry has no area")
    return ReadGeometry(tuple(polygons), tuple(repairs))


def _members(geometry: object) -> list[object]:
    """Return the polygon coordinates of a Polygon or MultiPolygon."""
    if geometry is None:
        _refuse("the geometry is empty")
    if not isinstance(geometry, dict):
        _refuse("the geometry is not an object")
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        _refuse(f"a zone is a Polygon or MultiPolygon, not {_shown(kind)}")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        _refuse("the geometry is empty")
    return [coordinates] if kind == "Polygon" else coordinates


def _polygon(rings: object, repairs: dict[str, None]) -> Polygon:
    """Read the rings of one polygon, closing them and dropping heights."""
    if not isinstance(rings, list) or not rings:
        _refuse("the geometry has a polygon without rings")
    return tuple(_ring(ring, repairs) for ring in rings)


def _ring(points: object, repairs: dict[str, None]) -> Ring:
    """Read one ring and close it when it is open."""
    if not isinstance(points, list) or not points:
        _refuse("the geometry has a ring without points")
    ring = [_point(point, repairs) for point in points]
    if len(set(ring)) < MIN_DISTINCT_POINTS:
        _refuse(f"a ring has fewer than {MIN_DISTINCT_POINTS} distinct points")
    if ring[0] != ring[-1]:
        repairs["closed a ring that was open"] = None
        ring.append(ring[0])
    return tuple(ring)


def _point(position: object, repairs: dict[str, None]) -> Point:
    """Read one position as (lon, lat), dropping height and what follows it."""
    if not isinstance(position, list) or len(position) < 2:
        _refuse(f"a position is not [lon, lat] but {_shown(position)}")
    lon, lat = _number(position[0]), _number(position[1])
    if not (math.isfinite(lon) and math.isfinite(lat)):
        _refuse("a coordinate is not finite")
    if abs(lon) > MAX_LON_DEG or abs(lat) > MAX_LAT_DEG:
        _refuse(
            f"position [{lon:g}, {lat:g}] is outside WGS84: give degrees, longitude before latitude "
            "(not swapped, not RD New metres)"
        )
    if len(position) > 2:
        repairs["dropped the height of positions"] = None
    return lon, lat


def _number(value: object) -> float:
    """Return a JSON number as float64; too large a whole number becomes infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f"a coordinate is not a number but {_shown(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _valid(polygon: Polygon, repairs: dict[str, None]) -> list[Polygon]:
    """Return the polygon itself when it is valid, else the polygonal part of its repair."""
    shape = shapely.Polygon(polygon[0], polygon[1:])
    if shapely.is_valid(shape):
        return [polygon]
    repairs[f"repaired invalid rings ({shapely.is_valid_reason(shape)})"] = None
    return _polygonal(shapely.make_valid(shape))


def _polygonal(shape: shapely.Geometry) -> list[Polygon]:
    """Return the polygons with area of any geometry, lines and points left out."""
    parts = shapely.get_parts(shapely.get_parts(shape))  # twice: a collection may hold MultiPolygons
    return [
        tuple(_plain(ring) for ring in (part.exterior, *part.interiors))
        for part in parts
        if part.geom_type == "Polygon" and part.area > 0
    ]


def _plain(ring: shapely.LinearRing) -> Ring:
    """Return the points of a shapely ring as pairs of floats."""
    return tuple((float(lon), float(lat)) for lon, lat in shapely.get_coordinates(ring))


def _refuse(reason: str) -> NoReturn:
    """Refuse the geometry for *reason*."""
    raise UnusableGeometryError(reason)


def _shown(value: object) -> str:
    """Return a value short enough for a message."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
