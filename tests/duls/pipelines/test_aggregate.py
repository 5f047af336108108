"""Aggregate over logs and a database in memory: each row counts once, however processes end and partitions move."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import pytest
from confluent_kafka import KafkaError, Message
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.lib import ArrowInvalid

from duls.errors import FencedError, RefusedError, ReplayError, ServiceAwayError
from duls.pipelines.owned_partition import MAX_SNAPSHOT_AGE_S
from processors.vocabulary import Outcome
from sinks.flush_parts import Flush
from streams.observation_messages import KIND_HEADER, Kind, headers_of
from tests.duls.pipelines.aggregate_world import (
    AWAY,
    FMS_ID,
    OURS,
    PARTITIONS,
    START_US,
    TOPIC,
    UNKNOWN_CAMERA,
    Entry,
    MemoryStore,
    Process,
    Seen,
    control,
    detections,
    entry_message,
    partial_counts,
    positions,
    progress,
)
from tests.streams.client_fakes import message

BEGIN = [control("zones", 1), control("cameras", 1), control("settings", 1)]


def one_log(*entries: Entry) -> list[list[Entry]]:
    """Return the log of a single partition that begins with versions."""
    return [[*BEGIN, *entries]]


def drive(count: int = 6) -> list[Entry]:
    """Return a vehicle that enters zones and moves, one row a message, each followed by its progress."""
    return [
        entry
        for n in range(count)
        for entry in (
            positions([Seen(n, 10.0 * n, 10.0 * n - 1, 1, 4.99 + 0.02 * n)]),
            progress(n + 1, 10.0 * n),
        )
    ]


def finished(logs: Sequence[Sequence[Entry]]) -> MemoryStore:
    """Return the database after one process read everything without a fault."""
    store = MemoryStore()
    process = Process(store, logs)
    process.own(*range(len(logs)))
    process.read()
    process.aggregate.finish()
    return store


# --- each row once -----------------------------------------------------------------------------------------------


@st.composite
def observation_logs(draw: st.DrawFn) -> list[list[Entry]]:
    """Give the logs of two partitions: rows, some repeated, progress, other versions, detections."""
    logs: list[list[Entry]] = [list(BEGIN) for _ in range(PARTITIONS)]
    offset, clock_s = 0, 0.0
    sent: list[list[Seen]] = [[] for _ in range(PARTITIONS)]
    for _ in range(draw(st.integers(1, 12))):
        what = draw(
            st.sampled_from(
                ["rows", "rows", "rows", "repeat", "progress", "progress", "control", "detections"]
            )
        )
        number = draw(st.integers(0, PARTITIONS - 1))
        if what == "rows":
            rows = []
            for _ in range(draw(st.integers(1, 4))):
                clock_s += draw(st.sampled_from([0.0, 1.0, 40.0, 400.0]))
                rows.append(
                    Seen(
                        offset,
                        clock_s,
                        clock_s - draw(st.sampled_from([0.0, 3.0, 3.0, 70.0, 9_000.0])),
                        number + PARTITIONS * draw(st.integers(1, 2)),
                        draw(st.sampled_from([4.9, 5.02, 5.055, 5.08, 5.15, 5.35])),
                        outcome=draw(st.sampled_from([Outcome.ACCEPTED] * 5 + [Outcome.NOT_JSON])),
                    )
                )
                offset += 1
            sent[number] += rows
            logs[number].append(positions(rows))
        elif what == "repeat" and sent[number]:
            logs[number].append(positions(sent[number][-draw(st.integers(1, 4)) :]))
        elif what == "progress":
            clock_s += draw(st.sampled_from([0.0, 6.0, 20_000.0]))
            for log in logs:
                log.append(progress(offset, clock_s))
                log.append(progress(offset, clock_s, source=1))
        elif what == "control":
            kind, versions = draw(
                st.sampled_from([("zones", [1, 2, 3]), ("settings", [1, 2]), ("cameras", [1])])
            )
            version = draw(st.sampled_from(versions))
            for log in logs:
                log.append(control(kind, version))
        elif what == "detections":
            camera = draw(st.sampled_from([None, UNKNOWN_CAMERA]))
            logs[0].append(detections([offset], clock_s, **({} if camera is None else {"camera": camera})))
            offset += 1
    return logs


FAULTS = [
    "read",
    "read",
    "read",
    "flush",
    "snapshot",
    "die",
    "fail before",
    "fail after",
    "move",
    "lose",
    "zombie",
]


class Crowd:
    """Two processes that share the partitions under faults."""

    def __init__(self, logs: Sequence[Sequence[Entry]]) -> None:
        self.logs = logs
        self.store = MemoryStore()
        self.process = self._new()

    def _new(self) -> Process:
        process = Process(self.store, self.logs)
        process.own(*range(len(self.logs)))
        return process

    def suffer(self, fault: str, most: int) -> None:
        """Let one thing happen."""
        process = self.process
        if fault == "read":
            process.read(most)
        elif fault == "flush":
            process.aggregate.flush()
        elif fault == "snapshot":
            process.aggregate.flush(with_snapshots=True)
        elif fault == "die":
            process.die()
            self.process = self._new()
        elif fault.startswith("fail"):
            setattr(self.store, fault.replace(" ", "_"), AWAY)
            self._restarted_by(process.aggregate.flush)
            self.store.fail_before = self.store.fail_after = None
        elif fault == "move":
            process.consumer.take((TOPIC, 0))
            process.own(0)
        elif fault == "lose":
            self._restarted_by(lambda: process.consumer.lose((TOPIC, 0), (TOPIC, 1)))
        elif fault == "zombie":
            self.process = self._new()
            process.read(most)
            flushes = len(self.store.flushes)
            with suppress(FencedError):  # unless it was still replaying, and had nothing to bring
                process.aggregate.flush(with_snapshots=True)
            assert flushes == len(self.store.flushes)
            process.die()

    def _restarted_by(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (ServiceAwayError, FencedError):
            self.process.die()
            self.process = self._new()

    def finish(self) -> dict[str, object]:
        """Read the rest and return what people see."""
        self.process.read()
        self.process.aggregate.finish()
        return self.store.contents()


@settings(max_examples=80)
@given(observation_logs(), st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(1, 4)), max_size=12))
def test_the_database_is_the_same_whatever_happened(
    logs: list[list[Entry]], faults: list[tuple[str, int]]
) -> None:
    """Kills, failed and unanswered flushes, lost and moved partitions, zombies: nothing is lost, nothing twice."""
    crowd = Crowd(logs)

    for fault, most in faults:
        crowd.suffer(fault, most)

    assert finished(logs).contents() == crowd.finish()


def test_figures_come_out_at_all() -> None:
    """Else the property above would compare nothing with nothing."""
    store = finished(
        one_log(*drive(), progress(6, 100.0), detections([7], 100.0), progress(8, 200.0, source=1))
    )

    assert (6, 1) == (store.counts_of("accepted"), store.counts_of("accepted", source=1))
    assert store.total("observations") > 5
    assert store.total("entries") > 1
    assert {0: 2} == store.open_visits


def test_an_unregistered_camera_is_told_of_once() -> None:
    """As a count of its camera, a rejected row and a dead letter through the outbox: guard 10."""
    store = finished(one_log(detections([7], 10.0, UNKNOWN_CAMERA), progress(8, 100.0, source=1)))

    assert 1 == store.counts["camera", UNKNOWN_CAMERA]
    assert 1 == store.letters
    assert 1 == store.counts_of("rejected", source=1)
    assert 0 == store.counts_of("accepted", source=1)


def test_a_failed_flush_is_not_repeated_in_part() -> None:
    """The ledger is empty by then, so closing must bring nothing: offsets would move past lost figures."""
    logs = one_log(*drive())
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read()
    store.fail_before = AWAY
    with pytest.raises(ServiceAwayError):
        process.aggregate.flush()

    process.die()

    assert [] == store.flushes


def test_a_half_taken_message_brings_nothing() -> None:
    """An error in the middle leaves a ledger that holds a part of it."""
    store = MemoryStore()
    bad = Entry(b"not arrow", headers_of(Kind.POSITIONS, OURS, FMS_ID))
    process = Process(store, one_log(*drive(), bad))
    process.own(0)
    with pytest.raises(ArrowInvalid, match="Expected"):
        process.read()

    process.die()

    assert [] == store.flushes


def test_a_lost_partition_ends_the_process_when_something_is_not_stored() -> None:
    """It joins again from what is stored."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read()

    with pytest.raises(FencedError, match="took partitions"):
        process.consumer.lose((TOPIC, 0))

    assert {} == process.consumer.assigned


