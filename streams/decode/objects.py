"""Kernels that read one flat object with care into the scratch array of `streams.decode.fields`."""

from typing import Final

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel
from streams.decode.fields import (
    ABSENT,
    BOOLEAN,
    CARRIER,
    CLASS,
    EMISSION,
    END,
    FIELDS_SHAPE,
    FLOAT,
    FUEL,
    HARD,
    INTEGER,
    KIND,
    LAT,
    LON,
    MANTISSA,
    NOWHERE,
    ODD_KEY,
    POWER,
    START,
    TEXT,
    TIME,
    UNUSED,
    VEHICLE,
)
from streams.decode.lexer import (
    CLOSE_BRACE,
    COLON,
    COMMA,
    LOWER_N,
    MINUS,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    QUOTE,
    ZERO,
    scan_literal,
    scan_number,
    scan_string,
    skip_blanks,
)

_WORD_BYTES: Final = 8
_ALL: Final = np.uint64(2**64 - 1)


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
_K_CARRIER: Final = _packed("carrier")


@lean_kernel
def scan_object(buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array) -> int:
    """Read the flat object at *start*, all on one line, into *fields*, and return the place after it."""
    if buffer[start] != OPEN_BRACE:
        return NOT_UNDERSTOOD
    for field in range(FIELDS_SHAPE[0]):
        fields[field, KIND] = ABSENT
        fields[field, START] = NOWHERE
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
        place = scan_scalar(buffer, words, skip_blanks(buffer, place + 1), fields, field)
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
    """Read the key whose content starts at *start*; return the place of its closing quote, and its field."""
    end, plain = scan_string(buffer, words, start)
    if not plain:
        fields[ODD_KEY, KIND] = HARD
        return end, UNUSED
    length = end - start
    if end == NOT_UNDERSTOOD or not 0 < length <= _WORD_BYTES:
        return end, UNUSED
    return end, _field_of(words[start] & _ALL >> np.uint64(64 - 8 * length))


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
    if key == _K_CARRIER:
        return CARRIER
    return EMISSION if key == _K_EMISSION else UNUSED


@inner_kernel
def scan_scalar(buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, field: int) -> int:
    """Read the scalar at *start* into *field* and return the place after it; the last one of a key wins."""
    byte = buffer[start]
    fields[field, START] = start
    if byte == QUOTE:
        end, plain = scan_string(buffer, words, start + 1)
        fields[field, KIND] = TEXT if plain else HARD
        fields[field, START] = start + 1
        fields[field, END] = end
        return end + 1 if end != NOT_UNDERSTOOD else NOT_UNDERSTOOD
    if byte == MINUS or ZERO <= byte <= ZERO + 9:
        place, mantissa, power, integer, exact = scan_number(buffer, words, start)
        fields[field, KIND] = (INTEGER if integer else FLOAT) if exact else HARD
        fields[field, MANTISSA] = mantissa
        fields[field, POWER] = power
        return place
    fields[field, KIND] = ABSENT if byte == LOWER_N else BOOLEAN
    return scan_literal(buffer, start)
