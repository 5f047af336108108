"""Plates of a column of text as keys, as fast as registers of millions of them need."""

from typing import Final

import numpy as np

from processors.columns import Int64Array, UInt8Array
from processors.identity import KEYED_CHARACTERS, write_home_identity
from processors.jit import lean_kernel

SCRATCH_BYTES: Final = 256  # a longer text is no plate


@lean_kernel
def keys_of_texts(text: UInt8Array, bounds: Int64Array, scratch: UInt8Array, keys: Int64Array) -> None:
    """Write the key of the plate in each `[bounds[i], bounds[i + 1])`, 0 where it is none; home plates need no country.

    *scratch* has `SCRATCH_BYTES`.
    """
    for row in range(keys.size):
        keys[row] = 0
        start, end = bounds[row], bounds[row + 1]
        if 0 < end - start <= 4 * KEYED_CHARACTERS and _is_ascii(text, start, end):
            _, keys[row] = write_home_identity(text, start, end, scratch, 0)


@lean_kernel
def _is_ascii(text: UInt8Array, start: int, end: int) -> bool:
    plain = True
    for place in range(start, end):
        plain &= text[place] < 128
    return plain


def plate_keys(text: UInt8Array, bounds: Int64Array) -> Int64Array:
    """Return the key of each plate of a column of text."""
    keys = np.empty(bounds.size - 1, np.int64)
    keys_of_texts(text, bounds, np.empty(SCRATCH_BYTES, np.uint8), keys)
    return keys
