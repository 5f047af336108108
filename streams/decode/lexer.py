"""Kernels that read JSON tokens from a buffer of records, each record followed by one NUL byte.

NUL is no JSON, so every loop ends at the end of a record without asking where that is. A kernel answers with
the place after what it read, or `NOT_UNDERSTOOD`; it reads exactly the JSON of RFC 8259, never more.

Strings are read eight bytes at a time: `words[p]` holds the bytes p to p + 7 of the buffer, p lowest, so the
buffer ends with `PADDING`. Tests of eight bytes at once are those of S. E. Anderson, "Bit Twiddling Hacks";
they may err above a byte that passes, never below, and only the lowest is used. Arithmetic wraps on purpose.
"""

import codecs
from typing import Final

import numpy as np

from processors.columns import UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel

NOT_UNDERSTOOD: Final = -1

TAB: Final = 9
NEWLINE: Final = 10
RETURN: Final = 13
SPACE: Final = 32
QUOTE: Final = 34
PLUS: Final = 43
COMMA: Final = 44
MINUS: Final = 45
DOT: Final = 46
ZERO: Final = 48
COLON: Final = 58
OPEN_BRACKET: Final = 91
BACKSLASH: Final = 92
CLOSE_BRACKET: Final = 93
LOWER_E: Final = 101
LOWER_F: Final = 102
LOWER_N: Final = 110
LOWER_T: Final = 116
LOWER_U: Final = 117
OPEN_BRACE: Final = 123
CLOSE_BRACE: Final = 125

PADDING: Final = bytes(32)
MARK: Final = codecs.BOM_UTF8

_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_QUOTES: Final = np.uint64(QUOTE) * _ONES
_BACKSLASHES: Final = np.uint64(BACKSLASH) * _ONES
_SPACES: Final = np.uint64(SPACE) * _ONES
_PLACES: Final = np.uint64(0x0001_0203_0405_0607)
_ONE: Final = np.uint64(1)
_SEVEN: Final = np.uint64(7)
_TOP_BYTE: Final = np.uint64(56)
_NOTHING: Final = np.uint64(0)

_ZEROS: Final = np.uint64(ZERO) * _ONES
_BEYOND_NINE: Final = np.uint64(0x80 - 10) * _ONES
_BYTE_BITS: Final = np.uint64(8)
_WORD_BYTES: Final = 8
# eight digits to one number: neighbours are put together three times, the first as tens
_PAIRS: Final = np.uint64(0x00FF_00FF_00FF_00FF)
_FOURS: Final = np.uint64(0x0000_FFFF_0000_FFFF)
_TENS: Final = np.uint64(10 << 8 | 1)
_HUNDREDS: Final = np.uint64(100 << 16 | 1)
_TEN_THOUSANDS: Final = np.uint64(10_000 << 32 | 1)
_TO_PAIRS: Final = np.uint64(8)
_TO_FOURS: Final = np.uint64(16)
_TO_NUMBER: Final = np.uint64(32)

_CASE: Final = 32
_MANTISSA_DIGITS: Final = 18  # no more fit an int64 for sure
_APPENDABLE: Final = 10 ** (_MANTISSA_DIGITS - 1)  # below it one more digit fits
_TIMES: Final = 10 ** np.arange(_WORD_BYTES + 1)
_ROOM: Final = 10**_MANTISSA_DIGITS // _TIMES  # below it so many more digits fit
_EXPONENT_DIGITS: Final = 4
_HUGE_EXPONENT: Final = 10**_EXPONENT_DIGITS
_MAX_MANTISSA: Final = 2**53
_MAX_EXPONENT: Final = 22
_POWERS: Final = np.array([float(f"1e{power}") for power in range(_MAX_EXPONENT + 1)])
_ESCAPED: Final = np.isin(np.arange(256), np.frombuffer(b'"\\/bfnrt', np.uint8))
_HEX: Final = np.isin(np.arange(256), np.frombuffer(b"0123456789abcdefABCDEF", np.uint8))


@inner_kernel
def skip_blanks(buffer: UInt8Array, place: int) -> int:
    """Return the first place from *place* on that is no space, tab or carriage return."""
    while buffer[place] <= SPACE and (
        buffer[place] == SPACE or buffer[place] == TAB or buffer[place] == RETURN
    ):
        place += 1
    return place


