"""Month keys for intake, where `privacy.month_key` asks for them: by what detections are known over a month."""

from typing import Final, Protocol

import numpy as np

from processors.calendar import local_day
from processors.columns import DecodedDetections, Int64Array
from processors.pseudonyms import PseudonymCache
from processors.units import DAY_US
from processors.visitor_pseudonyms import Visitors, no_visitors, visitors_of

MONTHS_REMEMBERED: Final = 3  # the pseudonyms of a month take up to 128 MiB; live input needs two months


class MonthKeyStore(Protocol):
    """Where keys of months are kept; a month goes by its first local day, as days since 1970-01-01."""

    def month_key(self, month: int) -> bytes | None:
        """Return the key of a month, made when missing; None once it is destroyed."""

    def destroy_expired(self) -> list[int]:
        """Destroy keys whose time is over and return their months."""


class MonthKeys:
    """The pseudonyms of months.

    Args:
        store: Where keys are kept.
        hash_key: 16 random bytes of this process, see PseudonymCache.
        midnights_us: Table of local midnights.
    """

    def __init__(self, store: MonthKeyStore, *, hash_key: bytes, midnights_us: Int64Array) -> None:
        self._store = store
        self._hash_key = hash_key
        self._midnights_us = midnights_us
        self._months: dict[int, PseudonymCache | None] = {}  # None: destroyed

    def visitors(self, day: int, decoded: DecodedDetections, rows: Int64Array) -> Visitors:
        """Return by what rows of a local day are known in its month; nobody once its key is destroyed."""
        cache = self._cache_of(month_of(day))
        return no_visitors(rows.size) if cache is None else visitors_of(cache, decoded, rows)

    def maintain(self, now_us: int) -> list[int]:
        """Make the key of tomorrow's month, destroy what is over, and return the months destroyed by this process."""
        destroyed = self._store.destroy_expired()
        for month in list(self._months):
            # another process may have destroyed it, and the promise is about every copy
            if self._store.month_key(month) is None:
                self._months[month] = None
        self._cache_of(month_of(int(local_day(now_us + DAY_US, self._midnights_us))))
        return destroyed

    def _cache_of(self, month: int) -> PseudonymCache | None:
        """Return the pseudonyms of a month; the store is asked for months that were not used lately."""
        if month not in self._months:
            key = self._store.month_key(month)
            while len(self._months) >= MONTHS_REMEMBERED:
                del self._months[next(iter(self._months))]
            self._months[month] = None if key is None else PseudonymCache(self._hash_key, key)
        return self._months[month]


def month_of(day: int) -> int:
    """Return the first day of the month of a local day, both as days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype("M8[M]").astype("M8[D]").astype(np.int64))
