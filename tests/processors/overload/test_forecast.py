"""The forecast: what it learns, what it expects, and that its probabilities are shares of errors."""

from typing import Final

import numpy as np
import pytest

from naive import midnight_us
from processors.columns import Float64Array
from processors.overload import forecast
from processors.overload.forecast import (
    BINS,
    HORIZONS,
    STEP_US,
    ForecastState,
    learn,
    new_forecasts,
    outlooks,
    with_series,
)
from tests.processors.position_builders import MIDNIGHTS_US

MONDAY: Final = 20_780  # 2026-11-23
DAY: Final = 288  # steps
WEEK: Final = 7 * DAY
START_US: Final = midnight_us(MONDAY)
LEVEL: Final = np.array([20.0])


def week_of_one_peak() -> Float64Array:
    """Return the counts of a week: 4, but 24 on Wednesdays from 10:00 to 11:00."""
    counts = np.full(WEEK, 4.0)
    counts[2 * 288 + 120 : 2 * 288 + 132] = 24.0
    return counts


def taught(counts: Float64Array, first_us: int = START_US, *, above: float = 0.0) -> ForecastState:
    """Return the state after a series of one zone, whose peaks are *above* its means."""
    state = new_forecasts(1)
    for step, count in enumerate(counts):
        means = np.array([count])
        learn(state, means, means + above, first_us + (step + 1) * STEP_US, MIDNIGHTS_US)
    return state


def chance(state: ForecastState, count: float, at_us: int, level: Float64Array = LEVEL) -> Float64Array:
    """Return the probabilities of one zone."""
    return outlooks(state, np.array([count]), level, at_us, MIDNIGHTS_US).probability[0]


def test_a_peak_of_every_week_is_foreseen() -> None:
    """Half an hour before, with about the time of its beginning; not the day before."""
    state = taught(week_of_one_peak())
    before_us = START_US + (WEEK + 2 * DAY + 117) * STEP_US
    level = np.array([14.0])
    found = outlooks(state, np.array([4.0]), level, before_us, MIDNIGHTS_US)

    assert found.probability[0, 5] > 0.8
    assert found.probability[0, 0] < 0.1
    assert 10 * 60_000_000 < found.expected_us[0] - before_us <= 20 * 60_000_000
    assert chance(state, 4.0, before_us - 288 * STEP_US, level)[5] < 0.1


def test_without_history_it_is_as_now() -> None:
    """What is there is expected to stay."""
    found = outlooks(new_forecasts(1), np.array([7.0]), LEVEL, START_US, MIDNIGHTS_US)

    assert [[7.0] * HORIZONS] == found.expected.tolist()
    assert -1 == found.expected_us[0]


def test_what_is_above_the_usual_fades() -> None:
    """By the same share each step; the largest is expected first."""
    state = taught(np.full(DAY, 10.0))
    found = outlooks(state, np.array([15.0]), LEVEL, START_US + DAY * STEP_US, MIDNIGHTS_US)

    assert pytest.approx([10.0 + 5.0 * forecast.DAMPING] * HORIZONS) == found.expected[0].tolist()


def test_only_a_trend_beyond_chance_counts() -> None:
    """Two roots of the count in a quarter of an hour are chance; five more are not."""
    now_us = START_US + DAY * STEP_US
    state = taught(np.full(DAY, 16.0))
    calm = outlooks(state, np.array([24.0]), LEVEL, now_us, MIDNIGHTS_US).expected[0]
    steep = outlooks(state, np.array([36.0]), LEVEL, now_us, MIDNIGHTS_US).expected[0]
    trend = (20.0 - 2.0 * 6.0) / 3.0

    assert pytest.approx(16.0 + 8.0 * forecast.DAMPING) == calm[0]
    assert pytest.approx(16.0 + 20.0 * forecast.DAMPING + trend) == steep[0]


def test_a_workday_helps_the_others() -> None:
    """A Tuesday is expected as the Monday before it was, a Saturday is not."""
    state = taught(np.full(288, 12.0))
    tuesday_us, saturday_us = START_US + 400 * STEP_US, START_US + 5 * 288 * STEP_US + 400 * STEP_US

    assert outlooks(state, np.array([2.0]), LEVEL, tuesday_us, MIDNIGHTS_US).expected[0, 5] > 7.0
    assert 2.0 == outlooks(state, np.array([2.0]), LEVEL, saturday_us, MIDNIGHTS_US).expected[0, 5]


