"""Processes of aggregate that come and go, over a store and logs in memory, and the partial counts that they send."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from confluent_kafka import Message

from duls.errors import ServiceAwayError
from duls.metrics import Metrics
from duls.pipelines.aggregate import Aggregate, AggregateOptions
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.partition_loader import ObservationTopic
from duls.pipelines.worlds import Worlds
from processors.units import US_PER_S
from streams.topic_watch import TopicWatch
from tests.duls.pipelines.aggregate_entries import (
    MIDNIGHTS_US,
    OURS,
    START_US,
    TOPIC,
    TOPIC_ID,
    Entry,
    entry_message,
)
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_versions import version_source
from tests.streams.client_fakes import FakeConsumer, FakeProducer


class Process:
    """One aggregate process over the shared store and logs."""

    def __init__(self, store: MemoryStore, logs: Sequence[Sequence[Entry]], **options: Any) -> None:
        self.now_s = 1_000.0
        self.logs = logs
        self.consumer = FakeConsumer()
        self.consumer.bounds = {(TOPIC, number): (0, len(log)) for number, log in enumerate(logs)}
        self.producer = FakeProducer()
        self.topic_ids = {TOPIC: TOPIC_ID}
        self.is_away = False  # the broker, when it is asked for the ids of topics
        self.metrics = Metrics(version="1", clock=lambda: START_US / US_PER_S + 60.0)
        self.aggregate = Aggregate(
            self.consumer,  # type: ignore[arg-type]  # the fakes have the methods that are used
            store,  # type: ignore[arg-type]  # the same
            Worlds(version_source()),
            AggregateOptions(
                topic=ObservationTopic(TOPIC, TOPIC_ID, len(logs)),
                partial_topic="partial",
                dead_letter_topic="dead",
                installation=OURS,
                **{"flush_s": 1e9, "partial_s": 1e9, **options},
            ),
            watch=TopicWatch({TOPIC: TOPIC_ID}, self._told_ids),
            partial_producer=self.producer,  # type: ignore[arg-type]  # the same
            midnights_us=MIDNIGHTS_US,
            monotonic=lambda: self.now_s,
            metrics=AggregateMetrics(
                self.metrics, clock=lambda: START_US / US_PER_S + 60.0, monotonic=lambda: self.now_s
            ),
        )
        self.aggregate.subscribe()
        pace = self.aggregate._pace
        pace.due_s = pace.soonest_s = self.aggregate._partials.due_s = 1e12

    def _told_ids(self, _answer_s: float) -> dict[str, UUID]:
        """Give the ids of topics as the broker tells them."""
        if self.is_away:
            message = "no answer"
            raise ServiceAwayError(message)
        return self.topic_ids

    def own(self, *partitions: int) -> None:
        """Let the group assign partitions."""
        self.consumer.give(*((TOPIC, number) for number in partitions))

    def read(self, most: int = 1_000) -> int:
        """Read the next messages of every partition in one step."""
        taken = list[Message]()
        for (_, number), start in sorted(self.consumer.assigned.items()):
            end = min(start + most, len(self.logs[number]))
            taken += [
                entry_message(self.logs[number][offset], number, offset) for offset in range(start, end)
            ]
            self.consumer.assigned[TOPIC, number] = end
        self.consumer.incoming.append(taken)
        return self.aggregate.step()

    def die(self) -> None:
        """End as the role does after an error: drop everything, then close, which revokes."""
        self.aggregate.abandon()
        self.consumer.take(*self.consumer.assigned)


def partial_counts(producer: FakeProducer) -> Iterator[dict[str, Any]]:
    """Yield the partial counts that were sent."""
    for sent in producer.sent:
        yield msgspec.json.decode(sent.value or b"", type=dict[str, Any])
