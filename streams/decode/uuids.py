"""Reading UUIDs eight digits at a time; see `streams.decode.lexer` for the words of a buffer."""

from typing import Final

import numpy as np

from processors.columns import UInt8Array, UInt64Array
from processors.jit import inner_kernel

UUID_BYTES: Final = 36
HYPHENS: Final = (8, 13, 18, 23)

_HYPHEN: Final = ord("-")
_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_HIGH_BITS: Final = np.uint64(0x80) * _ONES
_LOW_BITS: Final = np.uint64(0x7F) * _ONES
_FROM_0: Final = np.uint64(0x80 - ord("0")) * _ONES
_AFTER_9: Final = np.uint64(0x7F - ord("9")) * _ONES
_FROM_A: Final = np.uint64(0x80 - ord("a")) * _ONES
_AFTER_F: Final = np.uint64(0x7F - ord("f")) * _ONES
_CASE: Final = np.uint64(0x20) * _ONES
_NIBBLES: Final = np.uint64(0x0F) * _ONES
_NINE: Final = np.uint64(9)
_BYTES: Final = np.uint64(0x00FF_00FF_00FF_00FF)
_PAIRS: Final = np.uint64(0x0000_FFFF_0000_FFFF)
_HALF: Final = np.uint64(0xFFFF_FFFF)
_FOUR: Final = np.uint64(4)
_SEVEN: Final = np.uint64(7)
_EIGHT: Final = np.uint64(8)
_SIXTEEN: Final = np.uint64(16)
_HALF_BITS: Final = np.uint64(32)
_NOTHING: Final = np.uint64(0)


@inner_kernel
def scan_uuid(
    buffer: UInt8Array, words: UInt64Array, start: int, end: int
) -> tuple[np.uint64, np.uint64, bool]:
    """Return the halves of the UUID in `[start, end)`, and whether the text is one: 8-4-4-4-12 digits."""
    if end - start != UUID_BYTES:
        return _NOTHING, _NOTHING, False
    for place in HYPHENS:
        if buffer[start + place] != _HYPHEN:
            return _NOTHING, _NOTHING, False
    first = words[start]
    second = (words[start + 9] & _HALF) | (words[start + 14] << _HALF_BITS)
    third = (words[start + 19] & _HALF) | (words[start + 24] << _HALF_BITS)
    fourth = words[start + 28]
    if not (_are_digits(first) and _are_digits(second) and _are_digits(third) and _are_digits(fourth)):
        return _NOTHING, _NOTHING, False
    upper = (_number_of(first) << _HALF_BITS) | _number_of(second)
    return upper, (_number_of(third) << _HALF_BITS) | _number_of(fourth), True


@inner_kernel
def _are_digits(word: np.uint64) -> bool:
    """Tell whether eight bytes are hexadecimal digits."""
    low = word & _LOW_BITS
    is_digit = (low + _FROM_0) ^ (low + _AFTER_9)
    return (is_digit | _letters(low)) & ~word & _HIGH_BITS == _HIGH_BITS


@inner_kernel
def _letters(low: np.uint64) -> np.uint64:
    """Return the high bit of each byte that is a letter from a to f, in either case; other bits mean nothing."""
    lower = low | _CASE
    return (lower + _FROM_A) ^ (lower + _AFTER_F)


@inner_kernel
def _number_of(word: np.uint64) -> np.uint64:
    """Return the number that eight hexadecimal digits spell, the first one lowest in the word."""
    letters = (_letters(word) & _HIGH_BITS) >> _SEVEN
    digits = (word & _NIBBLES) + letters * _NINE
    pairs = ((digits << _FOUR) | (digits >> _EIGHT)) & _BYTES
    quads = ((pairs << _EIGHT) | (pairs >> _SIXTEEN)) & _PAIRS
    return ((quads << _SIXTEEN) | (quads >> _HALF_BITS)) & _HALF
