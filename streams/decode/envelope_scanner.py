"""The fast reader of detections: one compiled pass over all records of a batch.

It understands VESDI envelopes of detections of version 2, each all on one line; alone, in an array or one per line.
What it does not fully understand it hands over to the slow reader (`detection_formats`), which can read everything:

- a *row* with escapes, characters beyond ASCII or hard numbers in fields that matter, or with a key beyond plain
  ASCII, or with something else than a plate: its JSON is valid, so only its span is handed over;
- a *record* with anything else: other formats and messages, broken JSON, NaN, keys of an envelope that come twice or
  have escapes, a payload with nothing in it or with something else than objects.

Both readers agree on whatever both understand; tests compare them on mutated messages.
"""

from typing import Final

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel
from streams.decode.lexer import (
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    COMMA,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    OPEN_BRACKET,
    QUOTE,
    has,
    scan_string,
    skip_blanks,
    skip_lines,
    skip_mark,
)
from streams.decode.nested_fields import (
    DETECTION,
    ENVELOPE,
    MESSAGE_TYPE,
    OTHER,
    PAYLOAD,
    SCHEMA_VERSION,
    NestedScratch,
)
from streams.decode.nested_objects import child_of, skip_value
from streams.decode.scanned_detections import ScannedDetections, write_detection
from streams.decode.scanner import next_start
from streams.decode.templates import Templates, scan_alike

_BATCH: Final = b'"anpr_observation_batch"'
_VERSION: Final = b'"anpr-2.'
_WHOLE: Final = (1 << MESSAGE_TYPE) | (1 << SCHEMA_VERSION) | (1 << PAYLOAD)


@lean_kernel
def scan_envelopes(
    buffer: UInt8Array,
    words: UInt64Array,
    starts: Int64Array,
    scratch: NestedScratch,
    templates: Templates,
    rows: ScannedDetections,
    handed_over: UInt8Array,
) -> tuple[int, int]:
    """Read each record of *buffer*; record r is `[starts[r], starts[r + 1] - 1)` and followed by a NUL.

    `handed_over[r]` is set to 1 where the record is left to the slow reader; it has no rows then.

    Returns:
        Number of rows, and bytes used of `rows.identity`.
    """
    row = 0
    used = 0
    for record in range(starts.size - 1):
        end = starts[record + 1] - 1
        last, last_used = _scan_record(
            buffer, words, starts[record], end, scratch, templates, rows, row, used
        )
        handed_over[record] = last == row
        for place in range(last - row):
            rows.record[row + place] = record
            rows.place[row + place] = place
        row, used = last, last_used
    return row, used


@lean_kernel
def _scan_record(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    end: int,
    scratch: NestedScratch,
    templates: Templates,
    rows: ScannedDetections,
    first_row: int,
    first_used: int,
) -> tuple[int, int]:
    """Read the record `[start, end)`; return the next row, and the used identity bytes, as before where it fails."""
    row = first_row
    used = first_used
    place = skip_lines(buffer, skip_mark(buffer, start))
    in_array = buffer[place] == OPEN_BRACKET
    if in_array:
        place = skip_lines(buffer, place + 1)
    while place != end:
        place, row, used = _scan_envelope(buffer, words, place, scratch, templates, rows, row, used)
        if place != NOT_UNDERSTOOD:
            place = next_start(buffer, place, end, in_array)
        if place == NOT_UNDERSTOOD:
            return first_row, first_used
    return row, used


@lean_kernel
def _scan_envelope(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    scratch: NestedScratch,
    templates: Templates,
    rows: ScannedDetections,
    row: int,
    used: int,
) -> tuple[int, int, int]:
    """Read the envelope at *start*; return the place after it, the next row, and the used identity bytes."""
    if buffer[start] != OPEN_BRACE:
        return NOT_UNDERSTOOD, row, used
    seen = 0
    place = start
    while True:
        place, key = _scan_key(buffer, words, skip_blanks(buffer, place + 1))
        if place == NOT_UNDERSTOOD or (seen >> key) & 1:
            return NOT_UNDERSTOOD, row, used
        if key == PAYLOAD:
            place, row, used = _scan_payload(buffer, words, place, scratch, templates, rows, row, used)
        else:
            place = _skip_head(buffer, words, place, key)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD, row, used
        if key != OTHER:
            seen |= 1 << key
        place = skip_blanks(buffer, place)
        if buffer[place] == CLOSE_BRACE and seen == _WHOLE:
            return place + 1, row, used
        if buffer[place] != COMMA:
            return NOT_UNDERSTOOD, row, used


@inner_kernel
def _scan_key(buffer: UInt8Array, words: UInt64Array, start: int) -> tuple[int, int]:
    """Read the key of an envelope at *start*; return the place of its value, and its node."""
    if buffer[start] != QUOTE:
        return NOT_UNDERSTOOD, OTHER
    end, plain = scan_string(buffer, words, start + 1)
    if not plain or end == NOT_UNDERSTOOD:
        return NOT_UNDERSTOOD, OTHER
    key = child_of(words, start + 1, end - start - 1, ENVELOPE)
    place = skip_blanks(buffer, end + 1)
    return (skip_blanks(buffer, place + 1) if buffer[place] == COLON else NOT_UNDERSTOOD), key


@inner_kernel
def _skip_head(buffer: UInt8Array, words: UInt64Array, place: int, key: int) -> int:
    """Return the place after the value of a key, which must tell of detections of version 2 if it tells."""
    if key == MESSAGE_TYPE and not has(buffer, place, _BATCH):
        return NOT_UNDERSTOOD
    if key == SCHEMA_VERSION and not has(buffer, place, _VERSION):
        return NOT_UNDERSTOOD
    return skip_value(buffer, words, place)


@lean_kernel
def _scan_payload(
    buffer: UInt8Array,
    words: UInt64Array,
    place: int,
    scratch: NestedScratch,
    templates: Templates,
    rows: ScannedDetections,
    row: int,
    used: int,
) -> tuple[int, int, int]:
    """Read the array of detections at *place*; return what `_scan_envelope` does."""
    if buffer[place] != OPEN_BRACKET:
        return NOT_UNDERSTOOD, row, used
    while True:
        start = skip_blanks(buffer, place + 1)
        place = scan_alike(buffer, words, start, DETECTION, scratch, templates)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD, row, used
        used = write_detection(buffer, words, scratch.fields, rows, row, used)
        rows.span_start[row] = start
        rows.span_end[row] = place
        row += 1
        place = skip_blanks(buffer, place)
        if buffer[place] == CLOSE_BRACKET:
            return place + 1, row, used
        if buffer[place] != COMMA:
            return NOT_UNDERSTOOD, row, used
