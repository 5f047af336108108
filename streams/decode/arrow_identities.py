"""Identities of the vehicles of an Arrow stream: those of a column of text, or of its dictionary, written in one go."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from processors.columns import DecodedPositions, Int32Array, Int64Array, UInt8Array
from processors.identity import IDENTITY_ROOM, identity_of, plate_key_of, write_identity
from processors.jit import lean_kernel
from processors.vocabulary import Outcome
from streams.arrow_arrays import arrow_text, numbers_of
from streams.decode.arrow_columns import as_type, filled, texts

_MORE_BYTES: Final = 6  # that an identity may have beyond its text
_SPACE: Final = ord(" ")
_LAST_PLAIN: Final = ord("~")
_NOT_PLAIN: Final = 255
_ACCEPTED: Final = int(Outcome.ACCEPTED)


class _Identities(NamedTuple):
    """Where the identities of rows stand, as `DecodedPositions` has it."""

    outcome: UInt8Array
    start: Int64Array
    length: Int32Array
    plate: Int64Array


def write_identities(column: pa.Array, room: DecodedPositions) -> UInt8Array:
    """Write where the identities of texts stand, and return them; those of a dictionary are spelled once."""
    rows = _Identities(room.outcome, room.identity_start, room.identity_length, room.plate)
    if not pa.types.is_dictionary(column.type):
        return _spelled(texts(column), rows)
    words = texts(column.dictionary) if len(column.dictionary) else arrow_text("")
    count = len(words)
    known = _Identities(
        np.empty(count, np.uint8),
        np.empty(count, np.int64),
        np.empty(count, np.int32),
        np.empty(count, np.int64),
    )
    identity = _spelled(words, known)
    place = numbers_of(filled(as_type(column.indices, pa.int64()), 0))
    room.outcome[:], room.plate[:] = known.outcome[place], known.plate[place]
    room.identity_start[:], room.identity_length[:] = known.start[place], known.length[place]
    return identity


def _spelled(column: pa.Array, spelled: _Identities) -> UInt8Array:
    """Write where the identity of each text stands, and return them one after another."""
    count = len(column)
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, np.int64)[column.offset : column.offset + count + 1]
    text = np.frombuffer(data or b"", np.uint8)
    for array in (bounds, text):  # either way where it comes from: one kernel for both
        array.flags.writeable = False
    identity = np.empty(int(bounds[-1] - bounds[0]) + count * _MORE_BYTES + IDENTITY_ROOM, np.uint8)
    used = _spell(text, bounds, *spelled, identity)
    odd = np.flatnonzero(spelled.outcome == _NOT_PLAIN).tolist()
    if not odd:
        return identity[:used]
    added = [identity[:used].tobytes()]
    for row in odd:
        found = identity_of(column[row].as_py())
        spelled.outcome[row] = found if isinstance(found, Outcome) else Outcome.ACCEPTED
        if not isinstance(found, Outcome):
            spelled.start[row], spelled.length[row] = used, len(found)
            spelled.plate[row] = plate_key_of(found)
            added.append(found)
            used += len(found)
    return np.frombuffer(bytearray().join(added), np.uint8)


@lean_kernel
def _spell(
    text: UInt8Array,
    bounds: Int64Array,
    outcome: UInt8Array,
    start: Int64Array,
    length: Int32Array,
    plate: Int64Array,
    identity: UInt8Array,
) -> int:
    """Write the identity of each plain text one after another; the others are `_NOT_PLAIN`."""
    used = 0
    all_plain = _is_plain(text, bounds[0], bounds[-1])  # most often, and faster told of all than of each
    for row in range(outcome.size):
        start[row] = used
        length[row] = 0
        plate[row] = 0
        outcome[row] = _NOT_PLAIN
        if not (all_plain or _is_plain(text, bounds[row], bounds[row + 1])):
            continue
        written, key = write_identity(text, bounds[row], bounds[row + 1], identity, used)
        outcome[row] = -written if written < 0 else _ACCEPTED
        if written > 0:
            length[row] = written
            plate[row] = key
            used += written
    return used


@lean_kernel
def _is_plain(text: UInt8Array, start: int, end: int) -> bool:
    """Tell whether all bytes are printable ASCII."""
    plain = True
    for place in range(start, end):
        plain &= _SPACE <= text[place] <= _LAST_PLAIN
    return plain
