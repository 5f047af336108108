"""Topics of real Kafka with messages in them, consumers with a reader of either kind, and the rows that they give."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.batch_reader import BatchReader, make_record_reader
from streams.clients import make_consumer
from streams.raw_batch import MessageReader, Reading, RecordReader
from tests.services.external import Broker

DEADLINE_S = 60.0
Row = tuple[str, int, int, bytes | None, int, bool]
Sent = tuple[str, int, bytes | None, list[tuple[str, str | bytes | None]]]


@contextmanager
def reading(
    kafka: Broker, read_by: Callable[[Consumer], RecordReader], group: str = ""
) -> Iterator[tuple[Consumer, RecordReader]]:
    """Give a consumer and its reader."""
    consumer = make_consumer(kafka.bootstrap_servers, group or uuid.uuid4().hex, {})
    reader = read_by(consumer)
    try:
        yield consumer, reader
    finally:
        reader.close()
        consumer.close()


def by_objects(consumer: Consumer) -> RecordReader:
    """Return the reader of message objects."""
    return MessageReader(consumer.consume)


def below_objects(consumer: Consumer) -> BatchReader:
    """Return the reader below them."""
    reader = make_record_reader(consumer)
    assert isinstance(reader, BatchReader)
    return reader


def make_topics(kafka: Broker, count: int, partitions: int = 2) -> list[str]:
    """Return new topics."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    names = [f"read-{number}-{uuid.uuid4().hex}" for number in range(count)]
    for made in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
        made.result(30)
    return names


def send(kafka: Broker, messages: Sequence[Sent]) -> None:
    """Append messages."""
    producer = Producer(
        {"bootstrap.servers": kafka.bootstrap_servers, "queue.buffering.max.messages": 500_000}
    )
    for topic, partition, value, headers in messages:
        producer.produce(topic, value, partition=partition, headers=headers)
    assert producer.flush(60) == 0


def start(consumer: Consumer, reader: RecordReader, places: Sequence[TopicPartition]) -> None:
    """Let a consumer have partitions, as the assignment of a group does."""
    reader.attach(list(places))
    consumer.incremental_assign(list(places))


def rows_of(found: Reading) -> list[Row]:
    """Return what was read."""
    return [
        (topic, int(partition), int(offset), value, int(broker_us), row in columns.ticks)
        for topic, columns in found.topics.items()
        for row, (partition, offset, value, broker_us) in enumerate(
            zip(columns.partition, columns.offset, columns.values, columns.broker_us, strict=True)
        )
    ]


def read_until(
    reader: RecordReader, enough: Callable[[list[Row], list[Any]], bool], most: int = 20_000
) -> list[Row]:
    """Read until there is enough."""
    rows: list[Row] = []
    errors: list[Any] = []
    end_s = time.monotonic() + DEADLINE_S
    while not enough(rows, errors):
        assert time.monotonic() < end_s, (len(rows), errors)
        found = reader.read(most, 0.05)
        rows += rows_of(found)
        errors += found.errors
    return rows
