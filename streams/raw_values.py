"""The values of records in one buffer, as the scanner takes them; a sequence of bytes to everybody else."""

from collections.abc import Sequence
from typing import Any, Final, overload

import numpy as np

from processors.columns import BoolArray, Int64Array, UInt8Array
from streams.decode.lexer import PADDING

_SEPARATOR: Final = b"\0"


class RawValues(Sequence[bytes | None]):
    """Values of records one after another, each followed by a NUL, and `PADDING` after the last.

    Lives as long as its buffer, which is that of one batch.

    Args:
        buffer: All values; not written to as long as this lives.
        starts: The start of each value, and of the padding.
        is_null: Where a record has no value; its value in the buffer is empty.
    """

    __slots__ = ("buffer", "is_null", "starts")

    def __init__(self, buffer: UInt8Array, starts: Int64Array, is_null: BoolArray) -> None:
        self.buffer = buffer
        self.starts = starts
        self.is_null = is_null

    @classmethod
    def of(cls, values: Sequence[bytes | None]) -> "RawValues":
        """Return values in a buffer of their own; those that are in one already stay there."""
        if isinstance(values, RawValues):
            return values
        is_null = np.zeros(len(values), np.bool_)
        try:
            joined = _SEPARATOR.join([*values, PADDING])  # type: ignore[list-item] # None is the rare case
            lengths = np.fromiter(map(len, values), np.int64, len(values))  # type: ignore[arg-type] # the same
        except TypeError:
            is_null[:] = [value is None for value in values]
            texts = [value or b"" for value in values]
            joined = _SEPARATOR.join([*texts, PADDING])
            lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        starts = np.zeros(len(values) + 1, np.int64)
        np.cumsum(lengths + 1, out=starts[1:])
        return cls(np.frombuffer(joined, np.uint8), starts, is_null)

    def __len__(self) -> int:
        return self.starts.size - 1

    @overload
    def __getitem__(self, place: int) -> bytes | None: ...
    @overload
    def __getitem__(self, place: slice) -> "RawValues": ...
    def __getitem__(self, place: int | slice) -> "bytes | RawValues | None":
        """Return a copy of one value, or neighbouring ones in the same buffer."""
        if isinstance(place, slice):
            return self._part(*place.indices(len(self)))
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        row = place % len(self)
        if self.is_null[row]:
            return None
        return self.buffer[self.starts[row] : self.starts[row + 1] - 1].tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # it is a view of what changes

    def __repr__(self) -> str:
        """Return how much there is, never what it says: records hold plates."""
        return f"RawValues({len(self)} records)"

    def chosen(self, rows: Int64Array) -> "RawValues":
        """Return some of the values, in a buffer of their own."""
        return RawValues.of([self[row] for row in rows.tolist()])

    def _part(self, first: int, last: int, step: int) -> "RawValues":
        """Return neighbouring values; what follows the last of them serves as its padding."""
        if step != 1:
            return self.chosen(np.arange(first, last, step))
        last = max(first, last)
        start, end = int(self.starts[first]), int(self.starts[last]) + len(PADDING)
        return RawValues(
            self.buffer[start:end], self.starts[first : last + 1] - start, self.is_null[first:last]
        )


def joined_values(parts: Sequence[Sequence[bytes | None]]) -> Sequence[bytes | None]:
    """Return the values of several readings as one sequence."""
    if len(parts) == 1:
        return parts[0]
    values: list[Any] = []
    for part in parts:
        values += part
    return values


def chosen_values(values: Sequence[bytes | None], rows: Int64Array) -> Sequence[bytes | None]:
    """Return some of the values."""
    return values.chosen(rows) if isinstance(values, RawValues) else [values[row] for row in rows.tolist()]
