"""Putting the rows of several readers, and of several parts of a batch, together to those of the batch."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from processors.columns import DecodedDetections, DecodedPositions, Int32Array, Int64Array, UInt8Array
from processors.vocabulary import FIRST_REJECTION
from streams.decode.detection_row import DetectionRow
from streams.decode.position_row import PositionRow

Decoded = TypeVar("Decoded", DecodedPositions, DecodedDetections)

Columns = list[NDArray[Any]]
"""Columns of different types, in the order of their shape; the identities come last."""

_outcome: Final = itemgetter(0)

CHUNK_BYTES: Final = 1 << 21
"""Scanned at once: with what is made of it, it stays in the second cache of a core.

Larger ones also cost their pages of memory anew each time; 12 MiB at once took half as long again.
"""


def chunks(starts: Int64Array) -> list[int]:
    """Return where chunks of about `CHUNK_BYTES` begin, and the end; a record is in one of them."""
    records = starts.size - 1
    bounds = [0]
    while bounds[-1] < records:
        last = int(np.searchsorted(starts, starts[bounds[-1]] + CHUNK_BYTES, side="right")) - 1
        bounds.append(max(last, bounds[-1] + 1))
    return bounds if records else [0, 0]


def outcomes_of(rows: Sequence[PositionRow] | Sequence[DetectionRow]) -> UInt8Array:
    """Return the outcome of each row."""
    return np.frombuffer(bytearray(map(_outcome, rows)), np.uint8)


def telling_rows(outcome: UInt8Array) -> tuple[Int64Array, Int64Array]:
    """Return the rows that say more than why they were rejected, and the place of each row among them.

    Rejected rows say all the same, and have the place behind the last: of them a record may hold half a million.
    """
    says_more = outcome < FIRST_REJECTION
    telling: Int64Array = np.flatnonzero(says_more)
    place: Int64Array = np.cumsum(says_more) - 1
    place[~says_more] = telling.size
    return telling, place


def in_a_row(parts: Sequence[Decoded], bounds: Sequence[int]) -> Decoded:
    """Return the rows of chunks, of which chunk i begins with record `bounds[i]`."""
    used = 0
    for part, first in zip(parts, bounds, strict=False):
        part.record[:] += np.int32(first)
        part.identity_start[:] += used
        used += part.identity.size
    columns: list[Columns] = [list(part) for part in parts]
    return type(parts[0])(*map(np.concatenate, zip(*columns, strict=True)))


def in_order(parts: Sequence[Decoded]) -> Decoded:
    """Return the rows of different records of one batch in the order of records; those of each are in order."""
    filled = [part for part in parts if part.record.size] or parts[:1]
    if len(filled) == 1:
        return filled[0]
    whole = in_a_row(filled, [0] * len(filled))
    if not np.any(whole.record[1:] < whole.record[:-1]):
        return whole
    # stable: the rows of one record are in order already
    order = np.argsort(whole.record, kind="stable")
    columns: Columns = list(whole)
    columns[:-1] = [column[order] for column in columns[:-1]]
    return type(whole)(*columns)


def without_records(decoded: Decoded, records: Int32Array) -> Decoded:
    """Return *decoded* without the rows of some records; its identities stay."""
    kept = ~np.isin(decoded.record, records)
    columns: Columns = list(decoded)
    columns[:-1] = [column[kept] for column in columns[:-1]]
    return type(decoded)(*columns)


def replaced(decoded: Decoded, places: Int64Array, added: Decoded) -> Decoded:
    """Return *decoded* with other rows at some places; its columns are written to."""
    columns: Columns = list(decoded)
    for column, new in zip(columns[:-1], added, strict=False):
        column[places] = new
    decoded.identity_start[places] += decoded.identity.size
    return decoded._replace(identity=np.concatenate([decoded.identity, added.identity]))
