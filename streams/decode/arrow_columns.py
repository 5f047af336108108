"""Columns of an Arrow stream that a sender made, as every reader of one asks for them."""

import pyarrow as pa

from processors.columns import BoolArray
from processors.vocabulary import Outcome
from streams.arrow_arrays import arrow_scalar, numbers_of


class StreamRefusedError(Exception):
    """A stream that gives no rows; holds the reason."""

    def __init__(self, reason: Outcome) -> None:
        super().__init__(reason)
        self.reason = reason


def filled(column: pa.Array, value: float | str) -> pa.Array:
    """Return a column with a value where it has none."""
    return column.fill_null(arrow_scalar(value)) if column.null_count else column


def as_type(column: pa.Array, type_: pa.DataType) -> pa.Array:
    """Return a column as one of another type, whatever its values; asking Arrow to change nothing costs 10 µs."""
    return column if column.type == type_ else column.cast(type_, safe=False)


def texts(column: pa.Array) -> pa.Array:
    """Return texts, empty where there is none; a column of nothing but nulls may have any type, or none."""
    if not (is_text(column.type) or pa.types.is_null(column.type)):
        raise StreamRefusedError(Outcome.WRONG_TYPE)
    return filled(as_type(column, pa.large_string()), "")


def missing(column: pa.Array) -> BoolArray | None:
    """Return which rows have no value, in themselves or in their dictionary; None where all have one."""
    if not pa.types.is_dictionary(column.type):
        return _nulls(column) if column.null_count else None
    # never asked of the column itself: with a dictionary of nothing but nulls that ends the process (Arrow 26)
    places, words = column.indices, column.dictionary
    if not words.null_count:
        return _nulls(places) if places.null_count else None
    return _nulls(places) | _nulls(words)[numbers_of(filled(as_type(places, pa.int64()), 0))]


def _nulls(column: pa.Array) -> BoolArray:
    """Return which rows of a column are null."""
    nulls: BoolArray = numbers_of(column.is_null().cast(pa.uint8())) != 0
    return nulls


def is_text(type_: pa.DataType) -> bool:
    """Tell whether a column is one of texts."""
    return pa.types.is_string(type_) or pa.types.is_large_string(type_)
