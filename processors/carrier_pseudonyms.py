"""Pseudonyms of carriers: another one each local day, so that no day's carriers can be followed to the next."""

import hmac
from typing import Final

import numpy as np

from processors.columns import UInt32Array, UInt64Array

NO_CARRIER: Final = 0
MOST_REMEMBERED: Final = 100_000  # of a day; senders who name more are made anew, which costs 2 µs each
_BYTES: Final = 4
_PREFIX: Final = b"carrier:"  # no identity of a vehicle begins like this


class CarrierPseudonyms:
    """The pseudonyms of a local day.

    They have 32 bits: of 5,000 carriers two have the same on one day of 350, and then count as one, which withholds
    more, never less.

    Args:
        day_key: The secret key of the day.
    """

    def __init__(self, day_key: bytes) -> None:
        self._day_key = day_key
        self._known: dict[int, int] = {NO_CARRIER: NO_CARRIER}

    def of(self, digests: UInt64Array) -> UInt32Array:
        """Return the pseudonym of each carrier, `NO_CARRIER` where none is named.

        Args:
            digests: Of the names (see `processors.carrier_names`), 0 for none, shape (n,).
        """
        if not digests.any():
            return np.zeros(digests.size, np.uint32)
        distinct, place = np.unique(digests, return_inverse=True)
        return np.array([self._pseudonym(digest) for digest in distinct.tolist()], np.uint32)[place]

    def _pseudonym(self, digest: int) -> int:
        """Return the pseudonym of a carrier."""
        known = self._known.get(digest)
        if known is None:
            if len(self._known) > MOST_REMEMBERED:
                self._known = {NO_CARRIER: NO_CARRIER}
            code = hmac.digest(self._day_key, _PREFIX + digest.to_bytes(8, "big"), "sha256")
            known = int.from_bytes(code[:_BYTES], "big") or 1
            self._known[digest] = known
        return known
