"""The figures of positions equal those of the oracle, cell by cell, whatever the log and its batches."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import NaivePositions, PositionRow, RowOutcome, Settings, event_arrivals, run_positions
from naive.settings import US
from naive_examples import IN, IN_33_M, T0, WEST, ZONES, at_us, box_key, nonzero, row
from processors.carrier_counts import CarrierCounts
from processors.cells import new_cell_table
from processors.feed_counts import FEED_COLUMNS
from processors.flow_cells import FLOW_COLUMNS
from processors.key_table import new_key_table
from processors.reorder import new_held_arrays
from processors.vehicle_table import VEHICLES, VISITED, new_vehicle_arrays
from strategies import (
    LogShape,
    PositionLog,
    position_logs,
    random_position_log,
    random_steps,
    replay_step,
)
from tests.processors.position_builders import (
    COMPILED,
    FastPositions,
    assert_equal,
    filled_cells,
    large,
    position_columns,
    seeds,
)

SEEDS: Final = range(40 if COMPILED else 6)
MANY: Final = 100_000 if COMPILED else 1_500  # positions of one vehicle


def replayed(log: PositionLog) -> tuple[NaivePositions, FastPositions]:
    """Return the oracle and the state after all steps of a log."""
    oracle, fast = NaivePositions(log.settings, log.zones), FastPositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(oracle, step)
        replay_step(fast, step)
    return oracle, fast


@large
@given(position_logs(zone_changes=True))
def test_all_figures_equal_those_of_the_oracle_at_every_step(log: PositionLog) -> None:
    """Small logs with disorder, repeats, late rows and changes of zones, read in any batches."""
    oracle, fast = NaivePositions(log.settings, log.zones), FastPositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(oracle, step)
        replay_step(fast, step)
        assert_equal(oracle, fast, step.stream_us)


@pytest.mark.parametrize("slot_s", [60, 300, 900])
@pytest.mark.parametrize("seed", SEEDS)
def test_larger_logs_end_like_the_oracle(seed: int, slot_s: int) -> None:
    """Several vehicles, one to four source partitions, every slot length, changes of zones in every other log."""
    shape = LogShape(vehicles=1 + seed % 7, length=60 if COMPILED else 20, partitions=1 + seed % 4)
    log = random_position_log(Random(seed), shape, zone_changes=seed % 2 == 1)
    log = replace(log, settings=replace(log.settings, slot_s=slot_s))

    assert_equal(*replayed(log), log.final_us)


@large
@given(position_logs(zone_changes=True))
def test_draining_takes_all_that_is_held_and_proves_no_silence(log: PositionLog) -> None:
    """At any step: what is held is taken in order, and visits stay open."""
    cut = len(log.steps) // 2
    oracle, fast = replayed(replace(log, steps=log.steps[:cut]))
    oracle.drain()
    fast.drain()

    assert_equal(oracle, fast, None)
    for step in log.steps[cut:]:
        replay_step(oracle, step)
        replay_step(fast, step)
    assert_equal(oracle, fast, log.final_us)


@large
@given(position_logs(), st.randoms(use_true_random=False))
def test_the_event_clock_gives_the_figures_of_the_oracle(log: PositionLog, rng: Random) -> None:
    """Arrivals are the largest event times so far; everything is drained at the end."""
    rows = event_arrivals(log.rows)
    final_us = max(each.arrival_us for each in rows)
    steps = random_steps(rng, rows, LogShape().partitions, final_us=final_us)
    oracle, fast = replayed(replace(log, rows=rows, steps=steps))
    oracle.drain()
    fast.drain()

    assert_equal(oracle, fast, None)


@large
@given(position_logs(), st.randoms(use_true_random=False))
def test_any_split_into_batches_gives_the_same_figures(log: PositionLog, rng: Random) -> None:
    """One batch of everything, and another interleaving of the partitions, end as the oracle ends."""
    expected = run_positions(log.rows, log.zones, log.settings, stream_us=log.final_us)
    other = random_steps(rng, log.rows, LogShape().partitions, final_us=log.final_us)
    _, interleaved = replayed(replace(log, steps=other))
    at_once = FastPositions(log.settings, log.zones)
    at_once.add(sorted(log.rows, key=lambda each: each.identity))
    at_once.advance(log.final_us)

    assert filled_cells(expected) == interleaved.cells() == at_once.cells()


def shrunk(fast: FastPositions) -> FastPositions:
    """Return the state with the smallest tables, so that all of them grow again and again."""
    fast.state.arrays = new_vehicle_arrays(vehicles=1, lines=1, visits=1)
    fast.state.held = new_held_arrays(partitions=1, capacity=1)
    fast.ledger.flows = new_cell_table(1, FLOW_COLUMNS, spare=1)
    fast.ledger.carriers = CarrierCounts(new_key_table(1), np.zeros((1, 2), np.int64))
    fast.ledger.feeds = new_cell_table(1, FEED_COLUMNS, spare=1)
    fast.ledger.reasons = new_cell_table(1, 1, spare=1)
    return fast


@pytest.mark.parametrize("seed", SEEDS)
def test_tables_that_grow_lose_nothing(seed: int) -> None:
    """A walk that stops for room goes on where it stopped, also while zones change."""
    log = random_position_log(Random(1_000 + seed), LogShape(vehicles=9, length=12), zone_changes=True)
    oracle, fast = NaivePositions(log.settings, log.zones), shrunk(FastPositions(log.settings, log.zones))
    for step in log.steps:
        replay_step(oracle, step)
        replay_step(fast, step)

    assert_equal(oracle, fast, log.final_us)


def test_one_step_over_many_zones_and_slots_fits() -> None:
    """A van parked for four hours in 300 zones adds to 72,000 slots of a minute at once."""
    zones = dict.fromkeys(range(300 if COMPILED else 40), ZONES["box"])
    fast = shrunk(FastPositions(Settings(slot_s=60), zones))
    fast.add([row(0, IN), row(14_400, IN_33_M)])
    fast.advance(at_us(14_406))

    dwell = [cell["dwell_us"] for cell in fast.cells()["slot"].values()]
    assert 14_400 * US * len(zones) == sum(dwell)
    assert len(zones) * 241 == len(dwell)


def descending(count: int) -> list[PositionRow]:
    """Return positions 10 ms apart, the newest first, arriving 1 µs after each other."""
    last_us = T0 + count * 10_000
    return [
        replace(row(0, IN), offset=number, arrival_us=last_us + number, event_us=last_us - number * 10_000)
        for number in range(count)
    ]


def shuffled(count: int) -> list[PositionRow]:
    """Return the same positions in any order."""
    events = [each.event_us for each in descending(count)]
    Random(5).shuffle(events)
    return [replace(each, event_us=event) for each, event in zip(descending(count), events, strict=True)]


def in_and_out(count: int) -> list[PositionRow]:
    """Return the same positions alternately from the end and from the start."""
    events = [each.event_us for each in descending(count)]
    order = [events[number // 2 if number % 2 else -1 - number // 2] for number in range(count)]
    return [replace(each, event_us=event) for each, event in zip(descending(count), order, strict=True)]


@pytest.mark.parametrize("batch", [1_000, MANY])
@pytest.mark.parametrize("order", [descending, shuffled, in_and_out])
@pytest.mark.timeout(150)
def test_positions_of_one_vehicle_in_the_worst_order_are_exact_and_fast(
    order: Callable[[int], list[PositionRow]], batch: int
) -> None:
    """A hundred thousand positions of one vehicle that all arrive within 5 s are taken in order of events."""
    rows = order(MANY)
    columns = [position_columns(rows[start : start + batch]) for start in range(0, MANY, batch)]
    fast = FastPositions(Settings(), ZONES)
    for part in columns:
        fast.state.add(part, fast.ledger)
    fast.advance(rows[-1].arrival_us + 5 * US + 1)

    assert {RowOutcome.TAKEN: MANY} == fast.outcomes()
    day = fast.cells()["day"].values()
    assert [(MANY, 1, (MANY - 1) * 10_000)] == [
        (c["observations"], c["vehicles"], c["dwell_us"]) for c in day
    ]


def test_what_arrives_after_the_reorder_time_in_the_worst_order_is_out_of_order() -> None:
    """Of descending positions, those that arrive over 5 s after the newest one are out of order."""
    rows = [replace(each, arrival_us=T0 + 20 * US + place * US) for place, each in enumerate(descending(12))]
    fast = FastPositions(Settings(), ZONES)
    fast.add(rows)
    fast.advance(T0 + 60 * US)

    assert {RowOutcome.TAKEN: 6, RowOutcome.OUT_OF_ORDER: 6} == fast.outcomes()


def test_a_silent_vehicle_keeps_its_class_and_its_counts_until_its_day_is_over() -> None:
    """A van that is back after seven hours, seen as another class, is the same vehicle of the day."""
    rows = [row(0, IN), row(7 * 3_600, IN, vehicle_class="M1"), row(7 * 3_600 + 60, IN)]
    oracle, fast = NaivePositions(Settings(), ZONES), FastPositions(Settings(), ZONES)
    for each in rows:
        for reader in (oracle, fast):
            reader.add([each])
            reader.advance(each.arrival_us)
    assert_equal(oracle, fast, rows[-1].arrival_us)

    fast.advance(at_us(7 * 3_600 + 120))
    assert [1] == [cell["vehicles"] for cell in fast.cells()["day"].values()]


def test_vehicles_of_a_day_that_is_over_are_forgotten() -> None:
    """Two hours and five seconds after midnight nothing of yesterday is kept."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN), row(1, WEST, vehicle="truck"), row(43_200 + 1, IN, vehicle="today")])
    fast.advance(at_us(43_200 + 7_205))
    assert 3 == fast.state.arrays.counts[VEHICLES]

    fast.advance(at_us(43_200 + 7_205) + 1)
    assert 1 == fast.state.arrays.counts[VEHICLES]
    assert 1 == fast.state.arrays.counts[VISITED]