def test_a_loss_while_closing_is_no_error() -> None:
    """What was abandoned cannot be lost."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.aggregate.abandon()

    process.consumer.lose((TOPIC, 0))

    assert {} == process.consumer.assigned


def test_a_revoke_in_the_middle_of_reading_flushes_whole_messages_only() -> None:
    """What the same call still brings of the partition belongs to the next owner."""
    logs = one_log(*drive())
    store = MemoryStore()
    first, second = Process(store, logs), Process(store, logs)
    first.own(0)
    first.read(5)
    first.consumer.during_consume = [lambda: first.consumer.take((TOPIC, 0))]
    first.read(5)

    second.own(0)
    second.read()
    second.aggregate.finish()

    assert finished(logs).contents() == store.contents()


def test_a_revoke_during_the_replay_brings_nothing() -> None:
    """The database is ahead of the state."""
    logs = one_log(*drive())
    store = MemoryStore()
    first = Process(store, logs)
    first.own(0)
    first.read(4)
    first.aggregate.flush()
    first.read(4)
    first.aggregate.flush()
    flushes = len(store.flushes)
    second = Process(store, logs)
    second.own(0)
    assert second.aggregate.owned[0].is_replaying

    second.read(1)
    second.consumer.take((TOPIC, 0))

    assert flushes == len(store.flushes)
    third = Process(store, logs)
    third.own(0)
    third.read()
    third.aggregate.finish()
    assert finished(logs).contents() == store.contents()


# --- reading -----------------------------------------------------------------------------------------------------


def test_a_replay_that_misses_rows_stops_the_process() -> None:
    """Guard 16: the cursors tell, also where the last message of the replay is the missing one."""
    logs = one_log(*drive())
    store = MemoryStore()
    first = Process(store, logs)
    first.own(0)
    for _ in range(2):
        first.read(4)
        first.aggregate.flush()
    second = Process(store, logs)
    second.own(0)
    kept = [offset for offset in range(4, len(logs[0])) if offset != store.offsets[0] - 1]
    second.consumer.incoming = [[entry_message(logs[0][offset], 0, offset) for offset in kept]]

    with pytest.raises(ReplayError, match="cursors differ"):
        second.aggregate.step()


def test_a_gap_behind_the_replay_ends_it_with_its_check() -> None:
    """A message of somebody else stood at the end, and is gone; the first new rows count all the same."""
    theirs = Entry(b"", headers_of(Kind.POSITIONS, bytes(16), FMS_ID))
    entries = drive()
    logs = one_log(*entries[:4], theirs, *entries[4:])
    store = MemoryStore()
    first = Process(store, logs)
    first.own(0)
    first.read(4)
    first.aggregate.flush()
    first.read(4)
    first.aggregate.flush()
    assert 8 == store.offsets[0]
    second = Process(store, logs)
    second.own(0)
    kept = [offset for offset in range(4, len(logs[0])) if offset != 7]
    second.consumer.incoming = [[entry_message(logs[0][offset], 0, offset) for offset in kept]]
    second.consumer.assigned[TOPIC, 0] = len(logs[0])

    second.aggregate.step()
    second.aggregate.finish()

    assert finished(logs).contents() == store.contents()


def test_what_was_read_comes_again_without_effect() -> None:
    """Guard 5: offsets of a partition only increase."""
    logs = one_log(*drive())
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read()
    process.consumer.assigned[TOPIC, 0] = 2

    process.read(3)
    assert len(logs[0]) == process.aggregate.owned[0].read_offset
    process.read()
    process.aggregate.finish()

    assert finished(logs).contents() == store.contents()


def test_messages_of_others_are_passed_over() -> None:
    """Of another installation, without our headers, or without a value."""
    entries = drive()
    noise = [
        Entry(b"x", headers_of(Kind.POSITIONS, bytes(16), FMS_ID)),
        Entry(b"x", []),
        Entry(None, headers_of(Kind.PROGRESS, OURS)),
    ]

    with_noise = finished(one_log(*noise, *entries, *noise)).contents()
    without = finished(one_log(*entries)).contents()

    assert {**without, "offsets": {}} == {**with_noise, "offsets": {}}


def test_a_kind_of_a_later_version_stops_the_process() -> None:
    """To pass over it would lose what it says."""
    headers = [
        (name, b"later" if name == KIND_HEADER else value) for name, value in headers_of(Kind.CONTROL, OURS)
    ]
    process = Process(MemoryStore(), one_log(Entry(b"{}", headers)))
    process.own(0)

    with pytest.raises(RefusedError, match="newer"):
        process.read()


def test_rows_without_a_source_topic_stop_the_process() -> None:
    """Their cursors would be nobody's."""
    value = drive()[0].value
    process = Process(MemoryStore(), one_log(Entry(value, headers_of(Kind.POSITIONS, OURS))))
    process.own(0)

    with pytest.raises(RefusedError, match="source topic"):
        process.read()


