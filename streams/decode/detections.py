"""Decode the records of a batch of detections to columns. Total: whatever the bytes, rows come out.

Detections of all Dutch cities are 1.4 million a day, so the obvious reader is fast enough.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from processors.columns import DecodedDetections, Int32Array, UInt64Array
from processors.identity import plate_key_of
from processors.vocabulary import Outcome
from streams.decode.detection_formats import DetectionFormat, rows_of_record
from streams.decode.detection_row import DetectionRow

_HALF_BITS: Final = 64
_HALF: Final = 2**_HALF_BITS - 1


def decode_detections(
    values: Sequence[bytes | None], format_: DetectionFormat = DetectionFormat.AUTO
) -> DecodedDetections:
    """Return the detections of each value: a message, an array of messages, one per line, or a file of lines.

    None is a tombstone. Every value gives at least one row; rows stand in the order of (record, index).
    """
    rows_of = [_rows_of_value(value, format_) for value in values]
    counts = [len(rows) for rows in rows_of]
    index = [place for count in counts for place in range(count)]
    record = np.repeat(np.arange(len(values), dtype=np.int32), np.array(counts, np.int64))
    return _columns_of_rows([row for rows in rows_of for row in rows], record, np.array(index, np.int32))


def _rows_of_value(value: bytes | None, format_: DetectionFormat) -> list[DetectionRow]:
    """Return the rows of one value."""
    return [DetectionRow(Outcome.TOMBSTONE)] if value is None else rows_of_record(value, format_)


def _columns_of_rows(
    rows: Sequence[DetectionRow], record: Int32Array, index: Int32Array
) -> DecodedDetections:
    """Return the columns of rows, of which row i is place `index[i]` of `record[i]`."""
    lengths = np.array([len(row.identity) for row in rows], np.int32)
    camera_hi, camera_lo = _halves([row.camera for row in rows])
    observation_hi, observation_lo = _halves([row.observation for row in rows])
    return DecodedDetections(
        record=record,
        index=index,
        outcome=np.array([row.outcome for row in rows], np.uint8),
        event_us=np.array([row.event_us for row in rows], np.int64),
        vehicle_class=np.array([row.vehicle_class for row in rows], np.uint8),
        zero_emission=np.array([row.zero_emission for row in rows], np.uint8),
        camera_hi=camera_hi,
        camera_lo=camera_lo,
        observation_hi=observation_hi,
        observation_lo=observation_lo,
        direction=np.array([row.direction for row in rows], np.uint8),
        confidence=np.array([row.confidence for row in rows], np.float64),
        plate=np.array([plate_key_of(row.identity) for row in rows], np.int64),
        time_reading=np.array([row.reading for row in rows], np.uint8),
        identity_start=np.cumsum(lengths, dtype=np.int64) - lengths,
        identity_length=lengths,
        identity=np.frombuffer(b"".join(row.identity for row in rows), np.uint8),
    )


def _halves(uuids: Sequence[int]) -> tuple[UInt64Array, UInt64Array]:
    """Return the upper and the lower halves of 128-bit numbers."""
    upper = np.array([uuid >> _HALF_BITS for uuid in uuids], np.uint64)
    return upper, np.array([uuid & _HALF for uuid in uuids], np.uint64)
