"""Grouping short lists of numbers that are equal."""

from typing import NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array
from processors.jit import inner_kernel, kernel

_FACTOR = 16_777_619  # FNV-1a over whole numbers; equal lists are compared, so any spread is exact
_BITS = 0x7FFFFFFF  # so that no product overflows


class Lists(NamedTuple):
    """List k holds `values[starts[k]:starts[k + 1]]`."""

    starts: Int64Array
    values: Int32Array


@kernel
def group_lists(lists: Lists) -> tuple[Int64Array, Int64Array]:
    """Return the group of each list, equal for equal lists, and the first list of each group."""
    count = lists.starts.size - 1
    group = np.empty(count, np.int64)
    example = np.empty(count, np.int64)
    groups = 0
    size = 16
    while size < 2 * count:
        size *= 2
    table = np.full(size, -1, np.int64)
    for number in range(count):
        slot = _hash(lists, number) & (size - 1)
        while table[slot] >= 0 and not _are_equal(lists, number, example[table[slot]]):
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = groups
            example[groups] = number
            groups += 1
        group[number] = table[slot]
    return group, example[:groups].copy()


@inner_kernel
def _hash(lists: Lists, number: int) -> int:
    value = 0x11C9DC5
    for place in range(lists.starts[number], lists.starts[number + 1]):
        value = ((value ^ int(lists.values[place])) * _FACTOR) & _BITS
        value ^= value >> 13
    return value


@inner_kernel
def _are_equal(lists: Lists, number: int, other: int) -> bool:
    first, second = lists.starts[number], lists.starts[other]
    length = lists.starts[number + 1] - first
    if lists.starts[other + 1] - second != length:
        return False
    for place in range(length):  # noqa: SIM110 kernels know no generators
        if lists.values[first + place] != lists.values[second + place]:
            return False
    return True
