"""Observations in as few bytes as their values need, without loss: how rows travel between intake and aggregate.

Each column of whole numbers is told as a base and what to add to it, in one, two or four bytes where that is enough
(frame of reference; D. Lemire and L. Boytsov, "Decoding billions of integers per second through vectorization", 2015),
and one that says the same of every row by its base alone. Degrees that are exact to seven decimals, as senders write
them, are whole numbers of such units. What is left hardly compresses, so nobody spends time on trying.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from processors.columns import (
    DetectionColumns,
    Float64Array,
    Int32Array,
    PositionColumns,
)
from processors.jit import lean_kernel

Columns = TypeVar("Columns", PositionColumns, DetectionColumns)

UNITS_PER_DEGREE: Final = 10_000_000
_UNIT_TYPE: Final = np.dtype(np.int32)
_DEGREES: Final = frozenset({"lat", "lon"})
_WIDTHS: Final = tuple((np.dtype(f"u{width}"), (1 << 8 * width) - 1) for width in (1, 2, 4))
_MOST_UNITS: Final = (1 << 31) - 1


class NarrowRows(NamedTuple):
    """Rows of observations; their order is that of the columns that they were made of."""

    rows: int
    columns: dict[str, NDArray[Any]]  # those in which rows may differ, by name
    bases: dict[str, int]  # what to add to a column; of one that is not there: its value in every row

    def chosen(self, rows: NDArray[Any]) -> "NarrowRows":
        """Return some of the rows, by their places."""
        return NarrowRows(
            rows.size, {name: column.take(rows) for name, column in self.columns.items()}, self.bases
        )

    @property
    def row_bytes(self) -> int:
        """Return how many bytes a row takes."""
        return sum(column.dtype.itemsize for column in self.columns.values())


class Part(NamedTuple):
    """Where the rows of an observation partition stand."""

    destination: int
    first: int
    end: int


def narrowed(columns: PositionColumns | DetectionColumns) -> NarrowRows:
    """Return the same rows in as few bytes as they need."""
    rows = columns.outcome.size
    if not rows:
        return NarrowRows(0, {}, dict.fromkeys(columns._fields, 0))
    kept: dict[str, NDArray[Any]] = {}
    bases: dict[str, int] = {}
    for name, column in columns._asdict().items():
        if column.dtype.kind == "f":
            kept[name] = _units(column) if name in _DEGREES else column
            continue
        least, most = map(int, _bounds(column))  # whose difference may be more than 64 bits hold
        if least == most:
            bases[name] = least
            continue
        width = next((width for width, largest in _WIDTHS if most - least <= largest), column.dtype)
        if width.itemsize < column.dtype.itemsize:
            bases[name] = least
            kept[name] = (column - column.dtype.type(least)).astype(width)
        else:
            kept[name] = column
    return NarrowRows(rows, kept, bases)


def widened(shape: type[Columns], parts: Sequence[NarrowRows]) -> Columns:
    """Return rows as they were before `narrowed`, one part after another, as arrays of their own memory.

    Args:
        shape: What they were.
        parts: Narrow rows; a column that one has neither as a column nor as a base is zero there.
    """
    rows = sum(part.rows for part in parts)
    made = []
    for name, type_ in column_types(shape).items():
        column = np.empty(rows, type_)
        first = 0
        for part in parts:
            _widen(column[first : first + part.rows], part.columns.get(name), part.bases.get(name, 0))
            first += part.rows
        made.append(column)
    return shape._make(made)


def _widen(wide: NDArray[Any], narrow: NDArray[Any] | None, base: int) -> None:
    """Write a column of a part, or what it says of every row."""
    if narrow is None:
        wide.fill(base)
    elif wide.dtype.kind == "f" and narrow.dtype == _UNIT_TYPE:
        np.divide(narrow, wide.dtype.type(UNITS_PER_DEGREE), out=wide)
    else:
        wide[:] = narrow
        if base:
            wide += wide.dtype.type(base)


def column_types(shape: type[Columns]) -> dict[str, np.dtype[Any]]:
    """Return what the columns of a shape are arrays of, by name."""
    return _COLUMN_TYPES[shape.__name__]


def _types_of(shape: type[Any]) -> dict[str, np.dtype[Any]]:
    """Return what the annotations of a shape say."""
    hints = get_type_hints(shape)
    return {name: np.dtype(get_args(get_args(hints[name])[1])[0]) for name in shape._fields}


_COLUMN_TYPES: Final = {shape.__name__: _types_of(shape) for shape in (PositionColumns, DetectionColumns)}


def by_destination(rows: NarrowRows, destination: Int32Array) -> tuple[NarrowRows, list[Part]]:
    """Return the rows in order of their destinations, and where those of each stand; they keep their order."""
    if destination.size == 0:
        return rows, []
    if destination.min() == destination.max():
        return rows, [Part(int(destination[0]), 0, rows.rows)]
    # a stable sort of 16-bit keys is a radix sort: one pass instead of n log n
    order = np.argsort(destination.astype(np.uint16), kind="stable")
    counts = np.bincount(destination)
    ends = np.cumsum(counts)
    numbers = np.flatnonzero(counts).tolist()
    parts = [Part(number, int(ends[number] - counts[number]), int(ends[number])) for number in numbers]
    return rows.chosen(order), parts


def _units(degrees: Float64Array) -> Float64Array | Int32Array:
    """Return degrees in units, or as they are where that would change one."""
    units: Int32Array = np.empty(degrees.size, _UNIT_TYPE)
    return units if _count_units(degrees, units) else degrees


@lean_kernel
def _count_units(degrees: Float64Array, units: Int32Array) -> bool:
    """Write degrees in units; return whether they give each one back to the last bit."""
    is_exact = True
    for row in range(degrees.size):
        count = np.rint(degrees[row] * UNITS_PER_DEGREE)
        is_counted = abs(count) <= _MOST_UNITS
        units[row] = np.int32(count) if is_counted else np.int32(0)
        # a zero may have a sign, which no unit has
        is_signed_zero = count == 0 and np.copysign(1.0, degrees[row]) < 0
        is_exact &= is_counted and count / UNITS_PER_DEGREE == degrees[row] and not is_signed_zero
    return is_exact


@lean_kernel
def _bounds(column: NDArray[Any]) -> tuple[int, int]:
    """Return the least and the largest of some numbers."""
    least = column[0]
    most = column[0]
    for value in column:
        least = min(least, value)
        most = max(most, value)
    return least, most
