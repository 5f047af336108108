"""PostgreSQL binary COPY images made from numpy columns, without a Python step per row.

The image is a header, then per row the number of fields (int16) and per field its length (int32) and its
bytes, all big-endian, then -1 as int16. Every field here has a fixed width, so that a row is one numpy
structured dtype.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # signature, no flags, no header extension
TRAILER: Final = b"\xff\xff"
PIECE_ROWS: Final = 4_096  # less than a megabyte of flow cells
EPOCH_2000_US: Final = 946_684_800_000_000  # PostgreSQL counts from 2000-01-01 UTC
EPOCH_2000_DAYS: Final = 10_957


class FieldKind(Enum):
    """PostgreSQL types that a column can have: (numpy dtype on the wire, what to subtract)."""

    SMALLINT = (">i2", 0)
    INTEGER = (">i4", 0)
    BIGINT = (">i8", 0)
    DOUBLE = (">f8", 0)
    TIMESTAMPTZ = (">i8", EPOCH_2000_US)  # from microseconds since 1970
    DATE = (">i4", EPOCH_2000_DAYS)  # from days since 1970


class CopyColumn(NamedTuple):
    """One column of an image: its type and its values, one per row."""

    kind: FieldKind
    values: NDArray[Any]  # any integer or float dtype that fits the kind


def image_pieces(columns: Sequence[CopyColumn]) -> Iterator[bytearray]:
    """Yield the binary COPY image of *columns*, which have equal lengths and hold no nulls, piece by piece.

    The server reads a piece while the next one is made.
    """
    layout = _row_layout(columns)
    row_count = len(columns[0].values)
    yield bytearray(HEADER)
    for first in range(0, row_count, PIECE_ROWS):
        end = min(first + PIECE_ROWS, row_count)
        piece = bytearray((end - first) * layout.itemsize)
        rows = np.ndarray(end - first, layout, piece)
        rows["field_count"] = len(columns)
        for place, (kind, values) in enumerate(columns):
            rows[f"length_{place}"] = layout[f"value_{place}"].itemsize
            shift = kind.value[1]
            part = values[first:end]
            rows[f"value_{place}"] = np.subtract(part, shift) if shift else part
        yield piece
    yield bytearray(TRAILER)


def _row_layout(columns: Sequence[CopyColumn]) -> np.dtype[np.void]:
    """Return the dtype of one row: the field count, then length and value of each field, unpadded."""
    fields = [("field_count", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"length_{place}", ">i4"))
        fields.append((f"value_{place}", column.kind.value[0]))
    return np.dtype(fields)
