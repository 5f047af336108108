"""Attributes of millions of plates in one array: a hash table of one word per plate, its key above its attributes.

Nine million plates take 134 MB, are mapped from a file without being read, and cost one look into memory each. Keys are
those of Dutch plates of up to six characters (see `processors.identity`), which is what registers here know; other
plates are not found. The array holds plates in clear: registers do, and no place or time is among them.
"""

from typing import Final

import numpy as np

from processors.columns import Int64Array, UInt64Array
from processors.identity import HOME_COUNTRY, plate_key_of
from processors.jit import lean_kernel

KNOWN: Final = 1 << 31
"""Bit of the attributes that every plate in a table has, so that one without any other is known all the same."""

_KEY_BITS: Final = np.uint64(32)
_ATTRIBUTES: Final = np.uint64(0xFFFF_FFFF)
_FREE: Final = np.uint64(0)
_MIXER: Final = np.uint64(0x9E37_79B9_7F4A_7C15)  # Fibonacci hashing (Knuth, TAOCP 6.4)
_SMALLEST: Final = 1 << 10
_BASE: Final = plate_key_of(f"plate:{HOME_COUNTRY}:0".encode()) - 1
_LARGEST: Final = 2**32


def new_plate_table(plates: int) -> UInt64Array:
    """Return an empty table with room for so many plates, at most three quarters full."""
    need = max(_SMALLEST, plates + plates // 3 + 1)
    return np.zeros(1 << (need - 1).bit_length(), np.uint64)


def home_numbers(plates: Int64Array) -> Int64Array:
    """Return the numbers by which tables know plates; 0 for those that no table can hold."""
    numbers = plates - _BASE
    return np.where((numbers > 0) & (numbers < _LARGEST), numbers, 0)


@lean_kernel
def put_plates(table: UInt64Array, numbers: Int64Array, attributes: Int64Array) -> int:
    """Add plates, or change their attributes, and return how many were new; there must be room."""
    added = 0
    for row in range(numbers.size):
        if numbers[row] == 0:
            continue
        place = _place_of(table, numbers[row])
        added += table[place] == _FREE
        table[place] = (np.uint64(numbers[row]) << _KEY_BITS) | np.uint64(attributes[row] | KNOWN)
    return added


@lean_kernel
def attributes_of(table: UInt64Array, plates: Int64Array, found: Int64Array) -> None:
    """Write the attributes of each plate, 0 where it is not known."""
    for row in range(plates.size):
        number = plates[row] - _BASE
        found[row] = 0
        if 0 < number < _LARGEST:
            found[row] = np.int64(table[_place_of(table, number)] & _ATTRIBUTES)


@lean_kernel
def _place_of(table: UInt64Array, number: int) -> int:
    """Return the place of a plate, or the free one where it belongs."""
    mask = table.size - 1
    key = np.uint64(number)
    place = np.int64((key * _MIXER) >> _KEY_BITS) & mask
    while table[place] != _FREE and table[place] >> _KEY_BITS != key:
        place = (place + 1) & mask
    return place  # type: ignore[return-value] # not int(): it would stay unsigned when compiled
