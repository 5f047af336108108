"""SipHash-2-4 with 128 bits (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012).

A keyed hash: without the key nobody can say which text a hash belongs to, nor make texts collide. The
arithmetic wraps on purpose.
"""

from typing import Final

import numpy as np

from processors.columns import UInt8Array
from processors.jit import lean_kernel

_INITIAL_0: Final = np.uint64(0x736F6D6570736575)
_INITIAL_1: Final = np.uint64(0x646F72616E646F6D)
_INITIAL_2: Final = np.uint64(0x6C7967656E657261)
_INITIAL_3: Final = np.uint64(0x7465646279746573)
_WIDE_1: Final = np.uint64(0xEE)
_WIDE_2: Final = np.uint64(0xDD)
_BITS: Final = np.uint64(64)


@lean_kernel
def siphash(
    text: UInt8Array, start: int, length: int, key_0: np.uint64, key_1: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Return the hash of *length* bytes from *start* as two numbers of 64 bits."""
    v0, v1 = key_0 ^ _INITIAL_0, key_1 ^ _INITIAL_1 ^ _WIDE_1
    v2, v3 = key_0 ^ _INITIAL_2, key_1 ^ _INITIAL_3
    whole = length - length % 8
    for place in range(start, start + whole, 8):
        word = _word(text, place, 8)
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
    word = _word(text, start + whole, length - whole) | np.uint64(length & 0xFF) << np.uint64(56)
    v3 ^= word
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0 ^= word
    v2 ^= _WIDE_1
    v0, v1, v2, v3 = _four_rounds(v0, v1, v2, v3)
    first = v0 ^ v1 ^ v2 ^ v3
    v1 ^= _WIDE_2
    v0, v1, v2, v3 = _four_rounds(v0, v1, v2, v3)
    return first, v0 ^ v1 ^ v2 ^ v3


@lean_kernel
def _word(text: UInt8Array, start: int, length: int) -> np.uint64:
    """Return *length* bytes, at most eight, as one number, the first byte lowest."""
    word = np.uint64(0)
    for place in range(length):
        word |= np.uint64(text[start + place]) << np.uint64(8 * place)
    return word


@lean_kernel
def _rotated(number: np.uint64, bits: np.uint64) -> np.uint64:
    return number << bits | number >> (_BITS - bits)


@lean_kernel
def _round(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Mix the state once."""
    v0 += v1
    v2 += v3
    v1 = _rotated(v1, np.uint64(13)) ^ v0
    v3 = _rotated(v3, np.uint64(16)) ^ v2
    v0 = _rotated(v0, np.uint64(32))
    v2 += v1
    v0 += v3
    v1 = _rotated(v1, np.uint64(17)) ^ v2
    v3 = _rotated(v3, np.uint64(21)) ^ v0
    return v0, v1, _rotated(v2, np.uint64(32)), v3


@lean_kernel
def _four_rounds(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Mix the state four times."""
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0, v1, v2, v3
