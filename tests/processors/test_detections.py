"""The figures of detections equal those of the oracle, whatever the log, its batches and its registries."""

import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection_strategies import (
    DetectionLog,
    detection_logs,
    random_detection_log,
    random_registry,
    random_uuid,
)
from naive import CameraKey, DetectionRow, NaiveDetections, Registry, RowOutcome, Settings
from naive.buckets import local_day, month_of
from naive.settings import US
from naive_examples import T0, at_us
from processors import detections
from processors.feed_counts import FEED_COUNTS
from processors.units import DAY_US
from processors.vocabulary import Outcome
from strategies import replay_step
from tests.processors.detection_builders import FastDetections, detection_columns, number_of
from tests.processors.position_builders import COMPILED, filled_cells, large

SEEDS: Final = range(30 if COMPILED else 6)
REGISTRY: Final[Registry] = {1: [("box", {"obverse": "in", "reverse": "out", "unknown": "unknown"})]}

_ids = count(100)


def detection(second: float, *, arrival: float | None = None, **fields: Hashable) -> DetectionRow:
    """Return a detection of "van" by camera 1 at a second after `T0`, arriving at once unless told."""
    number = next(_ids)
    given = {
        "partition": 0,
        "offset": number,
        "vehicle": "van",
        "camera": 1,
        "observation_id": number,
        **fields,
    }
    arrival_us = at_us(second if arrival is None else arrival)
    return DetectionRow(event_us=at_us(second), arrival_us=arrival_us, **given)  # type: ignore[arg-type] # mixed


def readers(settings: Settings, registry: Registry) -> tuple[NaiveDetections, FastDetections]:
    """Return the oracle and the state for one registry."""
    return NaiveDetections(settings, registry), FastDetections(settings, registry)


def assert_equal(oracle: NaiveDetections, fast: FastDetections) -> None:
    """Fail unless the oracle and the state agree on everything that they tell."""
    figures = oracle.figures()
    refused = [
        identity
        for identity, outcome in figures.outcomes.items()
        if outcome is RowOutcome.UNREGISTERED_CAMERA
    ]

    assert filled_cells(figures) == fast.cells()
    assert camera_hours(oracle) == fast.camera_hours()
    assert (
        Counter({key: n for key, n in figures.counts.items() if key is not RowOutcome.HELD})
        == fast.outcomes()
    )
    assert sorted(refused) == sorted(fast.rejected)
    visitors = oracle.visitors
    assert {key: (days, visitors.holders[key]) for key, days in visitors.days.items()} == fast.visitors()


def camera_hours(oracle: NaiveDetections) -> tuple[Counter[CameraKey], Counter[CameraKey]]:
    """Return passages and vehicles by camera and hour, cameras by their number."""
    found = oracle.camera_hours
    numbered = (
        Counter({(number_of(camera), *rest): count for (camera, *rest), count in counts.items()})
        for counts in (found.passages, found.vehicles)
    )
    passages, vehicles = numbered
    return passages, vehicles


@large
@given(detection_logs())
def test_all_figures_equal_those_of_the_oracle_at_every_step(log: DetectionLog) -> None:
    """Unregistered cameras, late and doubtful rows, repeated ids with other content, equal windows."""
    oracle, fast = readers(log.settings, log.registry)
    for step in log.steps:
        replay_step(oracle, step)
        replay_step(fast, step)
        assert_equal(oracle, fast)


@pytest.mark.parametrize("seed", SEEDS)
def test_larger_logs_with_changing_registries_end_like_the_oracle(seed: int) -> None:
    """Cameras come, go, and mean something else for a zone; what is due was taken under the registry before."""
    rng = Random(seed)
    log = random_detection_log(rng, count=400 if COMPILED else 80, partitions=1 + seed % 4)
    oracle, fast = readers(log.settings, log.registry)
    for step in log.steps:
        replay_step(oracle, step)
        replay_step(fast, step)
        if rng.random() < 0.1:
            registry = {**random_registry(rng, cameras=2), **dict(rng.sample(list(log.registry.items()), 3))}
            oracle.change_cameras(registry)
            fast.change_cameras(registry)

    assert_equal(oracle, fast)


