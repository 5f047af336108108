"""When aggregate stores, keeps and tells: flushes, snapshots, partial counts, bounded runs and metrics."""

import numpy as np
import pytest
from confluent_kafka import KafkaError, KafkaException, Message
from structlog.testing import capture_logs

from duls.pipelines.owned_partition import MAX_SNAPSHOT_AGE_S
from sinks.flush_parts import Flush
from tests.duls.pipelines.aggregate_entries import (
    FMS_ID,
    START_US,
    TOPIC,
    UNKNOWN_CAMERA,
    Entry,
    detections,
    progress,
)
from tests.duls.pipelines.aggregate_logs import drive, flushed, one_log
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process, partial_counts


def test_a_flush_without_news_is_none() -> None:
    """Nothing moved, nothing is written."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()))
    process.own(0)
    process.read()
    process.aggregate.flush()

    process.aggregate.flush()

    assert 1 == len(store.flushes)


class SlowStore(MemoryStore):
    """A store whose transactions take time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.process: Process | None = None
        self.begun_s: list[float] = []

    def flush(self, parts: Flush) -> None:
        """Bring everything, after a while."""
        assert self.process is not None
        self.begun_s.append(round(self.process.now_s - 1_000.0, 3))
        self.process.now_s += self.seconds
        super().flush(parts)


def between_flushes_s(seconds: float, entries: list[Entry], waited_s: float = 0.04) -> list[float]:
    """Return the times between transactions that take so long, over two seconds with a message each 50 ms.

    Of these, *waited_s* pass while nothing is there to read.
    """
    store = SlowStore(seconds)
    store.process = process = Process(store, one_log(*entries), flush_s=1.0)
    consume = process.consumer.consume

    def consume_later(most: int, wait_s: float) -> list[Message]:
        process.now_s += min(wait_s, waited_s)
        return consume(most, wait_s)

    process.consumer.consume = consume_later  # type: ignore[method-assign]
    process.own(0)
    process.aggregate._pace.due_s = process.aggregate._pace.soonest_s = 1_000.0
    while process.now_s < 1_002.5:
        process.read(1)
        process.now_s += 0.05 - waited_s
    return np.diff(store.begun_s).round(2).tolist()


@pytest.mark.parametrize(("seconds", "between_s"), [(0.0, 0.2), (0.02, 0.2), (0.1, 0.4), (0.3, 1.0)])
def test_new_rows_come_soon_where_flushes_are_cheap(seconds: float, between_s: float) -> None:
    """A quarter of the time goes to them; dear ones keep to `flush_s`."""
    times = between_flushes_s(seconds, drive(60))

    assert len(times) >= 2
    assert all(between_s <= time_s <= between_s + 0.1 for time_s in times), times


def test_who_does_not_keep_up_flushes_seldom() -> None:
    """What is there to read comes first."""
    times = between_flushes_s(0.0, drive(60), waited_s=0.01)

    assert all(1.0 <= time_s <= 1.1 for time_s in times), times


def test_where_only_time_passes_flushes_are_seldom() -> None:
    """An idle process has nothing to tell but its progress."""
    times = between_flushes_s(0.0, [progress(1, float(number)) for number in range(60)])

    assert len(times) == 2
    assert all(1.0 <= time_s <= 1.1 for time_s in times), times


def test_who_waits_for_what_is_due_does_so_once() -> None:
    """The client waits for whole milliseconds, and returns at once for less than one."""
    process = Process(MemoryStore(), one_log(*drive()), flush_s=1.0, partial_s=0.2)
    process.own(0)
    process.read(6)
    process.aggregate._pace.due_s = process.aggregate._partials.due_s = process.now_s
    waits_ms = []

    def consume_nothing(_most: int, wait_s: float) -> list[Message]:
        waits_ms.append(int(wait_s * 1_000))
        process.now_s += waits_ms[-1] / 1_000 + 50e-6  # what the step itself takes
        return []

    process.consumer.consume = consume_nothing  # type: ignore[method-assign]
    end_s = process.now_s + 2.0
    while process.now_s < end_s:
        process.aggregate.step()

    assert len(waits_ms) <= 55, waits_ms


