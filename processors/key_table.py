"""A set of 128-bit keys with a small number each: open addressing, no deletion.

A table is dropped whole when the day that it belongs to is over.
"""

from typing import NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel

ABSENT = -1


class KeyTable(NamedTuple):
    """Keys and their numbers; `used[0]` is how many there are."""

    hi: UInt64Array
    lo: UInt64Array
    number: Int32Array  # ABSENT marks a free place
    used: Int64Array  # shape (1,)


def new_key_table(capacity: int = 1 << 6) -> KeyTable:
    """Return an empty table that holds *capacity* keys at half load."""
    size = 1 << max(4, (2 * capacity - 1).bit_length())
    return KeyTable(
        np.zeros(size, np.uint64),
        np.zeros(size, np.uint64),
        np.full(size, ABSENT, np.int32),
        np.zeros(1, np.int64),
    )


def with_key_room(table: KeyTable, more: int) -> KeyTable:
    """Return the same table with room for so many more keys."""
    need = int(table.used[0]) + more
    if 2 * need <= table.hi.size:
        return table
    bigger = new_key_table(need)
    _copy(table, bigger)
    return bigger


@lean_kernel
def _copy(source: KeyTable, target: KeyTable) -> None:
    for place in range(source.hi.size):
        if source.number[place] != ABSENT:
            put_key(target, source.hi[place], source.lo[place], source.number[place])


@inner_kernel
def _place_of(table: KeyTable, hi: np.uint64, lo: np.uint64) -> int:
    """Return the place of a key, or the free one where it belongs."""
    mask = table.hi.size - 1
    folded = (hi ^ (hi >> np.uint64(32)) ^ lo ^ (lo >> np.uint64(32))) & np.uint64(0x7FFFFFFF)
    place = ((np.int64(folded) * 0x45D9F3B) >> 16) & mask
    while table.number[place] != ABSENT and (table.hi[place] != hi or table.lo[place] != lo):
        place = (place + 1) & mask
    return int(place)


@inner_kernel
def number_of_key(table: KeyTable, hi: np.uint64, lo: np.uint64) -> int:
    """Return the number of a key, or ABSENT."""
    return table.number[_place_of(table, hi, lo)]


@inner_kernel
def put_key(table: KeyTable, hi: np.uint64, lo: np.uint64, number: int) -> bool:
    """Add a key with its number and tell whether it was new. There must be room."""
    place = _place_of(table, hi, lo)
    if table.number[place] != ABSENT:
        return False
    table.hi[place] = hi
    table.lo[place] = lo
    table.number[place] = number
    table.used[0] += 1
    return True


@inner_kernel
def numbered_key(table: KeyTable, hi: np.uint64, lo: np.uint64) -> int:
    """Return the number of a key; a new one gets the number of keys before it. There must be room."""
    place = _place_of(table, hi, lo)
    if table.number[place] == ABSENT:
        table.hi[place] = hi
        table.lo[place] = lo
        table.number[place] = table.used[0]
        table.used[0] += 1
    return table.number[place]