@large
@given(detection_logs())
def test_draining_takes_all_that_is_held(log: DetectionLog) -> None:
    """In the order of arrival, whatever had been due before."""
    oracle, fast = readers(log.settings, log.registry)
    for step in log.steps[: len(log.steps) // 2]:
        replay_step(oracle, step)
        replay_step(fast, step)
    oracle.drain()
    fast.drain()

    assert_equal(oracle, fast)
    assert [] == fast.state.held


@pytest.mark.parametrize("rows_per_step", [1, 7])
def test_the_size_of_a_step_does_not_matter(monkeypatch: pytest.MonkeyPatch, rows_per_step: int) -> None:
    """Ids and windows are remembered from step to step."""
    monkeypatch.setattr(detections, "ROWS_PER_STEP", rows_per_step)
    log = random_detection_log(Random(5), count=150)
    oracle, fast = readers(log.settings, log.registry)
    for reader in (oracle, fast):
        reader.add(log.rows)
        reader.drain()

    assert_equal(oracle, fast)


def days_of_detections(rng: Random, days: int, per_day: int) -> list[DetectionRow]:
    """Return detections of many days in order of arrival, with delays and repeats of up to seven days."""
    cameras = [*REGISTRY, 2]
    rows: list[DetectionRow] = []
    first_us: dict[Hashable, int] = {}
    for number in range(days * per_day):
        arrival_us = T0 + number * DAY_US // per_day
        late_us = rng.choice((0, 0, rng.randrange(7 * DAY_US), 7 * DAY_US, 7 * DAY_US + 1))
        # repeats within seven days of the first row with the id: late rows do not keep an id known
        fresh = [name for name, since_us in first_us.items() if since_us >= arrival_us - 7 * DAY_US]
        observation_id = rng.choice(fresh) if fresh and rng.random() < 0.3 else random_uuid(rng)
        first_us.setdefault(observation_id, arrival_us)
        rows.append(
            DetectionRow(
                partition=number % 2,
                offset=number,
                arrival_us=arrival_us,
                event_us=arrival_us - late_us,
                vehicle=f"van-{rng.randrange(4)}",
                camera=rng.choice(cameras),
                observation_id=observation_id,
                direction=rng.choice(("obverse", "reverse")),
            )
        )
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_many_days_are_counted_like_the_oracle_and_forgotten_after_a_week(seed: int) -> None:
    """Only what a detection can still touch is kept."""
    days = 20 if COMPILED else 12
    rng = Random(seed)
    oracle, fast = readers(Settings(), REGISTRY)
    rows = days_of_detections(rng, days, 30)
    while rows:
        size = rng.randint(1, 40)
        batch, rows = rows[:size], rows[size:]
        for reader in (oracle, fast):
            reader.add(batch)
            reader.advance(batch[-1].arrival_us)
        assert len(fast.state.identifiers) <= 9
        assert len(fast.state.days) <= 9

    assert_equal(oracle, fast)


@pytest.mark.parametrize("days_between", [True, False])
def test_an_observation_id_is_known_for_eight_days_of_arrival_after_it_was_seen_last(
    days_between: bool,
) -> None:
    """On the ninth another detection may have it, whether stream time stood still in between or not.

    The definitions know no such limit; the lateness of detections makes it one of senders that use ids again.
    """
    _, fast = readers(Settings(), REGISTRY)
    for day in (0, 8, 16, 25):
        if days_between:
            fast.advance(at_us(day * 86_400 - 1))
        fast.add([detection(day * 86_400, observation_id=1)])
        fast.advance(at_us(day * 86_400 + 1))

    assert {RowOutcome.TAKEN: 2, RowOutcome.DUPLICATE: 2} == fast.outcomes()


@pytest.mark.parametrize("tenths", range(11))
def test_a_reported_confidence_passes_the_floor_of_the_same_number(tenths: int) -> None:
    """The next smaller number is below the floor: a confidence is compared as it was reported."""
    floor = tenths / 10
    below = math.nextafter(floor, -1.0)
    _, fast = readers(Settings(confidence_floor=floor), REGISTRY)
    fast.add([detection(0, confidence=floor), detection(60, confidence=below)])
    fast.drain()

    assert {RowOutcome.TAKEN: 1, RowOutcome.LOW_CONFIDENCE: 1} == fast.outcomes()


def test_the_first_content_of_a_repeated_id_wins_even_when_it_is_not_counted() -> None:
    """A doubtful reading uses the id up, one of an unknown camera does not."""
    oracle, fast = readers(Settings(), REGISTRY)
    rows = [
        detection(0, observation_id=1, confidence=0.1),
        detection(1, observation_id=1),
        detection(2, observation_id=2, camera=9),
        detection(3, observation_id=2),
    ]
    for reader in (oracle, fast):
        reader.add(rows)
        reader.drain()

    assert {
        RowOutcome.LOW_CONFIDENCE: 1,
        RowOutcome.DUPLICATE: 1,
        RowOutcome.UNREGISTERED_CAMERA: 1,
        RowOutcome.TAKEN: 1,
    } == fast.outcomes()
    assert_equal(oracle, fast)


def test_detections_wait_until_stream_time_passes_their_arrival() -> None:
    """Those that another source partition may still precede are held."""
    _, fast = readers(Settings(), REGISTRY)
    fast.add([detection(0), detection(20)])
    fast.advance(at_us(20))
    assert {RowOutcome.TAKEN: 1} == fast.outcomes()

    fast.advance(at_us(20) + 1)
    assert {RowOutcome.TAKEN: 2} == fast.outcomes()


@large
@given(detection_logs(), st.sampled_from([60, 300, 900]), st.sampled_from([60, 300, 900]))
def test_a_change_of_the_slot_length_leaves_hours_and_days_as_they_are(
    log: DetectionLog, old: int, new: int
) -> None:
    """Read with one slot length first and another one then, hours and days are those of the oracle."""
    settings = replace(log.settings, slot_s=old)
    oracle, fast = readers(settings, log.registry)
    for place, step in enumerate(log.steps):
        if place == len(log.steps) // 2:
            fast.change_settings(replace(settings, slot_s=new))
        replay_step(oracle, step)
        replay_step(fast, step)
    expected, cells = filled_cells(oracle.figures()), fast.cells()

    assert (expected["hour"], expected["day"]) == (cells["hour"], cells["day"])
    assert camera_hours(oracle) == fast.camera_hours()


def test_rows_that_intake_rejected_or_found_too_late_are_counted_and_not_held() -> None:
    """Too late for any key is accepted and late."""
    _, fast = readers(Settings(), REGISTRY)
    columns = detection_columns([detection(second) for second in range(3)])
    outcome = np.array([Outcome.ACCEPTED, Outcome.TOO_LATE, Outcome.BAD_IDENTIFIER], np.uint8)
    fast.state.add(columns._replace(outcome=outcome), fast.ledger)
    fast.drain()
    fast.flush()

    expected = {"accepted": 2, "taken": 1, "rejected": 1, "late": 1}
    assert expected == {name: fast.totals.feeds[name] for name in FEED_COUNTS if fast.totals.feeds[name]}


def test_rejected_cameras_are_told_with_their_rows_and_move_from_accepted_to_rejected() -> None:
    """In the order of arrival; accepted plus rejected stays the number of rows."""
    _, fast = readers(Settings(), REGISTRY)
    rows = [detection(2, camera=8, offset=5), detection(1, camera=(3 << 64) + 4, offset=4)]
    fast.add([])
    fast.add(rows)
    rejections = fast.state.advance(T0 + 60 * US, fast.ledger)
    delta = fast.ledger.drain(slot_s=300, midnights_us=fast.state.midnights_us)

    assert [4, 5] == rejections.offset.tolist()
    assert [(3, 4), (0, 8)] == list(
        zip(rejections.camera_hi.tolist(), rejections.camera_lo.tolist(), strict=True)
    )
    assert [rows[1].event_us, rows[0].event_us] == rejections.event_us.tolist()
    assert [[0, 0, 2, 0, 0, 0, 0]] == delta.feeds.counts.tolist()
    assert [(1, T0, Outcome.UNREGISTERED_CAMERA, 2)] == list(
        zip(*(column.tolist() for column in delta.rejections), strict=True)
    )


def test_days_of_two_months_are_kept_apart() -> None:
    """A vehicle that comes on two days of one month and one of the next is two visitors; coming again adds nothing."""
    settings = Settings()
    oracle, fast = readers(settings, REGISTRY)
    today = local_day(T0)
    june, _ = month_of(today)
    days = [june + 29, june + 28, june + 30, june + 28]  # 30 and 29 June, 1 July, 29 June again
    rows = [
        detection((day - today) * 86_400 + number, visitor=1 + month_of(day)[0])
        for number, day in enumerate(days)
    ]
    for reader in (oracle, fast):
        reader.add(rows)
        reader.drain()

    assert {(june, "box", june + 1): {28, 29}, (june + 30, "box", june + 31): {0}} == oracle.visitors.days
    assert_equal(oracle, fast)
