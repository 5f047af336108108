"""The heap of glibc, told to keep what batches use again.

A batch takes and frees tens of megabytes in arrays. By default glibc gives the larger ones, and the end of its heap,
back to the kernel, which hands out zeroed pages anew at 2.7 µs each. Kept, intake uses 5 % less for positions one per
record, aggregate 10 %; a process holds some 20 MiB more.
"""

import ctypes
import os
from collections.abc import Mapping
from typing import Final

_TRIM_THRESHOLD: Final = -1  # malloc.h
_MMAP_THRESHOLD: Final = -3

MMAP_BYTES: Final = 32 << 20
"""Arrays from here on are mapped by themselves; the largest that every glibc takes."""

TRIM_BYTES: Final = 64 << 20
"""So much is kept free at the end of the heap of each thread."""

VARIABLES: Final = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Keep freed memory for the next batch; return whether this C library can, and the operator says nothing else."""
    is_told = "glibc.malloc" in environment.get("GLIBC_TUNABLES", "")
    if is_told or any(name in environment for name in VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, MMAP_BYTES)) and bool(mallopt(_TRIM_THRESHOLD, TRIM_BYTES))