def test_flushes_and_partial_counts_keep_their_pace() -> None:
    """A step does what is due, and no more."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()), flush_s=1.0, partial_s=0.2)
    process.own(0)
    process.aggregate._pace.due_s = process.aggregate._partials.due_s = 0.0

    for _ in range(11):
        process.read(1)
        process.now_s += 0.1

    assert 2 == len(store.flushes)
    assert 0 < len(process.producer.sent) <= 6


@pytest.mark.parametrize(("earliest", "due"), [(0, [0, 0, 1, 0, 1]), (1, [1, 0, 1, 0, 1])])
def test_a_snapshot_is_due_by_work_or_age(earliest: int, due: list[int]) -> None:
    """A replay must be short, and the log that it needs must still be there: else a snapshot is due at once."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()), snapshot_replay_s=5.0)
    process.consumer.bounds[TOPIC, 0] = (earliest, 1_000)
    process.own(0)
    taken = []
    for wait_s, work_s in ((0.0, 0.0), (0.0, 0.0), (0.0, 5.1), (0.0, 0.0), (MAX_SNAPSHOT_AGE_S + 1, 0.0)):
        process.now_s += wait_s
        process.read(1)
        process.aggregate.owned[0].work_s += work_s
        process.aggregate.flush()
        taken.append(len(store.flushes[-1].snapshots))

    assert due == taken


def test_what_a_snapshot_holds_is_not_stored_again() -> None:
    """The group takes partitions back after the last flush; their states cost as much as a second of work."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()))
    process.own(0)
    process.read(2)
    process.aggregate.finish()
    flushes = len(store.flushes)
    assert [0] == [snapshot.partition for snapshot in store.flushes[-1].snapshots]

    process.consumer.take((TOPIC, 0))
    assert flushes == len(store.flushes)

    process.own(0)
    process.read(1)
    process.consumer.take((TOPIC, 0))
    assert flushes + 1 == len(store.flushes)
    assert [0] == [snapshot.partition for snapshot in store.flushes[-1].snapshots]


def test_of_snapshots_that_are_due_one_is_taken_per_flush() -> None:
    """That of the longest replay first; those that are missing all at once."""
    store = MemoryStore()
    process = Process(store, [list(drive())] * 3, snapshot_replay_s=5.0)
    process.consumer.bounds = dict.fromkeys(process.consumer.bounds, (1, 1_000))
    process.own(0, 1, 2)
    taken = []
    for work_s in ((0.0, 0.0, 0.0), (6.0, 8.0, 4.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)):
        process.read(1)
        for owned, more_s in zip(process.aggregate.owned.values(), work_s, strict=True):
            owned.work_s += more_s
        process.aggregate.flush()
        taken.append([snapshot.partition for snapshot in store.flushes[-1].snapshots])

    assert [[0, 1, 2], [1], [0], []] == taken


def test_partial_counts_are_sent_when_they_change() -> None:
    """With epoch and offset, so that an older owner's are refused."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    for _ in range(2):
        process.aggregate._partials.due_s = 0.0
        process.read(0)

    (counts,) = partial_counts(process.producer)
    assert (0, 1, 6) == (counts["partition"], counts["epoch"], counts["offset"])


def test_partial_counts_that_stay_are_sent_each_second() -> None:
    """Whoever reads them knows then that they still hold, and when the last position arrived."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    for _ in range(25):
        process.aggregate._partials.due_s = 0.0
        process.read(0)
        process.now_s += 0.1

    sent = list(partial_counts(process.producer))
    assert 3 == len(sent)
    assert sent[0] == sent[2]
    assert START_US <= sent[2]["fms_arrival_us"]
    assert sent[2]["anpr_arrival_us"] is None


def test_partial_counts_are_left_out_while_the_queue_is_full() -> None:
    """The broker is away; the next ones replace them, so they are sent once there is room."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    process.producer.room = 0
    process.aggregate._partials.due_s = 0.0
    process.read(0)
    process.producer.room = 9

    process.aggregate._partials.due_s = 0.0
    process.read(0)

    assert 1 == len(process.producer.sent)