@lean_kernel
def skip_lines(buffer: UInt8Array, place: int) -> int:
    """Return the first place from *place* on that is no JSON whitespace."""
    place = skip_blanks(buffer, place)
    while buffer[place] == NEWLINE:
        place = skip_blanks(buffer, place + 1)
    return place


@inner_kernel
def skip_mark(buffer: UInt8Array, place: int) -> int:
    """Return the place after the mark that some writers put before UTF-8, where it stands at *place*."""
    if buffer[place] == MARK[0] and buffer[place + 1] == MARK[1] and buffer[place + 2] == MARK[2]:
        return place + 3
    return place


def words_of(buffer: UInt8Array) -> UInt64Array:
    """Return the overlapping words of a buffer: entry p holds the bytes p to p + 7, p lowest."""
    return np.ndarray((max(0, buffer.size - 7),), np.dtype("<u8"), buffer.data, 0, (1,))


@inner_kernel
def special_bytes(word: np.uint64) -> np.uint64:
    """Return the high bit of each byte that is a quote, a backslash, a control or beyond ASCII."""
    quotes = word ^ _QUOTES
    backslashes = word ^ _BACKSLASHES
    return (
        ((quotes - _ONES) & ~quotes)
        | ((backslashes - _ONES) & ~backslashes)
        | ((word - _SPACES) & ~word)
        | word
    ) & _HIGH_BITS


@inner_kernel
def first_byte(high_bits: np.uint64) -> int:
    """Return the number of the lowest byte of which the high bit is set."""
    lowest = high_bits & (~high_bits + _ONE)
    # not int(): it would stay unsigned when compiled
    return np.int64(((lowest >> _SEVEN) * _PLACES) >> _TOP_BYTE)  # type: ignore[return-value]


@inner_kernel
def scan_string(buffer: UInt8Array, words: UInt64Array, place: int) -> tuple[int, bool]:
    """Read the string whose content starts at *place*.

    Returns:
        The place of its closing quote, and whether it is plain: ASCII without escapes.
    """
    plain = True
    while True:
        special = special_bytes(words[place])
        if special == _NOTHING:
            place += 8
            continue
        place += first_byte(special)
        byte = buffer[place]
        if byte == QUOTE:
            return place, plain
        plain = False
        if byte < SPACE:
            return NOT_UNDERSTOOD, plain
        place = _skip_escape(buffer, place) if byte == BACKSLASH else _skip_character(buffer, place)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD, plain


@lean_kernel
def _skip_escape(buffer: UInt8Array, place: int) -> int:
    """Skip the escape whose backslash is at *place*."""
    if buffer[place + 1] == LOWER_U:
        for digit in range(place + 2, place + 6):
            if not _HEX[buffer[digit]]:
                return NOT_UNDERSTOOD
        return place + 6
    return place + 2 if _ESCAPED[buffer[place + 1]] else NOT_UNDERSTOOD


@lean_kernel
def _skip_character(buffer: UInt8Array, place: int) -> int:
    """Skip the UTF-8 character of two to four bytes at *place* (The Unicode Standard, table 3-7)."""
    lead = int(buffer[place])
    lowest = 0xA0 if lead == 0xE0 else 0x90 if lead == 0xF0 else 0x80
    highest = 0x9F if lead == 0xED else 0x8F if lead == 0xF4 else 0xBF
    following = 1 if lead < 0xE0 else 2 if lead < 0xF0 else 3
    if lead < 0xC2 or lead > 0xF4 or buffer[place + 1] < lowest or buffer[place + 1] > highest:
        return NOT_UNDERSTOOD
    for next_place in range(place + 2, place + following + 1):
        if buffer[next_place] < 0x80 or buffer[next_place] > 0xBF:
            return NOT_UNDERSTOOD
    return place + following + 1


