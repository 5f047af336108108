"""Metrics that are read from the figures database, not from the stream: loads of zones, sizes, what waits."""

import threading
from types import TracebackType
from typing import Final, Self

import psycopg
import structlog

from duls.errors import ServiceAwayError
from duls.logs import tell_defect
from duls.metrics import Metrics
from sinks.connection import Connection, first_line
from sinks.doctor import outbox
from sinks.gauges import database_bytes, zone_loads
from sinks.lasting_connection import LastingConnection
from sinks.patience import Patience

PERIOD_S: Final = 10.0  # shorter than the 15 s between two readings by Prometheus
PATIENCE_S: Final = 1.0  # what cannot be read now is read at the next turn

log = structlog.get_logger()


class DatabaseGauges:
    """A thread with a connection of its own; while the database is away it tells nothing of what it cannot know.

    Args:
        url: libpq URL of the figures database.
        metrics: Of the process.
    """

    def __init__(self, url: str, metrics: Metrics) -> None:
        self._metrics = metrics
        self._stop = threading.Event()
        self._database = LastingConnection(
            url, application_name="duls gauges", patience=Patience(PATIENCE_S, self._stop.is_set)
        )
        self._thread = threading.Thread(target=self._run, name="gauges", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _run(self) -> None:
        """Read until stopped."""
        while not self._stop.is_set():
            self.read()
            self._stop.wait(PERIOD_S)

    def read(self) -> None:
        """Read everything once."""
        try:
            self._database.run("read what monitoring shows", self._take)
        except (ServiceAwayError, psycopg.Error) as error:
            log.warning("monitoring cannot read the database", reason=first_line(error))
            self._metrics.set_zone_loads({})
        except Exception as error:  # noqa: BLE001  # a thread that ended would tell old loads for ever, in silence
            tell_defect(error)
            self._metrics.set_zone_loads({})

    def _take(self, connection: Connection) -> None:
        """Set the gauges."""
        metrics, waiting = self._metrics, outbox(connection)
        metrics.set_zone_loads(zone_loads(connection))
        metrics.database_bytes.set(database_bytes(connection))
        metrics.outbox_messages.set(waiting.messages)
        metrics.outbox_age_seconds.set(waiting.oldest_age_s)
