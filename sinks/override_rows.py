"""The steward's word on cameras as rows of the database, and back."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from processors.camera_feature import CameraZone
from processors.camera_overrides import AppliedOverride, CameraOverride
from processors.vocabulary import Movement

_FIELDS: Final = ("obverse", "reverse", "unknown_direction")

OverrideRow = tuple[UUID, str, int | None, int | None, int | None, int | None, int | None, int | None]


def override_columns(applied: Sequence[AppliedOverride]) -> dict[str, list[Any]]:
    """Return overrides as lists by column name."""
    columns: dict[str, list[Any]] = {
        "camera_id": [part.override.camera_id for part in applied],
        "zone_id": [part.override.zone_id for part in applied],
    }
    for prefix, meanings in (
        ("", [part.override.meaning for part in applied]),
        ("was_", [part.without for part in applied]),
    ):
        codes = [_codes(meaning) for meaning in meanings]
        for place, name in enumerate(_FIELDS):
            columns[f"{prefix}{name}"] = [code[place] for code in codes]
    return columns


def applied_overrides(rows: Iterable[OverrideRow]) -> list[AppliedOverride]:
    """Return overrides from their rows."""
    return [
        AppliedOverride(
            CameraOverride(row[0], row[1], _meaning(row[1], row[2:5])), _meaning(row[1], row[5:8])
        )
        for row in rows
    ]


def _codes(meaning: CameraZone | None) -> tuple[int | None, ...]:
    """Return the codes of the three movements of a meaning."""
    if meaning is None:
        return (None, None, None)
    return (int(meaning.obverse), int(meaning.reverse), int(meaning.unknown))


def _meaning(zone_id: str, codes: Sequence[int | None]) -> CameraZone | None:
    """Return the meaning of three codes."""
    movements = [Movement(code) for code in codes if code is not None]
    return CameraZone(zone_id, *movements) if movements else None
