"""Sends partial zone counts as soon as they change: they wait neither for reorder nor for a flush."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from duls.pipelines.owned_partition import OwnedPartition
from duls.pipelines.partial_counts import partial_messages
from processors.columns import Int64Array
from processors.observation_partition import is_settling

log = structlog.get_logger()

REPEAT_S: Final = 1.0  # counts that stay as they are: stream time has moved, and readers may be new


class PartialSender:
    """Tells the zone counts of the partitions that one process owns.

    Args:
        producer: Of the process.
        topic: Of partial counts.
        every_s: Seconds between two looks for counts that changed.
        zone_id: By zone number.
        midnights_us: UTC times of local midnights.
    """

    def __init__(
        self,
        producer: Producer,
        topic: str,
        every_s: float,
        *,
        zone_id: Callable[[int], str],
        midnights_us: Int64Array,
    ) -> None:
        self.due_s = 0.0  # of the monotonic clock: when to look again
        self._producer = producer
        self._topic = topic
        self._every_s = every_s
        self._zone_id = zone_id
        self._midnights_us = midnights_us
        self._has_warned = False  # that counts cannot be sent

    def send_due(self, partitions: Iterable[OwnedPartition], now_s: float) -> None:
        """Send the counts that changed, where it is time to look.

        Counts that did not change are sent each second, so that readers know that they still hold.
        """
        if now_s < self.due_s:
            return
        self.due_s = now_s + self._every_s
        for owned in partitions:
            if not owned.is_replaying:
                self._send(owned, now_s)
        self._producer.poll(0)

    def _send(self, owned: OwnedPartition, now_s: float) -> None:
        """Send the counts of a partition, unless they were sent a moment ago."""
        found = owned.now()
        if found is None:
            return
        stream_us, now = found
        is_recent = now_s - owned.sent_s < REPEAT_S
        if is_recent and owned.sent_now is not None and _same(owned.sent_now, now):
            return
        settling = is_settling(stream_us, self._midnights_us)
        try:
            for key, value in partial_messages(owned, stream_us, now, self._zone_id, settling=settling):
                self._producer.produce(self._topic, key=key, value=value)
        except BufferError:
            return  # the broker is away; newer counts will replace these
        except KafkaException as error:
            if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                raise
            self._warn(owned.number)
        owned.sent_now, owned.sent_s = now, now_s

    def _warn(self, partition: int) -> None:
        """Say once that the client takes no message of this length: settings of its own may allow less."""
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "counts of zones are not told: they are longer than message.max.bytes of the Kafka client",
                partition=partition,
                topic=self._topic,
            )


def _same(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Tell whether columns hold the same rows."""
    return all(a.size == b.size and bool((a == b).all()) for a, b in zip(old, new, strict=True))
