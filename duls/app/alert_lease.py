"""The lease of an alert process: a thread says that it lives, and sees when shards should go from one to another."""

import threading
import time
from collections.abc import Callable
from typing import Final, Self
from uuid import UUID

import psycopg
import structlog

from duls.errors import DulsError
from sinks.connection import first_line
from sinks.lasting_connection import LastingConnection
from sinks.overload_claims import Holdings, see_holdings
from sinks.overload_parts import ShardClaim

BEATS: Final = 5  # in one lease

log = structlog.get_logger()


class Lease:
    """Renews the lease of one process.

    A process that was stopped for a while finds by its own clock that its lease is over before it says a word for
    its zones; the epochs in the database keep it from changing anything.

    Args:
        database: a connection of its own.
        worker_id: of this process.
        lease_s: its length.
        on_change: called, from the thread, when this process holds too many shards, too few, or not what it thinks.
    """

    def __init__(
        self, database: LastingConnection, worker_id: UUID, lease_s: float, on_change: Callable[[], None]
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lease_s = lease_s
        self._on_change = on_change
        self._epochs: dict[int, int] = {}
        self._valid_until_s = 0.0
        self._defect: Exception | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self._database.close()

    def claim(self, claim: Callable[[], list[ShardClaim]]) -> list[ShardClaim]:
        """Claim shards, and hold them from now on; where the thread ended with an error, raise that."""
        if self._defect is not None:
            raise self._defect
        with self._lock:
            begun_s = time.monotonic()
            self._epochs = {}
            claims = claim()
            self._epochs = {claimed.shard: claimed.epoch for claimed in claims}
            self._valid_until_s = begun_s + self._lease_s
        return claims

    def is_valid(self) -> bool:
        """Tell whether this process may speak for its zones."""
        return bool(self._epochs) and time.monotonic() < self._valid_until_s

    def _run(self) -> None:
        """Renew until stopped; what fails is tried at the next beat."""
        while not self._stop.wait(self._lease_s / BEATS):
            try:
                with self._lock:
                    self._renew()
            except (DulsError, psycopg.Error) as error:
                log.warning("the lease is not renewed", reason=first_line(error))
            except Exception as error:  # noqa: BLE001  # raised where shards are claimed, and so ends the role
                self._defect = error
                self._on_change()
                return

    def _renew(self) -> None:
        """Say that this process lives, and see what the others hold."""
        begun_s = time.monotonic()
        holdings = self._database.run(
            "renew the lease", lambda c: see_holdings(c, self._worker_id, self._lease_s)
        )
        if self._is_right(holdings):
            self._valid_until_s = begun_s + self._lease_s
        else:
            self._on_change()

    def _is_right(self, holdings: Holdings) -> bool:
        """Tell whether this process holds what it thinks, and what it should."""
        epochs = self._epochs
        return holdings.held == epochs and not holdings.surplus and not holdings.wanted
