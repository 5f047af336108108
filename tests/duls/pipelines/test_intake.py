"""Intake over logs in memory: what it sends, when it commits, and what a successor makes of the same records."""

import json
from uuid import uuid4

import numpy as np
import pytest
from confluent_kafka import KafkaError
from hypothesis import given, settings
from hypothesis import strategies as st

from duls.errors import ServiceAwayError, TopicChangedError
from duls.pipelines.grant_keeper import GrantKeeper
from duls.pipelines.intake import DrainTarget, IntakeOptions, Known
from naive import PositionRow, event_arrivals
from processors.columns import (
    DetectionColumns,
    PositionColumns,
)
from processors.grants import NEVER_ENDS_US, Grant, GrantBook
from processors.source_clock import Mark
from processors.vocabulary import Outcome
from streams.dead_letters import MOST_LETTERS
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.failpoints import INTAKE_FAILPOINTS
from streams.observation_headers import Kind
from streams.raw_batch import RawBatch
from streams.source_positions import DEAF_TICKS, Gap
from tests.duls.pipelines.intake_world import (
    DEAD,
    LOGS,
    NEVER_US,
    NOW_MS,
    OBSERVATIONS,
    PARTITIONS,
    PASSAGES,
    RAW,
    RAW_ID,
    Record,
    Running,
    kind_of,
    log_of,
)
from tests.streams.client_fakes import message


@settings(max_examples=60)
@given(LOGS, st.data(), st.sampled_from(["arrival", "event"]))
def test_a_successor_computes_the_same_rows(records: list[Record], data: st.DataObject, clock: str) -> None:
    """Whatever was committed, what comes after is what one process makes of the whole log, in whatever batches."""
    log = log_of(records)
    split = data.draw(st.integers(0, len(log)))
    cuts = sorted(data.draw(st.lists(st.integers(split, len(log)), max_size=3)))
    whole = Running(clock=clock)
    whole.own()
    whole.read(log)
    first, second = Running(clock=clock), Running(clock=clock)
    first.own()
    first.read(log[:split])
    first.intake.finish()
    second.consumer.stored = first.consumer.stored

    second.own()
    for start, end in zip([split, *cuts], [*cuts, len(log)], strict=True):
        second.read(log[start:end])
    for running in (whole, second):
        running.intake.finish()

    assert whole.row_tuples() == sorted(first.row_tuples() + second.row_tuples())
    assert whole.committed() == second.committed()
    assert {key: stored.metadata for key, stored in whole.consumer.stored.items()} == {
        key: stored.metadata for key, stored in second.consumer.stored.items()
    }


@given(LOGS, st.data())
def test_the_event_clock_is_that_of_the_definition(records: list[Record], data: st.DataObject) -> None:
    """The arrival of an accepted row is the largest accepted event time of its partition, in whatever batches."""
    log = log_of(records)
    cut = data.draw(st.integers(0, len(log)))
    running = Running(clock="event")
    running.own()

    running.read(log[:cut])
    running.read(log[cut:])

    accepted = [
        PositionRow(
            partition=int(columns.partition[row]),
            offset=int(columns.offset[row]),
            arrival_us=int(columns.arrival_us[row]),
            event_us=int(columns.event_us[row]),
            vehicle="",
            lat=0.0,
            lon=0.0,
        )
        for _, columns in running.rows()
        for row in np.flatnonzero(columns.outcome == Outcome.ACCEPTED)
    ]
    accepted.sort(key=lambda row: row.identity)
    assert event_arrivals(accepted) == accepted


