"""Partitions that give no messages although they hold some: a client that stands still says nothing of it.

Intake appends ticks and sees whether they come back. Aggregate, which appends nothing, asks the broker where a
partition ends that has been silent.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.pipelines.owned_partition import OwnedPartition

EVERY_S: Final = 10.0
"""Between two looks; who is deaf was silent from one to the next, with messages left all the while."""

ANSWER_S: Final = 1.0  # to wait for the broker
MOST_FAILURES: Final = 2  # of a look: where the broker is away, reading need not wait for each partition


class DeafWatch:
    """Finds owned partitions that are not read any more.

    Args:
        consumer: A member of the group.
        topic: The observation topic.
    """

    def __init__(self, consumer: Consumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic
        self._due_s = 0.0
        self._looks = 0
        self._seen: dict[int, int] = {}  # by partition: where it was read to at the last look
        self._left: dict[int, int] = {}  # the same, of those that held messages then

    def begin_anew(self) -> None:
        """Forget what was seen: the client had more to give than was taken, so some partitions wait for their turn.

        They give their messages one after another, not side by side. Assigning one of them again would put it behind
        all others, and so it would be silent for ever.
        """
        self._seen, self._left = {}, {}

    def find(self, owned: Sequence[OwnedPartition], now_s: float) -> list[OwnedPartition]:
        """Return the partitions that did not move between two looks although messages were left at the first.

        Args:
            owned: All that this process owns.
            now_s: Of the monotonic clock.
        """
        if now_s < self._due_s:
            return []
        self._due_s = now_s + EVERY_S
        self._looks += 1
        silent = [one for one in owned if self._seen.get(one.number) == one.read_offset]
        deaf = [one for one in silent if self._left.get(one.number) == one.read_offset]
        self._seen = {one.number: one.read_offset for one in owned}
        asked = [one for one in silent if one not in deaf]
        first = self._looks % max(1, len(asked))  # another one each time, since few may fail
        self._left = self._with_messages_left(asked[first:] + asked[:first])
        return deaf

    def _with_messages_left(self, silent: Iterable[OwnedPartition]) -> dict[int, int]:
        """Return where those partitions are read to whose log goes on there, as far as brokers tell."""
        left = {}
        failures = 0
        for one in silent:
            try:
                place = TopicPartition(self._topic, one.number)
                _, end = self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
            except KafkaException:
                # its broker is away, so that nobody can read it; others tell of that
                failures += 1
                if failures == MOST_FAILURES:
                    break
            else:
                if end > one.read_offset:
                    left[one.number] = one.read_offset
        return left