def test_records_that_are_gone_stop_the_process() -> None:
    """Guard 2: the message says what to do."""
    process = Process(MemoryStore(), one_log())
    process.own(0)
    error = KafkaError(KafkaError._AUTO_OFFSET_RESET)
    process.consumer.incoming = [[message(TOPIC, 0, 5, b"text", error=error)]]

    with pytest.raises(RefusedError, match="--from-beginning"):
        process.aggregate.step()


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (KafkaError(KafkaError._TRANSPORT, "gone", retriable=True), False),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), True),
    ],
)
def test_an_error_that_does_not_pass_ends_the_process(error: KafkaError, ends: bool) -> None:
    """Others are the client's to repeat."""
    process = Process(MemoryStore(), one_log())
    process.own(0)
    process.consumer.incoming = [[message(TOPIC, 0, 0, b"text", error=error)]]

    if ends:
        with pytest.raises(ServiceAwayError, match="reading observations failed"):
            process.aggregate.step()
    else:
        process.aggregate.step()


# --- versions ----------------------------------------------------------------------------------------------------


def test_partitions_may_go_over_to_another_slot_length_at_different_times() -> None:
    """Cells of both lengths leave in one flush, and hours and days are sums of both."""
    rows = [positions([Seen(n, n, n, 1, 5.02)]) for n in range(3)]
    logs = [
        [*BEGIN, rows[0], control("settings", 2), rows[1], progress(9, 100.0)],
        [*BEGIN, rows[0], rows[1], rows[2], progress(9, 100.0)],
    ]
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0, 1)
    process.read()

    process.aggregate.flush()

    observations = {
        slot_s: sum(int(figures[0]) for key, figures in store.figures.items() if key[:2] == ("slot", slot_s))
        for slot_s in (60, 300)
    }
    assert {60: 2, 300: 3} == observations
    assert 1 == len(store.flushes)
    assert 5 == store.total("observations") == store.total("observations", "day")


