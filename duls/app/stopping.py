"""How a role is asked to stop, where signal handlers set a flag and nothing else, and how its process ends."""

import logging
import os
import select
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Final, NoReturn

import structlog

from duls.errors import EXIT_OK, DulsError

LAST_WAIT_S: Final = 3.0  # for acknowledgements and transactions that are under way
CLOSE_S: Final = 4.0  # a role ends within 10 s of SIGTERM; closing a client may use this much of it

log = structlog.get_logger()

_outliving: list[threading.Thread] = []


class StopFlag:
    """A flag that SIGTERM and SIGINT set.

    A handler runs in the middle of whatever the main thread does, so it must take no lock: `threading.Event.set`
    takes one that `wait` may hold, and hangs for ever then. This flag is a pipe that becomes readable.
    """

    def __init__(self) -> None:
        self._set_s: float | None = None
        self._reader, self._writer = os.pipe()
        weakref.finalize(self, _close_all, self._reader, self._writer)

    def install(self) -> None:
        """Set the flag at SIGTERM and SIGINT from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self.set()

    def set(self) -> None:
        """Ask to stop."""
        if self._set_s is None:
            self._set_s = time.monotonic()
            os.write(self._writer, b"\0")

    def is_overdue(self) -> bool:
        """Tell whether stopping was asked for so long ago that a wait for a service must be given up."""
        return self._set_s is not None and time.monotonic() - self._set_s > LAST_WAIT_S

    def is_set(self) -> bool:
        """Tell whether stopping was asked for."""
        return self._set_s is not None

    def fileno(self) -> int:
        """Return a file descriptor that is readable once the flag is set, for event loops; nobody may read it."""
        return self._reader

    def wait(self, timeout_s: float) -> bool:
        """Wait until stopping is asked for, at most so long; tell whether it was."""
        # the byte is never read, so the pipe stays readable for everyone
        select.select([self._reader], [], [], timeout_s)
        return self.is_set()


def end_at_signals() -> None:
    """End the process with 0 at SIGTERM and SIGINT from now on, until a `StopFlag` is installed.

    For the start of a role, while modules are imported and kernels compiled: nothing is in hand yet, and to go on
    to the first look at a flag could take longer than the 10 s.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal."""
    raise SystemExit(EXIT_OK)


def _close_all(*descriptors: int) -> None:
    """Close the ends of a pipe."""
    for descriptor in descriptors:
        os.close(descriptor)


def close_within(close: Callable[[], object], timeout_s: float = CLOSE_S) -> bool:
    """Run a closing call under a watchdog and tell whether it ended in time, in whatever way.

    Everything that matters is stored before; a client that hangs must not keep the process.
    """
    done = threading.Event()

    def run() -> None:
        try:
            close()
        except DulsError as error:
            # what could not be stored at the end will be read again
            log.warning("closing a client failed", reason=str(error))
        finally:
            done.set()

    threading.Thread(target=run, daemon=True, name="close").start()
    return done.wait(timeout_s)


def may_outlive(threads: Iterable[threading.Thread]) -> None:
    """Note threads that nobody waits for any longer: what they have in hand is done again by the next process."""
    _outliving.extend(threads)


def leave(code: int) -> NoReturn:
    """End the process; at once where such a thread is still at work.

    One that compiles a kernel just then brings the process down with a signal while the interpreter clears up.
    """
    if any(thread.is_alive() for thread in _outliving):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
