"""One message at a time: each caller hears what became of its own, and a producer that is done for is told apart."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from confluent_kafka import KafkaError, KafkaException

from duls.errors import ServiceAwayError
from streams.deed_sender import DeedSender


class Deed(NamedTuple):
    """A message."""

    topic: str = "topic"
    key: bytes | None = b"key"
    value: bytes = b"value"


class Producer:
    """Takes messages and answers each with *error*, or refuses with *refusal*."""

    def __init__(self, error: KafkaError | None = None, refusal: Exception | None = None) -> None:
        self._error, self._refusal = error, refusal
        self._tell: list[Callable[[KafkaError | None, object], None]] = []

    def produce(
        self, *_: object, on_delivery: Callable[[KafkaError | None, object], None], **__: object
    ) -> None:
        """Take a message."""
        if self._refusal is not None:
            raise self._refusal
        self._tell.append(on_delivery)

    def poll(self, _timeout_s: float) -> None:
        """Answer."""
        self._tell.pop()(self._error, None)


def test_an_acknowledged_message_is_sent() -> None:
    """And the producer is as good as before."""
    sender = DeedSender(Producer())  # type: ignore[arg-type]  # a stand-in

    sender.send(Deed())

    assert not sender.is_broken


@pytest.mark.parametrize(
    ("producer", "is_broken"),
    [
        (Producer(error=KafkaError(KafkaError._MSG_TIMED_OUT)), False),
        (Producer(error=KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "gone", True)), True),
        (Producer(refusal=BufferError("full")), False),
        (Producer(refusal=KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))), False),
        (Producer(refusal=KafkaException(KafkaError(KafkaError._FATAL))), True),
    ],
)
def test_a_message_that_is_not_taken_is_told(producer: Producer, is_broken: bool) -> None:
    """After a fatal error a producer sends nothing ever again, so its owner needs to know."""
    sender = DeedSender(producer)  # type: ignore[arg-type]  # a stand-in

    with pytest.raises(ServiceAwayError):
        sender.send(Deed())

    assert is_broken == sender.is_broken
