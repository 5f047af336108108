"""How far each owned source partition is read, committed and filled; assignment to and release from the group."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.errors import ServiceAwayError, TopicChangedError
from processors.vehicle_table import NEVER_US
from streams.raw_batch import PartitionPosition
from streams.topic_watch import PATIENT_ANSWER_S, TopicWatch
from streams.topics import way_on

ANSWER_S: Final = 10.0  # seconds to wait for the broker during an assignment

SETTLE_S: Final = 5.0  # a cooperative rebalance gives nothing first, partitions in its second round

STUCK_S: Final = 5.0
"""After so long without a message a partition counts as read to its end, although offsets are left: they may be
marks of transactions of a sender, which are never given out."""

DEAF_TICKS: Final = 10
"""After so many ticks in a row that did not come back, the client does not read a partition any more."""

Key = tuple[str, int]


class Gap(NamedTuple):
    """Records of a source partition that were gone before they could be read."""

    topic: str
    topic_id: bytes
    partition: int
    from_offset: int
    to_offset: int


def _nothing_counted(topic_id: bytes, partition: int) -> int | None:
    """Know nothing of any partition."""
    del topic_id, partition
    return None


class GapBook(NamedTuple):
    """What knows of records that were gone: which were, and which are in the figures."""

    record: Callable[[Gap], None]  # repeating it changes nothing
    counted_to: Callable[[bytes, int], int | None] = _nothing_counted
    """How far the figures have a source partition, by topic id and number; None where they know nothing of it."""


class PositionMetadata(msgspec.Struct, frozen=True):
    """What is kept beside a committed offset."""

    topic_id: str
    arrival_us: int
    event_us: int

    @classmethod
    def of(cls, topic_id: bytes, position: PartitionPosition) -> "PositionMetadata":
        """Return the metadata of a position."""
        return cls(topic_id.hex(), position.arrival_us, position.event_us)

    def encode(self) -> str:
        """Return the text form."""
        return msgspec.json.encode(self).decode()


class _Fill(NamedTuple):
    """How far a partition is filled, and how long it has been silent."""

    high: int  # end of the partition as last heard
    heard_s: float  # when a message came last, or a tick was asked for
    ticks: int = 0  # asked for since a message came


class SourcePositions:
    """The source partitions that this member of the group owns.

    Args:
        consumer: A member of the group.
        topic_ids: 16 bytes for each topic.
        partitions: How many each topic has.
        gaps: Where they are written down; asked, too, of partitions of which nothing is committed any more.
        watch: Of these topics; asked before offsets of the broker are taken for theirs.
        before_release: Commits what is read, before partitions go to another member.
        attach: Told of partitions before they are assigned.
        monotonic: Seconds.
    """

    def __init__(
        self,
        consumer: Consumer,
        topic_ids: Mapping[str, bytes],
        partitions: Mapping[str, int],
        *,
        gaps: GapBook,
        watch: TopicWatch,
        before_release: Callable[[], None],
        attach: Callable[[list[TopicPartition]], None],
        monotonic: Callable[[], float],
    ) -> None:
        self.assigned_s: float | None = None  # when the group gave an assignment last; None once it is lost
        self._consumer = consumer
        self._topic_ids = dict(topic_ids)
        self._partitions = dict(partitions)
        self._gaps = gaps
        self._watch = watch
        self._before_release = before_release
        self._attach = attach
        self._monotonic = monotonic
        self._positions: dict[Key, PartitionPosition] = {}
        self._committed: dict[Key, PartitionPosition] = {}
        self._fill: dict[Key, _Fill] = {}
        self._paused: set[Key] = set()

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            list(self._topic_ids),
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    @property
    def is_settled(self) -> bool:
        """Tell whether the group has spoken: there are partitions, or there were none for a while."""
        if self.assigned_s is None:
            return False
        return bool(self._positions) or self._monotonic() - self.assigned_s > SETTLE_S

    def of_topic(self, topic: str) -> dict[int, PartitionPosition]:
        """Return the positions of the owned partitions of a topic."""
        return {number: position for (name, number), position in self._positions.items() if name == topic}

    def all(self) -> list[tuple[Key, PartitionPosition]]:
        """Return all positions, ordered."""
        return sorted(self._positions.items())

    def move(self, topic: str, moved: Mapping[int, PartitionPosition]) -> None:
        """Note how far partitions of a topic are read."""
        now_s = self._monotonic()
        for number, position in moved.items():
            self._positions[topic, number] = position
            self._fill[topic, number] = self._fill[topic, number]._replace(heard_s=now_s, ticks=0)

    def uncommitted(self) -> list[tuple[Key, PartitionPosition]]:
        """Return the positions that moved since they were committed."""
        return [(key, place) for key, place in self.all() if self._committed.get(key) != place]

    def committed(self, positions: Iterable[tuple[Key, PartitionPosition]]) -> None:
        """Note that positions are committed."""
        self._committed.update(positions)

    def silent(self, now_s: float, after_s: float) -> list[Key]:
        """Return the partitions read to their end where nothing came for a while, and count their wait anew."""
        found = []
        for key, fill in self._fill.items():
            if now_s - fill.heard_s >= after_s and key not in self._paused and self._is_at_end(key):
                self._fill[key] = self._fill[key]._replace(heard_s=now_s, ticks=fill.ticks + 1)
                found.append(key)
        return found

    def listen_again(self) -> list[Key]:
        """Assign again the partitions whose ticks did not come back, from where they are read; return them.

        A client that stands still says nothing of it, and stream time would stand still with it.
        """
        deaf = [key for key, fill in self._fill.items() if fill.ticks >= DEAF_TICKS]
        for key in deaf:
            self._fill[key] = self._fill[key]._replace(ticks=0)
            self._assign_again(TopicPartition(*key, self._positions[key].next_offset))
        return deaf

    def balance(self, clock: str, max_skew_us: int) -> None:
        """Pause partitions that are far ahead of the slowest one of their topic that has more to read.

        Positions are held until stream time, the least of all partitions, has passed them; without this, one
        partition read whole before the others fills the memory of aggregate.
        """
        for topic in self._topic_ids:
            time_us = {
                (topic, number): place.event_us if clock == "event" else place.arrival_us
                for number, place in self.of_topic(topic).items()
            }
            behind = [time_us[key] for key in time_us if not self._is_at_end(key)]
            limit_us = min(behind) + max_skew_us if behind else None
            for key, newest_us in time_us.items():
                ahead = limit_us is not None and newest_us > limit_us
                if ahead and key not in self._paused:
                    self._consumer.pause([TopicPartition(*key)])
                    self._paused.add(key)
                elif not ahead and key in self._paused:
                    self._consumer.resume([TopicPartition(*key)])
                    self._paused.discard(key)
                    self._fill[key] = self._fill[key]._replace(heard_s=self._monotonic(), ticks=0)

    def skip_gap(self, topic: str, partition: int) -> None:
        """Record that records are gone before they were read, and go on from the oldest one there is.

        Raises:
            TopicChangedError: The topic was made anew, or ends before what was read: its broker lost records, and
                gives their offsets to others, which cursors would take for those that were read.
            ServiceAwayError: The broker does not answer.
        """
        position = self._positions.get((topic, partition))
        if position is None:
            return  # given back meanwhile
        self._watch.require(PATIENT_ANSWER_S)
        try:
            low, high = self._consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=ANSWER_S
            )
        except KafkaException as error:
            message = f"the broker did not say where topic {topic} begins: {error}"
            raise ServiceAwayError(message) from error
        if position.next_offset > high:
            message = (
                f"topic {topic} partition {partition} ends at offset {high}, but was read to {position.next_offset}: "
                "the broker lost records; restore the broker, or make the topic anew and go on with that by "
                f"`duls topics renew {topic}`"
            )
            raise TopicChangedError(message)
        if position.next_offset < low:
            self._record_gap((topic, partition), position.next_offset, low)
            self._positions[topic, partition] = position._replace(next_offset=low)
        self._assign_again(TopicPartition(topic, partition, max(low, position.next_offset)))

    def _assign_again(self, place: TopicPartition) -> None:
        """Read a partition from an offset: after the error of a missing one the client stopped, and refuses to seek."""
        self._consumer.incremental_unassign([place])
        self._begin([place])

    def _begin(self, places: list[TopicPartition]) -> None:
        """Read partitions from offsets; the client keeps a pause beyond an assignment, so it is ended here."""
        self._attach(places)
        self._consumer.incremental_assign(places)
        self._consumer.resume(places)
        self._paused.difference_update((place.topic, place.partition) for place in places)

    def _is_at_end(self, key: Key) -> bool:
        """Tell whether nothing is left to read of a partition, as far as is known."""
        if key not in self._paused and self._monotonic() - self._fill[key].heard_s > STUCK_S:
            return True
        _, high = self._consumer.get_watermark_offsets(TopicPartition(*key), cached=True)
        if high > self._fill[key].high:
            self._fill[key] = self._fill[key]._replace(high=high)
        return self._positions[key].next_offset >= self._fill[key].high

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Read what the group gives from where its last owner committed."""
        self.assigned_s = self._monotonic()
        for given in partitions:
            if given.partition >= self._partitions[given.topic]:
                message = (
                    f"topic {given.topic} has more partitions than at the start: run `duls migrate`, "
                    "then start again"
                )
                raise TopicChangedError(message)
        self._watch.require(PATIENT_ANSWER_S)
        try:
            starts = [self._start(given) for given in consumer.committed(partitions, timeout=ANSWER_S)]
        except KafkaException as error:
            message = f"the broker did not say where to go on: {error}"
            raise ServiceAwayError(message) from error
        self._begin(starts)

    def _start(self, committed: TopicPartition) -> TopicPartition:
        """Return where a partition is read from: the committed offset, or its beginning where there is none.

        Offsets that are not renewed for a week are forgotten by the broker. What was counted is read again then, and
        changes nothing; what was not, and is gone, is a gap.
        """
        key = (committed.topic, committed.partition)
        if committed.error is not None:
            raise KafkaException(committed.error)
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*key), timeout=ANSWER_S)
        position = PartitionPosition(low, NEVER_US, NEVER_US)
        if committed.offset >= 0:
            position = self._resumed(committed)
            if position.next_offset < low:
                self._record_gap(key, position.next_offset, low)
                position = position._replace(next_offset=low)
        else:
            counted_to = self._gaps.counted_to(self._topic_ids[key[0]], key[1])
            if counted_to is not None and counted_to < low:
                self._record_gap(key, counted_to, low)
        self._positions[key] = position
        self._committed.pop(key, None)
        self._fill[key] = _Fill(high, self._monotonic())
        return TopicPartition(*key, position.next_offset)

    def _record_gap(self, key: Key, from_offset: int, to_offset: int) -> None:
        """Write down that records of a partition were gone before they were read."""
        topic, partition = key
        self._gaps.record(Gap(topic, self._topic_ids[topic], partition, from_offset, to_offset))

    def _resumed(self, committed: TopicPartition) -> PartitionPosition:
        """Return the position that was committed.

        Raises:
            TopicChangedError: It speaks of another topic of this name.
        """
        if not committed.metadata:
            # only the embedded broker drops metadata, and it forgets everything with its process
            return PartitionPosition(committed.offset, NEVER_US, NEVER_US)
        metadata = msgspec.json.decode(committed.metadata, type=PositionMetadata)
        if metadata.topic_id != self._topic_ids[committed.topic].hex():
            message = (
                f"topic {committed.topic} was made anew: committed offsets speak of {metadata.topic_id}, the topic "
                f"is {self._topic_ids[committed.topic].hex()}; {way_on(committed.topic)}"
            )
            raise TopicChangedError(message)
        return PartitionPosition(committed.offset, metadata.arrival_us, metadata.event_us)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Commit what was read of partitions before the group gives them to others."""
        self._before_release()
        self._drop(consumer, partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Drop partitions that others own by now; they read again what was not committed."""
        self.assigned_s = None  # the group has to speak again
        self._drop(consumer, partitions)

    def _drop(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Forget partitions."""
        for given in partitions:
            key = (given.topic, given.partition)
            for table in (self._positions, self._committed, self._fill):
                table.pop(key, None)
            self._paused.discard(key)
        consumer.incremental_unassign(partitions)
