"""What a camera sees: the zones that it stands in or looks into, and what its directions mean for them."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

from processors.camera_feature import CameraFeature, CameraZone
from processors.geometry import EARTH_RADIUS_M
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature
from processors.zone_points import contains

PROBE_M: Final = 75.0
"""How far before and behind the camera a vehicle is looked for: beyond a junction, within a neighbourhood."""


def zones_at(zones: Iterable[ZoneFeature], camera: CameraFeature) -> Iterator[str]:
    """Yield the ids of the zones in which a camera stands, and of those across whose edge it looks."""
    reach_deg = 2.0 * math.degrees(PROBE_M / EARTH_RADIUS_M)
    shrink = max(math.cos(math.radians(camera.lat)), 1e-9)  # at a pole every direction is a longitude
    for zone in zones:
        # most zones of a country are nowhere near, and their boxes say so
        if _is_near(zone, camera.lat, camera.lon, reach_deg, reach_deg / shrink) and _counts(zone, camera):
            yield zone.zone_id


def _is_near(zone: ZoneFeature, lat: float, lon: float, reach_lat_deg: float, reach_lon_deg: float) -> bool:
    """Tell whether a point is in the box of a zone or within reach of it."""
    points = [point for polygon in zone.polygons for point in polygon[0]]
    lons, lats = [point[0] for point in points], [point[1] for point in points]
    return (
        min(lons) - reach_lon_deg <= lon <= max(lons) + reach_lon_deg
        and min(lats) - reach_lat_deg <= lat <= max(lats) + reach_lat_deg
    )


def _counts(zone: ZoneFeature, camera: CameraFeature) -> bool:
    """Tell whether a camera stands in a zone or looks across its edge."""
    if contains(zone.polygons, camera.lon, camera.lat):
        return True
    if camera.azimuth_deg is None:
        return False
    seen = derived_zone(zone, lat=camera.lat, lon=camera.lon, azimuth_deg=camera.azimuth_deg)
    return seen.obverse != Movement.UNKNOWN


def derived_zone(zone: ZoneFeature, *, lat: float, lon: float, azimuth_deg: float) -> CameraZone:
    """Derive from the geometry what the directions of a camera mean for *zone*.

    The camera looks along its azimuth. An approaching vehicle (obverse) drives against it, a leaving one
    (reverse) along it. Outside `PROBE_M` before the camera and inside as far behind it is `in`, the other way
    round `out`, all else `unknown`.
    """
    ahead = _is_inside(zone, lat, lon, azimuth_deg)
    behind = _is_inside(zone, lat, lon, azimuth_deg + 180.0)
    obverse = _movement(came_from=ahead, goes_to=behind)
    return CameraZone(zone.zone_id, obverse, _movement(came_from=behind, goes_to=ahead), Movement.UNKNOWN)


def _movement(*, came_from: bool, goes_to: bool) -> Movement:
    """Return the movement of a vehicle that is inside the zone or not, before and after the camera."""
    if came_from == goes_to:
        return Movement.UNKNOWN
    return Movement.IN if goes_to else Movement.OUT


def _is_inside(zone: ZoneFeature, lat: float, lon: float, heading_deg: float) -> bool:
    """Tell whether the point `PROBE_M` along a heading is in the zone."""
    angle_deg = math.degrees(PROBE_M / EARTH_RADIUS_M)
    north_deg = angle_deg * math.cos(math.radians(heading_deg))
    shrink = max(math.cos(math.radians(lat)), 1e-9)  # at a pole every direction is a longitude
    east_deg = angle_deg * math.sin(math.radians(heading_deg)) / shrink
    return contains(zone.polygons, lon + east_deg, lat + north_deg)
