"""An observation partition that the client stops reading is read on, and only such a one is assigned again."""

import time
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from duls.metrics import Metrics
from duls.pipelines.aggregate import Aggregate, AggregateOptions
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.deaf_watch import EVERY_S
from duls.pipelines.partition_loader import ObservationTopic
from duls.pipelines.worlds import Worlds
from streams.clients import make_consumer
from streams.topic_watch import TopicWatch
from tests.duls.pipelines.aggregate_entries import MIDNIGHTS_US, OURS, TOPIC, TOPIC_ID, Entry
from tests.duls.pipelines.aggregate_logs import BEGIN, drive
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_versions import version_source
from tests.duls.pipelines.aggregate_world import Process
from tests.services.external import Broker
from tests.streams.client_fakes import FakeProducer

DEADLINE_S = 60.0
LOOKS = 4  # more than it takes


def restarts(metrics: Metrics) -> str:
    """Return how often a partition was assigned again."""
    (line,) = (text for text in metrics.exposition().decode().splitlines() if text.startswith(COUNTER))
    return line.removeprefix(COUNTER)


COUNTER = "duls_reading_restarts_total "


def look(process: Process, most: int = 1_000) -> None:
    """Let time pass until the next look, with at most so many messages of each partition in between."""
    process.now_s += EVERY_S + 0.1
    process.read(most)


@pytest.fixture
def process() -> Process:
    """Return a process that has read both of its partitions to their ends."""
    logs = [[*BEGIN, *drive()], list(BEGIN)]
    process = Process(MemoryStore(), logs)
    process.own(0, 1)
    process.read()
    return process


def test_a_partition_that_holds_messages_and_gives_none_is_read_anew(process: Process) -> None:
    """From where it is read, and even where somebody paused it."""
    process.consumer.bounds[TOPIC, 1] = (0, len(BEGIN) + 1)
    process.consumer.pause([TopicPartition(TOPIC, 1)])

    for _ in range(LOOKS - 1):
        look(process)

    assert "1.0" == restarts(process.metrics)
    assert set() == process.consumer.paused
    assert len(BEGIN) == process.consumer.assigned[TOPIC, 1]


def test_partitions_at_their_ends_are_left_alone(process: Process) -> None:
    """A night without messages is no reason."""
    for _ in range(LOOKS):
        look(process)

    assert "0.0" == restarts(process.metrics)


def test_partitions_that_move_are_left_alone() -> None:
    """However far they are behind."""
    process = Process(MemoryStore(), [[*BEGIN, *drive()]])
    process.own(0)

    for _ in range(LOOKS):
        look(process, most=1)

    assert "0.0" == restarts(process.metrics)


def test_partitions_that_wait_for_their_turn_are_left_alone() -> None:
    """While the client has more to give than is taken, silence says nothing."""
    logs = [[*BEGIN, *drive(60)], list(BEGIN)]
    process = Process(MemoryStore(), logs, batch_messages=1)
    process.own(0, 1)
    for _ in BEGIN:
        process.read(1)
    process.consumer.bounds[TOPIC, 1] = (0, len(BEGIN) + 1)

    for _ in range(2 * LOOKS):
        look(process, most=1)

    assert "0.0" == restarts(process.metrics)


def test_one_broker_that_is_away_hides_no_other_partition(process: Process) -> None:
    """Its partitions are not asked about again and again."""
    asked = process.consumer.get_watermark_offsets

    def ask(place: TopicPartition, *, timeout: float = 0.0, cached: bool = False) -> tuple[int, int]:
        process.consumer.is_away = place.partition == 0
        return asked(place, timeout=timeout, cached=cached)

    process.consumer.get_watermark_offsets = ask  # type: ignore[method-assign]
    process.consumer.bounds[TOPIC, 1] = (0, len(BEGIN) + 1)

    for _ in range(LOOKS - 1):
        look(process)

    assert "1.0" == restarts(process.metrics)


def test_a_broker_that_is_away_is_not_taken_for_deafness(process: Process) -> None:
    """It is asked again when it is back."""
    process.consumer.bounds[TOPIC, 1] = (0, len(BEGIN) + 1)
    process.consumer.is_away = True
    for _ in range(LOOKS):
        look(process)
    assert "0.0" == restarts(process.metrics)

    process.consumer.is_away = False
    for _ in range(LOOKS - 2):
        look(process)

    assert "1.0" == restarts(process.metrics)


@pytest.mark.services
def test_a_client_that_stands_still_reads_on(kafka: Broker) -> None:
    """On real Kafka; a pause that nobody knows of stands for whatever makes a client deaf."""
    topic = f"observations-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    consumer = make_consumer(kafka.bootstrap_servers, uuid.uuid4().hex, {})
    metrics = Metrics(version="1", clock=time.time)
    now_s = 1_000.0
    aggregate = Aggregate(
        consumer,
        MemoryStore(),  # type: ignore[arg-type]  # the fakes have the methods that are used
        Worlds(version_source()),
        AggregateOptions(ObservationTopic(topic, TOPIC_ID, 1), "partial", "dead", OURS),
        watch=TopicWatch({}, lambda _: {}),
        partial_producer=FakeProducer(),  # type: ignore[arg-type]  # the same
        midnights_us=MIDNIGHTS_US,
        monotonic=lambda: now_s,
        metrics=AggregateMetrics(metrics, clock=time.time, monotonic=lambda: now_s),
    )

    def read_until(is_done: Callable[[], bool]) -> None:
        end_s = time.monotonic() + DEADLINE_S
        while not is_done():
            assert time.monotonic() < end_s
            aggregate.step()

    log = [*BEGIN, *drive()]
    half = len(log) // 2
    send(kafka, topic, log[:half])
    aggregate.subscribe()
    read_until(lambda: bool(aggregate.owned) and aggregate.owned[0].read_offset == half)

    consumer.pause([TopicPartition(topic, 0)])
    send(kafka, topic, log[half:])
    for _ in range(LOOKS - 1):
        now_s += EVERY_S + 0.1
        aggregate.step()
    read_until(lambda: aggregate.owned[0].read_offset == len(log))
    aggregate.abandon()
    consumer.close()

    assert "1.0" == restarts(metrics)


def send(kafka: Broker, topic: str, entries: list[Entry]) -> None:
    """Append entries."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for entry in entries:
        producer.produce(topic, entry.value, partition=0, headers=list(entry.headers))
    assert producer.flush(60) == 0
