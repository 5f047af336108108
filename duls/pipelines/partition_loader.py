"""Taking over observation partitions: claim them in the database and bring their states to where they were."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.errors import RefusedError, ServiceAwayError, TopicChangedError
from duls.pipelines.owned_partition import Origin, OwnedPartition
from duls.pipelines.rebuild import Rebuild
from duls.pipelines.snapshot_codec import decode_snapshot
from duls.pipelines.worlds import Worlds
from processors.columns import Int64Array
from processors.observation_partition import ObservationPartition, Versions, new_partition
from processors.rules import rules_of
from processors.snapshot import restore
from sinks.claims import Claim
from sinks.flow_store import FlowStore

ANSWER_S: Final = 10.0  # seconds to wait for the broker during an assignment

log = structlog.get_logger()


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
        self._rebuild = Rebuild(store, worlds, topic.name, midnights_us, from_beginning=from_beginning)

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
        return [self._load(consumer, number, claims[number], earliest[number]) for number in numbers]

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

    def _load(self, consumer: Consumer, number: int, claimed: Claim, earliest: int) -> OwnedPartition:
        """Return the state of a partition as it was at some offset; what is stored beyond it is replayed."""
        topic_id = self._topic.topic_id
        stored = self._store.load_snapshot(topic_id, number)
        start_offset = claimed.next_offset if stored is None else stored.next_offset
        if start_offset < earliest:
            raise RefusedError(_gone(number, earliest, start_offset))
        if stored is None:
            start = self._rebuild.start(consumer, number, claimed.next_offset, earliest)
            start_offset, state = start.offset, self._state_of(start.versions)
        else:
            snapshot = decode_snapshot(stored.data, stored.format)
            state = self._state_of(snapshot.versions)
            restore(state, snapshot)
        owned = OwnedPartition(
            topic_id,
            number,
            state,
            epoch=claimed.epoch,
            start_offset=start_offset,
            stored_offset=claimed.next_offset,
            origin=self._origin(has_snapshot=stored is not None),
        )
        if not owned.is_replaying:
            end_replay(owned, self._store)
        elif stored is None:
            log.warning(
                "no snapshot: a state is read anew from the log",
                partition=number,
                from_offset=start_offset,
                to_offset=claimed.next_offset,
            )
        return owned

    def _origin(self, *, has_snapshot: bool) -> Origin:
        """Return what a state is made of."""
        if has_snapshot:
            return Origin.SNAPSHOT
        return Origin.PART_OF_LOG if self._from_beginning else Origin.LOG

    def _state_of(self, versions: Versions) -> ObservationPartition:
        """Return an empty state under versions."""
        settings = self._worlds.settings(versions.settings)
        state = new_partition(
            rules_of(settings),
            settings.confidence_floor,
            self._worlds.zone_sets,
            self._worlds.zones(versions.zones),
            self._worlds.cameras(versions.cameras),
            self._midnights_us,
        )
        state.versions = versions
        return state


def end_replay(owned: OwnedPartition, store: FlowStore) -> None:
    """Compare a state that has been read up to the stored offset with the database; from there on its rows count.

    Raises:
        ReplayError: They differ, so the log or the code is not what it was.
        ServiceAwayError: The database does not answer.
    """
    number = owned.number
    owned.end_replay(
        store.load_cursors(owned.topic_id, number), store.load_now(number), store.load_open_visits(number)
    )
    if owned.lost_visits:
        log.warning(
            "the log does not tell of visits that are open", partition=number, visits=owned.lost_visits
        )


def _gone(number: int, earliest: int, start_offset: int) -> str:
    """Say that records are gone that a state needs, and what to do."""
    return (
        f"observation partition {number} begins at offset {earliest}, its state needs offset {start_offset}: "
        "`duls run aggregate --from-beginning` goes on from the oldest record, writing down the gap"
    )
