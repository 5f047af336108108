"""Decode the records of a batch of detections to columns. Total: whatever the bytes, rows come out, no errors.

A compiled scanner reads envelopes of detections of version 2; what it hands over goes through the obvious reader of
objects, row by row: the other formats, and what is spelled in a way that few senders have.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from processors.camera_rows import CameraRow
from processors.columns import DecodedDetections, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.identity import plate_key_of
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.decoded_parts import chunks, in_a_row, in_order, outcomes_of, replaced, telling_rows
from streams.decode.detection_formats import DetectionFormat, rows_of_record
from streams.decode.detection_row import DetectionRow, TimeReading, rejected_detection
from streams.decode.detection_rules import row_of_object
from streams.decode.documents import ALIKE, parse_document
from streams.decode.envelope_scanner import scan_envelopes
from streams.decode.lexer import words_of
from streams.decode.nested_fields import NestedScratch, new_scratch
from streams.decode.scanned_detections import ScannedDetections
from streams.decode.scanned_rows import HANDED_OVER
from streams.decode.scanner import count_objects
from streams.decode.templates import Templates, new_templates
from streams.decode.told_cameras import cameras_told
from streams.raw_values import RawValues

_FAST_FORMATS: Final = (DetectionFormat.AUTO, DetectionFormat.VESDI)
_REJECTED: Final = rejected_detection(Outcome.EMPTY)  # but for the outcome, what every rejected row says
_NO_INDEX: Final = np.empty(0, np.int32)
_HALF_BITS: Final = 64
_HALF: Final = 2**_HALF_BITS - 1
_ROW_TYPES: Final = (
    "i4", "i4", "u1", "i8", "u8", "u8", "u8", "u8", "u1", "f8", "i8", "i8", "i4", "u1", "i8", "i8",
)  # fmt: skip


class ReadDetections(NamedTuple):
    """What the values of a batch hold."""

    decoded: DecodedDetections
    cameras: list[CameraRow]  # that accepted rows tell of, see `told_cameras`


def decode_detections(
    values: Sequence[bytes | None], format_: DetectionFormat = DetectionFormat.AUTO
) -> DecodedDetections:
    """Return the detections that `read_detections` finds."""
    return read_detections(values, format_).decoded


def read_detections(
    values: Sequence[bytes | None], format_: DetectionFormat = DetectionFormat.AUTO
) -> ReadDetections:
    """Return the detections of each value: a message, an array of messages, one per line, or a file of lines.

    None is a tombstone. Every value gives at least one row; rows stand in the order of (record, index).
    """
    if format_ not in _FAST_FORMATS:
        return _slow_part(range(len(values)), values, format_)
    joined = RawValues.of(values)
    memory = ScannerMemory(new_scratch(), new_templates())
    bounds = chunks(joined.starts)
    parts = [_decode_chunk(joined[first:last], format_, memory) for first, last in pairwise(bounds)]
    if len(parts) == 1:
        return parts[0]
    cameras = [camera for part in parts for camera in part.cameras]
    return ReadDetections(in_a_row([part.decoded for part in parts], bounds), cameras)


class ScannerMemory(NamedTuple):
    """What the scanner writes for itself, and remembers of the objects before."""

    scratch: NestedScratch
    templates: Templates


def _decode_chunk(values: RawValues, format_: DetectionFormat, memory: ScannerMemory) -> ReadDetections:
    """Return what some values hold."""
    buffer = values.buffer
    scanned, handed_over = scan(buffer, values.starts, memory)
    decoded = _columns_of_scanned(scanned)
    slow_rows = np.flatnonzero(decoded.outcome == HANDED_OVER)
    if slow_rows.size:
        spans = zip(scanned.span_start[slow_rows].tolist(), scanned.span_end[slow_rows].tolist(), strict=True)
        read = lru_cache(ALIKE)(_row_of_text)
        rows = [read(buffer[start:end].tobytes()) for start, end in spans]
        added = columns_of_rows(rows, decoded.record[slow_rows], decoded.index[slow_rows])
        decoded = replaced(decoded, slow_rows, added)
    slow_records = np.flatnonzero(handed_over).tolist()
    if not slow_records:
        return ReadDetections(decoded, [])
    slow = _slow_part(slow_records, values, format_)
    return ReadDetections(in_order([decoded, slow.decoded]), slow.cameras)


def scan(
    buffer: UInt8Array, starts: Int64Array, memory: ScannerMemory
) -> tuple[ScannedDetections, UInt8Array]:
    """Return the rows that the scanner made, and for each record 1 where it was handed over.

    Args:
        buffer: All values, each followed by a NUL, then `PADDING`.
        starts: The start of each value, and of the padding.
        memory: Of the scanner.
    """
    handed_over = np.zeros(starts.size - 1, np.uint8)
    capacity = count_objects(buffer)
    # no identity is longer than the JSON of its row, and writing one needs no more room than there is padding
    sizes = [buffer.size if name == "identity" else capacity for name in ScannedDetections._fields]
    rows = ScannedDetections._make(map(np.empty, sizes, _ROW_TYPES))
    with np.errstate(over="ignore"):  # words wrap on purpose; without compilation numpy would warn
        count, used = scan_envelopes(buffer, words_of(buffer), starts, *memory, rows, handed_over)
    scanned = ScannedDetections._make(column[:count] for column in rows)
    return scanned._replace(identity=rows.identity[:used]), handed_over


def _columns_of_scanned(scanned: ScannedDetections) -> DecodedDetections:
    """Return the columns of scanned rows; no camera tells class or emission, and no envelope local times."""
    count = scanned.outcome.size
    columns: dict[str, Any] = scanned._asdict()
    said = {name: columns[name] for name in DecodedDetections._fields if name in columns}
    return DecodedDetections(
        **said,
        index=scanned.place,
        vehicle_class=np.full(count, VehicleClass.UNKNOWN, np.uint8),
        zero_emission=np.full(count, ZeroEmission.UNKNOWN, np.uint8),
        time_reading=np.full(count, TimeReading.CERTAIN, np.uint8),
    )


def _slow_part(
    records: Sequence[int], values: Sequence[bytes | None], format_: DetectionFormat
) -> ReadDetections:
    """Return what some records hold as the slow reader decides it."""
    rows_of = [rows_of_value(values[record], format_) for record in records]
    counts = [len(rows) for rows in rows_of]
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts] or [_NO_INDEX])
    record = np.repeat(np.array(records, np.int32), np.array(counts, np.int64))
    rows = [row for rows in rows_of for row in rows]
    return ReadDetections(columns_of_rows(rows, record, index), cameras_told(rows))


def _row_of_text(text: bytes) -> DetectionRow:
    """Return the row of the JSON of a detection."""
    return row_of_object(parse_document(text).content)


def rows_of_value(value: bytes | None, format_: DetectionFormat = DetectionFormat.AUTO) -> list[DetectionRow]:
    """Return the rows of one value as the slow reader decides them."""
    return [rejected_detection(Outcome.TOMBSTONE)] if value is None else rows_of_record(value, format_)


def columns_of_rows(rows: Sequence[DetectionRow], record: Int32Array, index: Int32Array) -> DecodedDetections:
    """Return the columns of rows, of which row i is place `index[i]` of `record[i]`."""
    outcome = outcomes_of(rows)
    telling, place = telling_rows(outcome)
    told = [*(rows[row] for row in telling.tolist()), _REJECTED]
    lengths = np.array([len(row.identity) for row in told], np.int32)[place]
    camera_hi, camera_lo = _halves([row.camera for row in told])
    observation_hi, observation_lo = _halves([row.observation for row in told])
    return DecodedDetections(
        record=record,
        index=index,
        outcome=outcome,
        event_us=np.array([row.event_us for row in told], np.int64)[place],
        vehicle_class=np.array([row.vehicle_class for row in told], np.uint8)[place],
        zero_emission=np.array([row.zero_emission for row in told], np.uint8)[place],
        camera_hi=camera_hi[place],
        camera_lo=camera_lo[place],
        observation_hi=observation_hi[place],
        observation_lo=observation_lo[place],
        direction=np.array([row.direction for row in told], np.uint8)[place],
        confidence=np.array([row.confidence for row in told], np.float64)[place],
        plate=np.array([plate_key_of(row.identity) for row in told], np.int64)[place],
        time_reading=np.array([row.reading for row in told], np.uint8)[place],
        identity_start=np.cumsum(lengths, dtype=np.int64) - lengths,
        identity_length=lengths,
        identity=np.frombuffer(bytearray().join(row.identity for row in told), np.uint8),
    )


def _halves(uuids: Sequence[int]) -> tuple[UInt64Array, UInt64Array]:
    """Return the upper and the lower halves of 128-bit numbers."""
    upper = np.array([uuid >> _HALF_BITS for uuid in uuids], np.uint64)
    return upper, np.array([uuid & _HALF for uuid in uuids], np.uint64)
