"""The fast reader of positions: one compiled pass over all records of a batch.

It understands flat objects, alone, in an array or one per line. What it does not fully understand it hands
over to the slow reader (`position_rules`), which can read everything:

- a *row* with escapes, characters beyond ASCII or hard numbers in fields that matter, or with a key beyond
  plain ASCII: its JSON is valid, so only its span is handed over;
- a *record* with anything else: nesting, broken JSON, NaN, scalars in arrays, objects over several lines.

Both readers agree on whatever both understand; tests compare them on mutated messages.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.identity import write_identity
from processors.jit import lean_kernel
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import scan_class, scan_zero_emission
from streams.decode.lexer import (
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    COMMA,
    MINUS,
    NEWLINE,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    OPEN_BRACKET,
    QUOTE,
    ZERO,
    exact_float,
    first_byte,
    scan_literal,
    scan_number,
    scan_string,
    skip_blanks,
    skip_lines,
    special_bytes,
)
from streams.decode.times import END_MS, NO_TIME, scan_time, time_of_ms

HANDED_OVER: Final = 255
"""Code in `outcome` of a row that the slow reader must decide."""

# fields of an object: one row of `fields` each
VEHICLE: Final = 0
TIME: Final = 1
LAT: Final = 2
LON: Final = 3
CLASS: Final = 4
FUEL: Final = 5
EMISSION: Final = 6
_USED: Final = 7
_UNUSED: Final = 7  # any other field
_ODD_KEY: Final = 8  # HARD once a key had escapes: it may spell a used field
FIELDS_SHAPE: Final = (9, 5)

# columns of `fields`
_KIND: Final = 0
_START: Final = 1
_END: Final = 2
_MANTISSA: Final = 3
_POWER: Final = 4

# kinds of a field
_ABSENT: Final = 0  # or null, which means the same
_TEXT: Final = 1  # plain
_INTEGER: Final = 2
_FLOAT: Final = 3
_BOOLEAN: Final = 4
_HARD: Final = 5  # valid JSON that only the slow reader can read

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_WRONG_TYPE: Final = int(Outcome.WRONG_TYPE)
_MISSING_FIELD: Final = int(Outcome.MISSING_FIELD)
_BAD_TIME: Final = int(Outcome.BAD_TIME)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_UNKNOWN_EMISSION: Final = int(ZeroEmission.UNKNOWN)

_WORD_BYTES: Final = 8
_NOTHING: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_EIGHT: Final = np.uint64(8)


def _packed(key: str) -> np.uint64:
    """Return the bytes of *key*, at most eight, as one number, the first byte lowest."""
    return np.uint64(int.from_bytes(key.encode(), "little"))


_K_VEHICLE: Final = _packed("vehicle")
_K_TIME: Final = _packed("time")
_K_LAT: Final = _packed("lat")
_K_LON: Final = _packed("lon")
_K_CLASS: Final = _packed("class")
_K_FUEL: Final = _packed("fuel")
_K_EMISSION: Final = _packed("emission")


class ScannedRows(NamedTuple):
    """What the scanner writes: one entry per row, and the identities of all rows one after another."""

    record: Int32Array
    place: Int32Array  # of the row within its record
    outcome: UInt8Array  # Outcome code, or HANDED_OVER
    event_us: Int64Array
    lat: Float64Array
    lon: Float64Array
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    identity_start: Int64Array
    identity_length: Int32Array
    identity: UInt8Array
    span_start: Int64Array  # first byte of the row's JSON in the buffer
    span_end: Int64Array  # place after it


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
    fields: Int64Array,
    rows: ScannedRows,
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
        first_row = row
        first_used = used
        end = starts[record + 1] - 1
        place = skip_lines(buffer, starts[record])
        in_array = buffer[place] == OPEN_BRACKET
        if in_array:
            place = skip_lines(buffer, place + 1)
        while place != end:
            after = scan_object(buffer, words, place, fields)
            if after != NOT_UNDERSTOOD:
                rows.record[row] = record
                rows.place[row] = row - first_row
                rows.span_start[row] = place
                rows.span_end[row] = after
                used = _write_row(buffer, words, fields, rows, row, used)
                row += 1
                after = _next_start(buffer, after, end, in_array)
            place = after
            if place == NOT_UNDERSTOOD:
                break
        if place == NOT_UNDERSTOOD or row == first_row:
            handed_over[record] = 1
            row = first_row
            used = first_used
    return row, used


@lean_kernel
def _next_start(buffer: UInt8Array, place: int, end: int, in_array: bool) -> int:  # noqa: FBT001 a kernel
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


@lean_kernel
def scan_object(buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array) -> int:
    """Read the flat object at *start*, all on one line, into *fields*, and return the place after it."""
    if buffer[start] != OPEN_BRACE:
        return NOT_UNDERSTOOD
    for field in range(FIELDS_SHAPE[0]):
        fields[field, _KIND] = _ABSENT
    place = skip_blanks(buffer, start + 1)
    if buffer[place] == CLOSE_BRACE:
        return place + 1
    while True:
        if buffer[place] != QUOTE:
            return NOT_UNDERSTOOD
        place, field = _scan_key(buffer, words, place + 1, fields)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place + 1)
        if buffer[place] != COLON:
            return NOT_UNDERSTOOD
        place = _scan_value(buffer, words, skip_blanks(buffer, place + 1), fields, field)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place)
        if buffer[place] == CLOSE_BRACE:
            return place + 1
        if buffer[place] != COMMA:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place + 1)


@lean_kernel
def _scan_key(buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array) -> tuple[int, int]:
    """Read the key whose content starts at *start*; return the place of its closing quote and its field."""
    word = words[start]
    special = special_bytes(word)
    if special != _NOTHING:
        length = first_byte(special)
        if buffer[start + length] == QUOTE:
            # ones up to the high bit of the quote, shifted to end below the quote
            return start + length, _field_of(word & (special ^ (special - _ONE)) >> _EIGHT)
    elif buffer[start + _WORD_BYTES] == QUOTE:
        return start + _WORD_BYTES, _field_of(word)
    end, plain = scan_string(buffer, words, start)
    if not plain:
        fields[_ODD_KEY, _KIND] = _HARD
    return end, _UNUSED


@lean_kernel
def _field_of(key: np.uint64) -> int:
    """Return the field of a packed key."""
    if key == _K_VEHICLE:
        return VEHICLE
    if key == _K_TIME:
        return TIME
    if key == _K_LAT:
        return LAT
    if key == _K_LON:
        return LON
    if key == _K_CLASS:
        return CLASS
    if key == _K_FUEL:
        return FUEL
    return EMISSION if key == _K_EMISSION else _UNUSED


@lean_kernel
def _scan_value(buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, field: int) -> int:
    """Read the scalar at *start* into *field* and return the place after it; the last one of a key wins."""
    byte = buffer[start]
    if byte == QUOTE:
        end, plain = scan_string(buffer, words, start + 1)
        fields[field, _KIND] = _TEXT if plain else _HARD
        fields[field, _START] = start + 1
        fields[field, _END] = end
        return end + 1 if end != NOT_UNDERSTOOD else NOT_UNDERSTOOD
    if byte == MINUS or ZERO <= byte <= ZERO + 9:
        place, mantissa, power, integer, exact = scan_number(buffer, start)
        fields[field, _KIND] = (_INTEGER if integer else _FLOAT) if exact else _HARD
        fields[field, _MANTISSA] = mantissa
        fields[field, _POWER] = power
        return place
    fields[field, _KIND] = _ABSENT if byte == ord("n") else _BOOLEAN
    return scan_literal(buffer, start)


@lean_kernel
def _write_row(
    buffer: UInt8Array, words: UInt64Array, fields: Int64Array, rows: ScannedRows, row: int, used: int
) -> int:
    """Decide one row from the fields of its object and return the used identity bytes."""
    outcome, event_us = _judge(buffer, fields)
    length = 0
    if outcome == _ACCEPTED:
        length = write_identity(buffer, fields[VEHICLE, _START], fields[VEHICLE, _END], rows.identity, used)
        if length < 0:
            outcome = -length
            length = 0
    accepted = outcome == _ACCEPTED
    vehicle_class = _class_of(words, fields) if accepted else _UNKNOWN_CLASS
    rows.outcome[row] = outcome
    rows.event_us[row] = event_us if accepted else 0
    rows.lat[row] = exact_float(fields[LAT, _MANTISSA], fields[LAT, _POWER]) if accepted else 0.0
    rows.lon[row] = exact_float(fields[LON, _MANTISSA], fields[LON, _POWER]) if accepted else 0.0
    rows.vehicle_class[row] = vehicle_class
    rows.zero_emission[row] = (
        _zero_emission_of(words, fields, vehicle_class) if accepted else _UNKNOWN_EMISSION
    )
    rows.identity_start[row] = used
    rows.identity_length[row] = length
    return used + length


@lean_kernel
def _judge(buffer: UInt8Array, fields: Int64Array) -> tuple[int, int]:
    """Return the outcome of a row, but for its identity, and its event time."""
    if fields[_ODD_KEY, _KIND] == _HARD:
        return HANDED_OVER, 0
    for field in range(_USED):
        if fields[field, _KIND] == _HARD:
            return HANDED_OVER, 0
    for field in range(CLASS):
        if fields[field, _KIND] == _ABSENT:
            return _MISSING_FIELD, 0
    if not _has_right_types(fields):
        return _WRONG_TYPE, 0
    for field in range(LAT, CLASS):
        limit = 90.0 if field == LAT else 180.0
        if abs(exact_float(fields[field, _MANTISSA], fields[field, _POWER])) > limit:
            return _OUT_OF_RANGE, 0
    event_us = _time_of(buffer, fields)
    return (_BAD_TIME if event_us == NO_TIME else _ACCEPTED), event_us


@lean_kernel
def _has_right_types(fields: Int64Array) -> bool:
    """Tell whether every used field that is there has a type that it may have."""
    for field in range(LAT, CLASS):
        if fields[field, _KIND] != _INTEGER and fields[field, _KIND] != _FLOAT:
            return False
    for field in range(CLASS, _USED):
        if fields[field, _KIND] != _TEXT and fields[field, _KIND] != _ABSENT:
            return False
    return fields[VEHICLE, _KIND] == _TEXT and fields[TIME, _KIND] != _BOOLEAN


@lean_kernel
def _time_of(buffer: UInt8Array, fields: Int64Array) -> int:
    """Return the event time of a row in microseconds, or `NO_TIME`."""
    kind = fields[TIME, _KIND]
    if kind == _TEXT:
        return scan_time(buffer, fields[TIME, _START], fields[TIME, _END])
    mantissa = fields[TIME, _MANTISSA]
    if kind == _INTEGER:
        return mantissa * 1000 if 0 <= mantissa < END_MS else NO_TIME
    return time_of_ms(exact_float(mantissa, fields[TIME, _POWER]))


@lean_kernel
def _class_of(words: UInt64Array, fields: Int64Array) -> int:
    """Return the class that a row says."""
    if fields[CLASS, _KIND] == _ABSENT:
        return _UNKNOWN_CLASS
    return scan_class(words, fields[CLASS, _START], fields[CLASS, _END])


@lean_kernel
def _zero_emission_of(words: UInt64Array, fields: Int64Array, vehicle_class: int) -> int:
    """Return whether a row says that its vehicle drives without emission."""
    fuel_end = fields[FUEL, _END] if fields[FUEL, _KIND] == _TEXT else fields[FUEL, _START]
    emission_end = fields[EMISSION, _END] if fields[EMISSION, _KIND] == _TEXT else fields[EMISSION, _START]
    return scan_zero_emission(
        vehicle_class, words, fields[FUEL, _START], fuel_end, fields[EMISSION, _START], emission_end
    )
