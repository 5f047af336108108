"""Kernels that decide one row from the fields of a detection, by the rules of `detection_rules`."""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.identity import write_plate_identity
from processors.jit import inner_kernel
from processors.vocabulary import Direction, Outcome
from streams.decode.fields import ABSENT, END, FLOAT, HARD, INTEGER, KIND, MANTISSA, POWER, START, TEXT
from streams.decode.lexer import exact_float, has
from streams.decode.nested_fields import (
    CAMERA_ID,
    CONFIDENCE,
    DIRECTION,
    EVENT_TIME,
    OBSERVATION_ID,
    ODD_KEY,
    PLATE_COUNTRY,
    PLATE_TEXT,
)
from streams.decode.scanned_rows import HANDED_OVER
from streams.decode.times import NO_TIME, scan_time
from streams.decode.uuids import scan_uuid

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_WRONG_TYPE: Final = int(Outcome.WRONG_TYPE)
_MISSING_FIELD: Final = int(Outcome.MISSING_FIELD)
_BAD_TIME: Final = int(Outcome.BAD_TIME)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_BAD_IDENTIFIER: Final = int(Outcome.BAD_IDENTIFIER)
_OBVERSE: Final = int(Direction.OBVERSE)
_REVERSE: Final = int(Direction.REVERSE)
_UNKNOWN: Final = int(Direction.UNKNOWN)
_NOTHING: Final = np.uint64(0)
_SURE: Final = 1.0


class ScannedDetections(NamedTuple):
    """What the scanner writes: one entry per row, and the identities of all rows one after another."""

    record: Int32Array
    place: Int32Array  # of the row within its record
    outcome: UInt8Array  # Outcome code, or HANDED_OVER
    event_us: Int64Array
    camera_hi: UInt64Array
    camera_lo: UInt64Array
    observation_hi: UInt64Array
    observation_lo: UInt64Array
    direction: UInt8Array
    confidence: Float64Array
    plate: Int64Array
    identity_start: Int64Array
    identity_length: Int32Array
    identity: UInt8Array
    span_start: Int64Array  # first byte of the row's JSON in the buffer
    span_end: Int64Array  # place after it

    def __repr__(self) -> str:
        """Return how much there is, never what it says: identities are plates."""
        return f"ScannedDetections({self.outcome.size} rows)"


@inner_kernel
def write_detection(
    buffer: UInt8Array,
    words: UInt64Array,
    fields: Int64Array,
    rows: ScannedDetections,
    row: int,
    used: int,
) -> int:
    """Decide one row from the fields of its object and return the used identity bytes."""
    outcome = _fault_of_types(fields)
    confidence = _SURE
    event_us = 0
    length = 0
    plate = 0
    if outcome == _ACCEPTED:
        outcome = _write_uuids(buffer, words, fields, rows, row)
    if outcome == _ACCEPTED:
        event_us = scan_time(buffer, words, fields[EVENT_TIME, START], fields[EVENT_TIME, END])
        outcome = _ACCEPTED if event_us != NO_TIME else _BAD_TIME
    if outcome == _ACCEPTED:
        length, plate = _write_plate(buffer, fields, rows.identity, used)
        if length <= 0:
            outcome = -length if length < 0 else HANDED_OVER
    if outcome == _ACCEPTED:
        if fields[CONFIDENCE, KIND] != ABSENT:
            confidence = exact_float(fields[CONFIDENCE, MANTISSA], fields[CONFIDENCE, POWER])
        outcome = _ACCEPTED if 0.0 <= confidence <= 1.0 else _OUT_OF_RANGE
    accepted = outcome == _ACCEPTED
    if not accepted:
        rows.camera_hi[row] = rows.camera_lo[row] = _NOTHING
        rows.observation_hi[row] = rows.observation_lo[row] = _NOTHING
        length = 0
    rows.outcome[row] = outcome
    rows.event_us[row] = event_us if accepted else 0
    rows.direction[row] = _direction_of(buffer, fields) if accepted else _UNKNOWN
    rows.confidence[row] = confidence if accepted else _SURE
    rows.plate[row] = plate if accepted else 0
    rows.identity_start[row] = used
    rows.identity_length[row] = length
    return used + length


@inner_kernel
def _fault_of_types(fields: Int64Array) -> int:
    """Return whether what a row needs is there, and whether the slow reader must decide."""
    if fields[ODD_KEY, KIND] == HARD:
        return HANDED_OVER
    outcome = _ACCEPTED
    for node in range(OBSERVATION_ID, DIRECTION + 1):
        if fields[node, KIND] == HARD:
            return HANDED_OVER
    for node in range(OBSERVATION_ID, PLATE_TEXT + 1):
        if fields[node, KIND] == ABSENT:
            return _MISSING_FIELD
        if fields[node, KIND] != TEXT:
            outcome = _WRONG_TYPE
    return outcome if fields[CONFIDENCE, KIND] in (ABSENT, INTEGER, FLOAT) else _WRONG_TYPE


@inner_kernel
def _write_uuids(
    buffer: UInt8Array, words: UInt64Array, fields: Int64Array, rows: ScannedDetections, row: int
) -> int:
    """Note camera and observation of a row, and return whether both are UUIDs."""
    upper, lower, is_camera = scan_uuid(buffer, words, fields[CAMERA_ID, START], fields[CAMERA_ID, END])
    rows.camera_hi[row] = upper
    rows.camera_lo[row] = lower
    upper, lower, is_observation = scan_uuid(
        buffer, words, fields[OBSERVATION_ID, START], fields[OBSERVATION_ID, END]
    )
    rows.observation_hi[row] = upper
    rows.observation_lo[row] = lower
    return _ACCEPTED if is_camera and is_observation else _BAD_IDENTIFIER


@inner_kernel
def _write_plate(buffer: UInt8Array, fields: Int64Array, identity: UInt8Array, used: int) -> tuple[int, int]:
    """Write the identity of a row's plate, as `write_plate_identity` does."""
    return write_plate_identity(
        buffer,
        fields[PLATE_COUNTRY, START],
        fields[PLATE_COUNTRY, END],
        fields[PLATE_TEXT, START],
        fields[PLATE_TEXT, END],
        identity,
        used,
    )


@inner_kernel
def _direction_of(buffer: UInt8Array, fields: Int64Array) -> int:
    """Return the direction that a row says."""
    if fields[DIRECTION, KIND] != TEXT:
        return _UNKNOWN
    if has(buffer, fields[DIRECTION, START], b'obverse"'):
        return _OBVERSE
    return _REVERSE if has(buffer, fields[DIRECTION, START], b'reverse"') else _UNKNOWN
