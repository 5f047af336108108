"""The demo's broker takes and gives messages."""

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streams.embedded_broker import EmbeddedBroker

DEADLINE_S = 20.0


def test_the_embedded_broker_keeps_a_message() -> None:
    """What is produced with idempotence is consumed again, headers and all."""
    with EmbeddedBroker() as broker:
        servers: dict[str, str | int | float | bool] = {"bootstrap.servers": broker.bootstrap_servers}
        admin = AdminClient(dict(servers))
        admin.create_topics([NewTopic("t", 1, 1)])["t"].result(DEADLINE_S)
        producer = Producer({**servers, "enable.idempotence": True})
        producer.produce("t", value=None, headers=[("duls-tick", b"")])
        assert producer.flush(DEADLINE_S) == 0
        consumer = Consumer({**servers, "group.id": "g", "auto.offset.reset": "error"})
        consumer.assign([TopicPartition("t", 0, 0)])
        message = consumer.poll(DEADLINE_S)
        consumer.close()

    assert message is not None
    assert (message.value(), message.headers()) == (None, [("duls-tick", b"")])
    assert not broker.running
