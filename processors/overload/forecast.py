"""How likely a count reaches a level within the next half hour: from now, the trend, and this time of the week.

    expected(h) = usual(t + h) + DAMPING^h · (now - usual(t)) + trend · (1 + TREND_DAMPING + … h terms)

*Usual* is the mean of the last weeks at that quarter of the local week, shared a little between workdays. What is
above or below it now is expected to fade. The *trend* is how fast that difference grew over the last quarter of
an hour, as far as chance does not explain it (counts scatter by about their root), and never downward.

How far the truth may be from that is not assumed but remembered: for each horizon, how far the largest count was
from the largest expected one in the past, in roots of the expected count. The probability of reaching a level is the
share of past errors that would reach it. Each series has its own errors, helped by those of all until it has many.

State is arrays with a row per *series*: one count of one zone (`Limit.series`). Its owner calls `learn` at the end
of every step of five minutes, and `outlooks` as often as it likes. ADR 10 says how the numbers were chosen.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import BoolArray, Float64Array, Int64Array
from processors.overload.week import wall_time, weekday
from processors.units import US_PER_S

STEP_US: Final = 300 * US_PER_S
"""Counts are learned over steps of five minutes."""
HORIZONS: Final = 6
"""Steps ahead that are forecast: half an hour."""
QUARTERS: Final = 7 * 96
"""Quarters of an hour in a week."""

MEMORY_WEEKS: Final = 5.0
SHARED_WEEKS: Final = 1.0  # weight of the mean of all workdays beside one of them
DAMPING: Final = 0.87  # per step
TREND_STEPS: Final = 3
TREND_DAMPING: Final = 0.8  # per step
CHANCE: Final = 2.0  # roots of the count that a trend must exceed
BUSY_SHARE: Final = 0.8  # of the busiest quarter of the week: errors are learned where so much was expected
ERROR_MEMORY: Final = 1_000.0  # errors
POOLED_ERRORS: Final = 200.0  # weight of the errors of all series beside the own ones
PRIOR_ERRORS: Final = 50.0  # weight of the errors assumed before anything was learned
BIN_WIDTH: Final = 0.25  # roots of the expected count
BINS: Final = 64
LOWEST_ERROR: Final = -BIN_WIDTH * BINS / 2


class ForecastState(NamedTuple):
    """What was learned of each series. Arrays are changed in place; the first three are worth keeping."""

    profile: (
        Float64Array  # shape (series, QUARTERS): usual count by quarter of the local week, Monday 0:00 first
    )
    weeks: Float64Array  # shape (series, QUARTERS): weeks that made it up, at most MEMORY_WEEKS
    errors: Float64Array  # shape (series, HORIZONS, BINS): how often forecasts were how far off, decaying
    recent: (
        Float64Array  # shape (series, TREND_STEPS + 1): means of the last steps, newest first, NaN: no data
    )
    peaks: Float64Array  # shape (series, HORIZONS): largest counts of the last steps, newest first
    made: Float64Array  # shape (series, HORIZONS, HORIZONS): forecasts by age and horizon, newest first
    step_end_us: Int64Array  # shape (1,): end of the last step that was learned


_BY_SERIES: Final = ForecastState._fields[:-1]


class Outlooks(NamedTuple):
    """The forecast of each series; NaN where it has no recent data."""

    probability: Float64Array  # shape (series, HORIZONS): of reaching the level within 5, 10 … 30 minutes
    expected: Float64Array  # shape (series, HORIZONS): largest count expected within that time
    expected_us: Int64Array  # when reaching it becomes likelier than not, -1: not within 30 minutes


def new_forecasts(series: int) -> ForecastState:
    """Return the state of series of which nothing is known yet."""
    return ForecastState(
        profile=np.zeros((series, QUARTERS)),
        weeks=np.zeros((series, QUARTERS)),
        errors=np.zeros((series, HORIZONS, BINS)),
        recent=np.full((series, TREND_STEPS + 1), np.nan),
        peaks=np.full((series, HORIZONS), np.nan),
        made=np.full((series, HORIZONS, HORIZONS), np.nan),
        step_end_us=np.zeros(1, np.int64),
    )


def with_series(state: ForecastState, series: int) -> ForecastState:
    """Return the state with room for more series, which come after those that are there."""
    more = new_forecasts(series - state.profile.shape[0])
    grown = {name: np.concatenate((getattr(state, name), getattr(more, name))) for name in _BY_SERIES}
    return state._replace(**grown)


def at_rows(state: ForecastState, rows: Int64Array) -> ForecastState:
    """Return a copy of the state of some series, in the order of *rows*."""
    return state._replace(**{name: getattr(state, name)[rows] for name in _BY_SERIES})


def learn(
    state: ForecastState,
    means: Float64Array,
    peaks: Float64Array,
    step_end_us: int,
    midnights_us: Int64Array,
) -> None:
    """Add the step that just ended, in place.

    Args:
        state: What was learned so far.
        means: Mean count of each series over the step, NaN where there was no data or it was settling.
        peaks: Largest count of each series in the step, NaN likewise.
        step_end_us: End of the step in stream time. After a gap the recent past is forgotten, the usual is not.
        midnights_us: As in `processors.calendar`.
    """
    if step_end_us != state.step_end_us[0] + STEP_US:
        for array in (state.recent, state.peaks, state.made):
            array[:] = np.nan
    state.step_end_us[0] = step_end_us
    _push(state.recent, means)
    _push(state.peaks, peaks)
    _learn_errors(state)
    _learn_usual(state, means, step_end_us - STEP_US, midnights_us)
    _push(state.made, _largest_expected(state, means, step_end_us, midnights_us))


def outlooks(
    state: ForecastState, counts: Float64Array, levels: Float64Array, now_us: int, midnights_us: Int64Array
) -> Outlooks:
    """Return the forecast for every series.

    Args:
        state: What was learned so far.
        counts: Mean count of each series over the last minutes, five at best: single counts scatter more.
        levels: Count of each series that is to be reached.
        now_us: Stream time.
        midnights_us: As in `processors.calendar`.
    """
    expected = _largest_expected(state, counts, now_us, midnights_us)
    probability = probabilities(state, expected, levels)
    return Outlooks(probability, expected, _likely_us(probability, now_us))


def probabilities(state: ForecastState, expected: Float64Array, levels: Float64Array) -> Float64Array:
    """Return how likely each level is reached within each horizon, given the largest counts expected until then."""
    needed = (levels[:, None] - expected) / np.sqrt(np.maximum(expected, 1.0))
    # reached within 5 minutes is reached within 10
    return np.maximum.accumulate(_share_of_errors(state, needed), axis=1)


def _push(history: Float64Array, newest: Float64Array) -> None:
    """Put the newest first and forget the oldest, in place."""
    history[:, 1:] = history[:, :-1].copy()
    history[:, 0] = newest


def _quarter(at_us: int, midnights_us: Int64Array) -> int:
    """Return the quarter of the local week."""
    day, minute = wall_time(at_us, midnights_us)
    return weekday(day) * 96 + minute // 15


def _learn_usual(
    state: ForecastState, means: Float64Array, step_start_us: int, midnights_us: Int64Array
) -> None:
    """Bring the usual count of a quarter nearer to the mean of one of its three steps."""
    quarter = _quarter(step_start_us, midnights_us)
    seen = np.isfinite(means)
    weeks = state.weeks[seen, quarter] + 1.0 / 3.0
    usual = state.profile[seen, quarter]
    state.profile[seen, quarter] = usual + (means[seen] - usual) / (3.0 * weeks)
    state.weeks[seen, quarter] = np.minimum(weeks, MEMORY_WEEKS - 1.0 / 3.0)


def _usual(state: ForecastState, at_us: int, midnights_us: Int64Array) -> Float64Array:
    """Return the usual count of each series at a time, NaN where that time of the week was never seen."""
    quarter = _quarter(at_us, midnights_us)
    weight, total = state.weeks[:, quarter].copy(), state.weeks[:, quarter] * state.profile[:, quarter]
    if quarter < 5 * 96:
        alike = np.arange(quarter % 96, 5 * 96, 96)
        weeks = state.weeks[:, alike].sum(axis=1)
        shared = (state.weeks[:, alike] * state.profile[:, alike]).sum(axis=1)
        has_any = weeks > 0.0
        total[has_any] += SHARED_WEEKS * shared[has_any] / weeks[has_any]
        weight[has_any] += SHARED_WEEKS
    return np.where(weight > 0.0, total / np.where(weight > 0.0, weight, 1.0), np.nan)


def _largest_expected(
    state: ForecastState, counts: Float64Array, now_us: int, midnights_us: Int64Array
) -> Float64Array:
    """Return the largest count expected within each horizon, shape (series, HORIZONS)."""
    usual_now = _usual(state, now_us, midnights_us)
    is_known = np.isfinite(usual_now)
    base = np.where(is_known, usual_now, counts)  # without history: as now
    difference = counts - base
    trend = _trend(state, counts, difference, now_us, midnights_us)
    expected = np.empty((counts.size, HORIZONS))
    grown, damped = np.zeros(counts.size), 1.0
    for horizon in range(HORIZONS):
        later = _usual(state, now_us + (horizon + 1) * STEP_US, midnights_us)
        grown += trend * TREND_DAMPING**horizon
        damped *= DAMPING
        usual = np.where(is_known & np.isfinite(later), later, base)
        expected[:, horizon] = usual + damped * difference + grown
    return np.maximum.accumulate(np.maximum(expected, 0.0), axis=1)


def _trend(
    state: ForecastState,
    counts: Float64Array,
    difference: Float64Array,
    now_us: int,
    midnights_us: Int64Array,
) -> Float64Array:
    """Return by how much per step the difference from the usual grew, beyond what chance explains."""
    before = state.recent[:, TREND_STEPS]
    usual_before = _usual(state, now_us - TREND_STEPS * STEP_US, midnights_us)
    grown = difference - (before - np.where(np.isfinite(usual_before), usual_before, counts - difference))
    beyond = np.maximum(grown - CHANCE * np.sqrt(np.maximum(counts, 1.0)), 0.0)
    return np.nan_to_num(beyond) / TREND_STEPS


def _learn_errors(state: ForecastState) -> None:
    """Compare what was expected for the time until now with what came, where much was expected.

    Levels are asked for when counts are high, and what is high partly by chance falls back: all errors together
    would not show that. Learning where the usual was high did worse in the backtest.
    """
    busy = BUSY_SHARE * state.profile.max(axis=1)
    for horizon in range(HORIZONS):
        expected = state.made[:, horizon, horizon]
        came = state.peaks[:, : horizon + 1].max(axis=1)  # NaN where any of them is
        rows = np.flatnonzero(np.isfinite(expected) & np.isfinite(came) & (expected >= busy))
        errors = (came[rows] - expected[rows]) / np.sqrt(np.maximum(expected[rows], 1.0))
        state.errors[rows, horizon] *= 1.0 - 1.0 / ERROR_MEMORY
        state.errors[rows, horizon, _bins(errors)] += 1.0


def _bins(errors: Float64Array) -> Int64Array:
    """Return the bin of each error; the outer bins have all that is beyond them."""
    return np.clip(((errors - LOWEST_ERROR) // BIN_WIDTH).astype(np.int64), 0, BINS - 1)


def _share_of_errors(state: ForecastState, needed: Float64Array) -> Float64Array:
    """Return the share of past errors at or above what is needed to reach a level, shape (series, HORIZONS)."""
    pooled = state.errors.sum(axis=0) + PRIOR_ERRORS * _PRIOR
    weights = state.errors + POOLED_ERRORS * pooled / pooled.sum(axis=1, keepdims=True)
    above = np.zeros((*weights.shape[:2], BINS + 1))
    above[:, :, :-1] = weights[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    place = np.clip((np.nan_to_num(needed) - LOWEST_ERROR) / BIN_WIDTH, 0.0, BINS)
    low = np.minimum(place.astype(np.int64), BINS - 1)
    low_share = np.take_along_axis(above, low[:, :, None], axis=2)[:, :, 0]
    high_share = np.take_along_axis(above, low[:, :, None] + 1, axis=2)[:, :, 0]
    share = (low_share + (place - low) * (high_share - low_share)) / above[:, :, 0]
    return np.where(np.isfinite(needed), share, np.nan)


def _likely_us(probability: Float64Array, now_us: int) -> Int64Array:
    """Return when a probability reaches one half, straight between the horizons; -1 where it does not."""
    before = np.concatenate((np.zeros((probability.shape[0], 1)), probability[:, :-1]), axis=1)
    is_likely: BoolArray = probability >= 0.5
    first = is_likely.argmax(axis=1)
    rows = np.arange(probability.shape[0])
    low, high = before[rows, first], probability[rows, first]
    will = is_likely.any(axis=1)
    part = np.divide(0.5 - low, high - low, out=np.zeros_like(low), where=will & (high > low))
    at_us = now_us + ((first + part) * STEP_US).astype(np.int64)
    return np.where(will, at_us, -1)


def _prior() -> Float64Array:
    """Return the errors assumed at first: a bell of width 1.5, for the largest of several counts a little above 0."""
    middles = LOWEST_ERROR + BIN_WIDTH * (np.arange(BINS) + 0.5)
    bell = np.exp(-0.5 * ((middles - 0.5) / 1.5) ** 2)
    return bell / bell.sum()


_PRIOR: Final = _prior()
