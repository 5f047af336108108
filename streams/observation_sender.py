"""The one idempotent producer of intake: rows, progress, ticks and dead letters, in order and without gaps."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from confluent_kafka import KafkaException, Producer

from duls.errors import ServiceAwayError
from processors.source_clock import Mark
from streams.dead_letters import DeadLetter
from streams.observation_headers import TICK_HEADER, Headers, Kind, headers_of
from streams.observation_messages import encode_progress

POLL_S: Final = 0.1


class ObservationSender:
    """Sends what intake makes, and knows when all of it is acknowledged.

    Once the broker has refused something, every later call fails too: an offset must not be committed after it.

    Args:
        producer: A gapless one, see `streams.clients`.
        topic: The observation topic.
        partitions: Of that topic.
        installation: 16 bytes, of the database that the observations are for.
        should_give_up: Asked while waiting for the broker.
    """

    def __init__(
        self,
        producer: Producer,
        *,
        topic: str,
        partitions: int,
        installation: bytes,
        should_give_up: Callable[[], bool],
    ) -> None:
        self.partitions = partitions
        self._producer = producer
        self._topic = topic
        self._installation = installation
        self._should_give_up = should_give_up
        self._failure: str | None = None

    def send_rows(self, kind: Kind, topic_id: bytes, partition: int, value: bytes) -> None:
        """Queue a batch of rows of a source topic for an observation partition."""
        self._produce(self._topic, value, partition, headers_of(kind, self._installation, topic_id))

    def send_progress(self, marks: Sequence[Mark]) -> None:
        """Queue the progress of source partitions for every observation partition, after their rows."""
        value = encode_progress(marks)
        headers = headers_of(Kind.PROGRESS, self._installation)
        for partition in range(self.partitions):
            self._produce(self._topic, value, partition, headers)

    def send_tick(self, topic: str, partition: int) -> None:
        """Queue a tick for a silent raw partition; the broker stamps its time."""
        self._produce(topic, None, partition, [(TICK_HEADER, b"1")])

    def send_dead_letter(self, topic: str, letter: DeadLetter) -> None:
        """Queue a dead letter."""
        self._produce(topic, msgspec.json.encode(letter), -1, [])

    def serve(self) -> None:
        """Let delivery reports come in."""
        self._call(lambda: self._producer.poll(0))

    def wait(self) -> None:
        """Return once everything queued is acknowledged.

        Raises:
            ServiceAwayError: The broker refused a message for good, or the wait was given up. Nothing is lost:
                the offsets of what was queued are not committed yet.
        """
        while self._call(lambda: self._producer.flush(POLL_S)):
            if self._should_give_up():
                message = "gave up waiting for the broker; uncommitted input will be read again"
                raise ServiceAwayError(message)

    def _produce(self, topic: str, value: bytes | None, partition: int, headers: Headers) -> None:
        """Queue one message, waiting for room."""
        while True:
            try:
                self._producer.produce(
                    topic, value, partition=partition, headers=[*headers], on_delivery=self._delivered
                )
            except BufferError:
                self._call(lambda: self._producer.poll(POLL_S))
                if self._should_give_up():
                    message = "gave up waiting for room in the producer's queue; input will be read again"
                    raise ServiceAwayError(message) from None
            except KafkaException as error:
                self._failure = f"a message for topic {topic} cannot be sent: {error}"
                raise ServiceAwayError(self._failure) from error
            else:
                return

    def _delivered(self, error: object, _message: object) -> None:
        """Note that the broker refused a message."""
        # a method of the message would fail here once the producer has failed for good
        if error is not None and self._failure is None:
            self._failure = f"the broker refused a message: {error}"

    def _call(self, serve: Callable[[], int]) -> int:
        """Run a call that brings delivery reports, and return what it returns."""
        try:
            left = serve()
        except (KafkaException, SystemError) as error:
            # a fatal error surfaces as SystemError when a delivery report runs in the same call
            self._failure = f"the producer failed for good: {error.__cause__ or error}"
            raise ServiceAwayError(self._failure) from error
        if self._failure is not None:
            raise ServiceAwayError(self._failure)
        return left
