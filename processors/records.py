"""Tables of records: memory that is there when it is touched, and copies as the bytes that they are.

NumPy copies field by field, which costs ten times as much.
"""

import mmap
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Records = NDArray[np.void]
Scalar = TypeVar("Scalar", bound=np.generic)

MAPPED_BYTES: Final = 1 << 20
"""Tables from here on are mapped: room beyond what is used costs nothing, and what is dropped goes back at once.

The heap keeps dropped tables of up to 32 MiB, and fills their place with zeros for the next one.
"""


def new_records(count: int, dtype: np.dtype[Scalar]) -> NDArray[Scalar]:
    """Return so many records of zeros."""
    size = count * dtype.itemsize
    if size < MAPPED_BYTES:
        return np.zeros(count, dtype)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)  # records are read all over the table
    return np.frombuffer(memory, dtype)


def with_record_room(records: NDArray[Scalar], used: int, need: int) -> NDArray[Scalar]:
    """Return the same records, or, where *need* do not fit, a larger table that begins with the *used* ones."""
    if need <= records.size:
        return records
    bigger = new_records(1 << (need - 1).bit_length(), records.dtype)
    put_records(records[:used], bigger)
    return bigger


def put_records(records: NDArray[Scalar], target: NDArray[Scalar]) -> None:
    """Copy records to the beginning of contiguous ones of the same type."""
    _bytes_of(target[: records.size])[:] = _bytes_of(records)


def copy_of(records: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return a copy of contiguous records."""
    copied = np.empty(records.size, records.dtype)
    put_records(records, copied)
    return copied


def _bytes_of(records: NDArray[Any]) -> NDArray[np.uint8]:
    return records.view(np.uint8)