@inner_kernel
def scan_number(buffer: UInt8Array, words: UInt64Array, place: int) -> tuple[int, int, int, bool, bool]:
    """Read the number at *place*.

    Returns:
        The place after it, its mantissa and power of ten, whether it is written as an integer, and whether
        `exact_float` holds for it. Mantissa and power are meaningless when it does not.
    """
    negative = buffer[place] == MINUS
    if negative:
        place += 1
    first = place
    mantissa = 0
    place, mantissa = _scan_digits(buffer, place, mantissa)
    digits = place - first
    if digits == 0 or (digits > 1 and buffer[first] == ZERO):
        return NOT_UNDERSTOOD, 0, 0, False, False
    integer = True
    power = 0
    if buffer[place] == DOT:
        integer = False
        first = place + 1
        place, mantissa = _scan_many_digits(words, first, mantissa)
        power = first - place
        if power == 0:
            return NOT_UNDERSTOOD, 0, 0, False, False
    exact = (
        digits - power <= _MANTISSA_DIGITS and mantissa <= _MAX_MANTISSA and not (negative and mantissa == 0)
    )
    if buffer[place] | _CASE == LOWER_E:
        integer = False
        place, exponent = _scan_exponent(buffer, place + 1)
        power += exponent
    exact = exact and -_MAX_EXPONENT <= power <= _MAX_EXPONENT
    return place, -mantissa if negative else mantissa, power, integer, exact


@inner_kernel
def _scan_digits(buffer: UInt8Array, place: int, number: int) -> tuple[int, int]:
    """Append the digits from *place* on to *number*; past 18 digits in all it is meaningless."""
    while True:
        digit = int(buffer[place]) - ZERO
        if digit < 0 or digit > 9:
            return place, number
        if number < _APPENDABLE:
            number = number * 10 + digit
        place += 1


@inner_kernel
def _scan_many_digits(words: UInt64Array, place: int, number: int) -> tuple[int, int]:
    """Do what `_scan_digits` does, eight digits at a time (D. Lemire, "Quickly parsing eight digits", 2018)."""
    while True:
        digits = words[place] ^ _ZEROS
        others = ((digits + _BEYOND_NINE) | digits) & _HIGH_BITS
        count = _WORD_BYTES if others == _NOTHING else first_byte(others)
        if count == 0:
            return place, number
        if number < _ROOM[count]:
            # what follows the digits goes, and zeros come before them
            digits <<= _BYTE_BITS * np.uint64(_WORD_BYTES - count)
            digits = ((digits * _TENS) >> _TO_PAIRS) & _PAIRS
            digits = ((digits * _HUNDREDS) >> _TO_FOURS) & _FOURS
            digits = (digits * _TEN_THOUSANDS) >> _TO_NUMBER
            number = number * _TIMES[count] + np.int64(digits)
        place += count
        if count < _WORD_BYTES:
            return place, number


@lean_kernel
def _scan_exponent(buffer: UInt8Array, place: int) -> tuple[int, int]:
    """Read sign and digits of an exponent; one of too many digits reads as too large for `exact_float`."""
    negative = buffer[place] == MINUS
    if negative or buffer[place] == PLUS:
        place += 1
    first = place
    place, exponent = _scan_digits(buffer, place, 0)
    if place == first:
        return NOT_UNDERSTOOD, 0
    if place - first > _EXPONENT_DIGITS:
        exponent = _HUGE_EXPONENT
    return place, -exponent if negative else exponent


@inner_kernel
def exact_float(mantissa: int, power: int) -> float:
    """Return mantissa * 10**power, correctly rounded, for a mantissa up to 2**53 and a power up to ±22.

    Both operands are exact floats then, so the one operation rounds once (W. D. Clinger, "How to read
    floating point numbers accurately", 1990).
    """
    if power < 0:
        return np.float64(mantissa) / _POWERS[-power]
    return np.float64(mantissa) * _POWERS[power]


@lean_kernel
def scan_literal(buffer: UInt8Array, place: int) -> int:
    """Read `true`, `false` or `null` at *place*."""
    first = buffer[place]
    if first == LOWER_T and has(buffer, place, b"true"):
        return place + 4
    if first == LOWER_N and has(buffer, place, b"null"):
        return place + 4
    if first == LOWER_F and has(buffer, place, b"false"):
        return place + 5
    return NOT_UNDERSTOOD


@lean_kernel
def has(buffer: UInt8Array, place: int, word: bytes) -> bool:
    """Tell whether *word* stands at *place*."""
    for letter in range(len(word)):  # noqa: SIM110 compiled code knows no generators
        if buffer[place + letter] != word[letter]:
            return False
    return True