@pytest.mark.parametrize("first", [0, 1])
def test_the_newest_position_does_not_depend_on_the_order_of_reading(first: int) -> None:
    """Of two positions at one time the vehicle is where the one is that will be taken."""
    rows = [row(0, IN, partition=0), row(0, WEST, partition=1)]
    fast = FastPositions(Settings(), ZONES)
    fast.add([rows[first]])
    fast.add([rows[1 - first]])

    assert {("box", "N1", "no"): (1, 0)} == fast.zone_now(at_us(1))


def hours_and_days(cells: dict[str, dict[object, object]]) -> list[dict[object, object]]:
    """Return the cells of the grains that do not depend on the slot length."""
    return [cells["hour"], cells["day"]]


@given(seeds, st.sampled_from([60, 300, 900]), st.sampled_from([60, 300, 900]))
def test_a_change_of_the_slot_length_leaves_hours_and_days_as_they_are(seed: int, old: int, new: int) -> None:
    """Read with one slot length first and another one then, hours and days are those of the oracle."""
    log = random_position_log(Random(seed), LogShape(vehicles=2, length=15), zone_changes=True)
    settings = replace(log.settings, slot_s=old)
    oracle, fast = NaivePositions(settings, log.zones), FastPositions(settings, log.zones)
    for place, step in enumerate(log.steps):
        if place == len(log.steps) // 2:
            fast.change_settings(replace(settings, slot_s=new))
        replay_step(oracle, step)
        replay_step(fast, step)

    assert hours_and_days(filled_cells(oracle.figures())) == hours_and_days(fast.cells())


