"""Watches how the figures grow: how long they ever stood still, and whether they grow again."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from tests.faults.installation import Installation
from tests.faults.progress import rows_stored
from tests.faults.waiting import nothing, wait_until

LOOK_S: Final = 0.2


class Monitor:
    """Looks at the number of stored rows from a thread of its own."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._rows = 0
        self._grew_s = time.monotonic()
        self._longest_s = 0.0

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    @property
    def rows(self) -> int:
        """Return how many rows were stored when last looked at."""
        return self._rows

    def begin_stalls(self) -> None:
        """Forget the stalls up to now."""
        self._grew_s, self._longest_s = time.monotonic(), 0.0

    def longest_stall_s(self) -> float:
        """Return the longest time without growth since `begin_stalls`, in seconds."""
        return max(self._longest_s, time.monotonic() - self._grew_s)

    def wait_for_growth(
        self, rows: int = 1, *, deadline_s: float, tend: Callable[[], object] = nothing
    ) -> float:
        """Wait until so many rows more are stored; return how long it took, in seconds."""
        begin_s, target = time.monotonic(), self._rows + rows
        wait_until(lambda: self._rows >= target, f"{rows} more rows", deadline_s=deadline_s, tend=tend)
        return time.monotonic() - begin_s

    def _run(self) -> None:
        """Look until stopped."""
        while not self._stop.wait(LOOK_S):
            rows = rows_stored(self._installation)
            if rows is not None and rows > self._rows:
                now_s = time.monotonic()
                self._longest_s = max(self._longest_s, now_s - self._grew_s)
                self._rows, self._grew_s = rows, now_s
