"""Laws that hold for the oracle whatever it reads: conservation, additivity, and independence of batches."""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from detection_strategies import DetectionLog, detection_logs
from naive import Figures, Geometry, NaiveDetections, NaivePositions, run_detections, run_positions
from naive.zones import Zones
from processors.columns import FIGURES
from strategies import (
    LogShape,
    PositionLog,
    position_logs,
    random_position_log,
    random_steps,
    replay_step,
    zone_worlds,
)

# Random logs draw many choices; what Hypothesis calls slow or large here is meant.
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

NOT_ADDITIVE = {"vehicles", "late"}  # counted by each grain for itself


def totals(figures: Figures, grain: str) -> dict[object, Counter[str]]:
    """Return the sums of all buckets of one grain, by all other parts of the key."""
    sums: dict[object, Counter[str]] = {}
    for (zone_id, _, *kind), cell in figures.cells[grain].items():
        sums.setdefault((zone_id, *kind), Counter()).update(cell)
    return sums


def assert_visits_are_conserved(figures: Figures) -> None:
    """Fail unless entries + appearances - exits - disappearances is the number of open visits, by zone."""
    balance: Counter[object] = Counter()
    for (zone_id, *_), cell in totals(figures, "slot").items():
        balance[zone_id] += cell["entries"] + cell["appearances"] - cell["exits"] - cell["disappearances"]
        assert cell["visits"] == cell["exits"] + cell["disappearances"]
    assert figures.open_visits == {zone_id: count for zone_id, count in balance.items() if count}


def assert_buckets_add_up(figures: Figures) -> None:
    """Fail unless slots, hours and days have the same sums of all figures that add up."""
    slots, hours, days = (totals(figures, grain) for grain in ("slot", "hour", "day"))
    assert slots.keys() == hours.keys() == days.keys()
    for key in slots:
        for figure in set(FIGURES) - NOT_ADDITIVE:
            assert slots[key][figure] == hours[key][figure] == days[key][figure]


@few
@given(position_logs(zone_changes=True))
def test_visits_are_conserved_and_buckets_add_up_at_every_step(log: PositionLog) -> None:
    """Also while zones change."""
    oracle = NaivePositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(oracle, step)
        assert_visits_are_conserved(oracle.figures())
        assert_buckets_add_up(oracle.figures())


@few
@given(position_logs())
def test_figures_of_positions_do_not_depend_on_batches(log: PositionLog) -> None:
    """Read step by step or at once, the same rows up to the same stream time give the same figures."""
    oracle = NaivePositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(oracle, step)

    assert run_positions(log.rows, log.zones, log.settings, stream_us=log.final_us) == oracle.figures()


@few
@given(detection_logs())
def test_figures_of_detections_do_not_depend_on_batches(log: DetectionLog) -> None:
    """Read step by step or at once, the same rows up to the same stream time give the same figures."""
    oracle = NaiveDetections(log.settings, log.registry)
    for step in log.steps:
        replay_step(oracle, step)

    at_once = run_detections(log.rows, log.registry, log.settings, stream_us=log.steps[-1].stream_us)
    assert at_once == oracle.figures()
    assert_buckets_add_up(at_once)


@few
@given(zone_worlds())
def test_worlds_have_zones(zones: dict[object, Geometry]) -> None:
    """Every drawn zone can be looked up."""
    assert zones.keys() == Zones(zones).by_id.keys()


@pytest.mark.parametrize("seed", range(10))
def test_ended_visits_are_as_long_as_the_dwell_in_them(seed: int) -> None:
    """Once no visit is open, the sum of visit times is the sum of dwell times, and stops are part of it."""
    log = random_position_log(Random(seed), LogShape(vehicles=8, length=60))
    end_us = log.final_us + 3 * 86_400_000_000
    figures = run_positions(log.rows, log.zones, log.settings, stream_us=end_us)

    assert {} == figures.open_visits
    for cell in totals(figures, "day").values():
        assert cell["dwell_us"] == cell["visit_us"] >= cell["stop_us"]


def test_random_logs_reach_every_outcome_and_every_figure() -> None:
    """A generator that never makes a late row or a crossing would prove nothing."""
    outcomes: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    for seed in range(20):
        log = random_position_log(Random(seed), LogShape(vehicles=5, length=40))
        figures = run_positions(log.rows, log.zones, log.settings, stream_us=log.final_us)
        outcomes.update(figures.counts)
        for cell in totals(figures, "slot").values():
            reached.update(cell)

    assert {"taken", "held", "late", "out_of_order", "duplicate"} == set(outcomes)
    assert set(FIGURES) == {figure for figure, value in reached.items() if value}


def test_two_ways_to_read_one_log_end_alike() -> None:
    """Another interleaving of the source partitions gives the same figures."""
    rng = Random(7)
    log = random_position_log(rng, LogShape(vehicles=10, length=50))
    results = []
    for _ in range(3):
        oracle = NaivePositions(log.settings, log.zones)
        for step in random_steps(rng, log.rows, LogShape().partitions, final_us=log.final_us):
            replay_step(oracle, step)
        results.append(oracle.figures())

    assert results[0] == results[1] == results[2]
