"""Taking over partitions: the state of the snapshot, the replay behind it, and what is refused."""

import pytest

from duls.errors import RefusedError, ReplayError, ServiceAwayError, TopicChangedError
from processors.snapshot import FORMAT
from tests.duls.pipelines.aggregate_entries import TOPIC, Entry
from tests.duls.pipelines.aggregate_logs import drive, flushed, one_log
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process


def stored(logs: list[list[Entry]]) -> MemoryStore:
    """Return a database with a snapshot at offset 4 and figures to offset 8."""
    store = MemoryStore()
    flushed(store, logs, 4, 4)
    assert (4, 8) == (store.snapshots[0].next_offset, store.offsets[0])
    return store


def test_reading_goes_on_at_the_snapshot() -> None:
    """And replays to the stored offset."""
    logs = one_log(*drive())
    process = Process(stored(logs), logs)

    process.own(0)

    assert {(TOPIC, 0): 4} == process.consumer.assigned
    assert 8 == process.aggregate.owned[0].replay_until
    assert (1, 1, 1) == process.aggregate.owned[0].state.versions


def test_the_oldest_offset_of_every_partition_is_told_at_a_claim() -> None:
    """So that a process that claims the others later is not taken for one whose rows were lost."""
    store = MemoryStore()
    process = Process(store, [[], [], []])
    process.consumer.bounds = {(TOPIC, number): (number, 9) for number in range(3)}

    process.own(1)

    assert [{0: 0, 1: 1, 2: 2}] == store.claimed
    assert {(TOPIC, 1): 1} == process.consumer.assigned


def test_a_snapshot_whose_log_is_gone_is_refused() -> None:
    """Guard 2: the state cannot be brought to where the figures are."""
    logs = one_log(*drive())
    process = Process(stored(logs), logs)
    process.consumer.bounds[TOPIC, 0] = (5, 9)

    with pytest.raises(
        RefusedError, match=r"begins at offset 5, its state needs offset 4: .*--from-beginning"
    ):
        process.own(0)


def test_an_explicit_beginning_is_told_to_the_database() -> None:
    """There the gap is written down."""
    store = MemoryStore()

    Process(store, one_log(), from_beginning=True).own(0)
    Process(store, one_log()).own(0)

    assert ["earliest", None] == store.beginnings


def test_a_snapshot_of_another_format_is_refused() -> None:
    """Before anything is read."""
    logs = one_log(*drive())
    store = stored(logs)
    store.snapshots[0] = store.snapshots[0]._replace(format=FORMAT + 1)

    with pytest.raises(ReplayError, match="format"):
        Process(store, logs).own(0)


def test_cursors_that_differ_from_the_snapshot_are_refused_at_once() -> None:
    """Guard 16, where nothing is to be replayed."""
    logs = one_log(*drive())
    store = stored(logs)
    store.snapshots[0] = store.snapshots[0]._replace(next_offset=8)

    with pytest.raises(ReplayError, match="cursors differ"):
        Process(store, logs).own(0)


def test_more_partitions_than_at_the_start_are_refused() -> None:
    """Guard 9: counts change through the day row only."""
    with pytest.raises(TopicChangedError, match="more partitions"):
        Process(MemoryStore(), one_log()).own(1)


def test_a_broker_that_does_not_answer_is_away() -> None:
    """Nothing is claimed then."""
    store = MemoryStore()
    process = Process(store, one_log())
    process.consumer.is_away = True

    with pytest.raises(ServiceAwayError, match="begins"):
        process.own(0)

    assert [] == store.claimed
