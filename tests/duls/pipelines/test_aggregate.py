"""Aggregate over logs and a database in memory: each row counts once, however processes end and partitions move."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow.lib import ArrowInvalid

from duls.errors import FencedError, ServiceAwayError, TopicChangedError
from processors.vocabulary import Outcome
from streams.observation_headers import Kind, headers_of
from tests.duls.pipelines.aggregate_entries import (
    FMS_ID,
    OURS,
    PARTITIONS,
    TOPIC,
    UNKNOWN_CAMERA,
    Entry,
    Seen,
    control,
    detections,
    positions,
    progress,
)
from tests.duls.pipelines.aggregate_logs import BEGIN, drive, finished, flushed, one_log
from tests.duls.pipelines.aggregate_store import AWAY, MemoryStore
from tests.duls.pipelines.aggregate_world import Process


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


def owner_of_rows() -> tuple[Process, MemoryStore]:
    """Return a process that has read what it has not stored."""
    store = MemoryStore()
    process = Process(
        store, [[*BEGIN, positions([Seen(0, 1.0, 1.0, 2, 4.9)]), progress(1, 100.0)], list(BEGIN)]
    )
    process.own(0, 1)
    process.read()
    return process, store


def test_nothing_of_an_observation_topic_made_anew_is_stored() -> None:
    """Guard 3, while it is read: its offsets are not those that the database speaks of."""
    process, store = owner_of_rows()
    before = store.contents()
    process.topic_ids = {TOPIC: uuid4()}

    with pytest.raises(TopicChangedError, match=f"topic {TOPIC} was made anew"):
        process.aggregate.flush()

    assert before == store.contents()


def test_an_assignment_of_a_topic_made_anew_is_refused() -> None:
    """Guard 3: the claim would be of the old one."""
    process = Process(MemoryStore(), [list(BEGIN), list(BEGIN)])
    process.topic_ids = {TOPIC: uuid4()}

    with pytest.raises(TopicChangedError, match="made anew"):
        process.own(0, 1)

    assert {} == process.aggregate.owned


def test_what_nobody_vouches_for_is_stored_later() -> None:
    """Without the id of the topic a flush that is due is left out, and one that must be ends the process."""
    process, store = owner_of_rows()
    before = store.contents()
    process.is_away = True
    process.aggregate._pace.due_s = 0.0
    process.read()
    with pytest.raises(ServiceAwayError):
        process.aggregate.flush()
    assert before == store.contents()
    process.is_away = False

    process.aggregate.flush()

    assert before != store.contents()


def test_a_half_taken_message_brings_nothing() -> None:
    """An error in the middle leaves a ledger that holds a part of it."""
    store = MemoryStore()
    bad = Entry(b"not arrow", headers_of(Kind.POSITIONS, OURS, FMS_ID))
    process = Process(store, one_log(*drive(), bad, progress(7, 60.0)))
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


def test_a_loss_leaves_nothing_settled() -> None:
    """A member that had nothing to lose goes on, and the group has to speak again."""
    process = Process(MemoryStore(), [list(BEGIN), list(BEGIN)])
    process.own()
    process.now_s += 60.0
    assert process.aggregate.is_settled

    process.consumer.lose(*((TOPIC, number) for number in range(2)))

    assert not process.aggregate.is_settled


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
    flushed(store, logs, 4, 4)
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
