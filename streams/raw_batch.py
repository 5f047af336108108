"""Reading raw records: their bytes, where each stands, and when it arrived, as columns.

Where the library of the client is known, `streams.batch_reader` reads below message objects; what is here reads the
objects, for every client.

Messages are Python objects of some 600 bytes with their parts, and everything asked of one costs 10 ns while it is
in the cache of the processor and 100 ns once it is not. So they are read a few thousand at a time, and each part
is asked of all of them by one call in C (`map` over the method itself); a batch is made of several such bites.
Measured per record, all threads: 1034 ns with batches of 20 000 messages and loops, 572 ns in this way.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, Protocol

import numpy as np
from confluent_kafka import KafkaError, Message, TopicPartition

from processors.columns import BoolArray, Int32Array, Int64Array
from processors.jit import lean_kernel
from streams.observation_headers import TICK_HEADER
from streams.raw_values import chosen_values, joined_values
from streams.received import headers_of_message, place_of

_NOBODYS: Final = (1 << 63) - 1  # next offset where a partition is not owned

BITE: Final = 4_000  # messages read at once: with their values they fit the second cache of a core

Consume = Callable[[int, float], list[Message]]
"""Reads at most so many messages, waiting at most so many seconds for the first ones."""

_stamp: Final = itemgetter(1)


class RawBatch(NamedTuple):
    """Records of one source topic, ticks left out, in the order of the log within each partition."""

    values: Sequence[bytes | None]
    partition: Int32Array
    offset: Int64Array
    arrival_us: Int64Array  # broker time, made monotonic within each partition

    def __repr__(self) -> str:
        """Return how much there is, never what it says: records hold plates."""
        return f"RawBatch({len(self.values)} records)"


class PartitionPosition(NamedTuple):
    """How far a source partition has been read."""

    next_offset: int
    arrival_us: int  # newest arrival: the largest broker time so far
    event_us: int  # largest accepted event time so far, the arrival of the event clock


class ReadColumns(NamedTuple):
    """Messages of one topic as they were read, ticks among them."""

    values: Sequence[bytes | None]
    partition: Int32Array
    offset: Int64Array
    broker_us: Int64Array
    ticks: list[int]  # places of the ticks

    def chosen(self, rows: Int64Array) -> "ReadColumns":
        """Return some of the messages, by ascending places."""
        ticks = np.flatnonzero(np.isin(rows, self.ticks)).tolist()
        return ReadColumns(
            chosen_values(self.values, rows),
            self.partition[rows],
            self.offset[rows],
            self.broker_us[rows],
            ticks,
        )

    def __repr__(self) -> str:
        """Return how much there is, never what it says: records hold plates."""
        return f"ReadColumns({len(self.values)} messages)"


class ReadError(NamedTuple):
    """What a partition gave instead of a message."""

    topic: str
    partition: int
    error: KafkaError


class Reading(NamedTuple):
    """What one step read."""

    topics: dict[str, ReadColumns]
    errors: list[ReadError]
    messages: int


class RecordReader(Protocol):
    """Reads records of the partitions of a consumer."""

    def attach(self, partitions: Sequence[TopicPartition]) -> None:
        """Take partitions that are about to be assigned to the consumer."""

    def read(self, most: int, wait_s: float) -> Reading:
        """Read at most about *most* messages as columns, waiting at most so many seconds for the first ones."""

    def close(self) -> None:
        """End, before the consumer is closed."""


class MessageReader:
    """Reads message objects."""

    def __init__(self, consume: Consume) -> None:
        self._consume = consume

    def attach(self, partitions: Sequence[TopicPartition]) -> None:
        """Do nothing: the consumer gives the messages of all that is assigned to it."""

    def read(self, most: int, wait_s: float) -> Reading:
        """Read one bite after another; only the first one is waited for."""
        return read_topics(self._consume, most, wait_s)

    def close(self) -> None:
        """Do nothing."""


def read_topics(consume: Consume, most: int, wait_s: float) -> Reading:
    """Read at most about *most* messages as columns, one bite after another; only the first one is waited for."""
    bites: dict[str, list[ReadColumns]] = {}
    errors: list[ReadError] = []
    read = 0
    while read < most:
        bite = min(BITE, most - read)
        messages = consume(bite, wait_s if read == 0 else 0.0)
        read += len(messages)
        is_last = len(messages) < bite
        if any(map(Message.error, messages)):
            errors += [
                ReadError(*place_of(message), error)
                for message in messages
                if (error := message.error()) is not None
            ]
            messages = [message for message in messages if message.error() is None]
        for topic, taken in _by_topic(messages).items():
            bites.setdefault(topic, []).append(_columns(taken))
        # freed before the next bite, which then uses the same memory
        del messages
        if is_last:
            break
    return Reading({topic: _joined(parts) for topic, parts in bites.items()}, errors, read)


def batch_of(
    read: ReadColumns, positions: dict[int, PartitionPosition]
) -> tuple[RawBatch, dict[int, PartitionPosition]]:
    """Return the records that were read and how far each of their partitions is read with them.

    A tick moves the position and the arrival of its partition, and is no record. What was fetched before a partition
    was given back, or taken again, is left out: messages of partitions without a position, below it, or repeated.
    """
    places = max(positions, default=-1) + 1
    next_offset: Int64Array = np.full(places, _NOBODYS, np.int64)
    newest_us: Int64Array = np.zeros(places, np.int64)
    for number, position in positions.items():
        next_offset[number], newest_us[number] = position.next_offset, position.arrival_us
    kept, arrival_us = np.zeros(read.offset.size, np.bool_), np.empty(read.offset.size, np.int64)
    _keep_new(read.partition, read.offset, read.broker_us, next_offset, newest_us, kept, arrival_us)
    moved = {
        number: PartitionPosition(int(next_offset[number]), int(newest_us[number]), before.event_us)
        for number, before in sorted(positions.items())
        if before.next_offset < next_offset[number]
    }
    kept[read.ticks] = False
    if kept.all():
        return RawBatch(read.values, read.partition, read.offset, arrival_us), moved
    rows = np.flatnonzero(kept)
    values = chosen_values(read.values, rows)
    return RawBatch(values, read.partition[rows], read.offset[rows], arrival_us[rows]), moved


@lean_kernel
def _keep_new(
    partition: Int32Array,
    offset: Int64Array,
    broker_us: Int64Array,
    next_offset: Int64Array,
    newest_us: Int64Array,
    kept: BoolArray,
    arrival_us: Int64Array,
) -> None:
    """Mark messages at or beyond the next offset of their partition, and write the arrival of each.

    Next offset and newest arrival of each partition move on; one that is `_NOBODYS`, or has no place, keeps nothing.
    """
    for row in range(offset.size):
        number = partition[row]
        if number < next_offset.size and offset[row] >= next_offset[number]:
            kept[row] = True
            next_offset[number] = offset[row] + 1
            newest_us[number] = max(newest_us[number], broker_us[row])
            arrival_us[row] = newest_us[number]


def _by_topic(messages: list[Message]) -> dict[str, list[Message]]:
    names = set(map(Message.topic, messages))
    if len(names) == 1:
        return {str(names.pop()): messages}
    found: dict[str, list[Message]] = {}
    for topic, message in zip(map(Message.topic, messages), messages, strict=True):
        found.setdefault(str(topic), []).append(message)
    return found


def _columns(messages: list[Message]) -> ReadColumns:
    count = len(messages)
    values: list[bytes | None] = list(map(Message.value, messages))
    stamps_ms: Iterable[int] = map(_stamp, map(Message.timestamp, messages))
    ticks = []
    if None in values:
        ticks = [
            row
            for row, message in enumerate(messages)
            if values[row] is None and any(name == TICK_HEADER for name, _ in headers_of_message(message))
        ]
    return ReadColumns(
        values,
        np.fromiter(map(Message.partition, messages), np.int32, count),
        np.fromiter(map(Message.offset, messages), np.int64, count),
        np.fromiter(stamps_ms, np.int64, count) * 1_000,
        ticks,
    )


def joined_reading(first: Reading, second: Reading) -> Reading:
    """Return two readings as one; of each partition the messages of the first come before those of the second."""
    topics = {
        name: _joined([reading.topics[name] for reading in (first, second) if name in reading.topics])
        for name in first.topics | second.topics
    }
    return Reading(topics, first.errors + second.errors, first.messages + second.messages)


def _joined(parts: Sequence[ReadColumns]) -> ReadColumns:
    if len(parts) == 1:
        return parts[0]
    ticks: list[int] = []
    before = 0
    for part in parts:
        ticks += [before + row for row in part.ticks]
        before += len(part.values)
    return ReadColumns(
        joined_values([part.values for part in parts]),
        np.concatenate([part.partition for part in parts]),
        np.concatenate([part.offset for part in parts]),
        np.concatenate([part.broker_us for part in parts]),
        ticks,
    )


def event_arrivals(
    accepted_event_us: Int64Array, partition: Int32Array, newest_us: dict[int, int]
) -> Int64Array:
    """Return the arrival of each row by the event clock, and move the newest event times.

    Args:
        accepted_event_us: Event time of each row, the least integer where the row was rejected.
        partition: Source partition of each row.
        newest_us: Largest accepted event time of each partition so far; updated in place.
    """
    arrival_us = np.empty_like(accepted_event_us)
    for number in np.unique(partition).tolist():
        rows = np.flatnonzero(partition == number)
        arrival_us[rows] = np.maximum(np.maximum.accumulate(accepted_event_us[rows]), newest_us[number])
        newest_us[number] = int(arrival_us[rows[-1]])
    return arrival_us
