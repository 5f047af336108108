"""The table of local midnights that the figures use: Europe/Amsterdam, from 1970 to 2101."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from processors.columns import Int64Array

ZONE: Final = ZoneInfo("Europe/Amsterdam")
FIRST_DAY: Final = date(1970, 1, 1)
DAYS: Final = (date(2101, 1, 2) - FIRST_DAY).days


def local_midnights() -> Int64Array:
    """Return the UTC time of each local midnight, in microseconds since 1970; day d starts at entry d."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    days = (datetime(1970, 1, 1, tzinfo=ZONE) + timedelta(days=number) for number in range(DAYS))
    return np.array(
        [int((day.astimezone(UTC) - epoch).total_seconds()) * 1_000_000 for day in days], np.int64
    )
