"""Kafka clients as streams use them, in memory: a consumer of what tests give, a producer that answers as told."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

Key = tuple[str, int]
Headers = list[tuple[str, str | bytes | None]]


def message(
    topic: str,
    partition: int,
    offset: int,
    value: bytes | None,
    *,
    time_ms: int = 0,
    headers: Headers | None = None,
    error: KafkaError | None = None,
) -> Message:
    """Return a message as a consumer gives it."""
    return Message(
        topic=topic,
        partition=partition,
        offset=offset,
        value=value,
        headers=headers,
        error=error,
        timestamp=(2, time_ms),
    )


class FakeConsumer:
    """A member of a group; the test says what is in the logs and what the group gives and takes."""

    def __init__(self) -> None:
        self.stored: dict[Key, TopicPartition] = {}  # committed, with metadata
        self.bounds: dict[Key, tuple[int, int]] = {}  # oldest offset and end
        self.offset_at: dict[Key, int] = {}  # of the first record at or after the time that is asked for
        self.stamps_ms: dict[Key, list[int]] = {}  # of all records of a log: they tell that offset
        self.asked_ms: list[int] = []
        self.incoming: list[list[Message]] = []  # what each call of consume gives
        self.during_consume: list[
            Callable[[], None]
        ] = []  # done within the next call, as callbacks of the group are
        self.assigned: dict[Key, int] = {}
        self.paused: set[Key] = set()
        self.commits = 0
        self.commit_error: KafkaError | None = None
        self.refused: dict[Key, KafkaError] = {}
        self.is_away = False
        self._callbacks: dict[str, Callable[[Any, list[TopicPartition]], None]] = {}

    def subscribe(
        self, _topics: Sequence[str], **callbacks: Callable[[Any, list[TopicPartition]], None]
    ) -> None:
        """Remember the callbacks."""
        self._callbacks = callbacks

    def give(self, *keys: Key) -> None:
        """Let the group assign partitions."""
        self._callbacks["on_assign"](self, [TopicPartition(*key) for key in keys])

    def take(self, *keys: Key) -> None:
        """Let the group revoke partitions."""
        self._callbacks["on_revoke"](self, [TopicPartition(*key) for key in keys])

    def lose(self, *keys: Key) -> None:
        """Let the group have given partitions to others already."""
        self._callbacks["on_lost"](self, [TopicPartition(*key) for key in keys])

    def incremental_assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Note where partitions are read from."""
        self.assigned |= {(given.topic, given.partition): given.offset for given in partitions}

    def incremental_unassign(self, partitions: Iterable[TopicPartition]) -> None:
        """Note that partitions are not read any more."""
        for given in partitions:
            self.assigned.pop((given.topic, given.partition), None)

    def consume(self, _most: int, _wait_s: float) -> list[Message]:
        """Give the next messages."""
        while self.during_consume:
            self.during_consume.pop(0)()
        return self.incoming.pop(0) if self.incoming else []

    def get_watermark_offsets(
        self, place: TopicPartition, *, timeout: float = 0.0, cached: bool = False
    ) -> tuple[int, int]:
        """Give the bounds of a partition."""
        assert cached or timeout > 0  # asking the broker takes a bound
        if self.is_away and not cached:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return self.bounds.get((place.topic, place.partition), (0, 0))

    def offsets_for_times(self, places: Sequence[TopicPartition], *, timeout: float) -> list[TopicPartition]:
        """Give the first offset at or after a time, or the one that stands for any time; -1, the end, without one."""
        assert timeout > 0
        if self.is_away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        self.asked_ms += [place.offset for place in places]
        return [
            TopicPartition(p.topic, p.partition, self._offset_at((p.topic, p.partition), p.offset))
            for p in places
        ]

    def _offset_at(self, key: Key, time_ms: int) -> int:
        """Return the first offset at or after a time; -1 where there is none."""
        stamps_ms = self.stamps_ms.get(key)
        if stamps_ms is None:
            return self.offset_at.get(key, -1)
        offset = bisect_left(stamps_ms, time_ms)
        return offset if offset < len(stamps_ms) else -1

    def committed(self, places: Sequence[TopicPartition], *, timeout: float) -> list[TopicPartition]:
        """Give what was committed; -1001 where nothing was."""
        assert timeout > 0
        return [self.stored.get((p.topic, p.partition), TopicPartition(p.topic, p.partition)) for p in places]

    def commit(self, *, offsets: Sequence[TopicPartition], asynchronous: bool) -> list[TopicPartition]:
        """Keep offsets with their metadata, unless told to refuse."""
        assert not asynchronous
        if self.commit_error is not None:
            raise KafkaException(self.commit_error)
        self.commits += 1
        answers = []
        for given in offsets:
            key = (given.topic, given.partition)
            answers.append(_Answer(*key, self.refused.get(key)))
            if key not in self.refused:
                self.stored[key] = given
        return answers  # type: ignore[return-value]  # only these three attributes are looked at

    def pause(self, places: Sequence[TopicPartition]) -> None:
        """Note paused partitions."""
        self.paused |= {(place.topic, place.partition) for place in places}

    def resume(self, places: Sequence[TopicPartition]) -> None:
        """Note resumed partitions."""
        self.paused -= {(place.topic, place.partition) for place in places}


class _Answer(NamedTuple):
    """What a commit says of one partition; the client's own type cannot be made with an error."""

    topic: str
    partition: int
    error: KafkaError | None


class Sent(NamedTuple):
    """A message that was produced."""

    topic: str
    value: bytes | None
    key: bytes | None
    partition: int
    headers: Headers


class FakeProducer:
    """Keeps what is produced; acknowledges it at the next poll or flush, unless told otherwise."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.room = 1_000_000  # messages that fit the queue
        self.answers = True  # False: nothing is ever acknowledged
        self.delivery_error: KafkaError | None = None
        self.produce_error: Exception | None = None
        self.flush_errors: list[Exception] = []
        self._waiting: list[Callable[[object, object], None]] = []

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        headers: Headers | None = None,
        on_delivery: Callable[[object, object], None] | None = None,
    ) -> None:
        """Queue a message."""
        if self.produce_error is not None:
            raise self.produce_error
        if len(self._waiting) >= self.room:
            raise BufferError
        self.sent.append(Sent(topic, value, key, partition, headers or []))
        self._waiting.append(on_delivery or (lambda _error, _message: None))

    def poll(self, _timeout: float = 0.0) -> int:
        """Report deliveries."""
        self._report()
        return 0

    def flush(self, _timeout: float = 0.0) -> int:
        """Report deliveries and return how many messages wait."""
        if self.flush_errors:
            raise self.flush_errors.pop(0)
        self._report()
        return len(self._waiting)

    def _report(self) -> None:
        if self.answers:
            waiting, self._waiting = self._waiting, []
            for report in waiting:
                report(self.delivery_error, None)
