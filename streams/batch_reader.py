"""Reading records below Python message objects.

The consumer stays the one of confluent-kafka: the group, offsets, pauses, errors of the client, statistics and tokens
are its business. Only fetched messages go another way: partitions are forwarded to a queue of ours, whose messages
kernels copy to columns by the thousand.

Once an application forwards a partition, librdkafka never forwards it itself; but it ends the forwarding when it has
stopped the partition, some time after it was unassigned, and perhaps after it was attached anew. So partitions are
forwarded before they are assigned, and again with each reading, which also brings what was fetched in between.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from confluent_kafka import Consumer, KafkaError, TopicPartition
from numba import config

from processors.columns import Int64Array, UInt8Array, UInt64Array
from streams.batch_kernels import (
    ERROR_PLACE,
    NO_ROW,
    PARTITION_PLACE,
    TOPIC_PLACE,
    Functions,
    MessageColumns,
    bytes_of,
    take_messages,
)
from streams.client_library import address_of, handle_of, load_library
from streams.decode.lexer import PADDING
from streams.observation_headers import TICK_HEADER
from streams.raw_batch import (
    BITE,
    MessageReader,
    ReadColumns,
    ReadError,
    Reading,
    RecordReader,
    batch_of,
    joined_reading,
)
from streams.raw_values import RawValues

BATCH_BYTES: Final = 1 << 22
"""A batch ends once its values take so much, so that it is decoded while it is in a cache, and memory is bounded."""

_BITE_BYTES: Final = 1 << 19
_FIRST_BITE: Final = 16  # nobody knows yet how large messages are
_SMALLEST_BYTES: Final = 1 << 20
_MS_PER_S: Final = 1_000


def make_record_reader(consumer: Consumer) -> RecordReader:
    """Return the fastest reader for a consumer that this installation has."""
    library = None if config.DISABLE_JIT else load_library()  # type: ignore[attr-defined] # set while numba is imported
    objects = MessageReader(consumer.consume)
    return objects if library is None else BatchReader(library, consumer, objects)


class BatchReader:
    """Reads the partitions of a consumer that were attached to it.

    Values stand in one buffer that the next reading overwrites, and that is emptied as soon as nothing is read.

    Args:
        library: See `load_library`.
        consumer: Of the client; it must live as long as this.
        objects: Reads what the consumer itself gives, which is nothing once partitions are attached; each call lets
            the client tell of changes in the group.
    """

    def __init__(self, library: Any, consumer: Consumer, objects: RecordReader) -> None:
        self._library = library
        self._handle = handle_of(consumer)
        self._objects = objects
        self._queue = library.rd_kafka_queue_new(self._handle)
        self._functions = Functions(
            np.uint64(address_of(library.rd_kafka_message_timestamp)),
            np.uint64(address_of(library.rd_kafka_message_destroy)),
        )
        self._topics: dict[int, str] = {}  # names by address; each is held until this is closed
        self._attached: set[tuple[bytes, int]] = set()
        self._buffer = np.zeros(_SMALLEST_BYTES, np.uint8)
        self._used = 0  # bytes of the buffer
        self._bite = _FIRST_BITE  # messages at once, fewer where they are large
        self._messages = np.zeros(BITE, np.uint64)
        self._odd, self._odd_row = np.zeros(BITE, np.uint64), np.zeros(BITE, np.int64)
        self._scratch = np.zeros(1, np.uint64)

    def attach(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions from here on; to be called before they are assigned."""
        if not self._queue:
            return  # closed: whatever is assigned now is given back unread
        for topic in {place.topic for place in partitions} - set(self._topics.values()):
            self._topics[self._library.rd_kafka_topic_new(self._handle, topic.encode(), 0)] = topic
        self._attached |= {(place.topic.encode(), place.partition) for place in partitions}
        self._forward()

    def _forward(self) -> None:
        """Let all partitions that were attached go to the queue, with what stands in theirs."""
        library = self._library
        for topic, partition in self._attached:
            queue = library.rd_kafka_queue_get_partition(self._handle, topic, partition)
            library.rd_kafka_queue_forward(queue, self._queue)
            library.rd_kafka_queue_destroy(queue)

    def read(self, most: int, wait_s: float) -> Reading:
        """Return at most about *most* records as columns, one bite after another; only the first is waited for.

        A batch of large records ends earlier, see `BATCH_BYTES`.
        """
        from_consumer = self._objects.read(most, 0.0)
        self._forward()
        columns = _room(most)
        errors: list[ReadError] = []
        ticks: list[int] = []
        row = messages = 0
        while messages < most and columns.starts[row] < BATCH_BYTES:
            bite = min(self._bite, most - messages)
            wait_ms = 0 if messages else round(wait_s * _MS_PER_S)
            found = self._next(bite, wait_ms)
            messages += found.size
            row, odd = self._take(found, columns, row)
            for message, place in odd:
                self._look_at(message, place, errors, ticks)
            if row:
                self._bite = max(1, min(BITE, _BITE_BYTES * row // int(columns.starts[row])))
            if found.size < bite:
                break
        if not messages:
            self._forget()
        own = Reading(self._by_topic(columns, row, ticks), errors, messages)
        return joined_reading(from_consumer, own) if from_consumer.messages else own

    def close(self) -> None:
        """Let go of the queue; to be called before the consumer is closed."""
        self._attached.clear()
        if self._queue:
            self._library.rd_kafka_queue_destroy(self._queue)
            self._queue = 0
        for topic in self._topics:
            self._library.rd_kafka_topic_destroy(topic)
        self._topics.clear()
        self._forget()

    def _next(self, most: int, wait_ms: int) -> UInt64Array:
        """Return the addresses of messages."""
        count = self._library.rd_kafka_consume_batch_queue(
            self._queue, wait_ms, self._messages.ctypes.data, most
        )
        return self._messages[: max(count, 0)]

    def _take(
        self, messages: UInt64Array, columns: MessageColumns, row: int
    ) -> tuple[int, list[tuple[int, int]]]:
        """Copy messages to columns; return the next row, and those that need a look with their rows."""
        end = int(columns.starts[row]) + int(bytes_of(messages)) + len(PADDING)
        if end > self._buffer.size:
            grown = np.zeros(2 * end, np.uint8)
            grown[: columns.starts[row]] = self._buffer[: columns.starts[row]]
            self._buffer = grown
        after, count = take_messages(
            messages, self._functions, self._buffer, columns, row, self._odd, self._odd_row, self._scratch
        )
        return after, list(zip(self._odd[:count].tolist(), self._odd_row[:count].tolist(), strict=True))

    def _look_at(self, message: int, row: int, errors: list[ReadError], ticks: list[int]) -> None:
        """Tell what a message is that has no value, or is an error; then give its memory back."""
        if row == NO_ROW:
            errors.append(self._error(message))
        elif self._has_tick(message):
            ticks.append(row)
        self._library.rd_kafka_message_destroy(message)

    def _error(self, message: int) -> ReadError:
        """Return the error that a message is."""
        code = ctypes.c_int32.from_address(message + ERROR_PLACE).value
        topic = ctypes.c_size_t.from_address(message + TOPIC_PLACE).value
        partition = ctypes.c_int32.from_address(message + PARTITION_PLACE).value
        text = self._library.rd_kafka_message_errstr(message) or b""
        name = self._library.rd_kafka_topic_name(topic).decode() if topic else ""
        return ReadError(name, partition, KafkaError(code, text.decode(errors="replace")))

    def _has_tick(self, message: int) -> bool:
        """Tell whether a message has the header of a tick."""
        headers, value, size = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_size_t()
        if self._library.rd_kafka_message_headers(message, ctypes.addressof(headers)):
            return False
        missing = self._library.rd_kafka_header_get_last(
            headers, TICK_HEADER.encode(), ctypes.addressof(value), ctypes.addressof(size)
        )
        return not missing

    def _by_topic(self, columns: MessageColumns, count: int, ticks: list[int]) -> dict[str, ReadColumns]:
        """Return what was read of each topic."""
        if not count:
            return {}
        topic = columns.topic[:count]
        topics = [topic[0]] if np.all(topic == topic[0]) else np.unique(topic)
        whole = ReadColumns(
            RawValues(
                self._values(int(columns.starts[count])), columns.starts[: count + 1], columns.is_null[:count]
            ),
            columns.partition[:count],
            columns.offset[:count],
            columns.broker_us[:count],
            ticks,
        )
        if len(topics) == 1:
            return {self._topics[int(topics[0])]: whole}
        return {self._topics[int(one)]: whole.chosen(np.flatnonzero(topic == one)) for one in topics}

    def _values(self, end: int) -> UInt8Array:
        """Return the buffer up to the end of its values and the padding behind it."""
        self._used = end
        self._buffer[end : end + len(PADDING)] = np.frombuffer(PADDING, np.uint8)
        view = self._buffer[: end + len(PADDING)]
        view.flags.writeable = False  # as of bytes: one kernel for both
        return view

    def _forget(self) -> None:
        """Empty the buffer: records hold plates, and live for the time of one batch."""
        self._buffer[: self._used] = 0
        self._used = 0
        if self._buffer.size > 2 * BATCH_BYTES:
            self._buffer = np.zeros(_SMALLEST_BYTES, np.uint8)


def warm_up_reading() -> None:
    """Make the kernels of reading ready."""
    nothing = np.zeros(0, np.uint64)
    bytes_of(nothing)
    functions = Functions(np.uint64(0), np.uint64(0))
    buffer, odd_row = np.zeros(1, np.uint8), np.zeros(0, np.int64)
    room = _room(1)
    take_messages(nothing, functions, buffer, room, 0, nothing, odd_row, nothing)
    batch_of(ReadColumns([], room.partition[:0], room.offset[:0], room.broker_us[:0], []), {})


def _room(rows: int) -> MessageColumns:
    """Return columns for so many messages."""
    starts: Int64Array = np.empty(rows + 1, np.int64)
    starts[0] = 0
    return MessageColumns(
        starts,
        np.empty(rows, np.bool_),
        np.empty(rows, np.uint64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
    )
