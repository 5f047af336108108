"""The fast reader of positions: one compiled pass over all records of a batch.

It understands canonical positions, which are flat objects, and events of Open Trip Model and positions that Traccar
forwards, which are nested ones; alone, in an array or one per line. What it does not fully understand it hands
over to the slow reader (`position_formats`), which can read everything:

- a *row* with escapes, characters beyond ASCII or hard numbers in fields that matter, or with a key beyond
  plain ASCII, or a flat one of another format, or one that names its carrier as too many others did not: its JSON
  is valid, so only its span is handed over;
- a *record* with anything else: other formats, broken JSON, NaN, scalars in arrays, objects over several lines.

Both readers agree on whatever both understand; tests compare them on mutated messages.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel
from streams.decode.carrier_spans import CarrierSpans, new_spans
from streams.decode.fields import FIELDS_SHAPE
from streams.decode.lexer import (
    CLOSE_BRACKET,
    COMMA,
    NEWLINE,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    OPEN_BRACKET,
    skip_blanks,
    skip_lines,
    skip_mark,
)
from streams.decode.nested_fields import ROOT, NestedScratch, new_scratch
from streams.decode.nested_rows import (
    AUTO,
    OTHER_FORMAT,
    actors_of_fields,
    format_of_fields,
    write_nested_row,
)
from streams.decode.position_formats import PositionFormat
from streams.decode.scanned_rows import ScannedRows, carrier_of_fields, write_carrier, write_row
from streams.decode.templates import Templates, new_templates, scan_alike, scan_flat_alike

CANONICAL: Final = int(PositionFormat.CANONICAL)


class ScannerMemory(NamedTuple):
    """What the scanner writes for itself, and remembers of the objects before."""

    fields: Int64Array
    flat: Templates
    scratch: NestedScratch
    templates: Templates
    spans: CarrierSpans


def new_memory() -> ScannerMemory:
    """Return a memory that expects nothing yet."""
    return ScannerMemory(
        np.zeros(FIELDS_SHAPE, np.int64), new_templates(), new_scratch(), new_templates(), new_spans()
    )


@lean_kernel
def count_objects(buffer: UInt8Array) -> int:
    """Return the number of opening braces: no batch has more rows than that."""
    count = 0
    for byte in buffer:
        count += byte == OPEN_BRACE
    return count


@lean_kernel
def scan_records(
    buffer: UInt8Array,
    words: UInt64Array,
    starts: Int64Array,
    memory: ScannerMemory,
    wanted: int,
    rows: ScannedRows,
    handed_over: UInt8Array,
) -> tuple[int, int]:
    """Read each record of *buffer*; record r is `[starts[r], starts[r + 1] - 1)` and followed by a NUL.

    `handed_over[r]` is set to 1 where the record is left to the slow reader; it has no rows then. *wanted* is the
    code of the format in which all records are read, or that of telling them apart.

    Returns:
        Number of rows, and bytes used of `rows.identity`.
    """
    fields, flat, scratch, templates, spans = memory
    row = 0
    used = 0
    is_nested = wanted not in (AUTO, CANONICAL)
    attempts = 2 if wanted == AUTO else 1
    for record in range(starts.size - 1):
        first_row = row
        first_used = used
        end = starts[record + 1] - 1
        place = skip_lines(buffer, skip_mark(buffer, starts[record]))
        in_array = buffer[place] == OPEN_BRACKET
        if in_array:
            place = skip_lines(buffer, place + 1)
        while place != end:
            after = NOT_UNDERSTOOD
            first = last = place
            # senders keep to one format, so what was understood last is tried first
            for _ in range(attempts):
                if is_nested:
                    after, format_ = _scan_nested(buffer, words, place, scratch, templates, wanted)
                    if after != NOT_UNDERSTOOD:
                        used = write_nested_row(buffer, words, scratch.fields, format_, rows, row, used)
                        first, last = actors_of_fields(scratch.fields, format_)
                        break
                else:
                    after = scan_flat_alike(buffer, words, place, fields, flat)
                    if after != NOT_UNDERSTOOD:
                        used = write_row(buffer, words, fields, rows, row, used)
                        first, last = carrier_of_fields(buffer, fields)
                        break
                is_nested ^= wanted == AUTO
            if after != NOT_UNDERSTOOD:
                write_carrier(words, first, last, spans, rows, row)
                rows.record[row] = record
                rows.place[row] = row - first_row
                rows.span_start[row] = place
                rows.span_end[row] = after
                row += 1
                after = next_start(buffer, after, end, in_array)
            place = after
            if place == NOT_UNDERSTOOD:
                break
        if place == NOT_UNDERSTOOD or row == first_row:
            handed_over[record] = 1
            row = first_row
            used = first_used
    return row, used


@lean_kernel
def _scan_nested(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    scratch: NestedScratch,
    templates: Templates,
    wanted: int,
) -> tuple[int, int]:
    """Read the nested object at *start*; return the place after it and its format."""
    after = scan_alike(buffer, words, start, ROOT, scratch, templates)
    if after == NOT_UNDERSTOOD:
        return NOT_UNDERSTOOD, OTHER_FORMAT
    format_ = format_of_fields(scratch.fields, wanted)
    return (after if format_ != OTHER_FORMAT else NOT_UNDERSTOOD), format_


@lean_kernel
def next_start(buffer: UInt8Array, place: int, end: int, in_array: bool) -> int:  # noqa: FBT001 a kernel
    """Return the start of the next object after *place*, or *end* where none follows."""
    if in_array:
        place = skip_lines(buffer, place)
        if buffer[place] == COMMA:
            place = skip_lines(buffer, place + 1)
            return place if place != end else NOT_UNDERSTOOD
        closed = buffer[place] == CLOSE_BRACKET and skip_lines(buffer, place + 1) == end
        return end if closed else NOT_UNDERSTOOD
    place = skip_blanks(buffer, place)
    if place != end and buffer[place] != NEWLINE:
        return NOT_UNDERSTOOD
    return skip_lines(buffer, place)
