"""What must be done beside the stream: relay the outbox, publish final days, remove what was kept long enough."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import psycopg
import structlog
from confluent_kafka import KafkaException

from duls.app.publishing import publish_due
from duls.app.stopping import may_outlive
from duls.config import Settings
from duls.errors import DulsError
from duls.logs import tell_defect
from processors.units import US_PER_S
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import relay
from sinks.retention import Retention, reference_us, sweep
from streams.clients import make_gapless_producer
from streams.outbox_sender import OutboxSender

RELAY_S: Final = 0.5
UPKEEP_S: Final = 600.0
FIRST_UPKEEP_S: Final = 60.0
AFTER_DEFECT_S: Final = 10.0
JOIN_S: Final = 2.0
HOUR_S: Final = 3_600

log = structlog.get_logger()


class Housekeeping:
    """Two threads with a database connection each; what they fail to do they try again.

    One relays the outbox. The other publishes and removes: to decide a day takes half a minute in a large city, and
    alerts and rejections must not wait for that.

    Args:
        settings: of the installation.
        clock: of this machine, seconds since 1970 UTC.
    """

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=work, name=work[0], daemon=True)
            for work in (("duls outbox", self._relay), ("duls upkeep", self._keep_up))
        ]
        self._upkeep_due_s = time.monotonic() + FIRST_UPKEEP_S

    def __enter__(self) -> Self:
        """Start the threads."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads; what they have in hand is done again by the next process."""
        self._stop.set()
        end_s = time.monotonic() + JOIN_S
        for thread in self._threads:
            thread.join(timeout=max(0.0, end_s - time.monotonic()))
        may_outlive(self._threads)

    def _run(self, name: str, work: Callable[[Connection], None]) -> None:
        """Go on until stopped, with new clients after each failure."""
        while not self._stop.is_set():
            try:
                with open_connection(self._settings.database_url, application_name=name) as connection:
                    work(connection)
            except (DulsError, psycopg.Error, KafkaException) as error:
                log.warning("housekeeping is interrupted", thread=name, reason=str(error).partition("\n")[0])
                self._stop.wait(RELAY_S)
            except Exception as error:  # noqa: BLE001  # a thread that ended would do nothing more, in silence
                tell_defect(error)
                self._stop.wait(AFTER_DEFECT_S)

    def _relay(self, connection: Connection) -> None:
        """Send what waits in the outbox, with a producer of its own, while the clients last."""
        kafka = self._settings.kafka
        producer = make_gapless_producer(kafka.bootstrap_servers, kafka.client)
        sender = OutboxSender(producer, should_give_up=self._stop.is_set)

        def send(messages: list[OutboxMessage]) -> None:
            sender.send(messages)

        while not self._stop.is_set():
            while relay(connection, send):
                pass
            self._stop.wait(RELAY_S)

    def _keep_up(self, connection: Connection) -> None:
        """Publish and remove when it is time; what is removed cannot be published any more."""
        while not self._stop.wait(max(0.0, self._upkeep_due_s - time.monotonic())):
            self._upkeep_due_s = time.monotonic() + UPKEEP_S
            try:
                publish_due(connection, self._settings)
            except Exception:
                # a publication that fails day after day must not keep what is to be removed
                with open_connection(self._settings.database_url, application_name="duls sweep") as other:
                    self._sweep(other)
                raise
            self._sweep(connection)

    def _sweep(self, connection: Connection) -> None:
        """Remove what was kept long enough; with the event clock there is no time before the first row.

        Ages by the database's clock are those by this machine's at most: what one sweep removes under a clock that
        leapt forward is gone. `duls doctor` says which of them is wrong.
        """
        clock = self._settings.figures.clock
        reference = reference_us(connection, clock)
        if reference is None:
            return
        if clock == "arrival":
            reference = min(reference, round(self._clock() * US_PER_S))
        retention = Retention(slot_s=self._settings.database.retention_slot_h * HOUR_S)
        for removal in sweep(connection, retention, reference):
            if removal.chunks or removal.rows:
                log.info("removed what was kept long enough", table=removal.table, rows=removal.rows)