def test_a_position_without_a_grant_moves_no_event_clock() -> None:
    """It is not accepted: the next one arrives at its own time, and is not late."""
    running = Running(
        clock="event",
        known=Known(grants=GrantKeeper(lambda: GrantBook([Grant("a", None, 0, NEVER_ENDS_US)]))),
    )
    running.own((RAW, 0))
    times_ms = [NOW_MS - hours * 3_600_000 for hours in (10, 5, 9)]

    running.read(
        [
            message(
                RAW,
                0,
                offset,
                b'{"vehicle":"NL:AB-1","time":%d,"lat":52.0,"lon":5.0,"carrier":"%s"}' % (time_ms, carrier),
                time_ms=NOW_MS,
            )
            for offset, (time_ms, carrier) in enumerate(zip(times_ms, [b"a", b"b", b"a"], strict=True))
        ]
    )
    running.intake.finish()

    ((_, columns),) = running.rows()
    assert [Outcome.ACCEPTED, Outcome.NO_GRANT, Outcome.ACCEPTED] == columns.outcome.tolist()
    assert [times_ms[place] * 1_000 for place in (0, 0, 2)] == columns.arrival_us.tolist()
    assert times_ms[2] * 1_000 == running.marks()[-1].arrival_us


@given(LOGS)
def test_arrivals_never_go_back_and_ticks_count(records: list[Record]) -> None:
    """Within a partition; the arrival of a row is the largest broker time so far, of ticks too."""
    running = Running()
    running.own()

    running.read(log_of(records))

    newest = {0: NEVER_US, 1: NEVER_US}
    expected = []
    ends = {0: 0, 1: 0}
    for record in records:
        newest[record.partition] = max(newest[record.partition], (NOW_MS + record.time_ms) * 1_000)
        if record.event_ms is not None:
            expected.append((record.partition, ends[record.partition], newest[record.partition]))
        ends[record.partition] += 1
    found = [(row[0], row[1], row[3]) for row in running.row_tuples()]
    assert sorted(expected) == found


@given(LOGS)
def test_rows_read_are_rows_sent(records: list[Record]) -> None:
    """Accepted and rejected ones together, each once, in the metrics too; every rejected one has a dead letter."""
    running = Running()
    running.own()

    running.read(log_of(records))

    rows = sum(record.event_ms is not None for record in records)
    outcomes = [outcome for _, columns in running.rows() for outcome in columns.outcome.tolist()]
    letters = [json.loads(sent.value or b"") for sent in running.producer.sent if sent.topic == DEAD]
    text = running.metrics.exposition().decode()
    assert rows == len(outcomes)
    assert sum(outcome >= 16 for outcome in outcomes) == len(letters)
    assert all(
        letter.keys() == {"topic", "topic_id", "partition", "offset", "index", "reason"} for letter in letters
    )
    if rows:
        assert f'outcome="accepted",source="fms"}} {float(rows - len(letters))}' in text
        assert f'outcome="rejected",source="fms"}} {float(len(letters))}' in text


HOSTILE = 40_000  # rows of a record


@pytest.mark.parametrize("topic", [RAW, PASSAGES])
@pytest.mark.parametrize("row", [b"0", b"{}", b'{"a":1}'])
def test_a_record_of_nothing_but_faults_has_few_letters(topic: str, row: bytes) -> None:
    """They take a thousandth of what one for each row would, and all rows are counted all the same."""
    running = Running()
    running.own((topic, 0))
    value = b"[" + b",".join([row] * HOSTILE) + b"]"

    running.read([message(topic, 0, 0, value, time_ms=NOW_MS)])

    letters = [json.loads(sent.value or b"") for sent in running.producer.sent if sent.topic == DEAD]
    outcomes = [outcome for _, columns in running.rows() for outcome in columns.outcome.tolist()]
    text = running.metrics.exposition().decode()
    source = "fms" if topic == RAW else "anpr"
    assert [*range(MOST_LETTERS), MOST_LETTERS] == [letter["index"] for letter in letters]
    assert [1] * MOST_LETTERS + [HOSTILE - MOST_LETTERS] == [letter.get("rows", 1) for letter in letters]
    assert HOSTILE == len(outcomes)
    assert f'outcome="rejected",source="{source}"}} {float(HOSTILE)}' in text
    assert f'duls_dead_letters_total{{reason="{letters[0]["reason"]}"}} {float(HOSTILE)}' in text


