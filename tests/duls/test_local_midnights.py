"""The table of local midnights, beside each day asked by itself."""

from datetime import UTC, datetime, timedelta

import numpy as np

from duls.local_midnights import DAYS, ZONE, local_midnights


def test_each_midnight_is_that_of_its_day() -> None:
    """A table that asks for few days says what all of them say: 23, 24 and 25 hours, and nothing else."""
    days = (datetime(1970, 1, 1, tzinfo=ZONE) + timedelta(days=day) for day in range(DAYS))
    midnights = local_midnights()
    assert midnights.tolist() == [int(day.astimezone(UTC).timestamp()) * 1_000_000 for day in days]
    assert set((np.diff(midnights) // 3_600_000_000).tolist()) == {23, 24, 25}


def test_the_table_is_made_once() -> None:
    """All parts of a process have the same table."""
    assert local_midnights() is local_midnights()
