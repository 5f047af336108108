"""Pseudonyms of vehicles: HMAC-SHA-256 of the normalised identity with the random key of a local day.

The first 16 bytes are kept. One pseudonym costs microseconds, so those of a day are remembered, under a
keyed hash of the identity (`processors.siphash`, with a key that the process draws at its start and never
writes down): the memory holds no identity, and without that key none can be searched in it. It is emptied
when it is full.
"""

from hashlib import sha256
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel
from processors.siphash import siphashes

HASH_KEY_BYTES: Final = 16
DEFAULT_CAPACITY: Final = 2_000_000  # every Dutch van and truck, with room: 128 MiB when full

_BLOCK_BYTES: Final = 64  # of SHA-256
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))

_SMALLEST: Final = 1024  # places of an empty table
_FREE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)

# columns of a table
_HASH_HI: Final = 0
_HASH_LO: Final = 1
_PSEUDONYM_HI: Final = 2
_PSEUDONYM_LO: Final = 3
_COLUMNS: Final = 4


class Pseudonyms(NamedTuple):
    """Pseudonyms of rows; 0 where a row has no identity."""

    hi: UInt64Array  # first 8 bytes, big-endian
    lo: UInt64Array  # next 8 bytes


class Identities(NamedTuple):
    """Identities of rows: row i is `lengths[i]` bytes of `text` from `starts[i]`."""

    text: UInt8Array
    starts: Int64Array
    lengths: Int32Array