def test_an_older_version_changes_nothing() -> None:
    """The outbox repeats, and two processes may relay in either order."""
    logs = one_log(control("zones", 3), control("zones", 2), control("zones", 1), *drive())

    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read()

    assert (3, 1, 1) == process.aggregate.owned[0].state.versions


def test_skipping_a_version_keeps_the_law_of_visits() -> None:
    """A zone that changed and changed back in between ends its visits all the same."""
    inside = [positions([Seen(0, 0.0, 0.0, 1, 5.15)]), progress(1, 10.0)]
    after = [positions([Seen(1, 20.0, 20.0, 1, 5.15)]), progress(2, 30.0)]
    store = finished(one_log(*inside, control("zones", 3), *after))

    opened = store.total("entries") + store.total("appearances")
    closed = store.total("exits") + store.total("disappearances")
    assert sum(store.open_visits.values()) == opened - closed
    assert 2 == opened


# --- pace --------------------------------------------------------------------------------------------------------


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


def test_flushes_and_partial_counts_keep_their_pace() -> None:
    """A step does what is due, and no more."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()), flush_s=1.0, partial_s=0.2)
    process.own(0)
    process.aggregate._pace.due_s = process.aggregate._partial_due_s = 0.0

    for _ in range(11):
        process.read(1)
        process.now_s += 0.1

    assert 2 == len(store.flushes)
    assert 0 < len(process.producer.sent) <= 6


def test_a_snapshot_is_due_at_first_then_by_work_or_age() -> None:
    """A replay must be short, and the log that it needs must still be there."""
    store = MemoryStore()
    process = Process(store, one_log(*drive()), snapshot_replay_s=5.0)
    process.own(0)
    taken = []
    for wait_s, work_s in ((0.0, 0.0), (0.0, 0.0), (0.0, 5.1), (0.0, 0.0), (MAX_SNAPSHOT_AGE_S + 1, 0.0)):
        process.now_s += wait_s
        process.read(1)
        process.aggregate.owned[0].work_s += work_s
        process.aggregate.flush()
        taken.append(len(store.flushes[-1].snapshots))

    assert [1, 0, 1, 0, 1] == taken


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
        process.aggregate._partial_due_s = 0.0
        process.read(0)

    (counts,) = partial_counts(process.producer)
    assert (0, 1, 6) == (counts["partition"], counts["epoch"], counts["offset"])


def test_partial_counts_that_stay_are_sent_each_second() -> None:
    """Whoever reads them knows then that they still hold, and when the last position arrived."""
    process = Process(MemoryStore(), one_log(*drive()))
    process.own(0)
    process.read(6)
    for _ in range(25):
        process.aggregate._partial_due_s = 0.0
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
    process.aggregate._partial_due_s = 0.0
    process.read(0)
    process.producer.room = 9

    process.aggregate._partial_due_s = 0.0
    process.read(0)

    assert 1 == len(process.producer.sent)


def test_nothing_partial_is_sent_of_a_replay() -> None:
    """It would tell of the past."""
    logs = one_log(*drive())
    store = MemoryStore()
    first = Process(store, logs)
    first.own(0)
    first.read(6)
    first.aggregate.flush()
    first.read(4)
    first.aggregate.flush()
    second = Process(store, logs)
    second.own(0)
    second.aggregate._partial_due_s = 0.0

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
    first = Process(store, logs)
    first.own(0)
    first.read(6)
    first.aggregate.flush()
    first.read(4)
    first.aggregate.flush()
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
