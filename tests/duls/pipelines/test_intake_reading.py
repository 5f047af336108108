"""Intake over logs in memory: assignments, gaps and errors of reading, and where a bounded run ends."""

import pytest
from confluent_kafka import KafkaError

from duls.errors import ServiceAwayError
from duls.pipelines.intake import DrainTarget, IntakeOptions
from streams.source_positions import DEAF_TICKS, Gap
from tests.duls.pipelines.intake_world import NEVER_US, NOW_MS, RAW, RAW_ID, Record, Running, log_of
from tests.streams.client_fakes import message


def test_a_partition_lost_and_given_again_brings_nothing_twice_in_one_call() -> None:
    """Guard 5: what was fetched under the old assignment and comes again under the new one counts once."""
    running = Running()
    running.own()
    log = log_of([Record(0, 5, 0, f"NL:{n}") for n in range(4)])
    running.read(log[:1], after_s=2.0)

    def rejoin() -> None:
        running.consumer.lose((RAW, 0), (RAW, 1))
        running.consumer.give((RAW, 0), (RAW, 1))

    running.consumer.during_consume = [rejoin]
    running.read([log[0], log[1], log[2], log[1], log[2], log[3]], after_s=2.0)

    assert [0, 1, 2, 3] == [row[1] for row in running.row_tuples()]
    assert 4 == running.committed()[RAW, 0]


def test_what_was_read_before_a_gap_is_kept() -> None:
    """The error comes behind its last message, and the gap begins there."""
    running = Running()
    running.own()
    running.consumer.bounds[RAW, 0] = (50, 90)
    error = message(RAW, 0, 2, b"text", error=KafkaError(KafkaError._AUTO_OFFSET_RESET))

    running.read([*log_of([Record(0, 5, 0), Record(0, 6, 0)]), error])

    assert [0, 1] == [row[1] for row in running.row_tuples()]
    assert [Gap(RAW, RAW_ID, 0, 2, 50)] == running.gaps


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (KafkaError(KafkaError._TRANSPORT, "gone", retriable=True), False),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), True),
        (KafkaError(KafkaError._FATAL, "bad", fatal=True), True),
    ],
)
def test_an_error_that_does_not_pass_ends_the_process(error: KafkaError, ends: bool) -> None:
    """Others are the client's to repeat."""
    running = Running()
    running.own()
    messages = [message(RAW, 0, 0, b"text", error=error)]

    if ends:
        with pytest.raises(ServiceAwayError, match="reading raw failed"):
            running.read(messages)
    else:
        running.read(messages)


def test_a_partition_that_gives_no_tick_back_is_read_anew() -> None:
    """And counted: a client that stands still says nothing."""
    running = Running()
    running.own()

    for _ in range(DEAF_TICKS):
        running.read([], after_s=6.0)

    assert "duls_reading_restarts_total 2.0" in running.metrics.exposition().decode()


@pytest.mark.parametrize(("progress_s", "wait_s"), [(0.05, 0.01), (0.25, 0.05), (10.0, 0.05)])
def test_a_wait_for_a_fuller_batch_is_a_small_part_of_the_delay(progress_s: float, wait_s: float) -> None:
    """And never so long that an end, a commit or a tick would wait for it."""
    assert IntakeOptions(progress_s=progress_s).wait_s == pytest.approx(wait_s)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        (DrainTarget({(RAW, 0): 1, (RAW, 1): 0}, NEVER_US), True),
        (DrainTarget({(RAW, 0): 2, (RAW, 1): 0}, NEVER_US), False),
        (DrainTarget({(RAW, 0): 1, (RAW, 1): 0}, (NOW_MS + 4) * 1_000), False),
    ],
)
def test_a_bounded_run_ends_when_offsets_and_time_are_reached(target: DrainTarget, reached: bool) -> None:
    """Every owned partition must have passed both; one that was never heard of has passed no time."""
    running = Running()
    running.own()

    running.read(log_of([Record(0, 5, 0)]))

    assert reached == running.intake.has_reached(target)


def test_a_member_without_an_answer_of_the_group_has_reached_nothing() -> None:
    """It may still be given everything."""
    running = Running()
    target = DrainTarget({}, NEVER_US)
    assert not running.intake.has_reached(target)

    running.consumer.give()
    assert not running.intake.has_reached(target)
    running.now_s += 6.0

    assert running.intake.has_reached(target)
