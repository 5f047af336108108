"""The page that tells how well overloads are forecast: docs/forecast.md."""

import dataclasses
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from benchmarks.backtest import (
    HALF_HOUR,
    QUARTER_HOUR,
    SEED,
    TRAINING_WEEKS,
    VEHICLES,
    WEEKS,
    Backtest,
    Score,
)
from benchmarks.report import table
from processors.columns import Float64Array
from processors.overload import forecast

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
