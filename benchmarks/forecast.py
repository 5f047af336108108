"""How well overloads are forecast, on simulated days with scripted overloads, beside naive forecasts.

`python -m benchmarks.forecast [--write-docs]` takes some minutes, prints its tables and writes
`results/forecast.json`; `--write-docs` also writes docs/forecast.md. All of it follows from the seed.

The engine itself judges every minute, under the default rule: an *overload* is an alert that it raised, an *alarm* a
time that began with rising and went on with rising or pending. An alarm is right when an overload begins while it
lasts or within half an hour of its beginning; an overload is found when an alarm lasted until at most five minutes
before. The lead time runs from the alarm to the beginning of the overload.
"""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Final, NamedTuple

import numpy as np

from benchmarks.overload_days import MINUTE_US, OverloadDays, Scripted, raise_levels, simulate_days
from benchmarks.report import say, table, write_json
from duls.local_midnights import local_midnights
from processors.columns import Float64Array, Int64Array
from processors.overload import forecast
from processors.overload.engine import Outlook, step_counts
from processors.overload.forecast import HORIZONS, STEP_US, ForecastState
from processors.overload.plan import ZonePlan, limit_of
from processors.overload.rules import Measure, Rule
from processors.overload.watch import AlertState, ZoneState
from processors.vocabulary import VEHICLE_CLASSES

DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "forecast.md"
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
THRESHOLDS_PCT: Final = (30, 40, 50, 60, 70)

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


PAGE: Final = """# The forecast, tested on simulated days

<!-- made by `python -m benchmarks.forecast --write-docs`; run that, do not edit -->

How rising zones are foreseen is told in [overload.md](overload.md), and why this way in
[ADR 10](adr/0010-forecast-of-overload.md).
Everything below follows from seed {seed}: {vehicles} vehicles of the simulated city over {weeks} weeks, one of them
with a day of 25 hours, {zones} zones, and {scripted} scripted overloads.
The first {training} weeks only teach; the {tested} weeks after them are judged, minute by minute, by the engine itself
under the default rule.

- An **overload** is an alert that the engine raised: {overloads} of them, {weekly} of which come every week.
- An **alarm** is a time that began with *rising* and went on with *rising* or *pending*.
- **Precision**: alarms during which, or within half an hour of whose beginning, an overload began.
- **Recall**: overloads before which an alarm lasted until at most five minutes before.
- **Lead time**: from the alarm to the beginning of the overload.
- **Brier**: mean square of probability less outcome, times 10,000, where the zone was not full yet; lower is better.

## Beside naive forecasts

{methods}

*As now* expects what is there, *as last week* what came a week ago; both learn how far they are off just as the
forecast does, so that they give probabilities too. Taken literally, *as now* never foresees anything.
*Usual only* and *without trend* are the forecast with a part left out.

## What the threshold does

`rising_pct` is the probability from which a zone is rising.

{thresholds}

## Whether the probabilities are true

Of the moments at which the forecast gave such a probability, how often the level was reached.

{calibration}

## The numbers of the method

{constants}

## Limits

- The days are simulated.
  Their overloads were scripted by the rules in `benchmarks/overload_days.py`, so the figures compare methods.
  They do not promise what a city will see.
- What nothing announces can be seen only once it has begun.
  Of the overloads that do not come every week the forecast finds {sudden}.
- Probabilities above one tenth are too high at half an hour, and above 0.7 at a quarter, as the table shows.
  An overload that comes most weeks has a large mean, and the method knows no more than the mean.
- Zones here have peaks of twelve vehicles or more. In smaller ones chance rules, and no forecast helps.
- The first week of a zone has no history: until then the forecast is that of now with its trend.
- Weather, holidays and events are not known to it; on such days the usual is wrong until the difference is seen.
"""

NUMBERS: Final = (
    *("MEMORY_WEEKS", "SHARED_WEEKS", "DAMPING", "TREND_STEPS", "TREND_DAMPING", "CHANCE", "BUSY_SHARE"),
    *("ERROR_MEMORY", "POOLED_ERRORS", "PRIOR_ERRORS"),
)
"""Constants of the forecast on which the tables rest."""

VARIANTS: Final = (
    ("usual only", {"DAMPING": 0.0, "CHANCE": np.inf}),
    ("without trend", {"CHANCE": np.inf}),
)


