"""The zones and cameras of a simulated city as the files that a steward would load."""

import json
from collections.abc import Iterable

from processors.camera_feature import CameraFeature
from processors.simulation.city import SimulatedCity
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature

CSV_HEADER = "camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse,unknown"
_WORDS = {Movement.IN: "in", Movement.OUT: "out", Movement.UNKNOWN: "unknown"}


def zones_geojson(city: SimulatedCity) -> bytes:
    """Return the zones as a GeoJSON FeatureCollection that reads back exactly."""
    features = [_feature(zone) for zone in city.zones]
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()


def cameras_csv(city: SimulatedCity) -> bytes:
    """Return the cameras as CSV, one row per camera and zone."""
    rows = (row for camera in city.cameras for row in _rows(camera))
    return "".join(f"{row}\n" for row in (CSV_HEADER, *rows)).encode()


def _feature(zone: ZoneFeature) -> dict[str, object]:
    """Return one zone as a GeoJSON Feature."""
    is_single = len(zone.polygons) == 1
    return {
        "type": "Feature",
        "properties": {
            "id": zone.zone_id,
            "name": zone.name,
            "kind": zone.kind,
            "municipality": zone.municipality,
            "capacity": zone.capacity,
        },
        "geometry": {
            "type": "Polygon" if is_single else "MultiPolygon",
            "coordinates": zone.polygons[0] if is_single else zone.polygons,
        },
    }


def _rows(camera: CameraFeature) -> Iterable[str]:
    """Yield a row for each zone of a camera."""
    place = f"{camera.camera_id},{camera.name},{camera.lat!r},{camera.lon!r},{camera.azimuth_deg!r}"
    for zone in camera.zones:
        words = (_WORDS[movement] for movement in zone[1:])
        yield f"{place},{zone.zone_id},{','.join(words)}"
