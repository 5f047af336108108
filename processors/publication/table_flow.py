"""By how much an entry of a table can differ while all known sums stay: the largest flow round the table.

Rows are shown days, columns are pairs of an hour and the lowest zone shown in it; each row has one entry in
each hour. The sum of every row is known, and that of every column but those in which nothing is shown. What is
in no row can take and give any number in these.

A larger entry takes from its row in other columns; others in these take that over, and give up as much
elsewhere, until something in the entry's own column is given up. Each such way is found by breadth first
search and followed as far as its smallest entry allows (Edmonds and Karp); entries cannot be less than zero.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array
from processors.jit import inner_kernel

NOBODY: Final = -1
UNSEEN: Final = -2
MORE: Final = 1
LESS: Final = -1
PLENTY: Final = 1 << 40


class Table(NamedTuple):
    """The table, and room to search in. Row number `zones` stands for all that is in no row."""

    lowest: Int32Array  # lowest zone shown around each zone's own in each hour, NOBODY: none; shape (zones, hours)
    rest: Int64Array  # the entries; rows of days that are not shown are empty, shape (zones, hours)
    parts: Int32Array  # zones with own observations in each row, 0: no row; shape (zones,)
    left: Int64Array  # entries after the ways found so far, shape (zones + 1, hours)
    row_from: (
        Int32Array  # hour of the column that a row was reached from, UNSEEN: not reached; shape (zones + 1,)
    )
    column_from: (
        Int32Array  # row that a column was reached from, by hour and zone + 1; shape (hours, zones + 1)
    )
    queue: Int32Array  # shape (zones + 1,)


class Entry(NamedTuple):
    """An entry of the table; in its own column it exchanges with rows outside of `first` .. `end` - 1."""

    row: int
    hour: int
    first: int
    end: int


def new_table(zones: int, hours: int) -> Table:
    """Return a table of so many zones and hours."""
    return Table(
        np.zeros((zones, hours), np.int32),
        np.zeros((zones, hours), np.int64),
        np.zeros(zones, np.int32),
        np.zeros((zones + 1, hours), np.int64),
        np.zeros(zones + 1, np.int32),
        np.zeros((hours, zones + 1), np.int32),
        np.zeros(zones + 1, np.int32),
    )


@inner_kernel
def flow(table: Table, entry: Entry, sign: int, enough: int) -> int:
    """Return by how much an entry can be MORE or LESS, or the first such number that exceeds *enough*."""
    row, hour = entry.row, entry.hour
    zones = table.parts.size
    for place in range(table.rest.shape[1]):
        for other in range(zones):
            table.left[other, place] = table.rest[other, place]
        table.left[zones, place] = PLENTY
    most = PLENTY if sign == MORE else table.rest[row, hour]
    total = 0
    while total <= enough and total < most:
        last = _search(table, entry, sign)
        if last == UNSEEN:
            break
        total += _follow(table, row, hour, sign, last, most - total)
    return total


@inner_kernel
def _column_of(table: Table, row: int, hour: int) -> int:
    """Return the lowest zone shown around a row in an hour."""
    return NOBODY if row == table.parts.size else table.lowest[row, hour]


@inner_kernel
def _search(table: Table, entry: Entry, sign: int) -> int:
    """Reach rows from that of an entry until one may exchange with it in its own column, and return it."""
    start, hour = entry.row, entry.hour
    zones, hours = table.parts.size, table.rest.shape[1]
    target = table.lowest[start, hour]
    table.row_from[:] = UNSEEN
    table.column_from[:] = UNSEEN
    table.row_from[start] = NOBODY
    table.queue[0] = start
    first, end = 0, 1
    while first < end:
        row = table.queue[first]
        first += 1
        may_exchange = row < entry.first or row >= entry.end
        if (
            may_exchange
            and _column_of(table, row, hour) == target
            and (sign == LESS or table.left[row, hour] > 0)
        ):
            return row
        for place in range(hours):
            column = _column_of(table, row, place)
            if (place == hour and column == target) or table.column_from[place, column + 1] != UNSEEN:
                continue
            if sign == MORE and table.left[row, place] == 0:
                continue
            table.column_from[place, column + 1] = row
            for other in range(zones + 1):
                if table.row_from[other] != UNSEEN or (other < zones and table.parts[other] == 0):
                    continue
                if _column_of(table, other, place) != column:
                    continue
                if sign == LESS and table.left[other, place] == 0:
                    continue
                table.row_from[other] = place
                table.queue[end] = other
                end += 1
    return UNSEEN


@inner_kernel
def _follow(table: Table, start: int, hour: int, sign: int, last: int, most: int) -> int:
    """Follow the way that ends with an entry of row *last*, as far as entries allow; return how far."""
    amount = most
    row, place = last, hour
    while row != start:
        before = table.row_from[row]
        # along a way that makes the start more, rows take where they are reached and give where they are left
        giving = place if sign == MORE else before
        amount = min(amount, table.left[row, giving])
        row = table.column_from[before, _column_of(table, row, before) + 1]
        place = before
    if sign == MORE:
        amount = min(amount, table.left[start, place])
    row, place = last, hour
    while row != start:
        before = table.row_from[row]
        table.left[row, place] -= sign * amount
        table.left[row, before] += sign * amount
        row = table.column_from[before, _column_of(table, row, before) + 1]
        place = before
    table.left[start, place] -= sign * amount
    return amount
