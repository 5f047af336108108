"""Snapshots as bytes: what the arrays are as one msgpack document, then their bytes, compressed as a stream.

The state of a partition may be a tenth of the memory of the process, so nothing of it is held a second time.
"""

import math
import struct
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from duls.errors import ReplayError
from processors.observation_partition import Versions
from processors.records import new_records
from processors.snapshot import FORMAT, TABLES, PartitionSnapshot

CODEC: Final = "zstd"
PIECE_BYTES: Final = 1 << 20
LENGTH: Final = struct.Struct("<Q")


class _Array(msgspec.Struct, array_like=True):
    """One array; the type is empty where the format fixes it."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class _Document(msgspec.Struct):
    """Versions, and the arrays whose bytes follow, in this order."""

    zones: int
    cameras: int
    settings: int
    arrays: list[_Array]


def encode_snapshot(snapshot: PartitionSnapshot) -> bytes:
    """Return a snapshot as bytes; its format is `processors.snapshot.FORMAT`."""
    arrays = [
        _Array(name, "" if name in TABLES else array.dtype.str, array.shape)
        for name, array in snapshot.arrays.items()
    ]
    document = msgspec.msgpack.encode(_Document(*snapshot.versions, arrays))
    # not Arrow's own memory, which it keeps
    sink = pa.BufferOutputStream(pa.system_memory_pool())
    with pa.CompressedOutputStream(sink, CODEC) as stream:
        stream.write(LENGTH.pack(len(document)))
        stream.write(document)
        for array in snapshot.arrays.values():
            for piece in _pieces(array):
                stream.write(piece)
    return bytes(memoryview(sink.getvalue()))


def decode_snapshot(data: bytes, format_number: int) -> PartitionSnapshot:
    """Return the snapshot that bytes hold.

    Raises:
        ReplayError: It was written by a version with other tables, or is not whole.
    """
    if format_number != FORMAT:
        message = (
            f"the stored snapshot has format {format_number}, this version reads {FORMAT}: "
            "run the version that wrote it and end it with SIGTERM, or delete the snapshot to replay the log"
        )
        raise ReplayError(message)
    with pa.CompressedInputStream(pa.BufferReader(data), CODEC) as stream:
        (length,) = LENGTH.unpack(_read(stream, np.empty(LENGTH.size, np.uint8)).data)
        document = msgspec.msgpack.decode(_read(stream, np.empty(length, np.uint8)).data, type=_Document)
        arrays = {array.name: _array(stream, array) for array in document.arrays}
    return PartitionSnapshot(Versions(document.zones, document.cameras, document.settings), arrays)


def _pieces(array: NDArray[np.generic]) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of an array, zeros between the fields of records.

    Copies leave there whatever the memory held before: other bytes for the same state, and nobody's to store.
    """
    width = array.dtype.itemsize
    is_padding = np.full(width, array.dtype.fields is not None)
    for dtype, offset, *_ in (array.dtype.fields or {}).values():
        is_padding[offset : offset + dtype.itemsize] = False
    values = np.ascontiguousarray(array).reshape(-1)
    count = max(1, PIECE_BYTES // width)
    for first in range(0, values.size, count):
        piece = values[first : first + count].view(np.uint8)
        if is_padding.any():
            piece = piece.reshape(-1, width).copy()
            piece[:, is_padding] = 0
        yield piece


def _array(stream: pa.NativeFile, array: _Array) -> NDArray[np.generic]:
    """Read the next array, as one that can be written to."""
    dtype = TABLES.get(array.name) or np.dtype(array.dtype)
    values = new_records(math.prod(array.shape), dtype)
    _read(stream, values.view(np.uint8))
    return values.reshape(array.shape)


def _read(stream: pa.NativeFile, target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill an array with the next bytes and return it."""
    filled = 0
    while filled < target.size:
        count = stream.readinto(target[filled:])
        if not count:
            message = "the stored snapshot ends early: delete it to replay the log"
            raise ReplayError(message)
        filled += count
    return target
