"""PostgreSQL binary COPY images made from numpy columns, without a Python step per row.

The image is a header, then per row the number of fields (int16) and per field its length (int32) and its
bytes, all big-endian, then -1 as int16. Every field here has a fixed width, so that a row is one numpy
structured dtype.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # signature, no flags, no header extension
TRAILER: Final = b"\xff\xff"
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


def copy_image(columns: Sequence[CopyColumn]) -> bytearray:
    """Return the binary COPY image of *columns*, which have equal lengths and hold no nulls."""
    layout = _row_layout(columns)
    row_count = len(columns[0].values)
    image = bytearray(len(HEADER) + row_count * layout.itemsize + len(TRAILER))
    image[: len(HEADER)] = HEADER
    image[-len(TRAILER) :] = TRAILER
    rows = np.ndarray(row_count, layout, image, offset=len(HEADER))
    rows["field_count"] = len(columns)
    for place, (kind, values) in enumerate(columns):
        rows[f"length_{place}"] = layout[f"value_{place}"].itemsize
        shift = kind.value[1]
        rows[f"value_{place}"] = np.subtract(values, shift) if shift else values
    return image


def _row_layout(columns: Sequence[CopyColumn]) -> np.dtype[np.void]:
    """Return the dtype of one row: the field count, then length and value of each field, unpadded."""
    fields = [("field_count", ">i2")]
    for place, column in enumerate(columns):
        fields.append((f"length_{place}", ">i4"))
        fields.append((f"value_{place}", column.kind.value[0]))
    return np.dtype(fields)
