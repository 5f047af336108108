"""Decode the records of a batch of positions to columns. Total: whatever the bytes, rows come out, no errors.

A compiled scanner reads the common shapes; what it hands over goes through the slow reader, row by row.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import Final

import numpy as np

from processors.columns import BoolArray, DecodedPositions, Int32Array, Int64Array, UInt8Array
from processors.vocabulary import Outcome
from streams.decode.arrow_positions import MAGIC, is_arrow, positions_of_arrows
from streams.decode.carrier_spans import digests_of, forget_spans
from streams.decode.decoded_parts import (
    chunks,
    in_a_row,
    in_order,
    outcomes_of,
    replaced,
    telling_rows,
    without_records,
)
from streams.decode.documents import ALIKE, Document, documents_of, parse_document
from streams.decode.lexer import words_of
from streams.decode.position_formats import PositionFormat, rows_of_object
from streams.decode.position_row import PositionRow, rejected_position
from streams.decode.scanned_rows import HANDED_OVER, ScannedRows
from streams.decode.scanner import ScannerMemory, count_objects, new_memory, scan_records
from streams.raw_values import RawValues

_SLOW_FORMATS: Final = (PositionFormat.RFMS, PositionFormat.GTFS)
_REJECTED: Final = rejected_position(Outcome.EMPTY)  # but for the outcome, what every rejected row says
_NO_PLACES: Final = (np.empty(0, np.int32), np.empty(0, np.int32))
_ROW_TYPES: Final = ("i4", "i4", "u1", "i8", "f8", "f8", "u1", "u1", "i8", "u8", "i8", "i4", "u1", "i8", "i8")


def decode_positions(
    values: Sequence[bytes | None], format_: PositionFormat = PositionFormat.AUTO
) -> DecodedPositions:
    """Return the positions of each value: one message, a JSON array of messages, or one per line.

    None is a tombstone. Every value gives at least one row; rows stand in the order of (record, index).

    Args:
        values: Records.
        format_: How they are written; by default each object is told by its content.
    """
    joined = RawValues.of(values)
    arrows = _arrow_records(joined)
    others = _decode_texts(joined, format_, arrows)
    if not arrows.size:
        return others
    return in_order(
        [others, positions_of_arrows([joined[row] or b"" for row in arrows.tolist()], arrows.tolist())]
    )


def _arrow_records(values: RawValues) -> Int64Array:
    """Return which records are Arrow IPC streams."""
    starts = values.starts[:-1]
    found: Int64Array = np.flatnonzero(values.buffer[starts] == MAGIC[0])  # no text in UTF-8 begins with it
    heads = (values.buffer[start : start + len(MAGIC)].tobytes() for start in starts[found].tolist())
    return found[np.fromiter(map(is_arrow, heads), np.bool_, found.size)]


def _decode_texts(values: RawValues, format_: PositionFormat, arrows: Int64Array) -> DecodedPositions:
    """Return the rows of the values that are no Arrow IPC streams."""
    is_text = np.ones(len(values), np.bool_)
    is_text[arrows] = False
    if not is_text.any():
        return columns_of_rows([], *_NO_PLACES)
    if format_ in _SLOW_FORMATS:
        return _merged(columns_of_rows([], *_NO_PLACES), np.flatnonzero(is_text).tolist(), values, format_)
    memory = new_memory()
    bounds = chunks(values.starts)
    parts = [
        _decode_chunk(values[first:last], format_, memory, is_text[first:last])
        for first, last in pairwise(bounds)
    ]
    return parts[0] if len(parts) == 1 else in_a_row(parts, bounds)


def _decode_chunk(
    values: RawValues, format_: PositionFormat, memory: ScannerMemory, is_text: BoolArray
) -> DecodedPositions:
    """Return the rows of some values, of those that are texts."""
    buffer = values.buffer
    scanned, handed_over = scan(buffer, values.starts, format_, memory)
    decoded = DecodedPositions._make(scanned[: len(DecodedPositions._fields)])
    slow_rows = np.flatnonzero(decoded.outcome == HANDED_OVER)
    if slow_rows.size:
        spans = zip(scanned.span_start[slow_rows].tolist(), scanned.span_end[slow_rows].tolist(), strict=True)
        read = lru_cache(ALIKE)(partial(_rows_of_text, format_=format_))
        rows_of = [read(buffer[start:end].tobytes()) for start, end in spans]
        # a key with escapes may make an object one of a format that has several rows in each
        is_lone = np.array([len(rows) == 1 for rows in rows_of], np.bool_)
        whole = decoded.record[slow_rows[~is_lone]]
        slow_rows = slow_rows[is_lone]
        rows = [rows[0] for rows in rows_of if len(rows) == 1]
        added = columns_of_rows(rows, decoded.record[slow_rows], decoded.index[slow_rows])
        decoded = replaced(decoded, slow_rows, added)
        if whole.size:
            handed_over[whole] = 1
            decoded = without_records(decoded, whole)
    slow_records = np.flatnonzero((handed_over == 1) & is_text).tolist()
    return _merged(decoded, slow_records, values, format_) if slow_records else decoded


def _rows_of_text(text: bytes, format_: PositionFormat) -> list[PositionRow]:
    """Return the rows of the JSON of an object."""
    return rows_of_object(parse_document(text).content, format_)


def rows_of_value(value: bytes | None, format_: PositionFormat = PositionFormat.AUTO) -> list[PositionRow]:
    """Return the rows of one value as the slow reader decides them."""
    if value is None:
        return [rejected_position(Outcome.TOMBSTONE)]
    return [row for document in documents_of(value) for row in _rows_of_document(document, format_)]


def _rows_of_document(document: Document, format_: PositionFormat) -> Iterator[PositionRow]:
    """Yield the rows of an object, or those of the objects of an array."""
    if document.outcome != Outcome.ACCEPTED:
        yield rejected_position(document.outcome)
    elif document.content == []:
        yield rejected_position(Outcome.EMPTY)
    else:
        for content in document.content if isinstance(document.content, list) else [document.content]:
            yield from rows_of_object(content, format_)


def columns_of_rows(rows: Sequence[PositionRow], record: Int32Array, index: Int32Array) -> DecodedPositions:
    """Return the columns of rows, of which row i is place `index[i]` of `record[i]`."""
    outcome = outcomes_of(rows)
    telling, place = telling_rows(outcome)
    told = [*(rows[row] for row in telling.tolist()), _REJECTED]
    lengths = np.array([len(row.identity) for row in told], np.int32)[place]
    return DecodedPositions(
        record,
        index,
        outcome,
        np.array([row.event_us for row in told], np.int64)[place],
        np.array([row.lat for row in told], np.float64)[place],
        np.array([row.lon for row in told], np.float64)[place],
        np.array([row.vehicle_class for row in told], np.uint8)[place],
        np.array([row.zero_emission for row in told], np.uint8)[place],
        np.array([row.plate for row in told], np.int64)[place],
        np.array([row.carrier for row in told], np.uint64)[place],
        np.cumsum(lengths, dtype=np.int64) - lengths,
        lengths,
        np.frombuffer(bytearray().join(row.identity for row in told), np.uint8),
    )


def scan(
    buffer: UInt8Array, starts: Int64Array, format_: PositionFormat, memory: ScannerMemory
) -> tuple[ScannedRows, UInt8Array]:
    """Return the rows that the scanner made, and for each record 1 where it was handed over.

    Args:
        buffer: All values, each followed by a NUL, then `PADDING`.
        starts: The start of each value, and of the padding.
        format_: How they are written.
        memory: Of the scanner.
    """
    forget_spans(memory.spans)
    handed_over = np.zeros(starts.size - 1, np.uint8)
    capacity = count_objects(buffer)
    # no identity is longer than the JSON of its row, and writing one needs no more room than there is padding
    sizes = [buffer.size if name == "identity" else capacity for name in ScannedRows._fields]
    rows = ScannedRows._make(map(np.empty, sizes, _ROW_TYPES))
    with np.errstate(over="ignore"):  # words wrap on purpose; without compilation numpy would warn
        count, used = scan_records(buffer, words_of(buffer), starts, memory, int(format_), rows, handed_over)
    identity = rows.identity[:used]
    scanned = ScannedRows._make(column[:count] for column in rows)._replace(identity=identity)
    if memory.spans.known[0]:
        scanned = scanned._replace(carrier=digests_of(buffer, memory.spans)[scanned.carrier])
    return scanned, handed_over


def _merged(
    decoded: DecodedPositions,
    records: Sequence[int],
    values: Sequence[bytes | None],
    format_: PositionFormat,
) -> DecodedPositions:
    """Return *decoded* together with the rows of other records, in the order of records."""
    return in_order([decoded, _slow_part(records, values, format_)]) if records else decoded


def _slow_part(
    records: Sequence[int], values: Sequence[bytes | None], format_: PositionFormat
) -> DecodedPositions:
    """Return the rows of some records as the slow reader decides them."""
    rows_of = [rows_of_value(values[record], format_) for record in records]
    counts = [len(rows) for rows in rows_of]
    index = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
    rows = [row for rows in rows_of for row in rows]
    return columns_of_rows(rows, np.repeat(np.array(records, np.int32), counts), index)
