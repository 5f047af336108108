"""Local days of event times, also on the days of 23 and 25 hours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive import local_day as naive_local_day
from naive import midnight_us
from naive_examples import day_number, utc_us
from processors.calendar import local_day, local_days
from tests.processors.position_builders import LAST_DAY, MIDNIGHTS_US


@given(st.integers(0, midnight_us(LAST_DAY - 2)))
def test_days_are_those_of_the_oracle(event_us: int) -> None:
    """From 1970 on, with the standard and the summer time of each year."""
    assert naive_local_day(event_us) == local_day(event_us, MIDNIGHTS_US)


def test_a_day_starts_at_its_local_midnight() -> None:
    """The microsecond before belongs to the day before, every day of 60 years."""
    starts = MIDNIGHTS_US[1:-2]
    days = np.arange(1, starts.size + 1)

    assert days.tolist() == local_days(starts, MIDNIGHTS_US).tolist()
    assert (days - 1).tolist() == local_days(starts - 1, MIDNIGHTS_US).tolist()


def test_the_days_of_23_and_25_hours_end_at_local_midnight() -> None:
    """In March 2026 clocks go forward, in October back."""
    times = ("2026-03-29T23:59:59+02:00", "2026-03-30T00:00:00+02:00", "2026-10-25T23:59:59+01:00")
    events = np.array([utc_us(time) for time in times], np.int64)
    expected = [day_number(day) for day in ("2026-03-29", "2026-03-30", "2026-10-25")]

    assert expected == local_days(events, MIDNIGHTS_US).tolist()
