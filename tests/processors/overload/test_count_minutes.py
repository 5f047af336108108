"""Counts by minute: means weigh time, and what was not known long enough has none."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.overload.count_minutes import MINUTES, CountMinutes
from processors.units import MINUTE_US

SECOND_US = 1_000_000
COUNTS = st.one_of(st.none(), st.integers(0, 50))
NOTES = st.lists(st.tuples(st.integers(0, 6 * 60 - 1), COUNTS), max_size=40).map(
    lambda notes: sorted(dict(notes).items())
)


def closed(notes: list[tuple[int, int | None]], minutes: int = MINUTES) -> CountMinutes:
    """Return counts after whole minutes, given what was noted at seconds; closed each second as in life."""
    counts = CountMinutes()
    counts.close(0)
    counts.add_series()
    at = dict(notes)
    for second in range(minutes * 60 + 1):
        counts.close(second * SECOND_US)
        if second in at:
            counts.note(0, at[second], second * SECOND_US)
    return counts


def naive(notes: list[tuple[int, int | None]]) -> tuple[float, float]:
    """Return mean and largest count of the first five minutes, second by second."""
    at, value, means, peaks = dict(notes), None, [], []
    for minute in range(MINUTES):
        held = []
        for second in range(minute * 60, minute * 60 + 60):
            value = at.get(second, value)
            held += [] if value is None else [value]
        if len(held) >= 30:
            means.append(sum(held) / len(held))
            peaks.append(max(held))
    return (sum(means) / len(means), max(peaks)) if len(means) >= 3 else (math.nan, math.nan)


@given(NOTES)
def test_means_and_peaks_are_those_of_every_second(notes: list[tuple[int, int | None]]) -> None:
    """Whatever comes, and however long it is not known."""
    counts = closed(notes)

    np.testing.assert_allclose(naive(notes), (counts.means()[0], counts.peaks()[0]))


def test_a_minute_that_was_missed_forgets_those_before() -> None:
    """Nobody knows what happened meanwhile."""
    counts = closed([(0, 7)])
    assert 7.0 == counts.means()[0]

    assert counts.close(8 * MINUTE_US)

    assert np.isnan(counts.means()[0])


def test_series_are_kept_in_another_order() -> None:
    """And go on."""
    counts = closed([(0, 7)])
    counts.add_series()
    counts.keep([1, 0])

    assert [True, False] == np.isnan(counts.means()).tolist()
    counts.note(0, 3, MINUTES * MINUTE_US)
    for minute in range(MINUTES, 2 * MINUTES):
        counts.close((minute + 1) * MINUTE_US)
    assert [3.0, 7.0] == counts.means().tolist()
