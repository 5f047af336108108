"""Reading below message objects gives what message objects give, whatever the group does meanwhile."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams import batch_reader, client_library
from streams.batch_reader import BatchReader, make_record_reader, warm_up_reading
from streams.client_library import handle_of, load_library
from streams.clients import make_consumer
from streams.decode.lexer import PADDING
from streams.observation_headers import TICK_HEADER
from streams.raw_batch import BITE, MessageReader, Reading, RecordReader, batch_of
from streams.raw_values import RawValues
from streams.source_positions import DEAF_TICKS, STUCK_S, Gap, GapBook, SourcePositions
from streams.topic_watch import TopicWatch
from tests.services.external import Broker

pytestmark = pytest.mark.services

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


def read_all(
    kafka: Broker, read_by: Callable[[Consumer], RecordReader], topics: Sequence[str], count: int
) -> list[Row]:
    """Return all messages of topics, sorted by their place."""
    with reading(kafka, read_by) as (consumer, reader):
        start(consumer, reader, [TopicPartition(topic, number, 0) for topic in topics for number in range(2)])
        rows = read_until(reader, lambda found, _errors: len(found) >= count)
    return sorted(rows, key=lambda row: row[:3])


def test_every_kind_of_message_is_read_as_message_objects_are(kafka: Broker) -> None:
    """Values of all sizes, empty ones and none, with and without headers, ticks, and two topics at once."""
    topics = make_topics(kafka, 2)
    rng = np.random.default_rng(3)
    messages: list[Sent] = []
    for number in range(3 * BITE):
        topic, partition = topics[number % 5 == 0], int(rng.integers(2))
        messages.append((topic, partition, rng.bytes(int(rng.integers(300))), []))
    for place in (0, 17, BITE, 2 * BITE + 1):
        messages[place : place + 1] = [
            (topics[0], 0, None, [(TICK_HEADER, b"1")]),
            (topics[0], 1, None, [("theirs", b"1")]),
            (topics[0], 1, None, []),
            (topics[1], 0, b"", [(TICK_HEADER, b"1")]),
            (topics[1], 0, b"x" * 700_000, []),
        ]
    send(kafka, messages)

    expected = read_all(kafka, by_objects, topics, len(messages))
    found = read_all(kafka, below_objects, topics, len(messages))

    assert len(messages) == len(found)
    assert expected == found
    assert 4 == sum(row[5] for row in found)


def test_a_batch_has_at_most_what_was_asked_for(kafka: Broker) -> None:
    """And the rest comes with the next one, in order."""
    (topic,) = make_topics(kafka, 1)
    send(kafka, [(topic, 0, b"%d" % number, []) for number in range(2 * BITE)])

    with reading(kafka, below_objects) as (consumer, reader):
        start(consumer, reader, [TopicPartition(topic, 0, 0)])
        rows = read_until(reader, lambda found, _errors: len(found) > 0, most=BITE + 5)
        assert len(rows) <= BITE + 5
        rows += read_until(reader, lambda found, _errors: len(rows) + len(found) >= 2 * BITE, most=BITE + 5)

    assert [b"%d" % number for number in range(2 * BITE)] == [row[3] for row in rows]


def test_paused_partitions_give_nothing_until_they_are_resumed(kafka: Broker) -> None:
    """What was fetched before the pause is fetched again, and nothing is lost."""
    (topic,) = make_topics(kafka, 1)
    send(kafka, [(topic, number % 2, b"%d" % number, []) for number in range(4_000)])

    with reading(kafka, below_objects) as (consumer, reader):
        start(consumer, reader, [TopicPartition(topic, number, 0) for number in range(2)])
        rows = read_until(reader, lambda found, _errors: len(found) > 0, most=100)
        consumer.pause([TopicPartition(topic, 1)])
        ahead = sum(row[1] == 1 for row in rows)
        rows += read_until(
            reader, lambda found, _errors: sum(r[1] == 0 for r in rows + found) >= 2_000, most=100
        )
        assert ahead == sum(row[1] == 1 for row in rows)
        consumer.resume([TopicPartition(topic, 1)])
        rows += read_until(reader, lambda found, _errors: len(rows) + len(found) >= 4_000)

    for partition in range(2):
        assert list(range(2_000)) == [row[2] for row in rows if row[1] == partition]


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


def test_a_reader_may_be_closed_with_messages_unread(kafka: Broker) -> None:
    """They are freed with the client, which is gone within seconds, again and again."""
    (topic,) = make_topics(kafka, 1)
    send(kafka, [(topic, number % 2, b"x" * 500, []) for number in range(20_000)])

    for _ in range(5):
        with reading(kafka, below_objects) as (consumer, reader):
            start(consumer, reader, [TopicPartition(topic, number, 0) for number in range(2)])
            read_until(reader, lambda found, _errors: len(found) > 0, most=50)
            began_s = time.monotonic()
        assert time.monotonic() - began_s < 30.0


def test_the_buffer_is_empty_once_nothing_is_read(kafka: Broker) -> None:
    """A plate lives in intake for the time of one batch."""
    (topic,) = make_topics(kafka, 1)
    send(kafka, [(topic, 0, b"NL:SECRET-1", [])])

    with reading(kafka, below_objects) as (consumer, reader):
        assert isinstance(reader, BatchReader)
        start(consumer, reader, [TopicPartition(topic, 0, 0)])
        read_until(reader, lambda found, _errors: len(found) > 0)
        assert b"SECRET" in reader._buffer.tobytes()
        reader.read(10, 0.0)
        assert not reader._buffer.any()


def test_messages_that_the_consumer_gives_itself_come_first(kafka: Broker) -> None:
    """A partition that was assigned before it was attached loses nothing."""
    (topic,) = make_topics(kafka, 1)
    send(kafka, [(topic, 0, b"%d" % number, []) for number in range(100)])

    with reading(kafka, below_objects) as (consumer, reader):
        consumer.assign([TopicPartition(topic, 0, 0)])
        rows = read_until(reader, lambda found, _errors: len(found) >= 100)

    assert list(range(100)) == [row[2] for row in rows]


def test_the_handle_is_that_of_the_client(kafka: Broker) -> None:
    """The name of the client behind the address is that of the consumer."""
    library = load_library()
    assert library is not None
    name = f"ours-{uuid.uuid4().hex}"
    consumer = make_consumer(kafka.bootstrap_servers, "g", {"client.id": name})
    library.rd_kafka_name.restype = client_library._TEXT
    library.rd_kafka_name.argtypes = [client_library._ADDRESS]

    assert library.rd_kafka_name(handle_of(consumer)).decode().startswith(name)
    consumer.close()


def test_an_unknown_client_is_read_by_message_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looked into its objects."""
    monkeypatch.setattr(client_library, "KNOWN_RELEASES", ("0.",))
    consumer = make_consumer("127.0.0.1:1", "g", {})

    assert isinstance(make_record_reader(consumer), MessageReader)
    consumer.close()


def test_kernels_of_reading_are_warm_after_the_warm_up() -> None:
    """No message is needed for it."""
    warm_up_reading()

    assert batch_reader.take_messages.signatures  # type: ignore[attr-defined] # of a compiled kernel


def test_parts_of_values_are_values_with_padding() -> None:
    """A window over a buffer is what the values by themselves would be, for all who read it."""
    values = [b"a", None, b"", b"\x00bcd", b"e" * 40]
    whole = RawValues.of(values)

    assert values == list(whole)
    for first in range(6):
        for last in range(6):
            part = whole[first:last]
            assert values[first:last] == list(part)
            assert part.starts[0] == 0
            assert part.buffer.size - part.starts[-1] >= len(PADDING)
    assert [b"\x00bcd", b"a"] == list(whole.chosen(np.array([3, 0])))
    assert whole[-1] == b"e" * 40
    with pytest.raises(IndexError):
        whole[5]
