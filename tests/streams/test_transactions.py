"""Senders that use transactions: the marks that these leave in a raw partition are never given out."""

import time
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.clients import make_consumer
from streams.raw_batch import PartitionPosition
from streams.source_positions import STUCK_S, GapBook, SourcePositions
from streams.topic_watch import TopicWatch
from tests.services.external import Broker

pytestmark = pytest.mark.services

RECORDS = 5


def test_a_partition_that_ends_with_a_mark_is_ticked_all_the_same(kafka: Broker) -> None:
    """Its end lies one offset behind the last record, and nothing comes to move there; stream time goes on."""
    topic = f"raw-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": topic})
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(RECORDS):
        producer.produce(topic, b"{}")
    producer.commit_transaction(30)
    consumer = make_consumer(kafka.bootstrap_servers, topic, {})
    later_s = 0.0
    positions = SourcePositions(
        consumer,
        {topic: bytes(16)},
        {topic: 1},
        gaps=GapBook(lambda _gap: None),
        watch=TopicWatch({}, lambda _: {}),
        before_release=lambda: None,
        attach=lambda _partitions: None,
        monotonic=lambda: time.monotonic() + later_s,
    )
    positions.subscribe()
    next_offset = 0
    end_s = time.monotonic() + 60.0
    while next_offset < RECORDS and time.monotonic() < end_s:
        for message in consumer.consume(100, 0.1):
            next_offset = (message.offset() or 0) + 1
            positions.move(topic, {0: PartitionPosition(next_offset, 0, 0)})
    consumer.consume(1, 1.0)

    soon = positions.silent(time.monotonic() + 1.0, 1.0)
    later_s = STUCK_S + 1.0
    late = positions.silent(time.monotonic() + later_s, 1.0)
    consumer.close()

    assert RECORDS == next_offset
    assert ([], [(topic, 0)]) == (soon, late)
