"""The rules of a camera's detections in VESDI v2 envelopes.

An envelope has `message_type`, `schema_version` and `payload`; only `anpr_observation_batch` of version
`anpr-2.x` holds detections, any other message is one row `UNKNOWN_MESSAGE`. Of a detection `observation_id`
and `camera_id` (UUIDs), `event_time` (RFC 3339 with offset), `plate_country` and `plate_text` are required.
`read_confidence` is 1 where it is missing or null; a `detection_direction` other than `obverse` and
`reverse` is unknown; no other field is looked at. Class and emission are unknown to a camera. Of several
faults of one row the first of this order is its reason: a missing field, a wrong type or a number that is not
finite, the UUIDs, the time, the plate, the confidence.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from processors.identity import identity_of
from processors.vocabulary import Direction, Outcome
from streams.decode.documents import Document, documents_of, is_number, type_error_of
from streams.decode.times import NO_TIME, time_of_text

_BATCH: Final = "anpr_observation_batch"
_VERSION: Final = "anpr-2."
_REQUIRED: Final = ("observation_id", "camera_id", "event_time", "plate_country", "plate_text")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIRECTIONS: Final = {"obverse": Direction.OBVERSE, "reverse": Direction.REVERSE}


class DetectionRow(NamedTuple):
    """One row of `DecodedDetections`; all but `outcome` have these defaults in a rejected row."""

    outcome: Outcome
    event_us: int = 0
    camera: int = 0  # UUID, 128 bits
    observation: int = 0  # UUID, 128 bits
    direction: Direction = Direction.UNKNOWN
    confidence: float = 1.0
    identity: bytes = b""


def rows_of_record(record: bytes) -> list[DetectionRow]:
    """Return the rows of a record, at least one."""
    return [row for document in documents_of(record) for row in _rows_of_document(document)]


def _rows_of_document(document: Document) -> Iterator[DetectionRow]:
    """Yield the rows of one envelope."""
    envelope = document.content
    fault = _fault_of_envelope(envelope) if document.outcome == Outcome.ACCEPTED else document.outcome
    if fault is not None:
        yield DetectionRow(fault)
    elif isinstance(envelope, dict):
        yield from map(row_of_object, envelope["payload"])


def _fault_of_envelope(envelope: object) -> Outcome | None:
    """Return why an envelope holds no detections, or None when it does."""
    if not isinstance(envelope, dict):
        return type_error_of(envelope)
    kind, version, payload = (envelope.get(name) for name in ("message_type", "schema_version", "payload"))
    if kind is None or version is None:
        return Outcome.MISSING_FIELD
    for text in (kind, version):
        if not isinstance(text, str):
            return type_error_of(text)
    if kind != _BATCH or not version.startswith(_VERSION):
        return Outcome.UNKNOWN_MESSAGE
    if payload is None:
        return Outcome.MISSING_FIELD
    if not isinstance(payload, list):
        return type_error_of(payload)
    return None if payload else Outcome.EMPTY


def row_of_object(content: object) -> DetectionRow:
    """Return the row of what should be a detection object."""
    if not isinstance(content, dict):
        return DetectionRow(type_error_of(content))
    required = [content.get(name) for name in _REQUIRED]
    if None in required:
        return DetectionRow(Outcome.MISSING_FIELD)
    for text in required:
        if not isinstance(text, str):
            return DetectionRow(type_error_of(text))
    confidence = 1.0 if content.get("read_confidence") is None else content["read_confidence"]
    if not is_number(confidence):
        return DetectionRow(type_error_of(confidence))
    return _row_of_fields(content, float(confidence))


def _row_of_fields(fields: dict[str, Any], confidence: float) -> DetectionRow:
    """Return the row of an object whose fields have the right types."""
    if not _UUID.fullmatch(fields["observation_id"]) or not _UUID.fullmatch(fields["camera_id"]):
        return DetectionRow(Outcome.BAD_IDENTIFIER)
    event_us = time_of_text(fields["event_time"])
    if event_us == NO_TIME:
        return DetectionRow(Outcome.BAD_TIME)
    identity = _identity_of(fields["plate_country"].strip(), fields["plate_text"].strip())
    if isinstance(identity, Outcome):
        return DetectionRow(identity)
    if not 0 <= confidence <= 1:
        return DetectionRow(Outcome.OUT_OF_RANGE)
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
