"""The real services work, and survive what fault tests do to them."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.services.external import Broker
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

pytestmark = pytest.mark.services

DEADLINE_S = 60.0


@pytest.fixture
def own_kafka() -> Iterator[KafkaServer]:
    """Run a broker that the test may kill."""
    with KafkaServer() as server:
        yield server


@pytest.fixture
def own_timescale() -> Iterator[TimescaleServer]:
    """Run a database server that the test may kill."""
    with TimescaleServer(log_statements=True) as server:
        yield server


def produce(servers: str, topic: str, value: bytes) -> None:
    """Append one message to a new topic of one partition, stamped by the broker."""
    admin = AdminClient({"bootstrap.servers": servers})
    settings = {"message.timestamp.type": "LogAppendTime"}
    admin.create_topics([NewTopic(topic, 1, 1, config=settings)])[topic].result(DEADLINE_S)
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    producer.produce(topic, value)
    assert producer.flush(DEADLINE_S) == 0


def first_message(servers: str, topic: str) -> Message:
    """Read the first message of a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "reader",
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(DEADLINE_S)
    consumer.close()
    assert message is not None
    assert message.error() is None
    return message


def test_kafka_keeps_a_message_and_stamps_it(kafka: Broker) -> None:
    """What is produced is consumed, with the broker's time."""
    topic = f"round-{uuid.uuid4().hex}"
    produce(kafka.bootstrap_servers, topic, b"hello")

    message = first_message(kafka.bootstrap_servers, topic)

    assert message.value() == b"hello"
    assert message.timestamp()[0] == TIMESTAMP_LOG_APPEND_TIME


def test_timescale_makes_hypertables(database_url: str) -> None:
    """The extension is there, and works in a fresh database."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE EXTENSION timescaledb")
        connection.execute("CREATE TABLE t (at timestamptz NOT NULL, x int)")
        connection.execute("SELECT create_hypertable('t', by_range('at'))")
        connection.execute("INSERT INTO t VALUES (now(), 1)")
        row = connection.execute("SELECT count(*) FROM timescaledb_information.chunks").fetchone()

    assert row == (1,)


def test_kafka_keeps_its_data_when_killed(own_kafka: KafkaServer) -> None:
    """A killed broker comes back at the same address with what was acknowledged."""
    produce(own_kafka.bootstrap_servers, "kept", b"hello")

    own_kafka.kill()
    own_kafka.start()
    own_kafka.stop()
    own_kafka.start()

    assert first_message(own_kafka.bootstrap_servers, "kept").value() == b"hello"
    assert "KafkaRaftServer" in own_kafka.log_text()


def test_timescale_keeps_its_data_when_killed(own_timescale: TimescaleServer) -> None:
    """A killed server recovers what was committed, at the same address, and has logged the statements."""
    url = own_timescale.create_database("kept")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS x")

    own_timescale.kill()
    own_timescale.start()
    own_timescale.stop()
    own_timescale.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == (42,)
    assert "CREATE TABLE t AS" in own_timescale.log_text()
