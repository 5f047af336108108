"""Sends records when their time has come, as vehicles on the road do."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from tests.faults.raw_topics import Outgoing, new_sender, queue

PAUSE_S: Final = 0.05
FLUSH_S: Final = 60.0


class TimedFeeder:
    """Sends records from a thread of its own, each at its moment.

    Args:
        bootstrap_servers: of the broker.
        records: (microseconds since 1970, record), in that order.
    """

    def __init__(self, bootstrap_servers: str, records: Sequence[tuple[int, Outgoing]]) -> None:
        self.sent = 0
        self._sender = new_sender(bootstrap_servers)
        self._records = records
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timed feeder", daemon=True)

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

    @property
    def is_done(self) -> bool:
        """Tell whether everything is sent."""
        return self.sent == len(self._records)

    def finish(self) -> None:
        """Return once the broker has all that was sent."""
        self._stop.set()
        self._thread.join()
        left = self._sender.flush(FLUSH_S)
        assert left == 0, f"the broker has not taken {left} records"

    def _run(self) -> None:
        """Send what is due, every few milliseconds."""
        while not self.is_done and not self._stop.wait(PAUSE_S):
            now_us = time.time_ns() // 1_000
            first = self.sent
            while self.sent < len(self._records) and self._records[self.sent][0] <= now_us:
                self.sent += 1
            queue(self._sender, (record for _, record in self._records[first : self.sent]))
            self._sender.poll(0)
