"""Versions of zones, cameras and settings, stored with the control messages that tell the log of them.

Storing what is already the newest version changes nothing and tells nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from duls.errors import InvalidInputError, RefusedError
from processors.camera_feature import CameraFeature
from processors.camera_overrides import AppliedOverride, CameraOverride, apply_overrides, undo_overrides
from processors.zone_feature import Point, ZoneFeature
from processors.zone_label import label_point
from sinks.connection import Connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import add_messages
from sinks.override_rows import applied_overrides, override_columns
from sinks.queries import query
from sinks.turns import Turn, take_turn
from sinks.zone_rows import (
    StoredZone,
    ZoneRow,
    camera_columns,
    camera_features,
    camera_zone_columns,
    geojson_of,
    stored_zone,
    zone_row,
)

ControlMessages = Callable[[int], Sequence[OutboxMessage]]
"""Makes the messages that announce a version, from its number."""


class Versions(NamedTuple):
    """Newest versions; 0 where none is stored."""

    zones: int
    cameras: int
    settings: int


def installation_id(connection: Connection) -> UUID:
    """Return the identity of this database."""
    found: UUID = _one(connection, "installation_id", {})[0]
    return found


def latest_versions(connection: Connection) -> Versions:
    """Return the newest versions."""
    return Versions(*_one(connection, "latest_versions", {}))


def versions_at(connection: Connection, instant_us: int) -> Versions:
    """Return the newest versions at an instant, microseconds since 1970."""
    return Versions(*_one(connection, "versions_at", {"instant_us": instant_us}))


def zone_numbers(connection: Connection) -> dict[str, int]:
    """Return the number of every zone that was ever loaded, by its id."""
    return dict(connection.execute(query("registry", "zone_numbers")).fetchall())


def store_zones(
    connection: Connection, features: Sequence[ZoneFeature], control_messages: ControlMessages
) -> int:
    """Store a set of zones and the messages that announce it; return its version."""
    with connection.transaction():
        take_turn(connection, Turn.REGISTRY)
        latest = latest_versions(connection).zones
        texts = [geojson_of(feature) for feature in features]
        rows = [zone_row(feature, text) for feature, text in zip(features, texts, strict=True)]
        if latest and sorted(rows) == sorted(row for _, row in _zone_rows(connection, latest)):
            return latest
        version = latest + 1
        points = [label_point(feature.polygons) for feature in features]
        _add_zone_version(connection, version, rows, texts, points)
        add_messages(connection, control_messages(version))
    return version


def store_cameras(
    connection: Connection,
    cameras: Sequence[CameraFeature],
    control_messages: ControlMessages,
    *,
    overrides: Sequence[CameraOverride] | None = None,
) -> int:
    """Store a camera registry and the messages that announce it; return its version.

    Args:
        connection: to the figures database.
        cameras: as they are without the steward's word.
        control_messages: makes what announces a version.
        overrides: the steward's word; what it was in the newest version when left out.

    Raises:
        InvalidInputError: a camera or the steward names a zone that was never loaded.
    """
    with connection.transaction():
        take_turn(connection, Turn.REGISTRY)
        latest = latest_versions(connection).cameras
        before = load_overrides(connection, latest)
        words = [part.override for part in before] if overrides is None else overrides
        final, applied = apply_overrides(cameras, words)
        _refuse_unknown_zones(connection, final, words)
        if (
            latest
            and _in_order(final) == _in_order(load_cameras(connection, latest))
            and set(applied) == set(before)
        ):
            return latest
        version = latest + 1
        connection.execute(query("registry", "add_camera_version"), {"version": version})
        for name, columns in (
            ("add_cameras", camera_columns(final)),
            ("add_camera_zones", camera_zone_columns(final)),
            ("add_camera_overrides", override_columns(applied)),
        ):
            connection.execute(query("registry", name), {"version": version, **columns})
        add_messages(connection, control_messages(version))
    return version


def change_cameras(
    connection: Connection,
    change: Callable[[Sequence[ZoneFeature], Sequence[CameraFeature]], Sequence[CameraFeature]],
    control_messages: ControlMessages,
    *,
    overrides: Sequence[CameraOverride] | None = None,
) -> int:
    """Change the newest camera registry, under a lock so that no other change is lost; return the version.

    Args:
        connection: to the figures database.
        change: makes the new cameras from the newest zones and the cameras without the steward's word.
        control_messages: makes what announces a version.
        overrides: as in `store_cameras`.

    Raises:
        InvalidInputError: a camera or the steward names a zone that was never loaded.
    """
    with connection.transaction():
        take_turn(connection, Turn.REGISTRY)
        versions = latest_versions(connection)
        zones = (
            [stored.feature for stored in load_zones(connection, versions.zones)] if versions.zones else []
        )
        cameras = load_cameras(connection, versions.cameras) if versions.cameras else []
        known = undo_overrides(cameras, load_overrides(connection, versions.cameras))
        return store_cameras(connection, change(zones, known), control_messages, overrides=overrides)


def store_settings(connection: Connection, document: str, control_messages: ControlMessages) -> int:
    """Store settings, a JSON object as text, and the messages that announce them; return their version."""
    with connection.transaction():
        take_turn(connection, Turn.REGISTRY)
        latest = latest_versions(connection).settings
        values = {"version": latest + 1, "document": document}
        same = connection.execute(query("registry", "same_settings"), values).fetchone()
        if same is not None and same[0]:
            return latest
        connection.execute(query("registry", "add_settings"), values)
        add_messages(connection, control_messages(latest + 1))
    return latest + 1


def newest_zone_rows(connection: Connection) -> list[ZoneRow]:
    """Return the zones of the newest version by number, without geometries; none before any were loaded."""
    return [row for _, row in _zone_rows(connection, latest_versions(connection).zones)]


def load_zones(connection: Connection, version: int) -> list[StoredZone]:
    """Return the zones of a version by number, their geometries bit for bit as they were stored.

    Raises:
        RefusedError: there is no such version, as in a database restored from before it; without zones nothing
            would be counted.
    """
    _require(connection, "zone", version)
    rows = _zone_rows(connection, version)
    found = connection.execute(query("registry", "zone_geometries"), {"version": version}).fetchall()
    geometries: dict[bytes, str] = dict(found)
    return [stored_zone(zone_no, row, geometries[row.geometry_hash]) for zone_no, row in rows]


def zone_changes(connection: Connection, version: int) -> dict[int, int]:
    """Return, by zone number, the last version up to one in which a zone came, went or took another shape.

    Raises:
        RefusedError: there is no such version.
    """
    _require(connection, "zone", version)
    return dict(connection.execute(query("registry", "zone_changes"), {"version": version}).fetchall())


def load_cameras(connection: Connection, version: int) -> list[CameraFeature]:
    """Return the cameras of a version by id, the zones of each by id.

    Raises:
        RefusedError: there is no such version.
    """
    _require(connection, "camera", version)
    values = {"version": version}
    cameras = connection.execute(query("registry", "camera_rows"), values).fetchall()
    meanings = connection.execute(query("registry", "camera_zone_rows"), values).fetchall()
    return camera_features(cameras, meanings)


def load_overrides(connection: Connection, version: int) -> list[AppliedOverride]:
    """Return the steward's word in a version of the camera registry."""
    rows = connection.execute(query("registry", "camera_override_rows"), {"version": version}).fetchall()
    return applied_overrides(rows)


