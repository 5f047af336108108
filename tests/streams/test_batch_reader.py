"""Reading below message objects gives what message objects give, bounded, and leaves nothing behind."""

import time
import uuid
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from confluent_kafka import Consumer, TopicPartition

from streams import batch_reader, client_library
from streams.batch_reader import BatchReader, make_record_reader, warm_up_reading
from streams.client_library import handle_of, load_library
from streams.clients import make_consumer
from streams.observation_headers import TICK_HEADER
from streams.raw_batch import BITE, MessageReader, RecordReader
from tests.services.external import Broker
from tests.streams.record_reading import (
    Row,
    Sent,
    below_objects,
    by_objects,
    make_topics,
    read_until,
    reading,
    send,
    start,
)

pytestmark = pytest.mark.services


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
