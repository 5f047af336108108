"""Reading the camera registry from CSV or VESDI messages, row by row.

Several rows of one camera give it several zones. An explicit movement counts; where there is none it is
derived from the azimuth of the camera and the polygons of the zone. Each refusal and each value filled in is
a report.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal, NamedTuple, NoReturn
from uuid import UUID

from processors.camera_feature import CameraFeature, CameraZone
from processors.camera_rows import CameraRow, camera_rows
from processors.camera_sight import derived_zone, zones_at
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature
from processors.zone_file import LONGEST_NAME, is_usable_id, shown

MOVEMENTS: Final = {"in": Movement.IN, "out": Movement.OUT, "unknown": Movement.UNKNOWN}
TRAFFIC_DIRECTIONS: Final = ("obverse", "reverse", "bidirectional")
UUID_SHAPE: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class CameraReport(NamedTuple):
    """What was done about one row, for the person who loads the file."""

    feature_index: int  # place in the file, from 0: data row, or camera over all messages
    camera_id: str | None  # as given; None where there is none that fits a line
    action: Literal["refused", "defaulted"]
    message: str


class CameraFile(NamedTuple):
    """The cameras of a file in order of their first row, and what was defaulted or refused on the way."""

    features: list[CameraFeature]
    reports: list[CameraReport]


class _RefusedRowError(ValueError):
    """One row cannot be used; the message is the reason."""


def read_cameras(document: bytes, zones: Iterable[ZoneFeature]) -> CameraFile:
    """Read a camera file against the *zones* that its rows may name.

    Raises:
        InvalidInputError: the document is neither CSV with the known header nor JSON messages.
    """
    return merge_cameras(camera_rows(document), zones, [])


def merge_cameras(
    rows: Iterable[CameraRow], zones: Iterable[ZoneFeature], known: Iterable[CameraFeature]
) -> CameraFile:
    """Return the *known* cameras as they are after some rows, against the zones that these may name."""
    zone_of = {zone.zone_id: zone for zone in zones}
    cameras = {camera.camera_id: camera for camera in known}
    reports: list[CameraReport] = []
    for row in rows:
        named = row.camera_id if isinstance(row.camera_id, str) and is_usable_id(row.camera_id) else None
        try:
            camera, defaults = _camera(row, cameras, zone_of)
        except _RefusedRowError as refusal:
            reports.append(CameraReport(row.feature_index, named, "refused", str(refusal)))
            continue
        cameras[camera.camera_id] = camera
        reports.extend(CameraReport(row.feature_index, named, "defaulted", text) for text in defaults)
    return CameraFile(list(cameras.values()), reports)


def _camera(
    row: CameraRow, cameras: Mapping[UUID, CameraFeature], zone_of: Mapping[str, ZoneFeature]
) -> tuple[CameraFeature, list[str]]:
    """Return the camera as it is after *row*, and what had to be filled in."""
    if row.defect is not None:
        _refuse(row.defect)
    camera_id = _uuid(row.camera_id)
    known = cameras.get(camera_id)
    defaults: list[str] = []
    placed = _placed(row, camera_id, known, defaults)
    if row.camera_status == "inactive":
        defaults.append("the camera is inactive: it is kept, so that its late detections still count")
    zone_ids = _zone_ids(row, known)
    has_moved = known is not None and (known.lat, known.lon) != (placed.lat, placed.lon)
    is_open = not any(isinstance(zone_id, str) and zone_id in zone_of for zone_id in zone_ids) or (
        has_moved and row.zone_id is None
    )
    if row.is_message and is_open:
        if zone_ids and isinstance(zone_ids[0], str):
            defaults.append(
                f"zone {shown(zone_ids[0])} is not of this city: its zones follow from where it stands"
            )
        if not zone_ids or isinstance(zone_ids[0], str):
            zone_ids = list(zones_at(zone_of.values(), placed))
    zones = [_camera_zone(row, placed, _zone(zone_id, zone_of), defaults) for zone_id in zone_ids]
    kept = () if known is None or row.is_update else known.zones
    if not (kept or zones):
        defaults.append("no zone: its detections count in no zone")
    return replace(placed, zones=(*kept, *zones)), defaults


def _placed(
    row: CameraRow, camera_id: UUID, known: CameraFeature | None, defaults: list[str]
) -> CameraFeature:
    """Return the camera without zones; what the row leaves out stays as known."""
    azimuth_deg = None if row.azimuth_deg is None else _number(row.azimuth_deg, "azimuth_deg", 0.0, 360.0)
    if known is not None and row.lat is None and row.lon is None:
        lat, lon = known.lat, known.lon
    else:
        lat, lon = _number(row.lat, "latitude", -90.0, 90.0), _number(row.lon, "longitude", -180.0, 180.0)
    if known is not None and azimuth_deg is None:
        azimuth_deg = known.azimuth_deg
    if (
        known is not None
        and not row.is_update
        and (lat, lon, azimuth_deg)
        != (
            known.lat,
            known.lon,
            known.azimuth_deg,
        )
    ):
        _refuse("an earlier row gives this camera another place or azimuth")
    name = str(camera_id) if known is None else known.name
    if isinstance(row.name, str) and row.name.strip() and "\0" not in row.name and row.name.isprintable():
        name = row.name.strip()
    if len(name) > LONGEST_NAME:
        defaults.append(f"a name of {len(name)} signs: its first {LONGEST_NAME} are shown")
    return CameraFeature(camera_id, name[:LONGEST_NAME], lat, lon, azimuth_deg, ())


def _zone_ids(row: CameraRow, known: CameraFeature | None) -> list[object]:
    """Return the zones whose movements the row settles."""
    known_ids = [] if known is None else [zone.zone_id for zone in known.zones]
    if row.zone_id is None:
        return list(known_ids) if row.is_update else []
    if row.zone_id in known_ids and not row.is_update:
        _refuse(f"an earlier row already gives this camera zone {row.zone_id!r}")
    return [row.zone_id]


def _camera_zone(row: CameraRow, camera: CameraFeature, zone: ZoneFeature, defaults: list[str]) -> CameraZone:
    """Return the movements of one zone: explicit, else derived, else unknown."""
    derived = CameraZone(zone.zone_id, Movement.UNKNOWN, Movement.UNKNOWN, Movement.UNKNOWN)
    if camera.azimuth_deg is not None:
        derived = derived_zone(zone, lat=camera.lat, lon=camera.lon, azimuth_deg=camera.azimuth_deg)
    obverse = _movement(row.obverse, derived.obverse)
    reverse = _movement(row.reverse, derived.reverse)
    is_guessed = row.obverse is None or row.reverse is None
    if is_guessed and Movement.UNKNOWN in (obverse, reverse):
        why = "no azimuth" if camera.azimuth_deg is None else "the camera does not look across its edge"
        defaults.append(f"movement for zone {zone.zone_id!r} is unknown: {why}")
    unknown = {"obverse": obverse, "reverse": reverse}.get(_traffic_direction(row), Movement.UNKNOWN)
    return CameraZone(zone.zone_id, obverse, reverse, _movement(row.unknown, unknown))


def _traffic_direction(row: CameraRow) -> str:
    """Return what the camera can report: a camera that sees one direction only means it when it says none."""
    direction = row.traffic_direction
    if direction is None:
        return "bidirectional"
    if not isinstance(direction, str) or direction not in TRAFFIC_DIRECTIONS:
        _refuse(f"traffic_direction must be one of {', '.join(TRAFFIC_DIRECTIONS)}, not {shown(direction)}")
    return direction


def _movement(word: object, derived: Movement) -> Movement:
    """Return the movement that a word names, or the derived one where there is no word."""
    if word is None:
        return derived
    movement = MOVEMENTS.get(word.strip().lower()) if isinstance(word, str) else None
    if movement is None:
        _refuse(f"a movement must be one of {', '.join(MOVEMENTS)}, not {shown(word)}")
    return movement


def _zone(zone_id: object, zone_of: Mapping[str, ZoneFeature]) -> ZoneFeature:
    """Return the zone with an id."""
    zone = zone_of.get(zone_id) if isinstance(zone_id, str) else None
    if zone is None:
        _refuse(f"zone {shown(zone_id)} is unknown; load the zones first")
    return zone


def _uuid(text: object) -> UUID:
    """Return a camera id, which must be a UUID."""
    if not isinstance(text, str) or not UUID_SHAPE.fullmatch(text.strip()):
        _refuse(f"camera_id must be a UUID, not {shown(text)}")
    return UUID(text.strip())


def _number(value: object, name: str, low: float, high: float) -> float:
    """Return a number in degrees within its range."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type] # anything else raises
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:  # NaN included
        _refuse(f"{name} must be a number from {low:g} to {high:g}, not {shown(value)}")
    return number


def _refuse(reason: str) -> NoReturn:
    """Refuse the row for *reason*."""
    raise _RefusedRowError(reason)
