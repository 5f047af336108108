"""Simulated days with scripted overloads, judged minute by minute by the engine under forecasts of any method."""

import dataclasses
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Final, NamedTuple

import numpy as np

from benchmarks.overload_days import MINUTE_US, OverloadDays, Scripted, raise_levels
from processors.columns import Float64Array, Int64Array
from processors.overload import forecast
from processors.overload.engine import Outlook, step_counts
from processors.overload.forecast import HORIZONS, STEP_US, ForecastState
from processors.overload.plan import ZonePlan, limit_of
from processors.overload.rules import Measure, Rule
from processors.overload.watch import AlertState, ZoneState
from processors.vocabulary import VEHICLE_CLASSES

SEED: Final = 2027
FIRST_DAY: Final = int(np.datetime64("2026-09-07", "D").astype(int))  # a Monday; October 25 has 25 hours
WEEKS: Final = 10
TRAINING_WEEKS: Final = 4
VEHICLES: Final = 20_000
STEP_MINUTES: Final = 5
WEEK_STEPS: Final = 7 * 288
QUARTER_HOUR: Final = 2  # place of the horizon of 15 minutes
HALF_HOUR: Final = 5
FOUND_MINUTES: Final = 5
RIGHT_MINUTES: Final = 30

Predict = Callable[[ForecastState, int], Float64Array]
"""The largest counts expected within each horizon at the end of a step, shape (zones, HORIZONS)."""


@dataclasses.dataclass(frozen=True)
class Score:
    """How one method did in the weeks after training."""

    method: str
    alarms: int
    precision: float
    recall: float
    recall_weekly: float
    recall_sudden: float
    lead_median_min: float
    lead_10_share: float  # of the overloads that were found, ten minutes or more before
    brier_15: float
    brier_30: float


class Judged(NamedTuple):
    """What the engine said of one zone: minutes from the beginning."""

    overloads: list[int]  # beginnings
    alarms: list[tuple[int, int]]