def test_partial_counts_that_the_client_does_not_take_end_nothing() -> None:
    """Settings of the client may allow less; the figures are worth more than the map, and the log says it once."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    process.producer.produce_error = KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))

    with capture_logs() as logs:
        for _ in range(3):
            process.aggregate._partials.due_s = 0.0
            process.read(0)
            process.now_s += 1.0
    process.producer.produce_error = None
    process.aggregate._partials.due_s = 0.0
    process.read(0)

    assert [("warning", 0)] == [(entry["log_level"], entry["partition"]) for entry in logs]
    assert 1 == len(process.producer.sent)


def test_a_producer_that_failed_for_good_is_an_error() -> None:
    """A new one must be made, and only a new process does."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    process.producer.produce_error = KafkaException(KafkaError(KafkaError._FATAL))
    process.aggregate._partials.due_s = 0.0

    with pytest.raises(KafkaException):
        process.read(0)


def test_nothing_partial_is_sent_of_a_replay() -> None:
    """It would tell of the past."""
    logs = one_log(*drive())
    store = MemoryStore()
    flushed(store, logs, 6, 4)
    second = Process(store, logs)
    second.own(0)
    second.aggregate._partials.due_s = 0.0

    second.read(1)

    assert [] == second.producer.sent


def test_a_history_is_drained_with_its_held_rows() -> None:
    """All owned partitions are stored, those too that did not move: the log does not tell of the draining."""
    logs = one_log(*drive())
    store = MemoryStore()
    process = Process(store, logs, clock="event")
    process.own(0)
    process.read()
    process.aggregate.flush()
    before = store.total("observations")

    process.aggregate.drain()
    again = Process(store, logs, clock="event")
    again.own(0)
    again.aggregate.drain()

    # the first position stands outside every zone; the last two are held until the end
    assert before < store.total("observations")
    assert store.counts_of("taken") == 6


@pytest.mark.parametrize(("end", "has_read"), [(5, True), (6, True), (7, False)])
def test_a_bounded_run_knows_what_it_has_read(end: int, has_read: bool) -> None:
    """Held rows are read and not yet taken."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read()

    assert has_read == process.aggregate.has_read({FMS_ID: {0: end}})
    assert not process.aggregate.has_taken({FMS_ID: {0: 6}})


def test_a_member_without_an_answer_of_the_group_has_taken_nothing() -> None:
    """It may still be given everything; without partitions for a while there is nothing for it to do."""
    process = Process(MemoryStore(), one_log())
    assert not process.aggregate.has_taken({})
    process.own()
    assert not process.aggregate.has_taken({})

    process.now_s += 6.0

    assert process.aggregate.has_taken({})
    assert process.aggregate.has_read({})


def test_metrics_tell_of_flushes_replays_and_snapshots() -> None:
    """Each is observed where it happens."""
    logs = one_log(*drive())
    store = MemoryStore()
    flushed(store, logs, 6, 4)
    second = Process(store, logs)
    second.own(0)
    second.read()
    second.aggregate.finish()

    text = second.metrics.exposition().decode()
    for name in ("flush_seconds", "replay_seconds", "snapshot_seconds"):
        assert f"duls_{name}_count 1.0" in text
    assert 'duls_stream_time_age_seconds{source="fms"} 10.0' in text
    assert 'duls_delay_seconds_count{source="fms"} 1.0' in text
    assert "duls_owned_partitions 1.0" in text


def test_detections_of_unregistered_cameras_are_counted_as_dead_letters() -> None:
    """Intake cannot know them, so aggregate counts them."""
    process = Process(
        MemoryStore(), one_log(detections([7], 10.0, UNKNOWN_CAMERA), progress(8, 100.0, source=1))
    )
    process.own(0)
    process.read()
    process.aggregate.finish()

    text = process.metrics.exposition().decode()
    assert 'duls_dead_letters_total{reason="unregistered_camera"} 1.0' in text


def test_a_process_that_owns_nothing_tells_no_age() -> None:
    """Another process reads on; the age here would grow for ever."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read()
    process.aggregate.flush()

    process.consumer.take((TOPIC, 0))

    text = process.metrics.exposition().decode()
    assert "duls_stream_time_age_seconds{" not in text
    assert "duls_owned_partitions 0.0" in text
