"""A state without a snapshot, as after a restore: read anew from the log where that gives the same, else refused."""

from collections.abc import Sequence

import numpy as np
import pytest

from duls.errors import RefusedError, ServiceAwayError
from processors.units import US_PER_S
from sinks.registry import Versions
from tests.duls.pipelines.aggregate_entries import (
    MIDNIGHTS_US,
    START_US,
    TODAY,
    TOPIC,
    Entry,
    Seen,
    detections,
    positions,
    progress,
)
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_versions import SETTINGS
from tests.duls.pipelines.aggregate_world import Process
from tests.duls.pipelines.test_aggregate import drive, finished, one_log

LATENESS_US = 7_200 * US_PER_S
REORDER_US = 5 * US_PER_S
LEAD_US = 300 * US_PER_S  # of a detection's time before its arrival; a position's is a minute
MORNING_US = int(MIDNIGHTS_US[TODAY])
MORNING_S = (MORNING_US - START_US) / US_PER_S
LONG_AGO_S = MORNING_S - 3 * 86_400


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


def seen(offset: int, arrival_s: float, event_s: float, vehicle: int) -> Entry:
    """Return a position in zone 1, by seconds after midnight."""
    day = TODAY if event_s >= 0 else TODAY - 1
    return positions([Seen(offset, MORNING_S + arrival_s, MORNING_S + event_s, vehicle, 5.02, day=day)])


def restored_by_time(entries: Sequence[tuple[float, Entry]], *, read: int) -> tuple[MemoryStore, MemoryStore]:
    """Return what a restore from a backup of the first messages comes to, and what it should.

    Args:
        entries: Each with the second after midnight at which the broker took it; the last one that is in the backup
            is progress, and tells its stream time.
        read: How many of them are in the backup.
    """
    log = one_log(*(entry for _, entry in entries))
    times_s = [LONG_AGO_S] * (len(log[0]) - len(entries)) + [MORNING_S + time_s for time_s, _ in entries]
    store = restored(log, read=len(log[0]) - len(entries) + read)
    store.stream_us = MORNING_US + round(entries[read - 1][0] * US_PER_S)
    process = Process(store, log)
    process.consumer.bounds[TOPIC, 0] = (2, len(log[0]))
    process.consumer.stamps_ms[TOPIC, 0] = [
        round((START_US / US_PER_S + time_s) * 1_000) for time_s in times_s
    ]
    process.own(0)
    process.read()
    process.aggregate.finish()
    return store, finished(log)


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
    assert [(MORNING_US - LEAD_US) // 1_000] == process.consumer.asked_ms


@pytest.mark.parametrize(("beyond_us", "day"), [(0, TODAY - 1), (1, TODAY)])
def test_yesterday_is_needed_until_its_visits_have_ended(beyond_us: int, day: int) -> None:
    """They end when stream time passes midnight, the allowed lateness and the reorder time, to the microsecond."""
    logs = one_log(*drive())
    store = restored(logs, read=8)
    store.stream_us = MORNING_US + LATENESS_US + REORDER_US + beyond_us
    process = Process(store, logs)
    process.consumer.bounds[TOPIC, 0] = (2, len(logs[0]))
    process.consumer.offset_at[TOPIC, 0] = 3

    process.own(0)

    assert [(int(MIDNIGHTS_US[day]) - LEAD_US) // 1_000] == process.consumer.asked_ms


def test_a_visit_that_ends_after_the_backup_counts() -> None:
    """It belongs to the day before, which ends only when what is held of it was taken too."""
    store, expected = restored_by_time(
        [
            (-600.0, seen(0, -600.0, -600.0, 1)),
            (-300.0, seen(1, -300.0, -300.0, 1)),
            (7_203.0, progress(2, MORNING_S + 7_203.0)),
            (7_206.0, progress(2, MORNING_S + 7_206.0)),
        ],
        read=3,
    )

    assert [1, 1, 300 * US_PER_S, 1] == [
        expected.total(figure) for figure in ("disappearances", "visits", "visit_us", "stops")
    ]
    assert expected.contents() == store.contents()


def test_what_came_before_midnight_and_happened_after_it_is_read() -> None:
    """Its vehicle counts once on its day; what happened before midnight is read with it, and counts no second time."""
    noon_s, one_s = 43_200.0, 46_800.0
    store, expected = restored_by_time(
        [
            (-100.0, seen(0, -100.0, -100.0, 2)),
            (-30.0, seen(1, -30.0, 10.0, 1)),
            (noon_s, progress(2, MORNING_S + noon_s)),
            (one_s, seen(2, one_s, one_s, 1)),
            (one_s + 60.0, progress(3, MORNING_S + one_s + 60.0)),
        ],
        read=3,
    )

    assert 2 == expected.total("vehicles", "day")  # one on each day
    assert expected.contents() == store.contents()


def test_a_detection_that_came_before_midnight_and_happened_after_it_is_read() -> None:
    """It may be five minutes ahead of its arrival; the vehicle counts once on its day."""
    noon_s = 43_200.0
    store, expected = restored_by_time(
        [
            (-290.0, detections([0], MORNING_S - 290.0, event_s=MORNING_S + 5.0)),
            (noon_s, progress(1, MORNING_S + noon_s, source=1)),
            (noon_s + 60.0, detections([1], MORNING_S + noon_s + 60.0, vehicle=0)),
            (noon_s + 90.0, progress(2, MORNING_S + noon_s + 90.0, source=1)),
        ],
        read=2,
    )

    assert 1 == expected.total("vehicles", "day")
    assert expected.contents() == store.contents()


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


@pytest.mark.parametrize("with_return", [False, True])
def test_visits_that_a_part_of_the_log_does_not_tell_of_are_counted_as_closed(with_return: bool) -> None:
    """Two vehicles are inside, and what is left of the log tells of one: the other is not there for ever."""
    told = [
        entry
        for offset, (at_s, vehicle) in enumerate([(60.0, 1), (70.0, 2), (200.0, 2)])
        for entry in (seen(offset, at_s, at_s, vehicle), progress(offset + 1, MORNING_S + at_s + 8.0))
    ]
    later = [seen(3, 300.0, 300.0, 1), progress(4, MORNING_S + 310.0)] if with_return else []
    log = one_log(*told, *later)
    store = restored(log, read=len(log[0]) - len(later))
    assert 2 == store.visits_left == store.open_visits[0]
    assert 2 == store.present

    process = take_over(store, log, len(log[0]) - len(later) - 4, from_beginning=True)
    process.read()
    process.aggregate.flush(with_snapshots=True)

    inside = 2 if with_return else 1
    assert 1 == store.lost_visits
    assert inside == store.visits_left == store.open_visits[0]
    assert inside == store.present


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