def score_table(scores: Sequence[Score]) -> str:
    """Return the table of methods."""
    head = (
        *("method", "alarms", "precision", "recall", "weekly", "sudden", "lead, median", "of these ≥ 10 min"),
        *("Brier 15 min", "Brier 30 min"),
    )
    rows = [
        (
            score.method,
            str(score.alarms),
            *(f"{share:.2f}" for share in (score.precision, score.recall, score.recall_weekly)),
            f"{score.recall_sudden:.2f}",
            f"{score.lead_median_min:.1f} min",
            f"{score.lead_10_share:.2f}",
            *(f"{1e4 * brier:.1f}" for brier in (score.brier_15, score.brier_30)),
        )
        for score in scores
    ]
    return table(head, rows)


def calibration_table(backtest: Backtest, told: Float64Array) -> str:
    """Return how often the level was reached, by the probability that was given."""
    edges = np.array([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, np.inf])
    rows = [[f"{low:.2f} to {min(high, 1.0):.2f}"] for low, high in pairwise(edges.tolist())]
    for horizon in (QUARTER_HOUR, HALF_HOUR):
        forecasts, outcomes = backtest.truth(told, horizon)
        place = np.digitize(forecasts, edges) - 1
        for number, row in enumerate(rows):
            chosen = place == number
            row += [str(int(chosen.sum())), f"{outcomes[chosen].mean():.3f}" if chosen.any() else ""]
    head = ("probability", "moments, 15 min", "reached", "moments, 30 min", "reached")
    return table(head, rows)


def constants_table() -> str:
    """Return the constants of the forecast as they are."""
    return table(("name", "value"), [(f"`{name}`", f"{getattr(forecast, name):g}") for name in NUMBERS])


def variant_probabilities(backtest: Backtest, changes: dict[str, float]) -> Float64Array:
    """Return the forecasts of the method with other constants."""
    kept = {name: getattr(forecast, name) for name in changes}
    try:
        for name, value in changes.items():
            setattr(forecast, name, value)
        return backtest.probabilities(None)
    finally:
        for name, value in kept.items():
            setattr(forecast, name, value)


def main() -> None:
    """Simulate the days, score every method, and print or write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/forecast.md")
    options = parser.parse_args()
    midnights_us = local_midnights()
    days = simulate_days(
        SEED,
        first_day=FIRST_DAY,
        days=WEEKS * 7,
        vehicles=VEHICLES,
        training_days=TRAINING_WEEKS * 7,
        midnights_us=midnights_us,
    )
    backtest = Backtest(days, midnights_us)
    told = backtest.probabilities(None)
    scores = [
        backtest.score("as now", backtest.probabilities(backtest.as_now)),
        backtest.score("as last week", backtest.probabilities(backtest.as_last_week)),
        *(backtest.score(name, variant_probabilities(backtest, changes)) for name, changes in VARIANTS),
        backtest.score("the forecast", told),
    ]
    thresholds = [backtest.score(str(pct), told, rising_pct=pct) for pct in THRESHOLDS_PCT]
    say(score_table(scores))
    say(score_table(thresholds))
    write_json("forecast", {"scores": scores, "thresholds": thresholds})
    if options.write_docs:
        DOCUMENT.write_text(page(backtest, told, scores, thresholds), encoding="utf-8")


def page(backtest: Backtest, told: Float64Array, scores: Sequence[Score], thresholds: Sequence[Score]) -> str:
    """Return docs/forecast.md."""
    days = backtest.days
    begins = [
        backtest.is_weekly(zone, since)
        for zone in range(len(days.kinds))
        for since in backtest.judged(told, zone, rising_pct=50).overloads
    ]
    return PAGE.format(
        seed=SEED,
        vehicles=f"{VEHICLES:,}",
        weeks=WEEKS,
        training=TRAINING_WEEKS,
        tested=WEEKS - TRAINING_WEEKS,
        zones=len(days.kinds),
        scripted=len(days.scripted),
        overloads=len(begins),
        weekly=sum(begins),
        sudden=f"{100 * scores[-1].recall_sudden:.0f} %",
        methods=score_table(scores),
        thresholds=score_table([dataclasses.replace(s, method=f"{s.method} %") for s in thresholds]),
        calibration=calibration_table(backtest, told),
        constants=constants_table(),
    )


if __name__ == "__main__":
    main()
