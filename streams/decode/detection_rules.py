"""The rules of VESDI messages, version 2, and of detections of version 1.

An envelope has `message_type`, `schema_version` and `payload`: `anpr_observation_batch` holds detections,
`camera_registration` and `camera_update` cameras; any other message, and any version but 1 and 2, is one row
`UNKNOWN_MESSAGE`. Detections of version 1 also come without an envelope, one per line; in them the plate stands in
`plate` (`country`, `text`) and its confidence in `read_quality` (`confidence`). Of a detection `observation_id`
and `camera_id` (UUIDs), `event_time` (RFC 3339 with offset), `plate_country` and `plate_text` are required.
`read_confidence` is 1 where it is missing or null; a `detection_direction` other than `obverse` and
`reverse` is unknown; no other field is looked at. Class and emission are unknown to a camera. Of several
faults of one row the first of this order is its reason: a missing field, a wrong type or a number that is not
finite, the UUIDs, the time, the plate, the confidence.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from processors.identity import identity_of
from processors.vocabulary import Direction, Outcome
from streams.decode.camera_message_rules import CAMERA_MESSAGES, row_of_camera
from streams.decode.detection_row import DetectionRow, rejected_detection
from streams.decode.documents import is_number, type_error_of
from streams.decode.foreign_rows import part_of
from streams.decode.times import NO_TIME, time_of_text

_BATCH: Final = "anpr_observation_batch"
_VERSION: Final = "anpr-2."
_FIRST_VERSION: Final = "anpr-1."
_REQUIRED: Final = ("observation_id", "camera_id", "event_time", "plate_country", "plate_text")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIRECTIONS: Final = {"obverse": Direction.OBVERSE, "reverse": Direction.REVERSE}


def rows_of_envelope(envelope: Mapping[str, Any]) -> list[DetectionRow]:
    """Return the rows of an envelope, at least one."""
    fault = _fault_of_envelope(envelope)
    if fault is not None:
        return [rejected_detection(fault)]
    kind, is_first = envelope["message_type"], envelope["schema_version"].startswith(_FIRST_VERSION)
    if kind in CAMERA_MESSAGES:
        return [row_of_camera(camera, kind) for camera in envelope["payload"]]
    read = row_of_first if is_first else row_of_object
    return [read(detection) for detection in envelope["payload"]]


def _fault_of_envelope(envelope: Mapping[str, Any]) -> Outcome | None:
    """Return why an envelope can hold nothing, or None when it can."""
    kind, version, payload = (envelope.get(name) for name in ("message_type", "schema_version", "payload"))
    if kind is None or version is None:
        return Outcome.MISSING_FIELD
    for text in (kind, version):
        if not isinstance(text, str):
            return type_error_of(text)
    if kind not in (_BATCH, *CAMERA_MESSAGES) or not version.startswith((_VERSION, _FIRST_VERSION)):
        return Outcome.UNKNOWN_MESSAGE
    if payload is None:
        return Outcome.MISSING_FIELD
    if not isinstance(payload, list):
        return type_error_of(payload)
    return None if payload else Outcome.EMPTY


def row_of_first(content: object) -> DetectionRow:
    """Return the row of what should be a detection of version 1."""
    if not isinstance(content, dict):
        return rejected_detection(type_error_of(content))
    plate, quality = part_of(content, "plate"), part_of(content, "read_quality")
    flat = {
        "plate_country": plate.get("country"),
        "plate_text": plate.get("text"),
        "read_confidence": quality.get("confidence"),
    }
    return row_of_object({**content, **{name: field for name, field in flat.items() if field is not None}})


def row_of_object(content: object) -> DetectionRow:
    """Return the row of what should be a detection object."""
    if not isinstance(content, dict):
        return rejected_detection(type_error_of(content))
    required = [content.get(name) for name in _REQUIRED]
    if None in required:
        return rejected_detection(Outcome.MISSING_FIELD)
    for text in required:
        if not isinstance(text, str):
            return rejected_detection(type_error_of(text))
    confidence = 1.0 if content.get("read_confidence") is None else content["read_confidence"]
    if not is_number(confidence):
        return rejected_detection(type_error_of(confidence))
    return _row_of_fields(content, float(confidence))


def _row_of_fields(fields: dict[str, Any], confidence: float) -> DetectionRow:
    """Return the row of an object whose fields have the right types."""
    if not _UUID.fullmatch(fields["observation_id"]) or not _UUID.fullmatch(fields["camera_id"]):
        return rejected_detection(Outcome.BAD_IDENTIFIER)
    event_us = time_of_text(fields["event_time"])
    if event_us == NO_TIME:
        return rejected_detection(Outcome.BAD_TIME)
    identity = _identity_of(fields["plate_country"].strip(), fields["plate_text"].strip())
    if isinstance(identity, Outcome):
        return rejected_detection(identity)
    if not 0 <= confidence <= 1:
        return rejected_detection(Outcome.OUT_OF_RANGE)
    direction = fields.get("detection_direction")
    return DetectionRow(
        Outcome.ACCEPTED,
        event_us,
        _bits_of(fields["camera_id"]),
        _bits_of(fields["observation_id"]),
        _DIRECTIONS.get(direction, Direction.UNKNOWN) if isinstance(direction, str) else Direction.UNKNOWN,
        confidence,
        identity,
    )


def _identity_of(country: str, plate: str) -> bytes | Outcome:
    """Return the identity of a plate, the same as of the position of that vehicle, or why it has none."""
    return identity_of(f"{country}:{plate}") if country and plate else Outcome.BAD_VEHICLE


def _bits_of(uuid: str) -> int:
    """Return the 128 bits of a UUID."""
    return int(uuid.replace("-", ""), 16)
