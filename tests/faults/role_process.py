"""A role as a process of its own, with its log in a file."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LOG_TAIL_CHARS: Final = 3_000
READY_MARK: Final = '"event": "ready"'
KILLED: Final = -signal.SIGKILL


class RoleProcess:
    """A process of ours that a test kills, stops and starts; it ends with the test at the latest.

    Args:
        arguments: after `python`, such as `-m duls run intake`.
        environment: the whole environment of the process.
        log_path: where standard output and error are appended.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        self.name = " ".join(arguments)
        self.log_path = log_path
        self.started_s = time.monotonic()
        self._log_start = log_path.stat().st_size if log_path.exists() else 0
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [*_with_parent(), sys.executable, *arguments],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    @property
    def is_ready(self) -> bool:
        """Tell whether it has said that it has its assignment."""
        return READY_MARK in self.log_text()

    def log_text(self) -> str:
        """Return what this process has logged."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def log_tail(self) -> str:
        """Return the end of what it has logged."""
        return self.log_text()[-LOG_TAIL_CHARS:]

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """End it without grace and wait until it is gone."""
        self.send(signal.SIGKILL)
        self._process.wait()

    def terminate(self, *, within_s: float) -> tuple[int, float]:
        """Ask it to end; return its exit code and how long it took, in seconds.

        Raises:
            AssertionError: it did not end within *within_s* seconds.
        """
        begin_s = time.monotonic()
        self.send(signal.SIGTERM)
        code = self.wait(within_s)
        return code, time.monotonic() - begin_s

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends by itself and return its exit code.

        Raises:
            AssertionError: it still runs after *timeout_s* seconds; its log is quoted.
        """
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            message = f"{self.name} still runs after {timeout_s:.0f} s; its log ends:\n{self.log_tail()}"
            raise AssertionError(message) from None


def _with_parent() -> list[str]:
    """Return what makes a process end with its parent, where that is installed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def plain_environment() -> dict[str, str]:
    """Return the environment of this process without the variables of DULS."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DULS_")}
