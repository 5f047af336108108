"""Telling carriers apart without reading their names.

A sender repeats its carrier byte by byte. So the scanner only takes the *span* in which a row names it, the text or
the whole array of actors, and looks up which one of the different spans of the chunk it is; each of those is read
once, by the code of the slow reader. A row whose span finds no room, because some thousands of others came before it
or a few of the same hash, is one for the slow reader, so nobody can make a search long.
"""

from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np

from processors.carrier_names import NOBODY
from processors.columns import Int16Array, Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel
from streams.decode.carriers import carrier_of_actors, digest_of
from streams.decode.documents import parse_document

MOST_SPANS: Final = 4_096
MOST_PROBES: Final = 16
NO_ROOM: Final = -1

_SLOT_BITS: Final = 13  # at most half of the slots are taken
_SLOTS: Final = 1 << _SLOT_BITS
_WORD_BYTES: Final = np.uint64(8)
_THREE: Final = np.uint64(3)
_ALL: Final = np.uint64(2**64 - 1)
_FACTOR: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_STEP: Final = np.uint64(0xD6E8_FEB8_6659_FD92)  # even: all factors are odd
_HALF: Final = np.uint64(32)
_TOP_BITS: Final = np.uint64(64 - _SLOT_BITS)
_KEY_BYTES: Final = 16
_MOST_DIGESTS: Final = 16_384
_DIGESTS: Final[dict[bytes, int]] = {}
"""What spans of earlier chunks said, a tenth of the cost of reading them; by hash, since actors may be people too."""


class CarrierSpans(NamedTuple):
    """The different spans of a chunk; code 0 is that of a row that names nobody."""

    slots: Int16Array  # code of the span whose hash leads here, 0 where a slot is free
    bounds: Int64Array  # shape (MOST_SPANS + 1, 2), by code: first byte in the buffer, place after the last
    known: Int64Array  # shape (1,): number of spans, which is the highest code


def new_spans() -> CarrierSpans:
    """Return room for spans, none known yet."""
    return CarrierSpans(
        np.zeros(_SLOTS, np.int16), np.empty((MOST_SPANS + 1, 2), np.int64), np.zeros(1, np.int64)
    )


def forget_spans(spans: CarrierSpans) -> None:
    """Forget all spans: they stand in a buffer of which the next chunk has another one."""
    if spans.known[0]:
        spans.slots[:] = 0
        spans.known[0] = 0


def digests_of(buffer: UInt8Array, spans: CarrierSpans) -> UInt64Array:
    """Return the digest of the carrier that each span names, by code."""
    bounds = spans.bounds[1 : int(spans.known[0]) + 1].tolist()
    return np.array([NOBODY, *(_digest_in(buffer[start:end].tobytes()) for start, end in bounds)], np.uint64)


def _digest_in(span: bytes) -> int:
    """Return the digest of the carrier that a span names."""
    key = blake2b(span, digest_size=_KEY_BYTES).digest()
    digest = _DIGESTS.get(key)
    if digest is None:
        content = parse_document(span).content
        digest = digest_of(content if isinstance(content, str) else carrier_of_actors(content))
        if len(_DIGESTS) == _MOST_DIGESTS:
            _DIGESTS.clear()
        _DIGESTS[key] = digest
    return digest


@inner_kernel
def code_of_span(words: UInt64Array, start: int, end: int, spans: CarrierSpans) -> int:
    """Return the code of the span `[start, end)`, or `NO_ROOM`."""
    slots, bounds, known = spans
    slot = _slot_of(words, start, end)
    for _ in range(MOST_PROBES):
        code = slots[slot]
        if code == 0:
            if known[0] == MOST_SPANS:
                return NO_ROOM
            known[0] += 1
            slots[slot] = known[0]
            bounds[known[0], 0] = start
            bounds[known[0], 1] = end
            return known[0]
        if bounds[code, 1] - bounds[code, 0] == end - start and _is_same(words, start, end, bounds[code, 0]):
            return code
        slot = (slot + 1) % _SLOTS
    return NO_ROOM


@lean_kernel
def _slot_of(words: UInt64Array, start: int, end: int) -> int:
    """Return the slot to which the bytes `[start, end)`, at least one, lead."""
    # unsigned places need no look at their sign; factors of their own let the processor multiply several words at once
    factor = _FACTOR
    mixed = factor
    place, stop = np.uint64(start), np.uint64(end)
    while place + _WORD_BYTES < stop:
        mixed += (words[place] ^ (words[place] >> _HALF)) * factor
        factor += _STEP
        place += _WORD_BYTES
    word = words[place] & _mask_of(stop - place)
    mixed += (word ^ (word >> _HALF)) * factor
    mixed ^= mixed >> _HALF
    # not int(): it would stay unsigned when compiled
    return np.int64((mixed * _FACTOR) >> _TOP_BITS)  # type: ignore[return-value]


@lean_kernel
def _is_same(words: UInt64Array, start: int, end: int, other_start: int) -> bool:
    """Tell whether the bytes `[start, end)`, at least one, stand at *other_start* too."""
    place, stop, other = np.uint64(start), np.uint64(end), np.uint64(other_start)
    while place + _WORD_BYTES < stop:
        if words[place] != words[other]:
            return False
        place += _WORD_BYTES
        other += _WORD_BYTES
    mask = _mask_of(stop - place)
    return words[place] & mask == words[other] & mask


@lean_kernel
def _mask_of(length: np.uint64) -> np.uint64:
    """Return a mask of the first *length* bytes of a word, from one to eight."""
    return _ALL >> ((_WORD_BYTES - length) << _THREE)
