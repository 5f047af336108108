"""Messages of the outbox are gone only once the broker has all of them."""

from typing import NamedTuple

import pytest
from confluent_kafka import KafkaError, KafkaException

from duls.errors import ServiceAwayError
from streams.outbox_sender import OutboxSender
from tests.streams.client_fakes import FakeProducer


class Waiting(NamedTuple):
    """A message of an outbox."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


MESSAGES = [
    Waiting("control", None, b"1", (("duls-kind", b"control"),), 0),
    Waiting("control", None, b"1", (("duls-kind", b"control"),), 1),
    Waiting("dead", b"key", None),
]


def sender_of(producer: FakeProducer, *, gives_up: bool = False) -> OutboxSender:
    """Return a sender."""
    return OutboxSender(producer, should_give_up=lambda: gives_up)  # type: ignore[arg-type]  # the fake has what is used


def test_messages_go_in_order_to_their_partitions() -> None:
    """A message without a partition goes by its key."""
    producer = FakeProducer()

    sender_of(producer).send(MESSAGES)

    assert [0, 1, -1] == [sent.partition for sent in producer.sent]
    assert [(b"1", None), (b"1", None), (None, b"key")] == [(sent.value, sent.key) for sent in producer.sent]
    assert [("duls-kind", b"control")] == producer.sent[0].headers


def test_a_full_queue_is_waited_for() -> None:
    """The thread of the outbox must not die of it."""
    producer = FakeProducer()
    producer.room = 1

    sender_of(producer).send(MESSAGES)

    assert 3 == len(producer.sent)


@pytest.mark.parametrize("room", [1, 3])
def test_a_broker_that_is_away_is_given_up_when_asked(room: int) -> None:
    """The messages stay in the outbox."""
    producer = FakeProducer()
    producer.room, producer.answers = room, False

    with pytest.raises(ServiceAwayError, match="keeps its messages"):
        sender_of(producer, gives_up=True).send(MESSAGES)


def test_a_refused_message_keeps_all_of_them() -> None:
    """They are sent again later, with another sender."""
    producer = FakeProducer()
    producer.delivery_error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    with pytest.raises(ServiceAwayError, match="cannot be sent"):
        sender_of(producer).send(MESSAGES)


@pytest.mark.parametrize("error", [KafkaException(KafkaError(KafkaError._FATAL)), SystemError("fatal")])
def test_a_client_that_fails_keeps_all_of_them(error: Exception) -> None:
    """In whatever way the client says so."""
    producer = FakeProducer()
    producer.flush_errors = [error]

    with pytest.raises(ServiceAwayError, match="cannot be sent"):
        sender_of(producer).send(MESSAGES)
