"""A sender that goes on while everything else breaks."""

import threading
import time
from types import TracebackType
from typing import Final, Self

from tests.faults.raw_topics import new_sender, queue
from tests.faults.unit_events import EventWorld

PAUSE_S: Final = 0.05
FLUSH_S: Final = 120.0


class Feeder:
    """Sends events of a world at a steady rate, from a thread of its own, until it is stopped.

    Args:
        bootstrap_servers: of the broker.
        world: whose events are sent, from number 0 on.
        rate: events a second.
    """

    def __init__(self, bootstrap_servers: str, world: EventWorld, *, rate: float) -> None:
        self.sent = 0
        self._sender = new_sender(bootstrap_servers)
        self._world = world
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)

    def __enter__(self) -> Self:
        """Begin to send."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join()

    def finish(self) -> int:
        """Stop sending; return how many events were sent, once the broker has them all."""
        self._stop.set()
        self._thread.join()
        left = self._sender.flush(FLUSH_S)
        assert left == 0, f"the broker has not taken {left} records"
        return self.sent

    def _run(self) -> None:
        """Send what is due, every few milliseconds."""
        begin_s = time.monotonic()
        while not self._stop.wait(PAUSE_S):
            due = int((time.monotonic() - begin_s) * self._rate)
            queue(self._sender, self._world.records(range(self.sent, due)))
            self.sent = due
            self._sender.poll(0)
