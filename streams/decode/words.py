"""Tables of plain words of up to sixteen bytes, searched in the buffer of a batch in any case of letters."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from processors.columns import UInt64Array
from processors.jit import inner_kernel

_WORD_BYTES: Final = 16
_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_HIGH_BITS: Final = np.uint64(0x80) * _ONES
_LOW_BITS: Final = np.uint64(0x7F) * _ONES
_FROM_A: Final = np.uint64(0x80 - ord("A")) * _ONES
_AFTER_Z: Final = np.uint64(0x7F - ord("Z")) * _ONES
_TO_CASE: Final = np.uint64(2)
_ALL: Final = np.uint64(2**64 - 1)
_NOTHING: Final = np.uint64(0)
_BITS: Final = np.uint64(64)


def word_table(words: Mapping[str, int]) -> UInt64Array:
    """Return one row per word in lower case: the two halves of it, and its code."""
    rows = []
    for word, code in words.items():
        text = word.encode().ljust(_WORD_BYTES, b"\0")
        rows.append((int.from_bytes(text[:8], "little"), int.from_bytes(text[8:], "little"), code))
    return np.array(rows, np.uint64)


@inner_kernel
def find_word(table: UInt64Array, words: UInt64Array, start: int, end: int, missing: int) -> int:
    """Return the code of the word of *table* that stands in `[start, end)`, or *missing*."""
    length = end - start
    if length == 0 or length > _WORD_BYTES:
        return missing
    first = lower_word(words, start, min(length, 8))
    second = lower_word(words, start + 8, length - 8) if length > 8 else _NOTHING
    for row in range(table.shape[0]):
        if table[row, 0] == first and table[row, 1] == second:
            # not int(): it would stay unsigned when compiled
            return np.int64(table[row, 2])  # type: ignore[return-value]
    return missing


@inner_kernel
def lower_word(words: UInt64Array, start: int, length: int) -> np.uint64:
    """Return *length* ASCII bytes, at most eight, in lower case as one number, the first byte lowest."""
    if length <= 0:
        return _NOTHING
    word = words[start] & (_ALL >> (_BITS - np.uint64(8 * length)))
    low = word & _LOW_BITS
    capitals = ((low + _FROM_A) ^ (low + _AFTER_Z)) & _HIGH_BITS
    return word | (capitals >> _TO_CASE)
