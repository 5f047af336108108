"""Reading raw records as columns."""

from collections.abc import Sequence

import numpy as np
import pytest
from confluent_kafka import KafkaError, Message
from hypothesis import given
from hypothesis import strategies as st

from streams.observation_headers import TICK_HEADER
from streams.raw_batch import BITE, PartitionPosition, ReadColumns, batch_of, event_arrivals, read_topics

TOPIC = "duls.fms.position.v1"
OTHER_TOPIC = "duls.anpr.detection.v1"
NEVER = -(1 << 62)


def message(
    offset: int,
    *,
    partition: int = 0,
    value: bytes | None = b"{}",
    stamp_ms: int = 1_000,
    topic: str = TOPIC,
    headers: Sequence[tuple[str, bytes]] = (),
    error: KafkaError | None = None,
) -> Message:
    """Return a message as a consumer gives it."""
    return Message(
        topic=topic,
        partition=partition,
        offset=offset,
        value=value,
        timestamp=(2, stamp_ms),
        headers=list(headers) or None,
        error=error,
    )


class Log:
    """A consumer of prepared messages that notes how it was asked."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._left = list(messages)
        self.asked: list[tuple[int, float]] = []

    def consume(self, most: int, wait_s: float) -> list[Message]:
        """Return the next messages."""
        self.asked.append((most, wait_s))
        taken, self._left = self._left[:most], self._left[most:]
        return taken


def read(messages: Sequence[Message], most: int = 20_000) -> ReadColumns:
    """Return the columns of messages of one topic."""
    return read_topics(Log(messages).consume, most, 0.05).topics[TOPIC]


def at(next_offset: int, arrival_us: int = NEVER) -> PartitionPosition:
    """Return a position."""
    return PartitionPosition(next_offset, arrival_us, NEVER)


def test_a_batch_is_read_in_bites_of_which_only_the_first_is_waited_for() -> None:
    """A full bite is followed by the next one at once, a short one ends the batch."""
    log = Log([message(offset) for offset in range(BITE + 10)])

    reading = read_topics(log.consume, 3 * BITE, 0.05)

    assert [(BITE, 0.05), (BITE, 0.0)] == log.asked
    assert BITE + 10 == reading.messages
    assert list(range(BITE + 10)) == reading.topics[TOPIC].offset.tolist()


def test_a_batch_has_at_most_the_messages_that_were_asked_for() -> None:
    """The last bite asks for the rest only."""
    log = Log([message(offset) for offset in range(2 * BITE)])

    reading = read_topics(log.consume, BITE + 5, 0.05)

    assert [(BITE, 0.05), (5, 0.0)] == log.asked
    assert BITE + 5 == reading.messages


def test_topics_and_errors_are_kept_apart() -> None:
    """Records of each topic keep their order, and an error is no record."""
    broken = message(0, error=KafkaError(KafkaError._ALL_BROKERS_DOWN))
    mixed = [message(1), message(7, topic=OTHER_TOPIC), broken, message(2)]

    reading = read_topics(Log(mixed).consume, 100, 0.05)

    assert [1, 2] == reading.topics[TOPIC].offset.tolist()
    assert [7] == reading.topics[OTHER_TOPIC].offset.tolist()
    assert [(TOPIC, 0, KafkaError._ALL_BROKERS_DOWN)] == [
        (failed.topic, failed.partition, failed.error.code()) for failed in reading.errors
    ]
    assert 4 == reading.messages


def test_nothing_read_is_no_topic() -> None:
    """An empty answer gives an empty reading."""
    assert ({}, [], 0) == read_topics(Log([]).consume, 100, 0.05)


def test_a_tick_moves_the_position_and_is_no_record() -> None:
    """Its offset and its time count, its missing value does not."""
    tick = message(6, value=None, stamp_ms=3_000, headers=[(TICK_HEADER, b"1")])

    batch, moved = batch_of(read([message(5, stamp_ms=2_000), tick]), {0: at(5)})

    assert [b"{}"] == batch.values
    assert [5] == batch.offset.tolist()
    assert {0: PartitionPosition(7, 3_000_000, NEVER)} == moved


def test_a_tick_in_a_later_bite_is_no_record() -> None:
    """Places of ticks are those in the whole batch."""
    rows = [message(offset) for offset in range(BITE)]
    tick = message(BITE, value=None, headers=[(TICK_HEADER, b"1")])

    batch, moved = batch_of(read([*rows, tick, message(BITE + 1, value=b"last")]), {0: at(0)})

    assert BITE + 1 == len(batch.values)
    assert b"last" == batch.values[-1]
    assert BITE + 2 == moved[0].next_offset


def test_a_tombstone_of_somebody_else_is_a_record() -> None:
    """Only our header makes a tick of a message without a value."""
    batch, _ = batch_of(read([message(5, value=None, headers=[("theirs", b"1")])]), {0: at(5)})

    assert [None] == batch.values


def test_arrival_never_goes_back_within_a_partition() -> None:
    """It is the largest broker time so far, that before this batch included."""
    rows = [
        message(0, stamp_ms=10),
        message(0, partition=1, stamp_ms=5),
        message(1, stamp_ms=8),
        message(2, stamp_ms=12),
    ]

    batch, moved = batch_of(read(rows), {0: at(0, 9_000), 1: at(0, 7_000)})

    assert [10_000, 7_000, 10_000, 12_000] == batch.arrival_us.tolist()
    assert {0: 12_000, 1: 7_000} == {number: place.arrival_us for number, place in moved.items()}


@pytest.mark.parametrize(
    ("offsets", "kept"),
    [
        ([3, 4, 5, 6], [5, 6]),
        ([5, 6, 5, 6, 7], [5, 6, 7]),
        ([6, 9, 7, 10], [6, 9, 10]),
        ([3, 4], []),
    ],
)
def test_what_is_below_the_position_or_repeated_is_left_out(offsets: list[int], kept: list[int]) -> None:
    """Offsets of a batch increase from the position, with gaps; the rest was fetched under an earlier assignment."""
    batch, moved = batch_of(read([message(offset) for offset in offsets]), {0: at(5)})

    assert kept == batch.offset.tolist()
    assert len(kept) == len(batch.values)
    assert ({0: kept[-1] + 1} if kept else {}) == {
        number: place.next_offset for number, place in moved.items()
    }


def kept_by_definition(
    rows: Sequence[tuple[int, int, int]], positions: dict[int, PartitionPosition]
) -> tuple[list[tuple[int, int, int]], dict[int, PartitionPosition]]:
    """Return partition, offset and arrival of the messages that are new, one by one, and where partitions stand."""
    kept, moved = [], {}
    for partition, offset, broker_us in rows:
        before = moved.get(partition, positions.get(partition))
        if before is not None and offset >= before.next_offset:
            arrival_us = max(before.arrival_us, broker_us)
            moved[partition] = PartitionPosition(offset + 1, arrival_us, before.event_us)
            kept.append((partition, offset, arrival_us))
    return kept, moved


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 9)), max_size=30),
    st.dictionaries(st.integers(0, 3), st.builds(at, st.integers(0, 5), st.sampled_from([NEVER, 0, 5_000]))),
)
def test_a_batch_keeps_what_is_new_and_moves_on(
    rows: list[tuple[int, int, int]], positions: dict[int, PartitionPosition]
) -> None:
    """Whatever was fetched, in whatever order, of partitions owned or not."""
    columns = np.array(rows, np.int64).reshape(-1, 3)
    found = ReadColumns(
        [b"{}"] * len(rows), columns[:, 0].astype(np.int32), columns[:, 1].copy(), columns[:, 2] * 1_000, []
    )

    batch, moved = batch_of(found, positions)

    expected = kept_by_definition([(p, offset, ms * 1_000) for p, offset, ms in rows], positions)
    places = zip(batch.partition.tolist(), batch.offset.tolist(), batch.arrival_us.tolist(), strict=True)
    assert expected == (list(places), moved)


def test_messages_of_partitions_that_are_not_owned_are_left_out() -> None:
    """They belong to another member by now."""
    rows = [message(5), message(1, partition=3, value=b"theirs"), message(6)]

    batch, moved = batch_of(read(rows), {0: at(5)})

    assert [b"{}", b"{}"] == batch.values
    assert [0] == list(moved)


def test_the_event_clock_is_the_newest_accepted_event_time_of_a_partition() -> None:
    """Each row takes the largest so far, itself included, and the newest times move."""
    newest = {0: 4, 1: NEVER}

    arrivals = event_arrivals(np.array([3, 7, 5, NEVER]), np.array([0, 1, 0, 1], np.int32), newest)

    assert [4, 7, 5, 7] == arrivals.tolist()
    assert {0: 5, 1: 7} == newest
