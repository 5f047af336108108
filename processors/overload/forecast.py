"""How likely a count reaches a level within the next half hour: from now, the trend, and this time of the week.

State is arrays with a row per *series*: one count of one zone (`Limit.series`). The owner of the state calls
`learn` once per step of five minutes and `outlooks` as often as it likes.
"""

from typing import Final, NamedTuple

from processors.columns import Float64Array, Int64Array

STEP_US: Final = 300_000_000
"""Counts are learned as their means over steps of five minutes."""
HORIZONS: Final = 6
"""Steps ahead that are forecast: half an hour."""


class ForecastState(NamedTuple):
    """What was learned of each series; arrays are changed in place, and are what a database keeps."""

    profile: Float64Array  # shape (series, 672): usual count by quarter of the local week, Monday 0:00 first
    weeks: Float64Array  # shape (series, 672): how many weeks made it up, decaying
    recent: (
        Float64Array  # shape (series, HORIZONS + 1): last steps, newest first, NaN where there was no data
    )
    errors: Float64Array  # shape (series, HORIZONS, bins): how often forecasts were how far off, decaying


class Outlooks(NamedTuple):
    """The forecast of each series; NaN where the series has no recent data."""

    probability: Float64Array  # shape (series, HORIZONS): of reaching the level within 5, 10 … 30 minutes
    expected: Float64Array  # shape (series, HORIZONS): expected counts then
    expected_us: Int64Array  # when it is reached more likely than not, -1: not within 30 minutes


def new_forecasts(series: int) -> ForecastState:
    """Return the state of series of which nothing is known yet."""
    raise NotImplementedError


def learn(state: ForecastState, means: Float64Array, step_end_us: int, midnights_us: Int64Array) -> None:
    """Add the means of the step that just ended, in place; NaN where there was no data or it was settling."""
    raise NotImplementedError


def outlooks(
    state: ForecastState, counts: Float64Array, levels: Float64Array, now_us: int, midnights_us: Int64Array
) -> Outlooks:
    """Return the forecast for every series from its count now; *levels* are what is to be reached."""
    raise NotImplementedError
