"""Zones and cameras as rows of the database and back, every coordinate bit for bit."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from processors.camera_feature import CameraFeature, CameraZone
from processors.vocabulary import Movement
from processors.zone_feature import Polygon, ZoneFeature


class Geometry(msgspec.Struct):
    """A GeoJSON MultiPolygon; msgspec writes the shortest digits that give the same float64 back."""

    coordinates: tuple[Polygon, ...]
    type: str = "MultiPolygon"


class ZoneRow(NamedTuple):
    """A zone of a version without its geometry; `geometry_hash` is SHA-256 of the GeoJSON text."""

    zone_id: str
    name: str
    kind: str
    municipality: str | None
    capacity: int | None
    area_km2: float
    geometry_hash: bytes


class StoredZone(NamedTuple):
    """A zone as stored: its number, and a hash that changes when its geometry does."""

    zone_no: int
    geometry_hash: bytes
    feature: ZoneFeature


def geojson_of(feature: ZoneFeature) -> bytes:
    """Return the geometry of a zone as GeoJSON text."""
    return msgspec.json.encode(Geometry(feature.polygons))


def zone_row(feature: ZoneFeature, geojson: bytes) -> ZoneRow:
    """Return the row of a zone whose geometry has the text *geojson*."""
    return ZoneRow(
        feature.zone_id,
        feature.name,
        feature.kind,
        feature.municipality,
        feature.capacity,
        feature.area_km2,
        hashlib.sha256(geojson).digest(),
    )


def stored_zone(zone_no: int, row: ZoneRow, geojson: str) -> StoredZone:
    """Return a zone as it was stored."""
    polygons = msgspec.json.decode(geojson, type=Geometry).coordinates
    texts = (row.zone_id, row.name, row.kind, row.municipality)
    feature = ZoneFeature(*texts, row.capacity, row.area_km2, polygons)
    return StoredZone(zone_no, row.geometry_hash, feature)


def camera_columns(cameras: Iterable[CameraFeature]) -> dict[str, list[Any]]:
    """Return cameras as lists by field name."""
    fields = ("camera_id", "name", "lat", "lon", "azimuth_deg")
    listed = list(cameras)
    return {field: [getattr(camera, field) for camera in listed] for field in fields}


def camera_zone_columns(cameras: Iterable[CameraFeature]) -> dict[str, list[Any]]:
    """Return what cameras mean for zones as lists by field name."""
    pairs = [(camera.camera_id, zone) for camera in cameras for zone in camera.zones]
    return {
        "camera_id": [camera_id for camera_id, _ in pairs],
        "zone_id": [zone.zone_id for _, zone in pairs],
        "obverse": [int(zone.obverse) for _, zone in pairs],
        "reverse": [int(zone.reverse) for _, zone in pairs],
        "unknown_direction": [int(zone.unknown) for _, zone in pairs],
    }


def camera_features(
    cameras: Sequence[tuple[UUID, str, float, float, float | None]],
    meanings: Sequence[tuple[UUID, str, int, int, int]],
) -> list[CameraFeature]:
    """Return cameras from their rows and those of their zones."""
    zones: dict[UUID, list[CameraZone]] = {camera[0]: [] for camera in cameras}
    for camera_id, zone_id, obverse, reverse, unknown in meanings:
        movements = (Movement(obverse), Movement(reverse), Movement(unknown))
        zones[camera_id].append(CameraZone(zone_id, *movements))
    return [CameraFeature(*camera, tuple(zones[camera[0]])) for camera in cameras]
