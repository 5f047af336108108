"""How well overloads are forecast, on simulated days with scripted overloads, beside naive forecasts.

`python -m benchmarks.forecast [--write-docs]` takes some minutes, prints its tables and writes
`results/forecast.json`; `--write-docs` also writes docs/forecast.md. All of it follows from the seed.

The engine itself judges every minute, under the default rule: an *overload* is an alert that it raised, an *alarm* a
time that began with rising and went on with rising or pending. An alarm is right when an overload begins while it
lasts or within half an hour of its beginning; an overload is found when an alarm lasted until at most five minutes
before. The lead time runs from the alarm to the beginning of the overload.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.backtest import FIRST_DAY, SEED, TRAINING_WEEKS, VEHICLES, WEEKS, Backtest
from benchmarks.forecast_page import page, score_table
from benchmarks.overload_days import simulate_days
from benchmarks.report import say, write_json
from duls.local_midnights import local_midnights
from processors.columns import Float64Array
from processors.overload import forecast

DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "forecast.md"
THRESHOLDS_PCT: Final = (30, 40, 50, 60, 70)

VARIANTS: Final = (
    ("usual only", {"DAMPING": 0.0, "CHANCE": np.inf}),
    ("without trend", {"CHANCE": np.inf}),
)


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


if __name__ == "__main__":
    main()