class KeyedDigest:
    """HMAC-SHA-256 (RFC 2104) of many short texts with one key, which is taken in once.

    `hmac.digest` takes it in for each text, and a text then costs 1.6 µs in place of 0.6.
    """

    def __init__(self, key: bytes) -> None:
        padded = (sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def of(self, text: bytes | memoryview) -> bytes:
        """Return the 32 bytes of a text."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


class PseudonymCache:
    """The pseudonyms of one local day, of which up to *capacity* are remembered.

    Args:
        hash_key: 16 random bytes of this process.
        day_key: Key of the day.
        capacity: Number of vehicles remembered.

    Raises:
        ValueError: If the hash key has another length.
    """

    def __init__(self, hash_key: bytes, day_key: bytes, capacity: int = DEFAULT_CAPACITY) -> None:
        if len(hash_key) != HASH_KEY_BYTES:
            message = f"the hash key must have {HASH_KEY_BYTES} bytes, got {len(hash_key)}"
            raise ValueError(message)
        self._hash_key = np.frombuffer(hash_key, "<u8").astype(np.uint64)
        self._digest = KeyedDigest(day_key)
        self._capacity = max(1, capacity)
        self.clear()

    def clear(self) -> None:
        """Forget all pseudonyms."""
        self._table = np.zeros((_SMALLEST, _COLUMNS), np.uint64)
        self._used = 0

    def pseudonyms(self, identity: UInt8Array, starts: Int64Array, lengths: Int32Array) -> Pseudonyms:
        """Return the pseudonym of each row, whose identity is `lengths[row]` bytes from `starts[row]`."""
        identities = Identities(
            np.asarray(identity, np.uint8), np.asarray(starts, np.int64), np.asarray(lengths, np.int32)
        )
        found = Pseudonyms(np.zeros(starts.size, np.uint64), np.zeros(starts.size, np.uint64))
        with np.errstate(over="ignore"):  # hashes wrap on purpose; without compilation numpy would warn
            hashes = siphashes(*identities, self._hash_key)
            _mark_rows(identities.lengths, hashes)
            row = 0
            while row < starts.size:
                row = self._look_up_from(row, identities, hashes, found)
        return found

    def _look_up_from(self, row: int, identities: Identities, hashes: UInt64Array, found: Pseudonyms) -> int:
        """Find the pseudonyms of as many rows as the table takes from *row* on, and return the next row."""
        room = self._make_room()
        places = np.full(identities.starts.size, -1, np.int64)
        new_rows = np.empty(min(room, identities.starts.size - row), np.int64)
        after, new = _place_rows(self._table, hashes, places, new_rows, row)
        if new:
            self._table[places[new_rows[:new]], _PSEUDONYM_HI:] = self._digests(identities, new_rows[:new])
            self._used += new
        _gather(self._table, places[row:after], found.hi[row:after], found.lo[row:after])
        return after

    def _digests(self, identities: Identities, rows: Int64Array) -> UInt64Array:
        """Return the pseudonyms of some rows by their definition, in two columns."""
        text = np.ascontiguousarray(identities.text).data
        starts = identities.starts[rows]
        ends = starts + identities.lengths[rows]
        digests = b"".join(
            self._digest.of(text[start:end])
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        )
        return np.frombuffer(digests, ">u8").reshape(-1, 4)[:, :2].astype(np.uint64)

    def _make_room(self) -> int:
        """Grow or empty a full table, and return how many new vehicles it takes, at least one."""
        limit = min(self._capacity, self._table.shape[0] // 2)
        if self._used >= limit:
            if limit == self._capacity:
                self.clear()
            else:
                self._table = _grown(self._table)
            limit = min(self._capacity, self._table.shape[0] // 2)
        return limit - self._used


@lean_kernel
def _mark_rows(lengths: Int32Array, hashes: UInt64Array) -> None:
    """Make the second half of a hash `_FREE` where the row has no identity, and only there."""
    for row in range(lengths.size):
        hashes[row, 1] = hashes[row, 1] | _ONE if lengths[row] > 0 else _FREE


@lean_kernel
def _place_rows(
    table: UInt64Array, hashes: UInt64Array, places: Int64Array, new_rows: Int64Array, row: int
) -> tuple[int, int]:
    """Write the place in *table* of each row from *row* on that has an identity, adding hashes that are new.

    Apart from the hashing, so that the processor can wait for the memory of many rows at once. Stops before a
    new one that does not fit *new_rows* any more.

    Returns:
        The next row, and the number of new hashes.
    """
    new = 0
    while row < places.size:
        if hashes[row, 1] != _FREE:
            place = _place_of(table, hashes[row, 0], hashes[row, 1])
            if table[place, _HASH_LO] == _FREE:
                if new == new_rows.size:
                    break
                table[place, _HASH_HI] = hashes[row, 0]
                table[place, _HASH_LO] = hashes[row, 1]
                new_rows[new] = row
                new += 1
            places[row] = place
        row += 1
    return row, new


@lean_kernel
def _gather(table: UInt64Array, places: Int64Array, hi: UInt64Array, lo: UInt64Array) -> None:
    """Write the pseudonyms that stand at some places; a negative place has none."""
    for row in range(places.size):
        if places[row] >= 0:
            hi[row] = table[places[row], _PSEUDONYM_HI]
            lo[row] = table[places[row], _PSEUDONYM_LO]


@lean_kernel
def _place_of(table: UInt64Array, hi: np.uint64, lo: np.uint64) -> int:
    """Return the place of a hash in *table*, or the free one where it belongs."""
    mask = table.shape[0] - 1
    place = np.int64(hi & np.uint64(mask))
    while table[place, _HASH_LO] != _FREE and (table[place, _HASH_LO] != lo or table[place, _HASH_HI] != hi):
        place = (place + 1) & mask
    return place  # type: ignore[return-value] # not int(): it would stay unsigned when compiled


def _grown(table: UInt64Array) -> UInt64Array:
    """Return a table of twice the size with the same content."""
    bigger = np.zeros((2 * table.shape[0], _COLUMNS), np.uint64)
    _move(table, bigger)
    return bigger


@lean_kernel
def _move(source: UInt64Array, target: UInt64Array) -> None:
    """Put all of *source* into *target*, which is empty and larger."""
    for old in range(source.shape[0]):
        if source[old, _HASH_LO] != _FREE:
            place = _place_of(target, source[old, _HASH_HI], source[old, _HASH_LO])
            for column in range(_COLUMNS):
                target[place, column] = source[old, column]
