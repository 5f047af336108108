"""Sending uploads to raw topics: each is told when the broker has all of it, or that it has not."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Final

from confluent_kafka import KafkaException, Producer

from duls.errors import BusyError, ServiceAwayError

POLL_S: Final = 0.1
CLOSE_S: Final = 3.0  # what is under way when the process ends has so long; a role ends within 10 s


class _Delivery:
    """The parts of one upload that wait for the broker."""

    def __init__(self, parts: int) -> None:
        self.done: Future[None] = Future()
        self._left = parts
        if parts == 0:
            self.done.set_result(None)

    def report(self, error: object, _message: object) -> None:
        """Take what became of one part; reports come from one thread."""
        if self.done.done():
            return
        self._left -= 1
        if error is not None:
            self.fail(ServiceAwayError(f"the broker has not taken an upload: {error}"))
        elif self._left == 0:
            # nobody may wait any more
            with suppress(InvalidStateError):
                self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Give the upload up; whatever the broker has of it may come again."""
        with suppress(InvalidStateError):  # another part was the first
            self.done.set_exception(error)


class UploadSender:
    """Sends uploads from any thread.

    Args:
        make: makes the producer, when there is something to send; it may repeat messages, which count once.
    """

    def __init__(self, make: Callable[[], Producer]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._producer: Producer | None = None
        self._polling: threading.Thread | None = None
        self._closing = threading.Event()

    def send(self, topic: str, parts: Sequence[bytes]) -> "Future[None]":
        """Queue the parts of an upload and return what ends once the broker has all of them.

        The future raises ServiceAwayError where the broker does not take them, BusyError where there was no room.
        """
        delivery = _Delivery(len(parts))
        producer = self._started()
        try:
            for part in parts:
                producer.produce(topic, part, on_delivery=delivery.report)
        except BufferError:
            delivery.fail(BusyError("too much waits for the broker"))
        except KafkaException as error:
            delivery.fail(ServiceAwayError(f"an upload cannot be sent: {error.args[0].str()}"))
        return delivery.done

    def close(self) -> None:
        """Let what is under way arrive, for a while."""
        self._closing.set()
        if self._polling is not None:
            self._polling.join()

    def _started(self) -> Producer:
        """Return the producer, making it and what hears of deliveries at first."""
        with self._lock:
            if self._producer is None:
                self._producer = self._make()
                self._polling = threading.Thread(
                    target=self._poll, args=(self._producer,), name="uploads", daemon=True
                )
                self._polling.start()
            return self._producer

    def _poll(self, producer: Producer) -> None:
        """Hear of deliveries until closing, and then of the last ones."""
        while not self._closing.is_set():
            producer.poll(POLL_S)
        with suppress(KafkaException):
            producer.flush(CLOSE_S)