@pytest.mark.parametrize(("old", "new"), [(300, 60), (300, 900), (60, 900)])
def test_a_new_slot_length_counts_vehicles_anew_and_splits_dwell_by_new_slots(old: int, new: int) -> None:
    """A van inside from 600 s on is a vehicle of the old slot and of the new one that follows the change."""
    fast = FastPositions(Settings(slot_s=old), ZONES)
    fast.add([row(600, IN), row(610, IN)])
    fast.advance(at_us(620))
    fast.change_settings(Settings(slot_s=new))
    before = nonzero(fast.cells()["slot"][box_key(at_us(600))])
    fast.add([row(620, IN), row(900, IN)])
    fast.advance(at_us(910))
    cells = fast.cells()

    assert {"observations": 2, "vehicles": 1, "appearances": 1, "dwell_us": 10 * US} == before
    new_slots = {second // new for second in (620, 900)}
    assert 1 + len(new_slots) == sum(cell["vehicles"] for cell in cells["slot"].values())
    assert 300 * US == sum(cell["dwell_us"] for cell in cells["slot"].values())
    assert [1] == [cell["vehicles"] for cell in cells["hour"].values()]


def test_a_shorter_silence_is_proven_by_the_new_settings() -> None:
    """With a park gap of ten minutes a van is gone after ten minutes, lateness and reorder."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN), row(0, IN, vehicle="held", arrival=50)])
    fast.advance(at_us(30))
    assert 1 == fast.state.open_visits

    fast.change_settings(Settings(park_gap_s=600, allowed_lateness_s=60))
    fast.advance(at_us(665))
    assert 2 == fast.state.open_visits
    fast.advance(at_us(665) + 1)
    assert 0 == fast.state.open_visits


def test_a_position_still_held_when_its_day_is_over_is_taken_before_the_vehicle_is_forgotten() -> None:
    """Settings that allow less lateness end a day while one of its positions is held."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(43_190, IN), row(43_195, IN, arrival=43_300)])
    fast.advance(at_us(43_299))
    fast.change_settings(Settings(allowed_lateness_s=0))
    fast.advance(at_us(43_300))
    assert 1 == fast.state.arrays.counts[VEHICLES]

    fast.advance(at_us(43_305) + 1)
    assert {RowOutcome.TAKEN: 2} == fast.outcomes()
    assert 0 == fast.state.arrays.counts[VEHICLES]
    assert 0 == fast.state.open_visits


def test_rows_that_intake_found_too_late_are_late_and_rejected_ones_are_counted() -> None:
    """Neither is held."""
    fast = FastPositions(Settings(), ZONES)
    columns = position_columns([row(0, IN), row(1, IN), row(2, IN)])
    fast.state.add(columns._replace(outcome=np.array([0, 1, 20], np.uint8)), fast.ledger)
    delta = fast.ledger.drain(slot_s=300, midnights_us=fast.state.midnights_us)

    assert [[2, 0, 1, 0, 0, 1, 0]] == delta.feeds.counts.tolist()
    assert [(0, at_us(0), 20, 1)] == list(zip(*(part.tolist() for part in delta.rejections), strict=True))
    assert 1 == len(list(fast.undecided()))


def test_a_position_exactly_as_late_as_allowed_is_taken() -> None:
    """7,200 s are allowed, a microsecond more is late."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN, arrival=7_200), row(1, IN, arrival=7_201.000_001)])
    fast.advance(at_us(8_000))

    assert {RowOutcome.TAKEN: 1, RowOutcome.LATE: 1} == fast.outcomes()


def test_a_world_without_zones_counts_rows_and_no_cells() -> None:
    """Positions are taken; there is nothing to be inside of."""
    fast = FastPositions(Settings(), {})
    fast.add([row(0, IN), row(10, WEST)])
    fast.advance(at_us(60))

    assert {RowOutcome.TAKEN: 2} == fast.outcomes()
    assert {"slot": {}, "hour": {}, "day": {}} == fast.cells()
    assert {} == fast.zone_now(at_us(60))
