"""Slots, hours and local days (Europe/Amsterdam) of event times, without reading a clock.

The table of local midnights is an argument of every kernel; `duls` builds it once with `zoneinfo`.
"""

import numpy as np

from processors.columns import Int32Array, Int64Array
from processors.jit import inner_kernel, kernel
from processors.units import DAY_US, HOUR_US


@inner_kernel
def local_day(event_us: int, midnights_us: Int64Array) -> int:
    """Return the local day of an event time as days since 1970-01-01.

    *midnights_us* holds the UTC time of each local midnight from 1970-01-01 on; Amsterdam is one or two hours
    ahead of UTC, so the day is that of UTC + 1 h or the next one. Times outside the table are the caller's
    error.
    """
    day = (event_us + HOUR_US) // DAY_US
    if event_us >= midnights_us[day + 1]:
        day += 1
    return day


@kernel
def local_days(event_us: Int64Array, midnights_us: Int64Array) -> Int32Array:
    """Return the local day of each event time, as `local_day` does."""
    days = np.empty(event_us.size, np.int32)
    for row in range(event_us.size):
        days[row] = local_day(event_us[row], midnights_us)
    return days