def load_settings(connection: Connection, version: int) -> str:
    """Return the settings of a version as JSON text."""
    document: str = _one(connection, "load_settings", {"version": version})[0]
    return document


def _require(connection: Connection, what: str, version: int) -> None:
    """Refuse a version of zones or cameras that the log tells of and the database does not have."""
    if connection.execute(query("registry", f"{what}_version"), {"version": version}).fetchone() is None:
        message = (
            f"the log tells of {what}s version {version}, which is not in the database: it was restored from a "
            f"backup of before. Load the same file again with `duls {what}s load`, then start again"
        )
        raise RefusedError(message)


def _one(connection: Connection, name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    """Return the one row of a query of `registry.sql`."""
    row = connection.execute(query("registry", name), values).fetchone()
    if row is None:
        message = (
            f"{name} {values} is not in the database: it was emptied or never migrated; run `duls migrate`"
        )
        raise RefusedError(message)
    return row


def _zone_rows(connection: Connection, version: int) -> list[tuple[int, ZoneRow]]:
    """Return the zones of a version with their numbers, without geometries."""
    rows = connection.execute(query("registry", "zone_rows"), {"version": version}).fetchall()
    return [(zone_no, ZoneRow(*row)) for zone_no, *row in rows]


def _add_zone_version(
    connection: Connection,
    version: int,
    rows: Sequence[ZoneRow],
    texts: Sequence[bytes],
    points: Sequence[Point],
) -> None:
    """Write a version of zones, and what is new of their ids and geometries, each with the point of its label."""
    columns = {field: [getattr(row, field) for row in rows] for field in ZoneRow._fields}
    geometries = [
        {"geometry_hash": row.geometry_hash, "geojson": text.decode(), "label_lon": lon, "label_lat": lat}
        for row, text, (lon, lat) in zip(rows, texts, points, strict=True)
    ]
    connection.execute(query("registry", "add_zone_version"), {"version": version})
    connection.execute(query("registry", "add_zones"), columns)
    with connection.cursor() as cursor:
        cursor.executemany(query("registry", "add_geometry"), geometries)
    connection.execute(query("registry", "add_zone_features"), {"version": version, **columns})


def _refuse_unknown_zones(
    connection: Connection, cameras: Sequence[CameraFeature], overrides: Sequence[CameraOverride]
) -> None:
    """Raise when a camera or the steward names a zone that has no number."""
    known = zone_numbers(connection)
    named = {zone.zone_id for camera in cameras for zone in camera.zones}
    unknown = sorted((named | {override.zone_id for override in overrides}) - set(known))
    if unknown:
        message = (
            f"cameras name zones that were never loaded: {', '.join(unknown[:10])}; load the zones first"
        )
        raise InvalidInputError(message)


def _in_order(cameras: Sequence[CameraFeature]) -> list[tuple[Any, ...]]:
    """Return cameras as comparable values, in an order that does not depend on the file."""
    return sorted(
        ((c.camera_id, c.name, c.lat, c.lon, c.azimuth_deg, sorted(c.zones)) for c in cameras),
        key=lambda camera: camera[0],
    )
