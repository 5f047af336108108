"""The steward's word on cameras and zones, which beats what geometry or a supplier says."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from duls.errors import InvalidInputError
from processors.camera_feature import CameraFeature, CameraZone
from processors.names import camera_uuid
from processors.text_lines import lines_of, text_of
from processors.vocabulary import Movement

COLUMNS: Final = ("camera_id", "zone_id", "obverse", "reverse")
_WORDS: Final = {"in": Movement.IN, "out": Movement.OUT, "unknown": Movement.UNKNOWN}
_NONE: Final = "none"
_DELIMITERS: Final = (";", ",", "\t")


class CameraOverride(NamedTuple):
    """What a camera means for a zone by the steward; no meaning: it does not count for the zone."""

    camera_id: UUID
    zone_id: str
    meaning: CameraZone | None


class AppliedOverride(NamedTuple):
    """An override, and what the camera would mean for the zone without it; None: it would not count for it."""

    override: CameraOverride
    without: CameraZone | None


def apply_overrides(
    cameras: Iterable[CameraFeature], overrides: Sequence[CameraOverride]
) -> tuple[list[CameraFeature], list[AppliedOverride]]:
    """Return the cameras with the steward's word in place, and what each word stands in the place of."""
    by_camera: dict[UUID, dict[str, CameraOverride]] = {}
    for override in overrides:
        by_camera.setdefault(override.camera_id, {})[override.zone_id] = override
    changed = []
    replaced: dict[tuple[UUID, str], CameraZone] = {}
    for camera in cameras:
        own = by_camera.get(camera.camera_id, {})
        replaced |= {(camera.camera_id, zone.zone_id): zone for zone in camera.zones if zone.zone_id in own}
        kept = [zone for zone in camera.zones if zone.zone_id not in own]
        given = [override.meaning for override in own.values() if override.meaning is not None]
        changed.append(replace(camera, zones=(*kept, *given)))
    applied = [
        AppliedOverride(override, replaced.get((override.camera_id, override.zone_id)))
        for own in by_camera.values()
        for override in own.values()
    ]
    return changed, applied


def undo_overrides(
    cameras: Iterable[CameraFeature], applied: Sequence[AppliedOverride]
) -> list[CameraFeature]:
    """Return the cameras as they would be without the steward's word."""
    by_camera: dict[UUID, dict[str, CameraZone | None]] = {}
    for part in applied:
        by_camera.setdefault(part.override.camera_id, {})[part.override.zone_id] = part.without
    undone = []
    for camera in cameras:
        own = by_camera.get(camera.camera_id, {})
        kept = [zone for zone in camera.zones if zone.zone_id not in own]
        undone.append(replace(camera, zones=(*kept, *(zone for zone in own.values() if zone is not None))))
    return undone


def read_overrides(document: bytes, zone_ids: Iterable[str]) -> list[CameraOverride]:
    """Read the steward's table: CSV with `COLUMNS`, and `unknown` where the direction is not said.

    A movement is `in`, `out` or `unknown`; `none` in `obverse`: the camera does not count for the zone.

    Raises:
        InvalidInputError: the table cannot be read; the message names the line and what is wrong with it.
    """
    lines = lines_of(text_of(document, "The table of overrides"))
    header = lines[0] if lines else ""
    try:
        table = list(
            csv.DictReader(lines, delimiter=max(_DELIMITERS, key=header.count), skipinitialspace=True)
        )
    except csv.Error as cause:
        message = f"The table of overrides is not CSV: {cause}."
        raise InvalidInputError(message) from cause
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        message = f"The table of overrides has no column {', '.join(missing)}."
        raise InvalidInputError(message)
    known = frozenset(zone_ids)
    found: dict[tuple[UUID, str], CameraOverride] = {}
    for number, row in enumerate(table, start=2):
        override = _override(
            {name: (cell or "").strip() for name, cell in row.items() if name}, number, known
        )
        key = (override.camera_id, override.zone_id)
        if key in found:
            message = f"Line {number} of the table of overrides repeats a camera and a zone."
            raise InvalidInputError(message)
        found[key] = override
    return list(found.values())


def _override(row: dict[str, str], number: int, known: frozenset[str]) -> CameraOverride:
    """Return the override of one line."""
    zone_id = row.get("zone_id", "")
    if not row.get("camera_id") or zone_id not in known:
        message = f"Line {number} of the table of overrides names no camera, or a zone that is not loaded: {zone_id!r}."
        raise InvalidInputError(message)
    camera_id = camera_uuid(row["camera_id"])
    if row.get("obverse", "").lower() == _NONE:
        return CameraOverride(camera_id, zone_id, None)
    words = (row.get("obverse", ""), row.get("reverse", ""), row.get("unknown", "") or "unknown")
    movements = [_WORDS.get(word.lower()) for word in words]
    if None in movements:
        message = (
            f"Line {number} of the table of overrides has a movement that is not in, out, unknown or none."
        )
        raise InvalidInputError(message)
    obverse, reverse, unknown = (movement for movement in movements if movement is not None)
    return CameraOverride(camera_id, zone_id, CameraZone(zone_id, obverse, reverse, unknown))
