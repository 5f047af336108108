"""Plates of up to eight characters, separators counted, spelled and numbered at once as one word of eight bytes.

Nearly every plate here is one: `VB-123-K`. A byte at a time, the processor guesses wrong at each separator. Tests of
eight bytes at once are those of S. E. Anderson, "Bit Twiddling Hacks"; all bytes are ASCII, so none carries into the
next. Numbers are put together as D. Lemire does it ("Quickly parsing eight digits", 2018), with 37 in place of ten.
"""

from typing import Final

import numpy as np

from processors.jit import inner_kernel

WORD_BYTES: Final = 8
CHARACTERS: Final = 37  # letters, digits, and nothing

_ONE: Final = np.uint64(1)
_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_HIGH_BITS: Final = np.uint64(0x80) * _ONES
_SEVENS: Final = np.uint64(0x7F) * _ONES
_ALL: Final = np.uint64(2**64 - 1)
_NOTHING: Final = np.uint64(0)
_BITS: Final = np.uint64(64)
_BYTE_BITS: Final = np.uint64(8)
_TO_UNITS: Final = np.uint64(7)  # from the high bit of a byte to its lowest
_TO_CASE: Final = np.uint64(2)  # from the high bit of a byte to the one that tells cases apart

_HYPHENS: Final = np.uint64(ord("-")) * _ONES
_SPACES: Final = np.uint64(ord(" ")) * _ONES
_DOTS: Final = np.uint64(ord(".")) * _ONES
# added to a byte, its high bit is set from the first character on, or from the one after the last
_FROM_SMALL: Final = np.uint64(0x80 - ord("a")) * _ONES
_AFTER_SMALL: Final = np.uint64(0x7F - ord("z")) * _ONES
_FROM_CAPITAL: Final = np.uint64(0x80 - ord("A")) * _ONES
_AFTER_CAPITAL: Final = np.uint64(0x7F - ord("Z")) * _ONES
_FROM_DIGIT: Final = np.uint64(0x80 - ord("0")) * _ONES
_AFTER_DIGIT: Final = np.uint64(0x7F - ord("9")) * _ONES
# what to take from a character for its digit in a number: 1 to 10, then 11 to 36
_FROM_CHARACTER: Final = np.uint64(ord("0") - 1)
_FROM_LETTER: Final = np.uint64(ord("A") - 11)

_PAIRS: Final = np.uint64(0x00FF_00FF_00FF_00FF)
_FOURS: Final = np.uint64(0x0000_FFFF_0000_FFFF)
_EIGHTS: Final = np.uint64(0xFFFF_FFFF)
_TO_PAIR: Final = np.uint64(8)
_TO_FOUR: Final = np.uint64(16)
_TO_EIGHT: Final = np.uint64(32)
_TIMES_1: Final = np.uint64(CHARACTERS)
_TIMES_2: Final = np.uint64(CHARACTERS**2)
_TIMES_4: Final = np.uint64(CHARACTERS**4)


@inner_kernel
def short_plate(word: np.uint64, length: int) -> tuple[np.uint64, int, int]:
    """Return the plate that stands in the lowest *length* bytes of a word, one to eight of them ASCII.

    Returns:
        Its characters, in upper case and without separators; how many there are, 0 for what is no plate and for one
        of which nothing is left; and the number that its characters are.
    """
    used = _ALL >> (_BITS - _BYTE_BITS * np.uint64(length))
    word &= used
    word ^= _between(word, _FROM_SMALL, _AFTER_SMALL) >> _TO_CASE
    letters = _between(word, _FROM_CAPITAL, _AFTER_CAPITAL)
    figures = _between(word, _FROM_DIGIT, _AFTER_DIGIT)
    separators = _equal(word, _HYPHENS) | _equal(word, _SPACES) | _equal(word, _DOTS)
    if letters | figures | separators != _HIGH_BITS & used:
        return _NOTHING, 0, 0
    digits = word - (letters >> _TO_UNITS) * _FROM_LETTER - (figures >> _TO_UNITS) * _FROM_CHARACTER
    while separators != _NOTHING:
        lowest = separators & (~separators + _ONE)
        before = (lowest - _ONE) >> _TO_UNITS
        word = word & before | word >> _BYTE_BITS & ~before
        digits = digits & before | digits >> _BYTE_BITS & ~before
        separators = (separators ^ lowest) >> _BYTE_BITS
        length -= 1
    if length == 0:
        return _NOTHING, 0, 0
    return word, length, _number_of(digits << _BYTE_BITS * np.uint64(WORD_BYTES - length))


@inner_kernel
def _between(word: np.uint64, first: np.uint64, after: np.uint64) -> np.uint64:
    """Return the high bit of each byte that is between two."""
    return ((word + first) ^ (word + after)) & _HIGH_BITS


@inner_kernel
def _equal(word: np.uint64, bytes_: np.uint64) -> np.uint64:
    """Return the high bit of each byte that is equal to that of the other word."""
    return ~((word ^ bytes_) + _SEVENS) & _HIGH_BITS


@inner_kernel
def _number_of(digits: np.uint64) -> int:
    """Return the number that eight digits are, the first in the lowest byte."""
    pairs = (digits & _PAIRS) * _TIMES_1 + (digits >> _TO_PAIR & _PAIRS)
    fours = (pairs & _FOURS) * _TIMES_2 + (pairs >> _TO_FOUR & _FOURS)
    # not int(): it would stay unsigned when compiled
    return np.int64((fours & _EIGHTS) * _TIMES_4 + (fours >> _TO_EIGHT))  # type: ignore[return-value]
