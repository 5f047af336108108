"""A state without a snapshot, as after a restore: read anew from the log where that gives the same, else refused."""

import numpy as np
import pytest

from duls.errors import RefusedError, ServiceAwayError
from processors.units import US_PER_S
from sinks.registry import Versions
from tests.duls.pipelines.aggregate_world import (
    MIDNIGHTS_US,
    SETTINGS,
    START_US,
    TODAY,
    TOPIC,
    Entry,
    MemoryStore,
    Process,
    detections,
    progress,
)
from tests.duls.pipelines.test_aggregate import drive, finished, one_log

LATENESS_US = 7_200 * US_PER_S
MORNING_US = int(MIDNIGHTS_US[TODAY])


def restored(logs: list[list[Entry]], *, read: int) -> MemoryStore:
    """Return a database that holds the effect of the first messages, and no snapshot, as a backup does."""
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read(read)
    process.aggregate.flush()
    store.snapshots.clear()
    store.stream_us = START_US
    return store


def take_over(store: MemoryStore, logs: list[list[Entry]], earliest: int = 0, **options: bool) -> Process:
    """Return a process that owns the partition, whose log begins at an offset."""
    process = Process(store, logs, **options)
    process.consumer.bounds[TOPIC, 0] = (earliest, len(logs[0]))
    process.own(0)
    return process


@pytest.mark.parametrize("read", [1, 4, 8, 14])
def test_a_whole_log_gives_the_state_back(read: int) -> None:
    """Whatever the backup held: the same figures as of a process that never stopped."""
    logs = one_log(*drive(), detections([0, 1], 60.0), progress(2, 70.0, source=1))
    store = restored(logs, read=read)

    process = take_over(store, logs)
    process.read()
    process.aggregate.finish()

    expected = finished(logs)
    assert expected.counts == store.counts
    assert expected.open_visits == store.open_visits
    assert expected.figures.keys() == store.figures.keys()
    assert all(np.array_equal(expected.figures[key], store.figures[key]) for key in expected.figures)
    assert 0 in store.snapshots


def test_what_the_log_holds_from_the_start_of_the_day_is_enough() -> None:
    """The day of the oldest row that may still come: stream time less the allowed lateness."""
    logs = one_log(*drive())
    store = restored(logs, read=8)
    store.versions = Versions(2, 0, 1)
    process = Process(store, logs)
    process.consumer.bounds[TOPIC, 0] = (2, len(logs[0]))
    process.consumer.offset_at[TOPIC, 0] = 3

    process.own(0)

    assert {(TOPIC, 0): 3} == process.consumer.assigned
    assert (2, 0, 1) == process.aggregate.owned[0].state.versions
    assert [MORNING_US // 1_000] == process.consumer.asked_ms


def test_late_rows_of_yesterday_need_the_log_of_yesterday() -> None:
    """Shortly after midnight a row of the day before may still come."""
    logs = one_log(*drive())
    store = restored(logs, read=8)
    store.stream_us = MORNING_US + LATENESS_US - 1
    process = Process(store, logs)
    process.consumer.bounds[TOPIC, 0] = (2, len(logs[0]))
    process.consumer.offset_at[TOPIC, 0] = 3

    process.own(0)

    assert [int(MIDNIGHTS_US[TODAY - 1]) // 1_000] == process.consumer.asked_ms


@pytest.mark.parametrize("found", [2, None])
def test_a_log_that_begins_later_is_refused(found: int | None) -> None:
    """What was before its first record may have mattered."""
    logs = one_log(*drive())
    store = restored(logs, read=8)
    process = Process(store, logs)
    process.consumer.bounds[TOPIC, 0] = (2, len(logs[0]))
    if found is not None:
        process.consumer.offset_at[TOPIC, 0] = found

    with pytest.raises(RefusedError, match=r"no snapshot.* begins at offset 2.*--from-beginning"):
        process.own(0)


def test_an_explicit_beginning_takes_what_there_is() -> None:
    """Under the versions of the start of the day, since those that the log told of may be gone."""
    logs = one_log(*drive())
    process = take_over(restored(logs, read=8), logs, 2, from_beginning=True)

    assert {(TOPIC, 0): 2} == process.consumer.assigned
    assert (1, 1, 1) == process.aggregate.owned[0].state.versions


@pytest.mark.parametrize("stream_us", [None, START_US])
def test_the_event_clock_needs_a_whole_log(monkeypatch: pytest.MonkeyPatch, stream_us: int | None) -> None:
    """The broker's times are not those of the rows; nor is there a day where no stream time is known."""
    monkeypatch.setitem(SETTINGS, 1, '{"clock": "event"}')
    logs = one_log(*drive())
    store = restored(logs, read=8)
    store.stream_us = stream_us

    with pytest.raises(RefusedError, match="no snapshot"):
        take_over(store, logs, 2)


def test_a_broker_that_does_not_answer_is_away() -> None:
    """It is asked where the day begins."""
    logs = one_log(*drive())
    process = Process(restored(logs, read=8), logs)
    process.consumer.bounds[TOPIC, 0] = (2, len(logs[0]))
    loader = process.aggregate._loader
    process.consumer.is_away = True

    with pytest.raises(ServiceAwayError, match="stands at a time"):
        loader._rebuild.start(process.consumer, 0, 8, 2)  # type: ignore[arg-type]  # the fake has what is used
