"""Additive cells: a hash table from a 64-bit key to a row of integer counters.

Open addressing with linear probing. Keys are non-negative; -1 marks a free place. A table is filled by
kernels and drained at each flush; it never shrinks and is grown by its owner between kernel calls, so a kernel
checks `is_full` before a step and stops when it answers yes.
"""

from typing import NamedTuple, Protocol

import numpy as np

from processors.columns import Int64Array
from processors.jit import inner_kernel, kernel

FREE = -1


class CellTable(NamedTuple):
    """Counters by key; `used[0]` is the number of keys, `used[1]` how many the table may hold."""

    keys: Int64Array  # shape (capacity,), a power of two
    values: Int64Array  # shape (capacity, columns)
    used: Int64Array  # shape (2,)


class Cells(Protocol):
    """What kernels need of a cell table: one, or one with something beside."""

    @property
    def keys(self) -> Int64Array:
        """Return the keys by place."""

    @property
    def values(self) -> Int64Array:
        """Return the counters by place."""

    @property
    def used(self) -> Int64Array:
        """Return the number of keys and the most."""


def new_cell_table(capacity: int, columns: int, *, spare: int) -> CellTable:
    """Return an empty table that reports itself full when fewer than *spare* new keys still fit.

    *capacity* is raised to the next power of two that leaves half of the places free.
    """
    size = 1 << max(4, (2 * (capacity + spare) - 1).bit_length())
    return CellTable(
        np.full(size, FREE, np.int64),
        np.zeros((size, columns), np.int64),
        np.array([0, size // 2 - spare], np.int64),
    )


@inner_kernel
def is_full(table: Cells) -> bool:
    """Tell whether the table must grow before the next step of a kernel."""
    return table.used[0] > table.used[1]


@inner_kernel
def home_of(table: Cells, key: int) -> int:
    """Return the row where the search for *key* begins, which most often is its own."""
    # folded to 31 bits first: the product stays below 2^58, so it is the same with and without compilation
    return ((((key ^ (key >> 29) ^ (key >> 47)) & 0x7FFFFFFF) * 0x45D9F3B) >> 16) & (table.keys.size - 1)


@inner_kernel
def cell_of(table: Cells, key: int) -> int:
    """Return the row of *key* in `table.values`, adding the key with zero counters when it is new."""
    mask = table.keys.size - 1
    place = home_of(table, key)
    while table.keys[place] != key:
        if table.keys[place] == FREE:
            table.keys[place] = key
            table.used[0] += 1
            break
        place = (place + 1) & mask
    return place


def with_cell_room(table: CellTable, more: int) -> CellTable:
    """Return the same table with room for so many more keys before it is full."""
    while table.used[0] + more > table.used[1]:
        table = grown(table)
    return table


def with_spare(table: CellTable, spare: int) -> CellTable:
    """Return the same table, full when fewer than *spare* new keys still fit, and not full yet."""
    table.used[1] = table.keys.size // 2 - spare
    while is_full(table):
        table = grown(table)
    return table


def drain(table: CellTable) -> tuple[Int64Array, Int64Array]:
    """Return the keys, ascending, and their counters, and empty the table."""
    places = np.flatnonzero(table.keys != FREE)
    places = places[np.argsort(table.keys[places])]
    keys, values = table.keys[places], table.values[places]
    clear(table)
    return keys, values


def clear(table: CellTable) -> None:
    """Forget all keys and counters."""
    places = np.flatnonzero(table.keys != FREE)
    table.keys[places] = FREE
    table.values[places] = 0
    table.used[0] = 0


def grown(table: CellTable) -> CellTable:
    """Return a table of twice the size with the same cells."""
    spare = table.keys.size // 2 - int(table.used[1])
    bigger = CellTable(
        np.full(table.keys.size * 2, FREE, np.int64),
        np.zeros((table.keys.size * 2, table.values.shape[1]), np.int64),
        np.array([0, table.keys.size - spare], np.int64),
    )
    _move(table, bigger)
    return bigger


@kernel
def _move(source: CellTable, target: CellTable) -> None:
    for place in range(source.keys.size):
        if source.keys[place] != FREE:
            target.values[cell_of(target, source.keys[place])] = source.values[place]
