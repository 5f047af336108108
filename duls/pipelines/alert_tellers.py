"""Telling others of alerts: a thread for each channel empties its part of the outbox, in order, until it arrived.

A channel that does not answer is asked again after a while that doubles; nothing of it is lost, and no other
channel waits for it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

import psycopg
import structlog

from duls.errors import DulsError
from duls.logs import tell_defect
from duls.metrics import Metrics
from sinks.connection import Connection, first_line
from sinks.lasting_connection import LastingConnection
from sinks.overload_deliveries import Delivery, arrived, failed, remove, waiting

POLL_S: Final = 0.5  # what is urgent wakes the thread
FIRST_RETRY_S: Final = 0.25
BATCH: Final = 500

log = structlog.get_logger()


class ChannelAwayError(Exception):
    """The channel does not answer; all of it waits."""


class RefusedPostError(Exception):
    """The channel answers, and does not want this one; the others go on."""


class TellerSetup(NamedTuple):
    """What tellers share."""

    worker_id: UUID
    is_ours: Callable[[], bool]  # whether this process may still speak for its zones
    retry_max_s: float
    metrics: Metrics


class Teller:
    """One channel.

    Args:
        channel: its name in the outbox.
        database: a connection of its own.
        setup: shared by all.
    """

    def __init__(self, channel: str, database: LastingConnection, setup: TellerSetup) -> None:
        self.channel = channel
        self._database = database
        self._setup = setup
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._retry_s = 0.0
        self._thread = threading.Thread(target=self._run, name=f"tell {channel[:12]}", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to tell."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Tell once more what there is, and end; what did not arrive stays in the outbox."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        """Tell until stopped."""
        is_last = False
        while not is_last:
            self._wake.wait(POLL_S)
            self._wake.clear()
            is_last = self._stop.is_set()
            try:
                while self._setup.is_ours() and self._database.run("tell of alerts", self._tell_waiting):
                    self._retry_s = 0.0
                self._tell_again()
            except (ChannelAwayError, DulsError, psycopg.Error) as error:
                self._wait(first_line(error))
            except Exception as error:  # noqa: BLE001  # a thread that ended would tell nobody any more, in silence
                tell_defect(error)
                self._wait("a defect of ours")
        self._database.close()

    def _wait(self, reason: str) -> None:
        """Wait before the channel is asked again."""
        self._setup.metrics.alert_deliveries_total.labels(self.channel_label, "away").inc()
        self._retry_s = min(max(FIRST_RETRY_S, 2 * self._retry_s), self._setup.retry_max_s)
        log.warning(
            "alerts wait to be told", channel=self.channel_label, reason=reason, again_s=self._retry_s
        )
        self._stop.wait(self._retry_s)

    @property
    def channel_label(self) -> str:
        """Return the channel as metrics and logs name it: an address may hold a secret."""
        return "webhook" if "://" in self.channel else self.channel

    def _tell_waiting(self, connection: Connection) -> bool:
        """Tell what waits; return whether there was anything."""
        found = waiting(connection, self.channel, self._setup.worker_id, BATCH)
        if found:
            self._tell(connection, found)
            self._setup.metrics.alert_deliveries_total.labels(self.channel_label, "delivered").inc(len(found))
        return len(found) == BATCH

    def _tell(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Tell everything, and note what arrived."""
        raise NotImplementedError

    def _tell_again(self) -> None:
        """Tell what must be told again and again."""


class TopicTeller(Teller):
    """The topic of alerts; it keeps what arrived, so the outbox need not.

    Args:
        channel: its name in the outbox.
        database: a connection of its own.
        setup: shared by all.
        send: returns once the broker has all.
    """

    def __init__(
        self,
        channel: str,
        database: LastingConnection,
        setup: TellerSetup,
        send: Callable[[Sequence[Delivery]], None],
    ) -> None:
        super().__init__(channel, database, setup)
        self._send = send

    def _tell(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Send everything at once."""
        self._send(deliveries)
        remove(connection, [delivery.number for delivery in deliveries])


class PostTeller(Teller):
    """A channel that people are paged by.

    Args:
        channel: its name in the outbox.
        database: a connection of its own.
        setup: shared by all.
        post: returns once it has arrived; raises ChannelAwayError or RefusedPostError.
        again: tells what runs, every *again_s* seconds.
        again_s: None where nothing must be told again.
    """

    def __init__(
        self,
        channel: str,
        database: LastingConnection,
        setup: TellerSetup,
        post: Callable[[Delivery], None],
        *,
        again: Callable[[Connection], None] | None = None,
        again_s: float = 0.0,
    ) -> None:
        super().__init__(channel, database, setup)
        self._post = post
        self._again = again
        self._again_s = again_s
        self._again_due_s = time.monotonic()

    def _tell(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Post one after the other; behind one that is refused, those of its zone wait."""
        held: set[str] = set()
        for delivery in deliveries:
            if delivery.zone_id in held or not self._setup.is_ours():
                continue
            try:
                self._post(delivery)
            except RefusedPostError as error:
                held.add(delivery.zone_id)
                wait_s = min(FIRST_RETRY_S * 2 ** min(delivery.attempts, 16), self._setup.retry_max_s)
                failed(connection, delivery.number, str(error), wait_s)
                self._tell_of_refusal(error)
            else:
                arrived(connection, [delivery.number])

    def _tell_again(self) -> None:
        """Tell what runs, when it is time."""
        now_s = time.monotonic()
        if self._again is None or now_s < self._again_due_s or not self._setup.is_ours():
            return
        self._again_due_s = now_s + self._again_s
        try:
            self._database.run("tell of alerts that run", self._again)
        except RefusedPostError as error:
            self._tell_of_refusal(error)
        except BaseException:
            self._again_due_s = now_s  # as soon as the channel is asked again
            raise

    def _tell_of_refusal(self, error: RefusedPostError) -> None:
        """Count and log that the channel did not want something."""
        self._setup.metrics.alert_deliveries_total.labels(self.channel_label, "refused").inc()
        log.warning("an alert was refused", channel=self.channel_label, reason=str(error))
