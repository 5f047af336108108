"""What must be done beside the stream: relay the outbox, publish final days, remove what was kept long enough."""

import threading
import time
from types import TracebackType
from typing import Final, Self

import psycopg
import structlog
from confluent_kafka import KafkaException

from duls.app.publishing import publish_due
from duls.config import Settings
from duls.errors import DulsError
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import relay
from sinks.retention import Retention, reference_us, sweep
from streams.clients import make_gapless_producer
from streams.outbox_sender import OutboxSender

RELAY_S: Final = 0.5
SWEEP_S: Final = 600.0
FIRST_SWEEP_S: Final = 60.0
HOUR_S: Final = 3_600

log = structlog.get_logger()


class Housekeeping:
    """A thread with a database connection of its own; what it fails to do it tries again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self._sweep_due_s = time.monotonic() + FIRST_SWEEP_S

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the thread; what it has in hand is done again by the next process."""
        self._stop.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        """Go on until stopped, with new clients after each failure."""
        while not self._stop.is_set():
            try:
                with open_connection(
                    self._settings.database_url, application_name="duls housekeeping"
                ) as connection:
                    self._serve(connection, self._sender())
            except (DulsError, psycopg.Error, KafkaException) as error:
                log.warning("housekeeping is interrupted", reason=str(error).partition("\n")[0])
                self._stop.wait(RELAY_S)

    def _sender(self) -> OutboxSender:
        """Return a sender with a producer of its own."""
        kafka = self._settings.kafka
        producer = make_gapless_producer(kafka.bootstrap_servers, kafka.client)
        return OutboxSender(producer, should_give_up=self._stop.is_set)

    def _serve(self, connection: Connection, sender: OutboxSender) -> None:
        """Relay, publish and sweep while the clients last."""

        def send(messages: list[OutboxMessage]) -> None:
            sender.send(messages)

        while not self._stop.is_set():
            while relay(connection, send):
                pass
            if time.monotonic() >= self._sweep_due_s:
                self._sweep_due_s = time.monotonic() + SWEEP_S
                # first: what is removed cannot be published any more
                publish_due(connection, self._settings)
                self._sweep(connection)
            self._stop.wait(RELAY_S)

    def _sweep(self, connection: Connection) -> None:
        """Remove what was kept long enough; with the event clock there is no time before the first row."""
        reference = reference_us(connection, self._settings.figures.clock)
        if reference is None:
            return
        retention = Retention(slot_s=self._settings.database.retention_slot_h * HOUR_S)
        for removal in sweep(connection, retention, reference):
            if removal.chunks or removal.rows:
                log.info("removed what was kept long enough", table=removal.table, rows=removal.rows)
