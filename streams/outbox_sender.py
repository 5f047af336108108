"""Sending messages of the outbox, and waiting until the broker has all of them."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from confluent_kafka import KafkaException, Producer

from duls.errors import ServiceAwayError

POLL_S: Final = 0.2


class Message(Protocol):
    """A message that waits in the outbox."""

    @property
    def topic(self) -> str:
        """Return the topic."""

    @property
    def key(self) -> bytes | None:
        """Return the key."""

    @property
    def value(self) -> bytes | None:
        """Return the value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Return the headers."""

    @property
    def partition(self) -> int | None:
        """Return the partition, None to leave it to the key."""


class OutboxSender:
    """Sends messages and returns once all of them are acknowledged; after a failure, make a new one."""

    def __init__(self, producer: Producer, *, should_give_up: Callable[[], bool]) -> None:
        self._producer = producer
        self._should_give_up = should_give_up
        self._failure: str | None = None

    def send(self, messages: Sequence[Message]) -> None:
        """Send messages in order.

        Raises:
            ServiceAwayError: The broker refused one, or the wait was given up; all are sent again later.
        """
        try:
            for message in messages:
                self._produce(message)
            while self._producer.flush(POLL_S) and self._failure is None:
                self._wait_on()
        except (KafkaException, SystemError) as error:
            text = f"the outbox cannot be sent: {error.__cause__ or error}"
            raise ServiceAwayError(text) from error
        if self._failure is not None:
            text = f"the outbox cannot be sent: {self._failure}"
            raise ServiceAwayError(text)

    def _produce(self, message: Message) -> None:
        """Queue one message, waiting for room."""
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    message.value,
                    key=message.key,
                    headers=list(message.headers),
                    partition=-1 if message.partition is None else message.partition,
                    on_delivery=self._delivered,
                )
            except BufferError:
                self._producer.poll(POLL_S)
                self._wait_on()
            else:
                return

    def _wait_on(self) -> None:
        """Go on waiting for the broker, unless that was given up."""
        if self._should_give_up():
            text = "gave up waiting for the broker; the outbox keeps its messages"
            raise ServiceAwayError(text)

    def _delivered(self, error: object, _message: object) -> None:
        """Note that the broker refused a message."""
        if error is not None and self._failure is None:
            self._failure = str(error)
