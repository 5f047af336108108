"""Decode the records of a batch of positions to columns. Total: whatever the bytes, rows come out, no errors.

A compiled scanner reads the common shapes; what it hands over goes through the slow reader, row by row.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.columns import DecodedPositions, Int32Array, Int64Array, UInt8Array
from processors.vocabulary import Outcome
from streams.decode.documents import parse_document
from streams.decode.fields import FIELDS_SHAPE
from streams.decode.lexer import PADDING, words_of
from streams.decode.objects import new_layout
from streams.decode.position_rules import PositionRow, row_of_object, rows_of_record
from streams.decode.scanned_rows import HANDED_OVER, ScannedRows
from streams.decode.scanner import count_objects, scan_records

Columns = list[NDArray[Any]]
"""Columns of different types, in the order of `DecodedPositions`."""

_SEPARATOR: Final = b"\0"
_ROW_TYPES: Final = ("i4", "i4", "u1", "i8", "f8", "f8", "u1", "u1", "i8", "i4", "u1", "i8", "i8")


def decode_positions(values: Sequence[bytes | None]) -> DecodedPositions:
    """Return the positions of each value: one JSON object, a JSON array of them, or one per line.

    None is a tombstone. Every value gives at least one row; rows stand in the order of (record, index).
    """
    buffer, starts = _joined(values)
    scanned, handed_over = _scan(buffer, starts)
    decoded = DecodedPositions._make(scanned[: len(DecodedPositions._fields)])
    slow_rows = np.flatnonzero(decoded.outcome == HANDED_OVER)
    if slow_rows.size:
        spans = zip(scanned.span_start[slow_rows].tolist(), scanned.span_end[slow_rows].tolist(), strict=True)
        objects = [parse_document(buffer[start:end].tobytes()) for start, end in spans]
        decoded = _replaced(decoded, slow_rows, [row_of_object(document.content) for document in objects])
    slow_records = np.flatnonzero(handed_over).tolist()
    return _merged(decoded, slow_records, values) if slow_records else decoded


def rows_of_value(value: bytes | None) -> list[PositionRow]:
    """Return the rows of one value as the slow reader decides them."""
    return [PositionRow(Outcome.TOMBSTONE)] if value is None else rows_of_record(value)


def columns_of_rows(rows: Sequence[PositionRow], record: Int32Array, index: Int32Array) -> DecodedPositions:
    """Return the columns of rows, of which row i is place `index[i]` of `record[i]`."""
    lengths = np.array([len(row.identity) for row in rows], np.int32)
    return DecodedPositions(
        record,
        index,
        np.array([row.outcome for row in rows], np.uint8),
        np.array([row.event_us for row in rows], np.int64),
        np.array([row.lat for row in rows], np.float64),
        np.array([row.lon for row in rows], np.float64),
        np.array([row.vehicle_class for row in rows], np.uint8),
        np.array([row.zero_emission for row in rows], np.uint8),
        np.cumsum(lengths, dtype=np.int64) - lengths,
        lengths,
        np.frombuffer(b"".join(row.identity for row in rows), np.uint8),
    )


def _joined(values: Sequence[bytes | None]) -> tuple[UInt8Array, Int64Array]:
    """Return all values, each followed by a NUL, then padding, and the starts of each and of the padding."""
    starts = np.zeros(len(values) + 1, np.int64)
    try:
        joined = _SEPARATOR.join([*values, PADDING])  # type: ignore[list-item] # None is the rare case below
    except TypeError:
        return _joined([b"" if value is None else value for value in values])
    lengths = np.fromiter(map(len, values), np.int64, len(values))  # type: ignore[arg-type] # no None got here
    np.cumsum(lengths + 1, out=starts[1:])
    return np.frombuffer(joined, np.uint8), starts


def _scan(buffer: UInt8Array, starts: Int64Array) -> tuple[ScannedRows, UInt8Array]:
    """Return the rows that the scanner made, and for each record 1 where it was handed over."""
    handed_over = np.zeros(starts.size - 1, np.uint8)
    capacity = count_objects(buffer)
    # no identity is longer than the JSON of its row
    sizes = [buffer.size if name == "identity" else capacity for name in ScannedRows._fields]
    rows = ScannedRows._make(map(np.empty, sizes, _ROW_TYPES))
    fields = np.zeros(FIELDS_SHAPE, np.int64)
    with np.errstate(over="ignore"):  # words wrap on purpose; without compilation numpy would warn
        count, used = scan_records(buffer, words_of(buffer), starts, fields, new_layout(), rows, handed_over)
    identity = rows.identity[:used]
    return ScannedRows._make(column[:count] for column in rows)._replace(identity=identity), handed_over


def _replaced(decoded: DecodedPositions, places: Int64Array, rows: Sequence[PositionRow]) -> DecodedPositions:
    """Return *decoded* with other rows at some places."""
    added = columns_of_rows(rows, decoded.record[places], decoded.index[places])
    columns: Columns = list(decoded)
    for column, new in zip(columns[:-1], added, strict=False):
        column[places] = new
    decoded.identity_start[places] += decoded.identity.size
    return decoded._replace(identity=np.concatenate([decoded.identity, added.identity]))


def _merged(
    decoded: DecodedPositions, records: Sequence[int], values: Sequence[bytes | None]
) -> DecodedPositions:
    """Return *decoded* together with the rows of other records, in the order of records."""
    rows_of = [rows_of_value(values[record]) for record in records]
    counts = [len(rows) for rows in rows_of]
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
    rows = [row for rows in rows_of for row in rows]
    added = columns_of_rows(rows, np.repeat(np.array(records, np.int32), counts), index)
    added = added._replace(identity_start=added.identity_start + decoded.identity.size)
    ours: Columns = list(decoded)
    theirs: Columns = list(added)
    both = [np.concatenate(pair) for pair in zip(ours, theirs, strict=True)]
    # stable: the rows of one record are in order already
    order = np.argsort(both[0], kind="stable")
    return DecodedPositions._make([*(column[order] for column in both[:-1]), both[-1]])
