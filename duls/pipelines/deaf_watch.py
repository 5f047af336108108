"""Partitions that give no messages although they hold some: a client that stands still says nothing of it.

Intake appends ticks and sees whether they come back. Aggregate, which appends nothing, asks the broker where a
partition ends that has been silent.
"""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.pipelines.owned_partition import OwnedPartition

EVERY_S: Final = 10.0
"""Between two looks; who is deaf was silent from one to the next, with messages left all the while."""

ANSWER_S: Final = 2.0  # to wait for the broker, once a look where it is away


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
        self._left: dict[
            int, int
        ] = {}  # by partition with messages left: where it was read to at the last look
        self._seen: dict[int, int] = {}  # by partition: where it was read to at the last look

    def find(self, owned: Iterable[OwnedPartition], now_s: float) -> list[OwnedPartition]:
        """Return the partitions that did not move between two looks although messages were left at the first.

        Args:
            owned: All that this process owns.
            now_s: Of the monotonic clock.
        """
        if now_s < self._due_s:
            return []
        self._due_s = now_s + EVERY_S
        owned = list(owned)
        silent = [one for one in owned if self._seen.get(one.number) == one.read_offset]
        deaf = [one for one in silent if self._left.get(one.number) == one.read_offset]
        self._seen = {one.number: one.read_offset for one in owned}
        self._left = self._with_messages_left(one for one in silent if one not in deaf)
        return deaf

    def _with_messages_left(self, silent: Iterable[OwnedPartition]) -> dict[int, int]:
        """Return where those partitions are read to whose log goes on there."""
        left = {}
        try:
            for one in silent:
                place = TopicPartition(self._topic, one.number)
                _, end = self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
                if end > one.read_offset:
                    left[one.number] = one.read_offset
        except KafkaException:
            return {}  # the broker is away, so nobody can read; others tell of that
        return left
