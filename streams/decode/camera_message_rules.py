"""The rules of VESDI messages about cameras: each camera of `camera_registration` and `camera_update` is one row.

A row that is registered can be taken into the registry: it has a UUID, and a place unless it updates a camera. What
the registry makes of it is decided there, for that needs the zones.
"""

from collections.abc import Mapping
from typing import Any, Final

from processors.names import UUID_SHAPE
from processors.vocabulary import Outcome
from streams.decode.detection_row import DetectionRow, rejected_detection
from streams.decode.documents import is_number, type_error_of

CAMERA_MESSAGES: Final = ("camera_registration", "camera_update")
_BOUNDS: Final = {"location_lat": (-90, 90), "location_lon": (-180, 180), "azimuth_deg": (0, 360)}
_DIRECTIONS: Final = ("obverse", "reverse", "bidirectional")


def row_of_camera(camera: object, kind: str) -> DetectionRow:
    """Return the row of one camera of a message of that kind."""
    if not isinstance(camera, dict):
        return rejected_detection(type_error_of(camera))
    outcome = _outcome_of(camera, is_update=kind == "camera_update")
    if outcome != Outcome.REGISTERED:
        return rejected_detection(outcome)
    return DetectionRow(outcome, said_of_camera=camera)


def _outcome_of(camera: Mapping[str, Any], *, is_update: bool) -> Outcome:
    """Return whether a camera can be registered, or why not."""
    needed = ("camera_id",) if is_update else ("camera_id", "location_lat", "location_lon")
    if any(camera.get(name) is None for name in needed):
        return Outcome.MISSING_FIELD
    if not isinstance(camera["camera_id"], str):
        return type_error_of(camera["camera_id"])
    if not UUID_SHAPE.fullmatch(camera["camera_id"]):
        return Outcome.BAD_IDENTIFIER
    if (camera.get("location_lat") is None) != (camera.get("location_lon") is None):
        return Outcome.MISSING_FIELD
    for name, (low, high) in _BOUNDS.items():
        value = camera.get(name)
        if value is None:
            continue
        if not is_number(value):
            return type_error_of(value)
        if not low <= value <= high:
            return Outcome.OUT_OF_RANGE
    zone_id = camera.get("zone_id")
    if not (zone_id is None or isinstance(zone_id, str)):
        return type_error_of(zone_id)
    direction = camera.get("traffic_direction")
    is_known = direction is None or direction in _DIRECTIONS
    return Outcome.REGISTERED if is_known else Outcome.WRONG_TYPE
