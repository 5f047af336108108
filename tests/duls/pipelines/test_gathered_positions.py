"""Positions wait for the progress that lets them be taken, and are held together; nothing is stored without them."""

import pytest

from duls.pipelines import gathered_positions
from streams.observation_headers import Kind, headers_of
from tests.duls.pipelines.aggregate_entries import OURS, Entry, Seen, control, detections, positions, progress
from tests.duls.pipelines.aggregate_logs import BEGIN, finished, one_log
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process, partial_counts

OTHER_TOPIC = b"g" * 16


def moves(count: int) -> list[Entry]:
    """Return positions of a vehicle that moves, one a message."""
    return [positions([Seen(n, 10.0 * n, 10.0 * n - 1, 1, 4.99 + 0.02 * n)]) for n in range(count)]


def held(process: Process) -> list[float]:
    """Return how often a state held positions, and how many in all."""
    lines = process.metrics.exposition().decode().splitlines()
    return [
        float(line.rpartition(" ")[2])
        for name in ("duls_batch_rows_count", "duls_batch_rows_sum")
        for line in lines
        if line.startswith(name)
    ]


def reading(*entries: Entry, **options: float) -> Process:
    """Return a process that has read a log."""
    process = Process(MemoryStore(), one_log(*entries), **options)
    process.own(0)
    process.read()
    return process


def test_positions_are_held_together_when_progress_comes() -> None:
    """Three messages, one call of the state."""
    assert [1.0, 3.0] == held(reading(*moves(3), progress(3, 20.0)))


def test_positions_wait_while_nothing_asks_for_them() -> None:
    """And count as figures to store, so that the next flush comes soon."""
    process = reading(*moves(3))

    assert [0.0, 0.0] == held(process)
    assert process.aggregate._is_news()


def test_a_full_gathering_is_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of what waits is bounded: by a message beyond it."""
    size = len(moves(1)[0].value)
    monkeypatch.setattr(gathered_positions, "FULL_BYTES", 2 * size)

    assert [2.0, 4.0] == held(reading(*moves(5)))


def test_positions_of_another_topic_wait_by_themselves() -> None:
    """Each has a clock of its own."""
    theirs = Entry(moves(1)[0].value, headers_of(Kind.POSITIONS, OURS, OTHER_TOPIC))

    process = reading(*moves(2), theirs, theirs)

    assert [1.0, 2.0] == held(process)
    process.aggregate.flush()
    assert [2.0, 4.0] == held(process)


def test_detections_and_versions_find_what_came_before_them_held() -> None:
    """Positions are looked up in the zones that they were read under."""
    two, three = moves(3), [control("zones", 2)]
    assert [1.0, 3.0] == held(reading(*two, *three))
    assert [1.0, 3.0] == held(reading(*two, detections([0], 1.0)))


def test_counts_of_now_know_what_waits() -> None:
    """A vehicle that is in a zone is told of before its position is taken."""
    process = reading(progress(0, 0.0), positions([Seen(0, 1.0, 0.5, 1, 5.0)]))
    assert not process.producer.sent
    process.aggregate._partials.due_s = 0.0

    process.read()

    told = list(partial_counts(process.producer))
    assert told
    assert [1.0, 1.0] == held(process)


def test_a_step_that_flushes_stores_what_waits_with_its_offset() -> None:
    """No progress came, and no counts of now were due."""
    log = one_log(*moves(2))
    store = MemoryStore()
    process = Process(store, log)
    process.own(0)
    process.aggregate._pace.due_s = 0.0

    process.read()
    process.die()

    assert len(log[0]) == store.offsets[0]
    assert 2 == store.counts_of("accepted")
    assert [1.0, 2.0] == held(process)


def test_a_process_that_dies_with_positions_waiting_loses_none() -> None:
    """Their offset is not stored."""
    log = one_log(*moves(4), progress(4, 100.0))
    store = MemoryStore()
    first = Process(store, log)
    first.own(0)
    first.read(len(BEGIN) + 2)
    first.aggregate.flush()
    first.read(1)
    assert first.aggregate.owned[0].gathered
    first.die()
    second = Process(store, log)
    second.own(0)
    second.read()
    second.aggregate.finish()

    assert 4 == store.counts_of("accepted")
    assert finished(log).contents() == store.contents()
