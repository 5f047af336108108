"""Dead letters: where rejected rows stand and why, never what they said.

The first `MOST_LETTERS` rows of a record that are rejected for one reason have a letter each, and the rest of them one
together: a record of a mebibyte may hold half a million rows, and nobody reads as many letters. Figures count rows,
not letters.
"""

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from processors.columns import Int32Array, Int64Array, UInt8Array

MOST_LETTERS: Final = 10


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a rejected row stands and why."""

    topic: str = ""  # by name; the id tells it too
    topic_id: str  # hexadecimal
    partition: int
    offset: int
    index: int  # of the row in its record, from 0
    reason: str
    rows: int = 1  # of that record and reason that the letter stands for: this one, and later ones


class RejectedRows(NamedTuple):
    """Rows that were rejected, in the order in which they are told of."""

    partition: Int32Array
    offset: Int64Array
    outcome: UInt8Array  # Outcome code


class Letters(NamedTuple):
    """Which rows have a letter."""

    places: Int64Array  # of those rows, ascending
    rows: Int64Array  # that each letter stands for


def letters_of(rejected: RejectedRows) -> Letters:
    """Return the rows that have a letter, and for how many rows each stands; together they stand for all."""
    count = rejected.outcome.size
    order = np.lexsort(
        (rejected.outcome, rejected.offset, rejected.partition)
    )  # stable: the first come first
    is_first = np.zeros(count, np.bool_)
    is_first[:1] = True
    for column in rejected:
        is_first[1:] |= _changes(column[order])
    starts = np.flatnonzero(is_first)
    counts = np.diff(starts, append=count)
    rank = np.arange(count) - np.repeat(starts, counts)
    rows = np.where(rank == MOST_LETTERS, np.repeat(counts, counts) - MOST_LETTERS, 1)
    is_told = rank <= MOST_LETTERS
    places = order[is_told]
    by_place = np.argsort(places)
    return Letters(places[by_place], rows[is_told][by_place])


def _changes(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value differs from the one before it, beginning with the second."""
    changes: NDArray[np.bool_] = column[1:] != column[:-1]
    return changes
