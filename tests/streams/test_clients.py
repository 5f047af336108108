"""Clients are made with the properties that figures rest on, whatever the settings say."""

import uuid

import pytest
from confluent_kafka import KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from duls.config.sections import OWN_CLIENT_PROPERTIES
from duls.errors import ConfigError
from streams.clients import CONSUMER_GUARDS, make_admin, make_consumer, make_gapless_producer, make_producer
from tests.services.external import Broker

DEADLINE_S = 30.0


@pytest.mark.parametrize(
    "make",
    [
        make_admin,
        make_producer,
        make_gapless_producer,
        lambda servers, properties: make_consumer(servers, "g", properties),
    ],
)
def test_a_property_that_librdkafka_does_not_know_is_a_wrong_setting(make: object) -> None:
    """The sentence names it."""
    assert callable(make)

    with pytest.raises(ConfigError, match=r'\[kafka\.client\].*No such configuration property: "no\.such"'):
        make("127.0.0.1:1", {"no.such": 1})


def test_guards_cannot_be_set_in_silence() -> None:
    """What clients would not take from the settings, the settings refuse."""
    assert CONSUMER_GUARDS.keys() <= OWN_CLIENT_PROPERTIES


@pytest.mark.services
def test_an_offset_that_the_topic_does_not_hold_is_an_error_and_never_a_jump(kafka: Broker) -> None:
    """Whoever reads on in silence has lost what lies between."""
    topic = f"t{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(DEADLINE_S)
    producer = make_producer(kafka.bootstrap_servers, {})
    producer.produce(topic, b"the only record")
    assert producer.flush(DEADLINE_S) == 0
    consumer = make_consumer(kafka.bootstrap_servers, topic, {"auto.offset.reset": "earliest"})

    consumer.assign([TopicPartition(topic, 0, 7)])
    message = consumer.poll(DEADLINE_S)
    consumer.close()

    assert message is not None
    error = message.error()
    assert error is not None
    assert error.code() == KafkaError._AUTO_OFFSET_RESET
