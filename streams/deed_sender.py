"""Sending one message at a time from many threads over one producer, each waiting for its own acknowledgement."""

import threading
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from duls.errors import ServiceAwayError
from streams.outbox_sender import Message

POLL_S: Final = 0.05


class DeedSender:
    """Sends messages; the producer gives each up by itself after a while.

    Args:
        producer: with a `message.timeout.ms`.
    """

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._is_broken = False

    @property
    def is_broken(self) -> bool:
        """Tell whether the producer will never send again, so that another one is needed."""
        return self._is_broken

    def send(self, message: Message) -> None:
        """Send a message and return once the broker has it.

        Raises:
            ServiceAwayError: the broker does not take it; it may have it all the same.
        """
        arrived = _Arrival()
        try:
            self._producer.produce(message.topic, message.value, key=message.key, on_delivery=arrived.tell)
        except (BufferError, KafkaException) as error:
            self._note(error.args[0] if isinstance(error, KafkaException) else None)
            text = f"{message.topic} takes no message: {error}"
            raise ServiceAwayError(text) from error
        while not arrived.event.is_set():
            self._producer.poll(POLL_S)  # any thread may serve the others
        if arrived.failure is not None:
            self._note(arrived.failure)
            text = f"{message.topic} did not take the message: {arrived.failure}"
            raise ServiceAwayError(text)

    def _note(self, error: KafkaError | None) -> None:
        """Note whether an error is the last one of the producer."""
        if error is not None and (error.fatal() or error.code() == KafkaError._FATAL):  # noqa: SLF001  # no public name
            self._is_broken = True


class _Arrival:
    """What became of one message."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.failure: KafkaError | None = None

    def tell(self, error: KafkaError | None, _message: object) -> None:
        """Note it."""
        self.failure = error
        self.event.set()
