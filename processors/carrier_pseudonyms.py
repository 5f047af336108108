"""Pseudonyms of carriers: another one each local day, so that no day's carriers can be followed to the next."""

import hmac
from typing import Final

import numpy as np

from processors.carrier_names import NOBODY
from processors.columns import UInt32Array, UInt64Array
from processors.jit import lean_kernel
from processors.key_table import ABSENT, KeyTable, new_key_table, number_of_key, put_key, with_key_room

MOST_REMEMBERED: Final = 100_000  # of a day; what more senders make up is worked out anew, 2 µs each
_BYTES: Final = 4
_PREFIX: Final = b"carrier:"  # no identity of a vehicle begins like this
_NOTHING: Final = np.uint64(0)
_NOBODY: Final = np.uint64(NOBODY)


class CarrierPseudonyms:
    """The pseudonyms of a local day.

    They have 32 bits: of 5,000 carriers two have the same on one day of 350, and then count as one, which withholds
    more, never less.

    Args:
        day_key: The secret key of the day.
    """

    def __init__(self, day_key: bytes) -> None:
        self._day_key = day_key
        self._numbers = new_key_table()
        self._codes: UInt32Array = np.empty(0, np.uint32)

    def of(self, digests: UInt64Array) -> UInt32Array:
        """Return the pseudonym of each carrier, 0 where none is named.

        Args:
            digests: Of the names (see `processors.carrier_names`), `NOBODY` for none, shape (n,).
        """
        codes = np.empty(digests.size, np.uint32)
        if _look_up(self._numbers, self._codes, digests, codes):
            rows = np.flatnonzero((codes == 0) & (digests != _NOBODY))
            distinct, place = np.unique(digests[rows], return_inverse=True)
            new = np.array([self._pseudonym(digest) for digest in distinct.tolist()], np.uint32)
            self._remember(distinct, new)
            codes[rows] = new[place]
        return codes

    def _pseudonym(self, digest: int) -> int:
        """Return the pseudonym of a carrier by its definition, which is never 0."""
        code = hmac.digest(self._day_key, _PREFIX + digest.to_bytes(8, "big"), "sha256")
        return int.from_bytes(code[:_BYTES], "big") or 1

    def _remember(self, digests: UInt64Array, codes: UInt32Array) -> None:
        """Keep pseudonyms that are new, and forget all others when there are too many."""
        if self._codes.size + digests.size > MOST_REMEMBERED:
            self._numbers, self._codes = new_key_table(), np.empty(0, np.uint32)
            digests, codes = digests[:MOST_REMEMBERED], codes[:MOST_REMEMBERED]
        self._numbers = with_key_room(self._numbers, digests.size)
        _put_all(self._numbers, digests, self._codes.size)
        self._codes = np.concatenate([self._codes, codes])


@lean_kernel
def _look_up(numbers: KeyTable, known: UInt32Array, digests: UInt64Array, codes: UInt32Array) -> int:
    """Write the codes of known carriers, 0 for the others; return how many these are."""
    unknown = 0
    for row in range(digests.size):
        codes[row] = 0
        if digests[row] != _NOBODY:
            number = number_of_key(numbers, _NOTHING, digests[row])
            if number == ABSENT:
                unknown += 1
            else:
                codes[row] = known[number]
    return unknown


@lean_kernel
def _put_all(numbers: KeyTable, digests: UInt64Array, first: int) -> None:
    """Number carriers from *first* on."""
    for row in range(digests.size):
        put_key(numbers, _NOTHING, digests[row], first + row)
