"""The local week: wall time of a moment, and whether windows of a rule are open then."""

from typing import Final

import numpy as np

from processors.columns import Int64Array
from processors.overload.rules import Window
from processors.units import DAY_US, HOUR_US, MINUTE_US

THURSDAY: Final = 3  # 1970-01-01


def wall_time(at_us: int, midnights_us: Int64Array) -> tuple[int, int]:
    """Return the local day (days since 1970-01-01) and the minute that clocks on the wall show.

    The clock goes on at 2:00 on days of 23 hours, and back at 3:00 on days of 25: the hour from 2:00 is missing on
    the first and comes twice on the second.
    """
    day = int(np.searchsorted(midnights_us, at_us, side="right")) - 1
    start_us = int(midnights_us[day])
    skipped_us = DAY_US - (int(midnights_us[day + 1]) - start_us)
    elapsed_us = at_us - start_us
    if skipped_us and elapsed_us >= 2 * HOUR_US + max(0, -skipped_us):
        elapsed_us += skipped_us
    return day, elapsed_us // MINUTE_US


def weekday(day: int) -> int:
    """Return the day of the week of a local day, Monday being 0."""
    return (day + THURSDAY) % 7


def is_open(window: Window, day: int, minute: int) -> bool:
    """Tell whether a window that starts on *day* has the *minute* of that day, or of the next one from 1440 on."""
    if weekday(day) not in window.days:
        return False
    crosses = window.to_minute <= window.from_minute
    return window.from_minute <= minute < window.to_minute + (1440 if crosses else 0)
