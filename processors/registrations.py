"""What references stand for: class and emission of vehicles that later positions name by an id only.

A book is learned from registered rows and completes positions that leave something unknown. It changes attributes,
never identities, so a record goes the same way whatever the book knows. A reference is known by a keyed hash of its
identity: the book holds no identity, and what of it is stored says of no vehicle where it was.

Two pages bound the memory: a reference that is asked for moves to the new page, and when that is full it becomes the
old one, and what was on the old one is forgotten. So the half of a book's capacity that was used last is known.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import DecodedPositions, Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel
from processors.key_table import ABSENT, KeyTable, new_key_table, number_of_key, put_key
from processors.siphash import siphashes
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission

HASH_KEY_BYTES: Final = 16
DEFAULT_CAPACITY: Final = 2_000_000  # references; 80 MiB when full

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_CAR: Final = int(VehicleClass.M1)
_UNKNOWN_EMISSION: Final = int(ZeroEmission.UNKNOWN)
_SMALLEST: Final = 1 << 10


class Registrations(NamedTuple):
    """References and what they stand for, one entry per reference."""

    hash_hi: UInt64Array  # keyed hash of the identity, 128 bits
    hash_lo: UInt64Array
    vehicle_class: UInt8Array  # VehicleClass code
    zero_emission: UInt8Array  # ZeroEmission code


class _Page(NamedTuple):
    """Some references; entry n of the others belongs to the key with number n."""

    numbers: KeyTable
    vehicle_class: UInt8Array
    zero_emission: UInt8Array


class RegistrationBook:
    """What the references used last stand for.

    Args:
        hash_key: 16 secret bytes, the same in all processes that share what they learn.
        capacity: Most references kept; the half of it that was used last always is.
    """

    def __init__(self, hash_key: bytes, capacity: int = DEFAULT_CAPACITY) -> None:
        self._hash_key = np.frombuffer(hash_key, "<u8").astype(np.uint64)
        self._page_size = max(1, capacity // 2)
        self._new = _new_page(min(_SMALLEST, self._page_size))
        self._old = _new_page(1)

    @property
    def size(self) -> int:
        """Return the number of references known, those on both pages twice."""
        return int(self._new.numbers.used[0]) + int(self._old.numbers.used[0])

    def learn(self, decoded: DecodedPositions) -> Registrations:
        """Note what registered rows say; return what is new or different."""
        rows = np.flatnonzero(decoded.outcome == Outcome.REGISTERED)
        hashes = self._hashes(decoded, rows)
        told = Registrations(
            hashes[:, 0], hashes[:, 1], decoded.vehicle_class[rows], decoded.zero_emission[rows]
        )
        changed = np.zeros(rows.size, bool)
        self._put(told, changed)
        return Registrations._make(column[changed] for column in told)

    def load(self, registrations: Registrations) -> None:
        """Note what another process has learned, or this one before it was started."""
        self._put(registrations, np.zeros(registrations.hash_hi.size, bool))

    def complete(self, decoded: DecodedPositions) -> None:
        """Fill in what accepted rows leave unknown of vehicles in the book, in place."""
        if not self.size:
            return
        rows = _incomplete_rows(decoded.outcome, decoded.vehicle_class, decoded.zero_emission)
        hashes = self._hashes(decoded, rows)
        attributes = decoded.vehicle_class, decoded.zero_emission
        done = 0
        while (done := _complete(self._new, self._old, hashes, rows, *attributes, done)) < rows.size:
            self._make_room()

    def _hashes(self, decoded: DecodedPositions, rows: Int64Array) -> UInt64Array:
        """Return the hashes of the identities of some rows, in two columns."""
        return siphashes(
            decoded.identity, decoded.identity_start[rows], decoded.identity_length[rows], self._hash_key
        )

    def _put(self, told: Registrations, changed: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
        """Note references, and mark those that were unknown or different."""
        done = 0
        while (done := _put_rows(self._new, self._old, told, changed, done)) < changed.size:
            self._make_room()

    def _make_room(self) -> None:
        """Give the new page, which is full, more room, or turn it when it is as large as a page may be."""
        full = self._new.vehicle_class.size
        if full < self._page_size:
            self._new = _grown(self._new, min(2 * full, self._page_size))
        else:
            self._old, self._new = self._new, _new_page(min(_SMALLEST, self._page_size))


def _new_page(capacity: int) -> _Page:
    """Return an empty page for so many references."""
    return _Page(new_key_table(capacity), np.empty(capacity, np.uint8), np.empty(capacity, np.uint8))


def _grown(page: _Page, capacity: int) -> _Page:
    """Return a larger page with the same content."""
    larger = _new_page(capacity)
    used = page.numbers.used[0]
    larger.vehicle_class[:used] = page.vehicle_class[:used]
    larger.zero_emission[:used] = page.zero_emission[:used]
    _copy_keys(page.numbers, larger.numbers)
    return larger


def _incomplete_rows(outcome: UInt8Array, vehicle_class: UInt8Array, zero_emission: UInt8Array) -> Int64Array:
    """Return the accepted rows that leave class or emission unknown; cars carry no emission."""
    unknown = (vehicle_class == _UNKNOWN_CLASS) | (
        (zero_emission == _UNKNOWN_EMISSION) & (vehicle_class != _CAR)
    )
    return np.flatnonzero(unknown & (outcome == _ACCEPTED))


@lean_kernel
def _copy_keys(source: KeyTable, target: KeyTable) -> None:
    """Add all keys of a table to a larger, empty one."""
    for place in range(source.hi.size):
        if source.number[place] != ABSENT:
            put_key(target, source.hi[place], source.lo[place], source.number[place])


@lean_kernel
def _put_rows(new: _Page, old: _Page, told: Registrations, changed: UInt8Array, first: int) -> int:
    """Note references on the new page until it is full, the last one of a reference winning.

    Returns:
        The row to go on with.
    """
    for row in range(first, told.hash_hi.size):
        if _is_full(new):
            return row
        hi, lo = told.hash_hi[row], told.hash_lo[row]
        vehicle_class, emission = told.vehicle_class[row], told.zero_emission[row]
        number = _number_on(new, old, hi, lo)
        changed[row] = (
            number == ABSENT
            or new.vehicle_class[number] != vehicle_class
            or new.zero_emission[number] != emission
        )
        if number == ABSENT:
            number = new.numbers.used[0]
            put_key(new.numbers, hi, lo, number)
        new.vehicle_class[number] = vehicle_class
        new.zero_emission[number] = emission
    return int(told.hash_hi.size)


@lean_kernel
def _complete(
    new: _Page,
    old: _Page,
    hashes: UInt64Array,
    rows: Int64Array,
    vehicle_class: UInt8Array,
    zero_emission: UInt8Array,
    first: int,
) -> int:
    """Fill in what some rows leave unknown, until the new page is full.

    Returns:
        The place in *rows* to go on with.
    """
    for place in range(first, rows.size):
        if _is_full(new):
            return place
        number = _number_on(new, old, hashes[place, 0], hashes[place, 1])
        if number == ABSENT:
            continue
        row = rows[place]
        if vehicle_class[row] == _UNKNOWN_CLASS:
            vehicle_class[row] = new.vehicle_class[number]
        if vehicle_class[row] == _CAR:
            zero_emission[row] = _UNKNOWN_EMISSION
        elif zero_emission[row] == _UNKNOWN_EMISSION:
            zero_emission[row] = new.zero_emission[number]
    return int(rows.size)


@lean_kernel
def _is_full(page: _Page) -> bool:
    """Tell whether a page has no room for one more reference."""
    return bool(page.numbers.used[0] == page.vehicle_class.size)


@lean_kernel
def _number_on(new: _Page, old: _Page, hi: np.uint64, lo: np.uint64) -> int:
    """Return the number of a reference on the new page, where it is brought from the old one, or ABSENT."""
    number = number_of_key(new.numbers, hi, lo)
    if number != ABSENT:
        return number
    before = number_of_key(old.numbers, hi, lo)
    if before == ABSENT:
        return ABSENT
    number = new.numbers.used[0]
    put_key(new.numbers, hi, lo, number)
    new.vehicle_class[number] = old.vehicle_class[before]
    new.zero_emission[number] = old.zero_emission[before]
    return number