def test_rows_that_go_the_same_way_keep_their_order() -> None:
    """Of one source partition the offsets only increase, which cursors rely on."""
    running = Running()
    running.own()

    running.read(log_of([Record(0, 0, 0, f"NL:{n % 7}") for n in range(60)]))
    running.read(
        [m for m in log_of([Record(0, 0, 0, f"NL:{n % 7}") for n in range(90)]) if (m.offset() or 0) >= 60]
    )

    for partition in range(PARTITIONS):
        offsets = [
            offset
            for way, columns in running.rows()
            if way == partition
            for offset in columns.offset.tolist()
        ]
        assert sorted(set(offsets)) == offsets


def test_progress_is_sent_behind_the_rows_that_it_speaks_of() -> None:
    """To every observation partition, with the newest arrival."""
    running = Running()
    running.own()

    running.read(log_of([Record(0, 5, 0), Record(0, 3, 0), Record(1, 9, None)]), after_s=1.0)

    kinds = [kind_of(sent.headers) for sent in running.producer.sent if sent.topic == OBSERVATIONS]
    assert [Kind.POSITIONS] + [Kind.PROGRESS] * PARTITIONS == kinds
    assert [
        Mark(RAW_ID, 0, 2, 0, 2, (NOW_MS + 5) * 1_000),
        Mark(RAW_ID, 0, 2, 1, 1, (NOW_MS + 9) * 1_000),
    ] == running.marks()


def test_progress_is_not_repeated() -> None:
    """What stands still says nothing."""
    running = Running()
    running.own()
    running.read(log_of([Record(0, 5, 0)]), after_s=1.0)
    before = running.marks()

    running.read([], after_s=0.3)

    assert before == running.marks()


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


def test_silent_partitions_are_ticked_with_the_arrival_clock_only() -> None:
    """A history does not wait for anybody's clock."""
    live, history = Running(), Running(clock="event")
    for running in (live, history):
        running.own()
        running.read([], after_s=1.5)

    assert {0, 1} == {sent.partition for sent in live.producer.sent if sent.topic == RAW}
    assert [] == [sent for sent in history.producer.sent if sent.topic == RAW]


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


def test_every_failpoint_is_passed() -> None:
    """Fault tests rely on the names."""
    passed: list[str] = []
    running = Running(failpoint=passed.append)
    running.own()

    running.read(log_of([Record(0, 5, 0)]), after_s=2.0)

    assert list(INTAKE_FAILPOINTS) == passed


def test_both_feeds_are_read_in_one_step() -> None:
    """Each by its own rules; detections go to one partition."""
    running = Running()
    running.own((RAW, 0), (PASSAGES, 0))

    running.read([*log_of([Record(0, 5, 0)]), *log_of([Record(0, 5, 0)], PASSAGES)])

    assert {PositionColumns, DetectionColumns} == {type(columns) for _, columns in running.rows()}


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


def test_plates_appear_nowhere_but_in_raw_records() -> None:
    """Not in keys, headers, values, metrics, nor in the representation of a batch that fails."""
    plate = "XX999X"
    running = Running()
    running.own()
    broken = message(RAW, 0, 1, b'{"vehicle":"NL:XX-999-X","plate":"XX999X","time":"soon"}', time_ms=NOW_MS)

    running.read([*log_of([Record(0, 5, 0, "NL:XX-999-X")]), broken], after_s=2.0)

    values = [b'{"vehicle":"NL:XX-999-X","time":1,"lat":1.0,"lon":1.0}']
    batch = RawBatch([*values], np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64))
    shown = repr((batch, decode_positions(values), decode_detections(values)))
    assert "(RawBatch(1 records), DecodedPositions(1 rows), DecodedDetections(1 rows))" == shown
    said = repr(running.producer.sent) + running.metrics.exposition().decode() + repr(running.consumer.stored)
    assert plate not in said.replace("-", "")
