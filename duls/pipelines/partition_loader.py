"""Taking over observation partitions: claim them in the database and bring their states to where they were."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.errors import RefusedError, ServiceAwayError, TopicChangedError
from duls.pipelines.owned_partition import OwnedPartition
from duls.pipelines.snapshot_codec import decode_snapshot
from duls.pipelines.worlds import Worlds
from processors.columns import Int64Array
from processors.observation_partition import ObservationPartition, Versions, new_partition
from processors.rules import rules_of
from processors.snapshot import restore
from sinks.flow_store import FlowStore

ANSWER_S: Final = 10.0  # seconds to wait for the broker during an assignment


class ObservationTopic(NamedTuple):
    """The observation topic as it was at the start."""

    name: str
    topic_id: UUID
    partitions: int


class PartitionLoader:
    """Loads what the group assigns; one per process.

    Args:
        store: Where progress and snapshots are.
        worlds: Versions of zones, cameras and settings.
        topic: What partitions belong to.
        midnights_us: Table of local midnights.
        from_beginning: Begin at the oldest record where what the state needs is gone.
    """

    def __init__(
        self,
        store: FlowStore,
        worlds: Worlds,
        topic: ObservationTopic,
        midnights_us: Int64Array,
        *,
        from_beginning: bool,
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._topic = topic
        self._midnights_us = midnights_us
        self._from_beginning = from_beginning

    def load(self, consumer: Consumer, partitions: Sequence[int]) -> list[OwnedPartition]:
        """Claim partitions and return their states, each with the offset to read on from.

        Raises:
            TopicChangedError: The topic has got partitions since the start, or is another one.
            RefusedError: Records that a state needs are gone, or offsets are missing although figures exist.
            ServiceAwayError: The broker or the database does not answer.
        """
        numbers = sorted(partitions)
        if numbers[-1] >= self._topic.partitions:
            message = f"topic {self._topic.name} has more partitions than at the start: start aggregate again"
            raise TopicChangedError(message)
        earliest = self._earliest(consumer)
        claims = self._store.claim(
            self._topic.topic_id,
            numbers,
            earliest,
            beginning="earliest" if self._from_beginning else None,
        )
        return [
            self._load(number, claims[number].epoch, claims[number].next_offset, earliest)
            for number in numbers
        ]

    def _earliest(self, consumer: Consumer) -> dict[int, int]:
        """Return the oldest readable offset of every partition of the topic."""
        try:
            return {
                number: consumer.get_watermark_offsets(
                    TopicPartition(self._topic.name, number), timeout=ANSWER_S
                )[0]
                for number in range(self._topic.partitions)
            }
        except KafkaException as error:
            message = f"the broker did not say where topic {self._topic.name} begins: {error}"
            raise ServiceAwayError(message) from error

    def _load(
        self, number: int, epoch: int, stored_offset: int, earliest: Mapping[int, int]
    ) -> OwnedPartition:
        """Return the state of a partition from its snapshot; what is stored beyond it is replayed."""
        topic_id = self._topic.topic_id
        stored = self._store.load_snapshot(topic_id, number)
        start_offset = stored_offset if stored is None else stored.next_offset
        if start_offset < earliest[number]:
            message = (
                f"observation partition {number} begins at offset {earliest[number]}, its state needs offset "
                f"{start_offset}: `duls run aggregate --from-beginning` goes on from the oldest record, "
                "writing down the gap"
            )
            raise RefusedError(message)
        snapshot = None if stored is None else decode_snapshot(stored.data, stored.format)
        state = self._state_of(Versions(0, 0, 0) if snapshot is None else snapshot.versions)
        if snapshot is not None:
            restore(state, snapshot)
        owned = OwnedPartition(
            topic_id,
            number,
            state,
            epoch=epoch,
            start_offset=start_offset,
            stored_offset=stored_offset,
            has_snapshot=stored is not None,
        )
        if not owned.is_replaying:
            owned.end_replay(self._store.load_cursors(topic_id, number))
        return owned

    def _state_of(self, versions: Versions) -> ObservationPartition:
        """Return an empty state under versions."""
        settings = self._worlds.settings(versions.settings)
        return new_partition(
            rules_of(settings),
            settings.confidence_floor,
            self._worlds.zone_sets,
            self._worlds.zones(versions.zones),
            self._worlds.cameras(versions.cameras),
            self._midnights_us,
        )
