"""A batch of raw records: their bytes, where each stands, and when it arrived."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from confluent_kafka import Message

from processors.columns import Int32Array, Int64Array
from streams.observation_messages import TICK_HEADER
from streams.received import headers_of_message


class RawBatch(NamedTuple):
    """Records of one source topic, ticks left out, in the order of the log within each partition."""

    values: list[bytes | None]
    partition: Int32Array
    offset: Int64Array
    arrival_us: Int64Array  # broker time, made monotonic within each partition


class PartitionPosition(NamedTuple):
    """How far a source partition has been read."""

    next_offset: int
    arrival_us: int  # newest arrival: the largest broker time so far
    event_us: int  # largest accepted event time so far, the arrival of the event clock


def read_batch(
    messages: Iterable[Message], positions: dict[int, PartitionPosition]
) -> tuple[RawBatch, dict[int, PartitionPosition]]:
    """Return the records of *messages* and how far each of their partitions is read with them.

    A tick moves the position and the arrival of its partition, and is no record.
    """
    taken = list(messages)
    partition = np.array([message.partition() for message in taken], np.int32)
    offset = np.array([message.offset() for message in taken], np.int64)
    values = [message.value() for message in taken]
    arrival_us = np.array([message.timestamp()[1] for message in taken], np.int64) * 1_000
    moved: dict[int, PartitionPosition] = {}
    for number in np.unique(partition).tolist():
        rows = np.flatnonzero(partition == number)
        before = positions[number]
        arrival_us[rows] = np.maximum(np.maximum.accumulate(arrival_us[rows]), before.arrival_us)
        moved[number] = PartitionPosition(
            int(offset[rows[-1]]) + 1, int(arrival_us[rows[-1]]), before.event_us
        )
    records = [row for row, value in enumerate(values) if value is not None or not _is_tick(taken[row])]
    if len(records) < len(values):
        values = [values[row] for row in records]
        partition, offset, arrival_us = partition[records], offset[records], arrival_us[records]
    return RawBatch(values, partition, offset, arrival_us), moved


def _is_tick(message: Message) -> bool:
    return any(name == TICK_HEADER for name, _ in headers_of_message(message))


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
