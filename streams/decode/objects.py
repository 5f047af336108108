"""Kernels that read one flat object into the scratch array of `streams.decode.fields`.

Objects of one sender repeat their keys in one order. So the key at each ordinal is expected to be that of the
object before, which spares 15 to 20 % of decoding: `layout` holds the expected keys, closing quote included.
"""

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
_NOTHING: Final = np.uint64(0)
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

# columns of `layout`, one row per ordinal of a key
_WORD: Final = 0  # its first eight bytes
_MASK: Final = 1  # which of them count
_NEXT_WORD: Final = 2  # its next eight bytes
_NEXT_MASK: Final = 3
_LENGTH: Final = 4
_FIELD: Final = 5
LAYOUT_SHAPE: Final = (16, 6)


def new_layout() -> UInt64Array:
    """Return a layout that expects no key yet."""
    layout = np.zeros(LAYOUT_SHAPE, np.uint64)
    layout[:, _WORD] = _ALL  # nothing is equal to it under an empty mask
    return layout


@lean_kernel
def scan_object(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, layout: UInt64Array
) -> int:
    """Read the flat object at *start*, all on one line, into *fields*, and return the place after it."""
    if buffer[start] != OPEN_BRACE:
        return NOT_UNDERSTOOD
    for field in range(FIELDS_SHAPE[0]):
        fields[field, KIND] = ABSENT
    place = skip_blanks(buffer, start + 1)
    if buffer[place] == CLOSE_BRACE:
        return place + 1
    ordinal = 0
    while True:
        if buffer[place] != QUOTE:
            return NOT_UNDERSTOOD
        expected = layout[ordinal % LAYOUT_SHAPE[0]]
        ordinal += 1
        place += 1
        if _is_expected(words, place, expected):
            # no byte of the key decides how far to go, so the processor reads on before it has compared
            field = np.int64(expected[_FIELD])  # type: ignore[assignment] # int() would stay unsigned
            place += np.int64(expected[_LENGTH])
        else:
            place, field = _scan_key(buffer, words, place, fields, expected)
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
def _is_expected(words: UInt64Array, place: int, expected: UInt64Array) -> bool:
    """Tell whether the expected key and its closing quote stand at *place*."""
    return (
        words[place] & expected[_MASK] == expected[_WORD]
        and words[place + _WORD_BYTES] & expected[_NEXT_MASK] == expected[_NEXT_WORD]
    )


@lean_kernel
def _scan_key(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, expected: UInt64Array
) -> tuple[int, int]:
    """Read the key whose content starts at *start*, to be expected there in the next object.

    Returns:
        The place of its closing quote, and its field.
    """
    end, plain = scan_string(buffer, words, start)
    length = end - start
    if not plain:
        fields[ODD_KEY, KIND] = HARD
        return end, UNUSED
    if end == NOT_UNDERSTOOD or length >= 2 * _WORD_BYTES:
        return end, UNUSED
    field = UNUSED
    if length <= _WORD_BYTES:
        field = _field_of(words[start] & _mask_of(length))
    expected[_MASK] = _mask_of(min(length + 1, _WORD_BYTES))
    expected[_NEXT_MASK] = _mask_of(max(0, length + 1 - _WORD_BYTES))
    expected[_WORD] = words[start] & expected[_MASK]
    expected[_NEXT_WORD] = words[start + _WORD_BYTES] & expected[_NEXT_MASK]
    expected[_LENGTH] = length
    expected[_FIELD] = field
    return end, field


@lean_kernel
def _mask_of(length: int) -> np.uint64:
    """Return a mask of the first *length* bytes of a word."""
    return _ALL >> np.uint64(64 - 8 * length) if length > 0 else _NOTHING


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