class Backtest:
    """Simulated days, and what every method makes of them."""

    def __init__(self, days: OverloadDays, midnights_us: Int64Array) -> None:
        """Cut the days into steps."""
        self.days = days
        self.midnights_us = midnights_us
        self.levels = raise_levels(days.capacity)
        self.steps = days.counts.shape[0] // STEP_MINUTES
        cut = days.counts[: self.steps * STEP_MINUTES].reshape(self.steps, STEP_MINUTES, -1)
        self.means = cut.mean(axis=1)
        self.peaks = cut.max(axis=1).astype(np.float64)
        self.first_step = int(days.day_starts[TRAINING_WEEKS * 7]) // STEP_MINUTES

    def probabilities(self, predict: Predict | None) -> Float64Array:
        """Return the forecasts of a method, shape (steps, zones, HORIZONS); None stands for that of the engine.

        A naive method learns its errors just as the forecast does.
        """
        zones = self.means.shape[1]
        levels = self.levels.astype(np.float64)
        state = forecast.new_forecasts(zones)
        told = np.full((self.steps, zones, HORIZONS), np.nan)
        for step in range(self.steps):
            end_us = self.days.first_us + (step + 1) * STEP_US
            forecast.learn(state, self.means[step], self.peaks[step], end_us, self.midnights_us)
            expected = None if predict is None else predict(state, step)
            if expected is not None:
                state.made[:, 0] = expected
            if step < self.first_step:
                continue
            if expected is None:
                outlook = forecast.outlooks(state, self.means[step], levels, end_us, self.midnights_us)
                told[step] = outlook.probability
            else:
                told[step] = forecast.probabilities(state, expected, levels)
        return told

    def as_now(self, _state: ForecastState, step: int) -> Float64Array:
        """Expect what is there now."""
        return np.repeat(self.means[step][:, None], HORIZONS, axis=1)

    def as_last_week(self, _state: ForecastState, step: int) -> Float64Array:
        """Expect what came a week ago."""
        first = step + 1 - WEEK_STEPS
        if first < 0:
            return np.full((self.means.shape[1], HORIZONS), np.nan)
        return np.maximum.accumulate(self.means[first : first + HORIZONS], axis=0).T

    def judged(self, told: Float64Array, zone: int, *, rising_pct: int) -> Judged:
        """Let the engine judge every minute of one zone after the training weeks."""
        rule = Rule(
            rule_id="rule",
            zone="zone",
            classes=VEHICLE_CLASSES,
            measure=Measure.PRESENT,
            rising_pct=rising_pct,
        )
        limit = limit_of(rule, int(self.days.capacity[zone]))
        plan = ZonePlan("zone", 1, (limit,), frozenset({"rule"}), 0)
        counts = self.days.counts[:, zone].tolist()
        state = ZoneState("zone")
        overloads: list[int] = []
        alarms: list[tuple[int, int]] = []
        rising = -1
        for minute in range(self.first_step * STEP_MINUTES, self.steps * STEP_MINUTES):
            now_us = self.days.first_us + (minute + 1) * MINUTE_US
            outlooks = None
            if minute % STEP_MINUTES == STEP_MINUTES - 1:
                early, late = told[minute // STEP_MINUTES, zone, [QUARTER_HOUR, HALF_HOUR]].tolist()
                outlooks = {"rule": Outlook(early, late, None)}
            state, changes = step_counts(state, plan, (counts[minute],), now_us, outlooks=outlooks)
            for change in changes:
                if change.after is AlertState.RISING and rising < 0:
                    rising = minute
                elif change.after not in (AlertState.RISING, AlertState.PENDING) and rising >= 0:
                    alarms.append((rising, minute))
                    rising = -1
                if change.after is AlertState.FIRING and change.alert is not None:
                    since = (change.alert.since_us - self.days.first_us) // MINUTE_US - 1
                    if since >= self.first_step * STEP_MINUTES and not (overloads and overloads[-1] == since):
                        overloads.append(since)
        return Judged(overloads, alarms)

    def score(self, method: str, told: Float64Array, *, rising_pct: int = 50) -> Score:
        """Compare what a method told with what came."""
        judged = [self.judged(told, zone, rising_pct=rising_pct) for zone in range(told.shape[1])]
        right = alarms = 0
        found: list[tuple[bool, float | None]] = []  # of each overload: whether weekly, and the lead time
        for zone, (overloads, spans) in enumerate(judged):
            alarms += len(spans)
            right += sum(_is_right(span, overloads) for span in spans)
            found += [(self.is_weekly(zone, since), _lead_min(since, spans)) for since in overloads]
        leads = [lead for _, lead in found if lead is not None]
        return Score(
            method=method,
            alarms=alarms,
            precision=right / max(1, alarms),
            recall=_share([lead is not None for _, lead in found]),
            recall_weekly=_share([lead is not None for is_weekly, lead in found if is_weekly]),
            recall_sudden=_share([lead is not None for is_weekly, lead in found if not is_weekly]),
            lead_median_min=median(leads) if leads else 0.0,
            lead_10_share=_share([lead >= 10.0 for lead in leads]),
            brier_15=self.brier(told, QUARTER_HOUR),
            brier_30=self.brier(told, HALF_HOUR),
        )

    def is_weekly(self, zone: int, minute: int) -> bool:
        """Tell whether an overload that begins at a minute is one of those of every week."""
        return any(
            overload.zone == zone and overload.is_weekly and self._covers(overload, minute)
            for overload in self.days.scripted
        )

    def _covers(self, overload: Scripted, minute: int) -> bool:
        """Tell whether a scripted overload goes on at a minute."""
        start = self.days.day_starts[overload.day] + overload.start_minute
        return bool(start <= minute <= start + overload.length_min)

    def truth(self, told: Float64Array, horizon: int) -> tuple[Float64Array, Float64Array]:
        """Return forecast and outcome of every step at which a zone was below its level."""
        windows = np.lib.stride_tricks.sliding_window_view(self.peaks[1:], horizon + 1, axis=0)
        came = windows.max(axis=-1) >= self.levels  # within the steps after each step
        steps = slice(self.first_step, came.shape[0])
        now = self.days.counts[STEP_MINUTES - 1 : self.steps * STEP_MINUTES : STEP_MINUTES]
        below = (now < self.levels)[steps]
        return told[steps, :, horizon][below], came[steps][below].astype(np.float64)

    def brier(self, told: Float64Array, horizon: int) -> float:
        """Return the mean square of forecast less outcome."""
        forecasts, outcomes = self.truth(told, horizon)
        return float(np.mean((forecasts - outcomes) ** 2))


def _is_right(span: tuple[int, int], overloads: Sequence[int]) -> bool:
    """Tell whether an overload began during an alarm, or soon after it began."""
    start, end = span
    return any(start < since <= max(end, start + RIGHT_MINUTES) for since in overloads)


def _lead_min(since: int, spans: Sequence[tuple[int, int]]) -> float | None:
    """Return the time from the alarm to the overload that it announced, None where none did."""
    starts = [start for start, end in spans if start < since <= end + FOUND_MINUTES]
    return float(since - starts[-1]) if starts else None


def _share(hits: Sequence[bool]) -> float:
    """Return the share of hits, 0 of nothing."""
    return mean(hits) if hits else 0.0
