"""SipHash-2-4 with 128 bits (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012).

A keyed hash: without the key nobody can say which text a hash belongs to, nor make texts collide. The
arithmetic wraps on purpose.

Each round waits for the one before it, so many texts are hashed side by side, a word of each at a time: the compiler
makes loops over them that work on four or eight at once.
"""

from typing import Final

import numpy as np

from processors.columns import Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel, word_at

_INITIAL_0: Final = np.uint64(0x736F6D6570736575)
_INITIAL_1: Final = np.uint64(0x646F72616E646F6D)
_INITIAL_2: Final = np.uint64(0x6C7967656E657261)
_INITIAL_3: Final = np.uint64(0x7465646279746573)
_WIDE_1: Final = np.uint64(0xEE)
_WIDE_2: Final = np.uint64(0xDD)
_BITS: Final = np.uint64(64)
_LENGTH_PLACE: Final = np.uint64(56)
_BYTE: Final = 0xFF
_WORD_BYTES: Final = 8

_LANES: Final = 64
"""Texts side by side: few enough for the first cache, and a constant, so that the compiler sees their parts apart."""

# where the parts of all lanes begin in an array of states
_V0: Final = 0
_V1: Final = _LANES
_V2: Final = 2 * _LANES
_V3: Final = 3 * _LANES
_WORD: Final = 4 * _LANES  # to be taken in
_LEFT: Final = 5 * _LANES  # words that are not taken in yet
_STATES: Final = 6 * _LANES


def siphashes(text: UInt8Array, starts: Int64Array, lengths: Int32Array, key: UInt64Array) -> UInt64Array:
    """Return the hash of each text, which is `lengths[i]` bytes from `starts[i]`, as two numbers of 64 bits.

    Returns:
        Shape (texts, 2).
    """
    hashes = np.empty((starts.size, 2), np.uint64)
    with np.errstate(over="ignore"):  # without compilation numpy would warn
        _hash_texts(text, starts, lengths, key, np.empty(_STATES, np.uint64), hashes)
    return hashes


@lean_kernel
def _hash_texts(
    text: UInt8Array,
    starts: Int64Array,
    lengths: Int32Array,
    key: UInt64Array,
    states: UInt64Array,
    hashes: UInt64Array,
) -> None:
    """Write the hash of each text, `_LANES` of them at a time."""
    for first in range(0, starts.size, _LANES):
        count = min(_LANES, starts.size - first)
        most = 0
        for lane in range(count):
            words = lengths[first + lane] // _WORD_BYTES + 1
            states[_LEFT + lane] = words
            most = max(most, words)
        for lane in range(_LANES):
            states[_V0 + lane] = key[0] ^ _INITIAL_0
            states[_V1 + lane] = key[1] ^ _INITIAL_1 ^ _WIDE_1
            states[_V2 + lane] = key[0] ^ _INITIAL_2
            states[_V3 + lane] = key[1] ^ _INITIAL_3
        for number in range(most):
            for lane in range(count):
                row = first + lane
                states[_WORD + lane] = _word_of(text, starts[row], lengths[row], number)
            _take_words(states)
        _finish(states)
        for lane in range(count):
            hashes[first + lane, 0] = states[_V0 + lane]
            hashes[first + lane, 1] = states[_V1 + lane]


@inner_kernel
def _word_of(text: UInt8Array, start: int, length: int, number: int) -> np.uint64:
    """Return a word of a text: eight bytes, or what is left of them and the length; anything beyond the last."""
    begin = number * _WORD_BYTES
    if length - begin >= _WORD_BYTES:
        return word_at(text, start + begin)
    word = np.uint64(length & _BYTE) << _LENGTH_PLACE
    tail = length - begin
    if tail <= 0:
        return word
    if length >= _WORD_BYTES:
        return word | word_at(text, start + length - _WORD_BYTES) >> np.uint64(8 * (_WORD_BYTES - tail))
    for place in range(tail):
        word |= np.uint64(text[start + place]) << np.uint64(8 * place)
    return word


@inner_kernel
def _take_words(states: UInt64Array) -> None:
    """Take a word into the state of each text that has one left."""
    for lane in range(_LANES):
        word = states[_WORD + lane]
        left = states[_LEFT + lane]
        was0, was1, was2, was3 = (
            states[_V0 + lane],
            states[_V1 + lane],
            states[_V2 + lane],
            states[_V3 + lane],
        )
        v0, v1, v2, v3 = _round(was0, was1, was2, was3 ^ word)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        is_left = left > 0
        states[_V0 + lane] = v0 ^ word if is_left else was0
        states[_V1 + lane] = v1 if is_left else was1
        states[_V2 + lane] = v2 if is_left else was2
        states[_V3 + lane] = v3 if is_left else was3
        states[_LEFT + lane] = left - np.uint64(1) if is_left else left


@inner_kernel
def _finish(states: UInt64Array) -> None:
    """Put the two halves of each hash in place of the first two parts of its state."""
    for lane in range(_LANES):
        v0, v1, v2, v3 = (
            states[_V0 + lane],
            states[_V1 + lane],
            states[_V2 + lane],
            states[_V3 + lane],
        )
        v0, v1, v2, v3 = _four_rounds(v0, v1, v2 ^ _WIDE_1, v3)
        first = v0 ^ v1 ^ v2 ^ v3
        v0, v1, v2, v3 = _four_rounds(v0, v1 ^ _WIDE_2, v2, v3)
        states[_V0 + lane] = first
        states[_V1 + lane] = v0 ^ v1 ^ v2 ^ v3


@inner_kernel
def _rotated(number: np.uint64, bits: np.uint64) -> np.uint64:
    return number << bits | number >> (_BITS - bits)


@inner_kernel
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


@inner_kernel
def _four_rounds(
    v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Mix the state four times."""
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return _round(v0, v1, v2, v3)