def test_the_usual_follows_the_clock_on_the_wall() -> None:
    """After the night of 25 hours the peak comes at ten again."""
    sunday = int(np.datetime64("2026-10-25", "D").astype(int))
    first_us = midnight_us(sunday - 13)  # a Monday
    state = taught(week_of_one_peak(), first_us)
    ten_us = midnight_us(sunday + 3) + 10 * 3_600_000_000

    assert outlooks(state, np.array([4.0]), LEVEL, ten_us - 3 * STEP_US, MIDNIGHTS_US).expected[0, 5] > 15.0
    assert outlooks(state, np.array([4.0]), LEVEL, ten_us + 12 * STEP_US, MIDNIGHTS_US).expected[0, 5] < 15.0


def test_probabilities_are_shares_of_past_errors() -> None:
    """With many own errors of one bin, the level within it is reached in proportion."""
    state = taught(np.full(DAY, 16.0))
    state.errors[:] = 0.0
    state.errors[0, :, BINS // 2] = 1e9  # from 0 to a quarter of a root, 16 to 17
    now_us = START_US + DAY * STEP_US

    assert pytest.approx(1.0, abs=1e-4) == chance(state, 16.0, now_us, np.array([16.0]))[0]
    assert pytest.approx(0.5, abs=1e-4) == chance(state, 16.0, now_us, np.array([16.5]))[0]
    assert pytest.approx(0.0, abs=1e-4) == chance(state, 16.0, now_us, np.array([17.0]))[0]


def test_errors_are_learned_from_what_came() -> None:
    """Where peaks are always two and a half roots above what was expected, such a level is likely."""
    counts = np.full(DAY, 16.0)
    now_us = START_US + DAY * STEP_US

    assert chance(taught(counts, above=10.0), 16.0, now_us, np.array([25.0]))[5] > 0.8
    assert chance(taught(counts), 16.0, now_us, np.array([25.0]))[5] < 0.05


def test_reaching_a_level_gets_likelier_with_time_and_rarer_with_height() -> None:
    """Within ten minutes is at least within five."""
    state = taught(np.random.default_rng(3).poisson(12.0, DAY).astype(float))
    now_us = START_US + DAY * STEP_US
    low, high = chance(state, 12.0, now_us, np.array([15.0])), chance(state, 12.0, now_us, np.array([20.0]))

    assert (np.diff(low) >= 0.0).all()
    assert (high <= low).all()
    assert ((low >= 0.0) & (low <= 1.0)).all()


def test_no_data_teaches_nothing_and_gives_no_outlook() -> None:
    """NaN in, NaN out; another series is not touched."""
    state = new_forecasts(2)
    counts = np.array([np.nan, 5.0])
    for step in range(20):
        learn(state, counts, counts, START_US + (step + 1) * STEP_US, MIDNIGHTS_US)
    found = outlooks(state, counts, np.array([9.0, 9.0]), START_US + 20 * STEP_US, MIDNIGHTS_US)

    assert 0.0 == state.weeks[0].sum()
    assert np.isnan(found.probability[0]).all()
    assert -1 == found.expected_us[0]
    assert np.isfinite(found.probability[1]).all()


def test_a_gap_forgets_the_last_quarter_of_an_hour_and_not_the_usual() -> None:
    """What was expected before it is not held against what comes after."""
    state = taught(np.full(DAY, 10.0))
    errors = state.errors.copy()
    learn(state, np.array([90.0]), np.array([90.0]), START_US + (DAY + 50) * STEP_US, MIDNIGHTS_US)

    assert errors.tolist() == state.errors.tolist()
    assert [90.0] == state.recent[0][np.isfinite(state.recent[0])].tolist()
    assert 97 == np.count_nonzero(state.weeks[0])  # those of the day, and the one after the gap


def test_more_series_come_after_those_that_are_there() -> None:
    """What was learned stays."""
    state = taught(np.full(DAY, 10.0))
    grown = with_series(state, 3)

    assert (3, 672) == grown.profile.shape
    assert state.profile[0].tolist() == grown.profile[0].tolist()
    assert state.step_end_us[0] == grown.step_end_us[0]
    assert np.isnan(grown.recent[1:]).all()


def test_the_memory_of_the_usual_is_some_weeks() -> None:
    """A new habit is most of the usual after five weeks."""
    state = taught(np.full(288, 2.0))
    quarter = np.arange(4)
    assert pytest.approx([2.0] * 4) == state.profile[0, quarter].tolist()
    for week in range(1, 6):
        for step in range(12):
            at_us = START_US + (week * WEEK + step + 1) * STEP_US
            learn(state, np.array([12.0]), np.array([12.0]), at_us, MIDNIGHTS_US)

    assert (state.profile[0, quarter] > 8.0).all()
    assert (state.weeks <= forecast.MEMORY_WEEKS).all()
