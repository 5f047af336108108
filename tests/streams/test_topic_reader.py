"""A topic can be read by people, to its end and no farther."""

import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from duls.errors import ServiceAwayError
from streams import topic_reader
from streams.embedded_broker import EmbeddedBroker
from streams.topic_reader import (
    RETRIES,
    bounds,
    committed_offsets,
    make_reader,
    messages_to_end,
    oldest_times_us,
)

DEADLINE_S = 20.0
FIRST_MS = 1_700_000_000_000


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.services)])
def servers(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name the address of the demo's broker, and of a real one."""
    if request.param == "real":
        yield request.getfixturevalue("kafka").bootstrap_servers
        return
    with EmbeddedBroker() as embedded:
        yield embedded.bootstrap_servers


@pytest.fixture
def topic(servers: str) -> str:
    """Make a topic of two partitions, seven messages in the first and none in the second."""
    name = f"read-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": servers})
    # the messages are old: a broker that looks for expired ones would take them away
    kept = NewTopic(name, 2, 1, config={"retention.ms": "-1"})
    admin.create_topics([kept])[name].result(DEADLINE_S)
    producer = Producer({"bootstrap.servers": servers})
    for number in range(7):
        producer.produce(name, str(number).encode(), partition=0, timestamp=FIRST_MS + number)
        producer.flush(DEADLINE_S)
    return name


@pytest.fixture
def reader(servers: str) -> Iterator[Consumer]:
    """Make a reader and close it."""
    made = make_reader(servers, {}, group=f"g-{uuid.uuid4().hex}")
    yield made
    made.close()


def test_everything_up_to_the_end_is_read(reader: Consumer, topic: str) -> None:
    """An empty partition does not keep the reader waiting."""
    read = list(messages_to_end(reader, topic, {0: OFFSET_BEGINNING, 1: OFFSET_BEGINNING}))

    assert [b"0", b"1", b"2", b"3", b"4", b"5", b"6"] == [message.value() for message in read]


def test_reading_begins_where_told(reader: Consumer, topic: str) -> None:
    """The start is an offset."""
    assert [5, 6] == [message.offset() for message in messages_to_end(reader, topic, {0: 5})]


def test_the_oldest_record_tells_its_time(reader: Consumer, topic: str) -> None:
    """A partition without records has none."""
    assert {0: FIRST_MS * 1_000} == oldest_times_us(reader, topic, 2)


def test_ends_and_commits_are_told(reader: Consumer, topic: str) -> None:
    """A commit without joining the group is kept."""
    before = committed_offsets(reader, topic, 2)
    reader.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)

    assert ({}, {0: 4}) == (before, committed_offsets(reader, topic, 2))
    assert {0: (0, 7), 1: (0, 0)} == bounds(reader, topic, 2)


def test_a_broker_that_is_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence for long enough is an answer."""
    monkeypatch.setattr(topic_reader, "SILENCE_S", 0.3)
    away = make_reader("127.0.0.1:1", {"log_level": 0})

    with pytest.raises(ServiceAwayError, match="nothing came"):
        list(messages_to_end(away, "t", {0: OFFSET_BEGINNING}))
    with pytest.raises(ServiceAwayError, match="the end of topic t"):
        bounds(away, "t", 1)
    with pytest.raises(ServiceAwayError, match="committed offsets of topic t"):
        committed_offsets(away, "t", 1)
    away.close()


class Removing:
    """A reader of a partition whose oldest record is removed as often as told while it is asked for."""

    def __init__(self, times: int) -> None:
        self._left = times

    def assign(self, _places: object) -> None:
        """Begin anew."""

    def consume(self, _count: int, _timeout_s: float) -> list["Removing"]:
        """Give one message: an error, or the record."""
        return [self]

    def error(self) -> KafkaError | None:
        """Say that the offset is gone, or nothing."""
        self._left -= 1
        return KafkaError(KafkaError._AUTO_OFFSET_RESET) if self._left >= 0 else None

    def timestamp(self) -> tuple[int, int]:
        """Return when it was appended."""
        return 1, FIRST_MS


def test_an_oldest_record_that_is_removed_meanwhile_is_asked_for_again() -> None:
    """Retention removes records while people look; what goes on for ever is told."""
    assert {0: FIRST_MS * 1_000} == oldest_times_us(Removing(RETRIES), "topic", 1)  # type: ignore[arg-type]  # a stand-in
    with pytest.raises(ServiceAwayError, match="cannot read topic"):
        oldest_times_us(Removing(2 * RETRIES + 5), "topic", 1)  # type: ignore[arg-type]  # a stand-in
