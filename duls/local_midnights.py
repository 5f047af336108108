"""The table of local midnights that the figures use: Europe/Amsterdam, from 1970 to 2101."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from processors.columns import Int64Array
from processors.units import DAY_US, US_PER_S

ZONE: Final = ZoneInfo("Europe/Amsterdam")
FIRST_DAY: Final = date(1970, 1, 1)
DAYS: Final = (date(2101, 1, 2) - FIRST_DAY).days
STRIDE_DAYS: Final = 32  # clocks never change twice within so many days: months lie between


@cache
def local_midnights() -> Int64Array:
    """Return the UTC time of each local midnight, in microseconds since 1970; day d starts at entry d.

    The array is one for all callers, so nobody writes to it. Few days are asked for: all 48,000 took every process a
    tenth of a second.
    """
    asked = [*range(0, DAYS, STRIDE_DAYS), DAYS]
    ahead_s = np.empty(DAYS + 1, np.int64)
    ahead_s[asked] = [_ahead_s(day) for day in asked]
    for first, last in pairwise(asked):
        ahead_s[first:last] = ahead_s[first]
        if ahead_s[first] != ahead_s[last]:
            ahead_s[_day_of_change(first, last) : last] = ahead_s[last]
    return np.arange(DAYS, dtype=np.int64) * DAY_US - ahead_s[:DAYS] * US_PER_S


def _day_of_change(first: int, last: int) -> int:
    """Return the first day after *first* that is as far ahead of UTC as *last* is, where they differ."""
    ahead_s = _ahead_s(last)
    return first + bisect_left(range(first, last), True, key=lambda day: _ahead_s(day) == ahead_s)


def _ahead_s(day: int) -> int:
    """Return how far the local clock is ahead of UTC at the beginning of a day, in seconds."""
    midnight = datetime.combine(FIRST_DAY + timedelta(days=day), time(), ZONE)
    return (midnight.replace(tzinfo=None) - midnight.astimezone(UTC).replace(tzinfo=None)) // timedelta(
        seconds=1
    )
