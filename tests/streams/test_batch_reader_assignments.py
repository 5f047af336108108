"""Reading below message objects while partitions have gaps, stand still, or go from one member to another."""

import time
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.clients import make_consumer
from streams.raw_batch import RecordReader, batch_of
from streams.source_positions import DEAF_TICKS, STUCK_S, Gap, GapBook, SourcePositions
from streams.topic_watch import TopicWatch
from tests.services.external import Broker
from tests.streams.record_reading import (
    DEADLINE_S,
    Row,
    below_objects,
    by_objects,
    make_topics,
    reading,
    rows_of,
    send,
    start,
)

pytestmark = pytest.mark.services


@pytest.mark.parametrize("read_by", [by_objects, below_objects])
def test_records_gone_while_reading_are_a_gap_and_reading_goes_on(
    kafka: Broker, read_by: Callable[[Consumer], RecordReader]
) -> None:
    """What was fetched comes first, then the error of the partition, then what is behind the gap."""
    (topic,) = make_topics(kafka, 1, partitions=1)
    send(kafka, [(topic, 0, b"%04d" % number + bytes(20_000), []) for number in range(200)])
    little = {"fetch.message.max.bytes": 20_000, "queued.max.messages.kbytes": 1, "queued.min.messages": 1}
    consumer = make_consumer(kafka.bootstrap_servers, uuid.uuid4().hex, little)
    reader = read_by(consumer)
    gaps: list[Gap] = []
    positions = SourcePositions(
        consumer,
        {topic: bytes(16)},
        {topic: 1},
        gaps=GapBook(gaps.append),
        watch=TopicWatch({}, lambda _: {}),
        before_release=lambda: None,
        attach=reader.attach,
        monotonic=time.monotonic,
    )
    positions.subscribe()
    offsets: list[int] = []

    def read_to(end: int) -> None:
        end_s = time.monotonic() + DEADLINE_S
        while not offsets or offsets[-1] < end:
            assert time.monotonic() < end_s, offsets
            found = reader.read(1, 0.05)
            for columns in found.topics.values():
                _, moved = batch_of(columns, positions.of_topic(topic))
                positions.move(topic, moved)
                offsets.extend(columns.offset.tolist())
            for failed in found.errors:
                assert KafkaError._AUTO_OFFSET_RESET == failed.error.code()
                positions.skip_gap(failed.topic, failed.partition)

    read_to(3)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    for deleted in admin.delete_records([TopicPartition(topic, 0, 150)]).values():
        deleted.result(30)
    read_to(199)
    reader.close()
    consumer.close()

    (gap,) = gaps
    assert (topic, 0, 150) == (gap.topic, gap.partition, gap.to_offset)
    assert list(range(gap.from_offset)) + list(range(150, 200)) == offsets


@pytest.mark.parametrize("read_by", [by_objects, below_objects])
def test_a_partition_that_the_client_does_not_read_is_assigned_again(
    kafka: Broker, read_by: Callable[[Consumer], RecordReader]
) -> None:
    """A pause that nobody knows of stands for whatever keeps the client from fetching."""
    (topic,) = make_topics(kafka, 1, partitions=1)
    send(kafka, [(topic, 0, b"%d" % number, []) for number in range(4)])
    now_s = 0.0
    rows: list[Row] = []
    with reading(kafka, read_by) as (consumer, reader):
        positions = SourcePositions(
            consumer,
            {topic: bytes(16)},
            {topic: 1},
            gaps=GapBook(lambda _gap: None),
            watch=TopicWatch({}, lambda _: {}),
            before_release=lambda: None,
            attach=reader.attach,
            monotonic=lambda: now_s,
        )
        positions.subscribe()

        def read_to(count: int) -> None:
            end_s = time.monotonic() + DEADLINE_S
            while len(rows) < count:
                assert time.monotonic() < end_s, rows
                found = reader.read(10, 0.05)
                rows.extend(rows_of(found))
                for columns in found.topics.values():
                    _, moved = batch_of(columns, positions.of_topic(topic))
                    positions.move(topic, moved)

        read_to(4)
        consumer.pause([TopicPartition(topic, 0)])
        send(kafka, [(topic, 0, b"%d" % number, []) for number in range(4, 8)])
        assert 0 == sum(reader.read(10, 0.05).messages for _ in range(10))
        for _ in range(DEAF_TICKS):
            now_s += STUCK_S + 0.1
            positions.silent(now_s, 1.0)
        assert [(topic, 0)] == positions.listen_again()
        read_to(8)

    assert list(range(8)) == [row[2] for row in rows]


def test_partitions_go_from_one_member_of_a_group_to_another_and_back(kafka: Broker) -> None:
    """Each message below a commit is read once, whoever owns its partition; no member reads what it gave back."""
    (topic,) = make_topics(kafka, 1, partitions=4)
    group = uuid.uuid4().hex
    send(kafka, [(topic, number % 4, b"%d" % number, []) for number in range(2_000)])
    members: list[tuple[Consumer, RecordReader, set[int], dict[int, int]]] = []

    def join() -> None:
        consumer = make_consumer(kafka.bootstrap_servers, group, {})
        reader, owned, offsets = below_objects(consumer), set[int](), dict[int, int]()

        def assigned(_consumer: Consumer, given: list[TopicPartition]) -> None:
            committed = consumer.committed(given, timeout=30)
            places = [TopicPartition(topic, p.partition, max(p.offset, 0)) for p in committed]
            owned.update(place.partition for place in places)
            start(consumer, reader, places)

        def revoked(_consumer: Consumer, taken: list[TopicPartition]) -> None:
            for place in taken:
                owned.discard(place.partition)
                offset = offsets.pop(place.partition, None)
                if offset is not None:
                    consumer.commit(
                        offsets=[TopicPartition(topic, place.partition, offset)], asynchronous=False
                    )
            consumer.incremental_unassign(taken)

        consumer.subscribe([topic], on_assign=assigned, on_revoke=revoked, on_lost=revoked)
        members.append((consumer, reader, owned, offsets))

    rows: list[Row] = []

    def step() -> None:
        for _, reader, owned, offsets in members:
            for row in rows_of(reader.read(200, 0.02)):
                if row[1] in owned:
                    assert row[2] >= offsets.get(row[1], 0), row
                    offsets[row[1]] = row[2] + 1
                    rows.append(row)

    def wait_for(condition: Callable[[], bool]) -> None:
        end_s = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end_s, [member[2] for member in members]
            step()

    join()
    wait_for(lambda: len(rows) >= 300)
    join()
    wait_for(lambda: [2, 2] == [len(member[2]) for member in members])
    send(kafka, [(topic, number % 4, b"%d" % number, []) for number in range(2_000)])
    wait_for(lambda: len(rows) >= 3_000)
    consumer, reader, _, offsets = members.pop(0)
    places = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
    if places:
        consumer.commit(offsets=places, asynchronous=False)
    offsets.clear()
    reader.close()
    consumer.close()
    wait_for(lambda: len(rows) >= 4_000 and len(members[0][2]) == 4)
    members[0][1].close()
    members[0][0].close()

    assert sorted((p, o) for p in range(4) for o in range(1_000)) == sorted(row[1:3] for row in rows)
