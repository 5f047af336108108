"""Cursors and clocks: what of each source partition has been read, and how far stream time has come.

A row is new when it stands at or beyond the cursor of its source partition, (offset, index); what intake
repeats after a crash falls below it. Progress marks move the cursor past records that left no row here, and
carry the newest arrival of the partition. Stream time is the least of these over all partitions of the source
topic. The clock of a topic that is over, since another one has its name now, stands at the end of time: it holds
nothing back, and nothing of the topic is new any more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Int32Array, Int64Array
from processors.jit import lean_kernel
from processors.vehicle_table import FOREVER_US, NEVER_US


class Mark(NamedTuple):
    """Progress of one source partition: everything below the cursor has been sent."""

    topic_id: bytes  # 16 bytes
    source: int  # Source code
    partitions: int  # of the source topic
    partition: int
    next_offset: int
    arrival_us: int


class Cursor(NamedTuple):
    """What of one source partition has been taken into an observation partition."""

    topic_id: bytes
    source: int
    partition: int
    next_offset: int
    next_index: int
    arrival_us: int


class SourceClock:
    """Cursors, newest arrivals and stream time of one source topic."""

    def __init__(self, topic_id: bytes, source: int, partitions: int = 0) -> None:
        self.topic_id = topic_id
        self.source = source
        self.next_offset: Int64Array = np.zeros(partitions, np.int64)
        self.next_index: Int32Array = np.zeros(partitions, np.int32)
        self.arrival_us: Int64Array = np.full(partitions, NEVER_US, np.int64)
        self.told_offset: Int64Array = np.zeros(partitions, np.int64)  # next_offset of the last progress
        self.known_partitions = partitions  # as told by progress; stream time needs all of them
        self.last_event_us = NEVER_US  # newest accepted event time
        self.last_arrival_us = NEVER_US  # newest arrival of a row; ticks do not count

    def admit(self, partition: Int32Array, offset: Int64Array, index: Int32Array) -> NDArray[np.bool_] | None:
        """Return which rows are new, in order, None where all are, and move the cursors past them."""
        if self.is_over:
            return np.zeros(partition.size, np.bool_)
        new = np.empty(partition.size, np.bool_)
        if partition.size:
            self._grow(int(partition.max()) + 1)
        count = _admit(self.next_offset, self.next_index, partition, offset, index, new)
        return None if count == new.size else new

    def saw(self, event_us: int, arrival_us: int) -> None:
        """Note the newest event time and arrival of accepted rows, NEVER_US without any."""
        self.last_event_us = max(self.last_event_us, event_us)
        self.last_arrival_us = max(self.last_arrival_us, arrival_us)

    def progress(self, mark: Mark) -> None:
        """Move the cursor and the clock of a source partition forward; an older mark changes nothing."""
        if self.is_over:
            return
        self._grow(max(mark.partitions, mark.partition + 1))
        self.known_partitions = max(self.known_partitions, mark.partitions)
        if mark.next_offset > self.next_offset[mark.partition]:
            self.next_offset[mark.partition] = mark.next_offset
            self.next_index[mark.partition] = 0
        self.arrival_us[mark.partition] = max(self.arrival_us[mark.partition], mark.arrival_us)
        self.told_offset[mark.partition] = max(self.told_offset[mark.partition], mark.next_offset)

    def end(self) -> None:
        """Let the topic be over, also one of which nothing was heard."""
        self._grow(1)
        self.arrival_us[:] = FOREVER_US

    @property
    def is_over(self) -> bool:
        """Tell whether another topic has the name of this one."""
        return bool((self.arrival_us == FOREVER_US).any())

    def adopt(self, cursor: Cursor) -> None:
        """Take over a cursor that stands where the log does not tell of it any more."""
        self._grow(cursor.partition + 1)
        self.next_offset[cursor.partition] = cursor.next_offset
        self.next_index[cursor.partition] = cursor.next_index
        self.arrival_us[cursor.partition] = max(self.arrival_us[cursor.partition], cursor.arrival_us)

    @property
    def stream_us(self) -> int | None:
        """Return stream time, or None while a partition has not been heard of."""
        if self.known_partitions == 0 or self.arrival_us.size < self.known_partitions:
            return None
        least = int(self.arrival_us.min())
        return None if least == NEVER_US else least

    def cursors(self) -> list[Cursor]:
        """Return the cursor of every source partition."""
        return [
            Cursor(
                self.topic_id,
                self.source,
                partition,
                int(self.next_offset[partition]),
                int(self.next_index[partition]),
                int(self.arrival_us[partition]),
            )
            for partition in range(self.next_offset.size)
        ]

    def _grow(self, partitions: int) -> None:
        missing = partitions - self.next_offset.size
        if missing > 0:
            self.next_offset = np.concatenate([self.next_offset, np.zeros(missing, np.int64)])
            self.next_index = np.concatenate([self.next_index, np.zeros(missing, np.int32)])
            self.arrival_us = np.concatenate([self.arrival_us, np.full(missing, NEVER_US, np.int64)])
            self.told_offset = np.concatenate([self.told_offset, np.zeros(missing, np.int64)])


@lean_kernel
def _admit(
    next_offset: Int64Array,
    next_index: Int32Array,
    partition: Int32Array,
    offset: Int64Array,
    index: Int32Array,
    new: NDArray[np.bool_],
) -> int:
    count = 0
    for row in range(partition.size):
        source = partition[row]
        ahead = offset[row] > next_offset[source]
        new[row] = ahead or (offset[row] == next_offset[source] and index[row] >= next_index[source])
        if new[row]:
            next_offset[source] = offset[row]
            next_index[source] = index[row] + 1
            count += 1
    return count
