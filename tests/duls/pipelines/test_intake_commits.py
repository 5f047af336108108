"""Intake over logs in memory: when it commits offsets, and when it must not."""

from uuid import uuid4

import pytest
from confluent_kafka import KafkaError

from duls.errors import ServiceAwayError, TopicChangedError
from streams.failpoints import INTAKE_FAILPOINTS
from tests.duls.pipelines.intake_world import (
    NEVER_US,
    RAW,
    Record,
    Running,
    log_of,
)


def test_what_is_committed_is_told_before() -> None:
    """Where the topic is gone then nobody reads it again, and rows that no progress passes are forgotten."""
    running = Running()
    running.own()
    running.read(log_of([Record(0, 5, 0)]))
    assert running.marks()
    running.read(log_of([Record(0, 6, 1), Record(0, 7, 2)])[1:], after_s=0.1)

    running.intake.commit()

    committed = running.committed()[RAW, 0]
    assert committed == max(mark.next_offset for mark in running.marks()) == 2


def test_offsets_are_committed_after_acknowledgement_only() -> None:
    """A broker that says nothing keeps them where they were."""
    running = Running(gives_up=True)
    running.own()
    running.producer.answers = False

    with pytest.raises(ServiceAwayError):
        running.read(log_of([Record(0, 5, 0)]), after_s=2.0)

    assert {} == running.committed()


def test_nothing_is_committed_once_the_broker_refused_something() -> None:
    """Not even at the release that closing the consumer brings, when the client looks well again."""
    running = Running()
    running.own()
    running.producer.delivery_error = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
    with pytest.raises(ServiceAwayError):
        running.read(log_of([Record(0, 5, 0)]))
    running.producer.delivery_error = None

    with pytest.raises(ServiceAwayError):
        running.consumer.take((RAW, 0), (RAW, 1))

    assert {} == running.committed()


def test_a_record_that_was_not_sent_whole_is_not_committed() -> None:
    """It is read again; its rows that were sent are below the cursors then."""
    running = Running(gives_up=True)
    running.own()
    running.read(log_of([Record(0, 5, 0)]))
    running.producer.room = 2
    log = log_of([Record(0, 5, 0, f"NL:{n}") for n in range(9)])[1:]

    running.producer.answers = False
    with pytest.raises(ServiceAwayError):
        running.read(log)
    running.producer.answers = True
    running.intake.commit()

    assert 1 == running.committed()[RAW, 0]


def test_a_commit_that_the_group_refuses_is_tried_again() -> None:
    """Another member may own the partitions by now; then its commit counts."""
    running = Running()
    running.own()
    running.consumer.commit_error = KafkaError(KafkaError.ILLEGAL_GENERATION)
    running.read(log_of([Record(0, 5, 0)]), after_s=2.0)
    assert {} == running.committed()

    running.consumer.commit_error = None
    running.read([], after_s=2.0)

    assert 1 == running.committed()[RAW, 0]
    assert "duls_commit_failures_total 1.0" in running.metrics.exposition().decode()


def test_a_commit_refused_for_one_partition_is_tried_again_for_it() -> None:
    """The answer names partitions one by one."""
    running = Running()
    running.own()
    running.consumer.refused[RAW, 0] = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    running.read(log_of([Record(0, 5, 0), Record(1, 5, 0)]), after_s=2.0)
    assert {(RAW, 1): 1} == running.committed()

    running.consumer.refused.clear()
    running.read([], after_s=2.0)

    assert {(RAW, 0): 1, (RAW, 1): 1} == running.committed()


def test_a_commit_that_fails_for_good_ends_the_process() -> None:
    """There is no use in going on."""
    running = Running()
    running.own()
    running.consumer.commit_error = KafkaError(KafkaError.FENCED_INSTANCE_ID, "fenced", fatal=True)

    with pytest.raises(ServiceAwayError, match="committing"):
        running.read(log_of([Record(0, 5, 0)]), after_s=2.0)


def test_nothing_of_a_topic_made_anew_counts_or_is_committed() -> None:
    """Guard 3, while it is read: rows may be sent, but neither progress, for which they wait, nor offsets."""
    running = Running()
    running.own((RAW, 0))
    log = log_of([Record(0, 5, 0), Record(0, 5, 0)])
    running.read(log[:1], after_s=2.0)
    running.topic_ids = {RAW: uuid4()}

    with pytest.raises(TopicChangedError, match="topic raw was made anew"):
        running.read(log[1:], after_s=2.0)
    with pytest.raises(TopicChangedError, match="topic raw was made anew"):
        running.consumer.take((RAW, 0))

    assert {(RAW, 0): 1} == running.committed()
    assert {1} == {mark.next_offset for mark in running.marks() if mark.arrival_us != NEVER_US}


def test_what_nobody_vouches_for_waits() -> None:
    """Without the ids of the topics there is no progress and no commit; with them, both, and nothing is read again."""
    running = Running()
    running.own((RAW, 0))
    running.is_away = True
    running.read(log_of([Record(0, 5, 0)]), after_s=2.0)
    assert ([], {}) == (running.marks(), running.committed())
    running.is_away = False

    running.read([], after_s=2.0)

    assert {(RAW, 0): 1} == running.committed()
    assert {1} == {mark.next_offset for mark in running.marks() if mark.arrival_us != NEVER_US}


def test_intake_does_not_end_in_order_where_nobody_vouches_for_what_it_read() -> None:
    """A bounded run must not say that all is sent."""
    running = Running()
    running.own()
    running.read(log_of([Record(0, 5, 0)]))
    running.is_away = True

    with pytest.raises(ServiceAwayError):
        running.intake.finish()


def test_a_release_in_the_middle_of_reading_commits_what_was_sent() -> None:
    """Messages that the same call still brings are left to the next owner."""
    running = Running()
    running.own()
    log = log_of([Record(0, 5, 0), Record(0, 5, 0), Record(1, 5, 0)])
    running.read(log[:1])
    running.consumer.during_consume = [lambda: running.consumer.take((RAW, 0))]

    running.read(log[1:], after_s=2.0)

    assert {(RAW, 0): 1, (RAW, 1): 1} == running.committed()
    assert [(0, 0), (1, 0)] == [(row[0], row[1]) for row in running.row_tuples()]


def test_every_failpoint_is_passed() -> None:
    """Fault tests rely on the names."""
    passed: list[str] = []
    running = Running(failpoint=passed.append)
    running.own()

    running.read(log_of([Record(0, 5, 0)]), after_s=2.0)

    assert list(INTAKE_FAILPOINTS) == passed
