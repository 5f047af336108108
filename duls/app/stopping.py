"""How a role is asked to stop: signal handlers set a flag and nothing else."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

LAST_WAIT_S: Final = 3.0  # for acknowledgements and transactions that are under way
CLOSE_S: Final = 4.0  # a role ends within 10 s of SIGTERM; closing a client may use this much of it


class StopFlag:
    """A flag that SIGTERM and SIGINT set."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._set_s = 0.0

    def install(self) -> None:
        """Set the flag at SIGTERM and SIGINT from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()

    def set(self) -> None:
        """Ask to stop."""
        if not self._event.is_set():
            self._set_s = time.monotonic()
            self._event.set()

    def is_overdue(self) -> bool:
        """Tell whether stopping was asked for so long ago that a wait for a service must be given up."""
        return self._event.is_set() and time.monotonic() - self._set_s > LAST_WAIT_S

    def is_set(self) -> bool:
        """Tell whether stopping was asked for."""
        return self._event.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Wait until stopping is asked for, at most so long; tell whether it was."""
        return self._event.wait(timeout_s)


def close_within(close: Callable[[], object], timeout_s: float = CLOSE_S) -> bool:
    """Run a closing call under a watchdog and tell whether it ended in time.

    Everything that matters is stored before; a client that hangs must not keep the process.
    """
    done = threading.Event()

    def run() -> None:
        close()
        done.set()

    threading.Thread(target=run, daemon=True, name="close").start()
    return done.wait(timeout_s)
