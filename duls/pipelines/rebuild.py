"""Where a state that has no snapshot is read anew from the log: after a restore, since backups hold no snapshots.

A state is a function of its log, so reading the log from its first record gives it. Where the first records are gone
by now, the log must reach back to the local midnight before which nothing can matter any more: pseudonyms, visits and
distinct vehicles end with their day, as soon as stream time has passed its end by the allowed lateness and the reorder
time. Since an event may lead its arrival, reading begins a little before that midnight. What is read of the days before
it has ended again, as it had in the state that is lost, by where the figures stand; until there nothing is counted.
"""

from typing import Final, NamedTuple

import numpy as np
from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.errors import RefusedError, ServiceAwayError
from duls.pipelines.worlds import Worlds
from processors.columns import Int64Array
from processors.observation_partition import Versions
from processors.rules import rules_of
from sinks.flow_store import FlowStore
from streams.future_bound import FUTURE_US

ANSWER_S: Final = 10.0
LEAD_US: Final = max(FUTURE_US.values())  # of an event before its arrival
US_PER_MS: Final = 1_000
NOTHING_YET: Final = Versions(0, 0, 0)


class Start(NamedTuple):
    """Where a state begins: empty, at an offset, under the versions that were in force there."""

    offset: int
    versions: Versions


class Rebuild:
    """Finds where the states of one process begin anew.

    Args:
        store: What the figures stand at.
        worlds: Settings by version.
        topic: Name of the observation topic.
        midnights_us: Table of local midnights.
        from_beginning: Take what the log still has, also where that is not enough.
    """

    def __init__(
        self, store: FlowStore, worlds: Worlds, topic: str, midnights_us: Int64Array, *, from_beginning: bool
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._topic = topic
        self._midnights_us = midnights_us
        self._from_beginning = from_beginning

    def start(self, consumer: Consumer, number: int, stored_offset: int, earliest: int) -> Start:
        """Return where the state of a partition begins that has figures up to an offset, and no snapshot.

        Raises:
            RefusedError: What the state needs is gone.
            ServiceAwayError: The broker does not answer.
        """
        if earliest in {0, stored_offset}:
            return Start(earliest, NOTHING_YET)
        needed_us = self._needed_us(number)
        offset = None if needed_us is None else self._offset_at(consumer, number, needed_us)
        # the record before it is older than what is needed, so nothing that is needed is gone
        if needed_us is not None and offset is not None and offset > earliest:
            return Start(offset, self._versions(needed_us))
        if not self._from_beginning:
            raise RefusedError(_gone(number, earliest))
        return Start(earliest, NOTHING_YET if needed_us is None else self._versions(needed_us))

    def _needed_us(self, number: int) -> int | None:
        """Return the arrival before which nothing matters to the figures of a partition; None where it is unknown."""
        stream_us = self._store.load_stream_us(number)
        if stream_us is None:
            return None
        settings = self._worlds.settings(self._versions(stream_us).settings)
        if settings.clock == "event":
            return None  # the broker stamps records with another clock
        rules = rules_of(settings)
        oldest_us = stream_us - rules.allowed_lateness_us - rules.reorder_us
        # at midnight itself the day before has not ended: its visits end when stream time has passed, not reached
        midnight = np.searchsorted(self._midnights_us, oldest_us, side="left") - 1
        return int(self._midnights_us[midnight]) - LEAD_US

    def _versions(self, instant_us: int) -> Versions:
        """Return the versions in force at an instant."""
        return Versions(*self._store.load_versions_at(instant_us))

    def _offset_at(self, consumer: Consumer, number: int, instant_us: int) -> int | None:
        """Return the offset of the first record at or after an instant; None where there is none."""
        asked = TopicPartition(self._topic, number, instant_us // US_PER_MS)
        try:
            (found,) = consumer.offsets_for_times([asked], timeout=ANSWER_S)
        except KafkaException as error:
            message = f"the broker did not say where topic {self._topic} stands at a time: {error}"
            raise ServiceAwayError(message) from error
        return int(found.offset) if found.offset >= 0 else None


def _gone(number: int, earliest: int) -> str:
    """Say that the log does not reach back far enough, and what to do."""
    return (
        f"observation partition {number} has no snapshot, and its log, which begins at offset {earliest}, does not "
        "reach back to the start of the day that the figures stand in: `duls run aggregate --from-beginning` takes "
        "what there is; vehicles and visits of that day that began before it are then counted once more"
    )
