"""How much freedom the published totals leave to a withheld cell: a bound that a certificate proves.

Zones of a family have *own* observations: those in no zone inside them. What belongs to a shown day and to no
smaller one, its *rest*, is a row of a table with a column for each hour. All parts of a rest lie in the same
published cell of an hour, the lowest one around. So everything that is published says no more than this: the
sum of each row, and, for the rows of an hour with the same lowest cell, the sum of their entries. What lies in
no shown day is free, and so is the column of an hour in which nothing is shown around a row.

What one may still imagine are moves that leave these sums as they are:

- *within an entry*, between a zone whose day is withheld and the other parts of the rest that it is in;
- *within a row*, between hours in which nothing is shown around it;
- *round the table*: an entry can be more by what its row gives up in other hours, if other rows take that
  there and give it up elsewhere, until it comes back to the entry's own hour (`table_flow`).

A withheld cell is protected when they give it more room than k.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import BoolArray, Int32Array, Int64Array
from processors.jit import inner_kernel
from processors.publication.table_flow import LESS, MORE, NOBODY, Entry, Table, flow, new_table
from processors.publication.zone_family import Family

UNBOUNDED: Final = 1 << 62


class Totals(NamedTuple):
    """What the bound is made of; the arrays from `lowest` on follow what is shown."""

    parent: Int32Array  # shape (zones,), as in Family
    end: Int32Array  # shape (zones,)
    has_own: BoolArray  # shape (zones,)
    own: Int64Array  # own observations, shape (zones, hours)
    lowest_day: Int32Array  # smallest shown zone around a zone's own on the day, NOBODY: none; shape (zones,)
    table: Table  # rests of shown days by hour


def new_totals(family: Family, own: Int64Array) -> Totals:
    """Return the totals of a family, before anything is shown."""
    return Totals(
        family.parent,
        family.end,
        family.has_own,
        own,
        np.empty(own.shape[0], np.int32),
        new_table(*own.shape),
    )


@inner_kernel
def follow_shown(totals: Totals, hours: BoolArray, days: BoolArray) -> None:
    """Let the arrays follow what is shown; parents come before the zones inside them."""
    totals.table.rest[:] = 0
    totals.table.parts[:] = 0
    for zone in range(days.size):
        above = totals.parent[zone]
        if days[zone]:
            totals.lowest_day[zone] = zone
        else:
            totals.lowest_day[zone] = NOBODY if above == NOBODY else totals.lowest_day[above]
        day = totals.lowest_day[zone]
        if day != NOBODY and totals.has_own[zone]:
            totals.table.parts[day] += 1
        for hour in range(hours.shape[1]):
            if hours[zone, hour]:
                totals.table.lowest[zone, hour] = zone
            else:
                totals.table.lowest[zone, hour] = (
                    NOBODY if above == NOBODY else totals.table.lowest[above, hour]
                )
            if day != NOBODY:
                totals.table.rest[day, hour] += totals.own[zone, hour]


@inner_kernel
def day_room(totals: Totals, zone: int) -> int:
    """Return a lower bound of the room of a withheld day."""
    row = totals.lowest_day[zone]
    if row == NOBODY:
        return UNBOUNDED
    if totals.table.parts[row] == _parts_inside(totals, zone):
        return 0
    return totals.table.rest[row].sum()


@inner_kernel
def hour_room(totals: Totals, zone: int, hour: int, enough: int) -> int:
    """Return a lower bound, no larger than needed to exceed *enough*, of the room of a withheld hour."""
    row = totals.lowest_day[zone]
    if row == NOBODY:
        return UNBOUNDED
    if row != zone:
        if totals.table.parts[row] == _parts_inside(totals, zone):
            return 0
        room = totals.table.rest[row, hour]
        return (
            room
            if room > enough
            else room + flow(totals.table, Entry(row, hour, row, row + 1), MORE, enough - room)
        )
    room = 0
    for inner in range(zone, totals.end[zone]):
        if totals.lowest_day[inner] == inner and totals.table.parts[inner]:
            entry = Entry(inner, hour, zone, totals.end[zone])
            more = flow(totals.table, entry, MORE, enough)
            if more <= enough:
                more += flow(totals.table, entry, LESS, enough - more)
            room = max(room, more)
            if room > enough:
                break
    return room


@inner_kernel
def _parts_inside(totals: Totals, zone: int) -> int:
    """Return how many parts of a withheld day's rest are in it."""
    parts = 0
    for inner in range(zone, totals.end[zone]):
        parts += totals.has_own[inner]
    return parts
