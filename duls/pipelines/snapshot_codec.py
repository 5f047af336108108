"""Snapshots as bytes: one msgpack document of named arrays, compressed."""

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from duls.errors import ReplayError
from processors.observation_partition import Versions
from processors.snapshot import FORMAT, TABLES, PartitionSnapshot

CODEC = "zstd"


class _Array(msgspec.Struct, array_like=True):
    """One array; the type is empty where the format fixes it."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class _Document(msgspec.Struct):
    """Versions, and arrays by name."""

    zones: int
    cameras: int
    settings: int
    arrays: dict[str, _Array]


class _Compressed(msgspec.Struct, array_like=True):
    """A compressed document and its size before."""

    size: int
    data: bytes


def encode_snapshot(snapshot: PartitionSnapshot) -> bytes:
    """Return a snapshot as bytes; its format is `processors.snapshot.FORMAT`."""
    arrays = {
        name: _Array("" if name in TABLES else array.dtype.str, array.shape, _bytes_of(array))
        for name, array in snapshot.arrays.items()
    }
    document = msgspec.msgpack.encode(_Document(*snapshot.versions, arrays))
    compressed = pa.compress(document, codec=CODEC, asbytes=True)
    return msgspec.msgpack.encode(_Compressed(len(document), compressed))


def decode_snapshot(data: bytes, format_number: int) -> PartitionSnapshot:
    """Return the snapshot that bytes hold.

    Raises:
        ReplayError: It was written by a version with other tables.
    """
    if format_number != FORMAT:
        message = (
            f"the stored snapshot has format {format_number}, this version reads {FORMAT}: "
            "run the version that wrote it and end it with SIGTERM, or delete the snapshot to replay the log"
        )
        raise ReplayError(message)
    compressed = msgspec.msgpack.decode(data, type=_Compressed)
    document = msgspec.msgpack.decode(
        pa.decompress(compressed.data, decompressed_size=compressed.size, codec=CODEC, asbytes=True),
        type=_Document,
    )
    arrays = {name: _array(name, array) for name, array in document.arrays.items()}
    return PartitionSnapshot(Versions(document.zones, document.cameras, document.settings), arrays)


def _bytes_of(array: NDArray[np.generic]) -> bytes:
    """Return the bytes of an array, zeros between the fields of records.

    Copies leave there whatever the memory held before: other bytes for the same state, and nobody's to store.
    """
    fields = array.dtype.fields
    if fields is None:
        return array.tobytes()
    is_padding = np.ones(array.dtype.itemsize, bool)
    for dtype, offset, *_ in fields.values():
        is_padding[offset : offset + dtype.itemsize] = False
    records = np.ascontiguousarray(array).view(np.uint8).reshape(-1, array.dtype.itemsize).copy()
    records[:, is_padding] = 0
    return records.tobytes()


def _array(name: str, array: _Array) -> NDArray[np.generic]:
    """Return a stored array as one that can be written to."""
    dtype = TABLES.get(name) or np.dtype(array.dtype)
    return np.frombuffer(array.data, dtype).reshape(array.shape).copy()
