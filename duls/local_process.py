"""Run a server as a process of this machine that never outlives us: for the demo and for tests.

A guard (`duls.guardian`) stands between: it stops the server and removes its directory when this process
ends, however it ends. The server runs in a session without a terminal, so Ctrl-C reaches us and not it.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from duls.errors import ServiceAwayError

LOCALHOST = "127.0.0.1"
POLL_S = 0.05  # between two looks at a server that is starting
LOG_TAIL_CHARS = 2000  # of the server's log, quoted when it does not start


class ServerOrder(NamedTuple):
    """What to run, as whom, where, and how it is stopped."""

    command: list[str]
    log_path: str  # standard output and error are appended here
    directory: str = "/"  # working directory, inside root
    root: str | None = None  # chroot into this folder; needs to be the superuser
    uid: int | None = None  # run as this user; needs to be the superuser
    gid: int | None = None
    stop_signal: int = signal.SIGTERM
    grace_s: float = 10.0  # until the stop is forced
    remove: str | None = None  # folder removed once the server has ended and been read about


class LocalProcess:
    """A running server and its guard; construct to start, `stop` to end."""

    def __init__(self, order: ServerOrder) -> None:
        self.order = order
        argument = json.dumps({**order._asdict(), "parent_pid": os.getpid()})
        script = Path(__file__).with_name("guardian.py")
        with Path(order.log_path).open("ab") as log:
            self._guard = subprocess.Popen(  # noqa: S603  # our own script
                [sys.executable, "-I", str(script), argument],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        line = self._guard.stdout.readline() if self._guard.stdout else b""
        if not line:
            message = self._message("could not be started")
            self.stop()
            raise ServiceAwayError(message)
        self.pid = int(line)

    @property
    def running(self) -> bool:
        """Tell whether the server has not ended yet."""
        output = self._guard.stdout
        # the guard closes its output when the server has ended
        return output is not None and not output.closed and not select.select([output], [], [], 0)[0]

    def send_signal(self, number: int) -> None:
        """Deliver the signal *number* to the server, through the guard, so never to a stranger."""
        if self.running and self._guard.stdin:
            self._guard.stdin.write(bytes([number]))
            self._guard.stdin.flush()

    def kill(self, number: int = signal.SIGKILL, *, keep: bool = False) -> None:
        """End the server without grace, and wait until it is gone; *keep* its folder for another start."""
        self.send_signal(number)
        if self._guard.stdout and not self._guard.stdout.closed:
            self._guard.stdout.read()
        self.stop(keep=keep)

    def stop(self, *, keep: bool = False) -> None:
        """Stop the server, if it still runs, and wait until it is gone; repeats do nothing.

        The folder named by `ServerOrder.remove` goes too, unless told to *keep* it.
        """
        if self._guard.stdin and not self._guard.stdin.closed:
            if keep:
                self._guard.stdin.write(b"\0")
            self._guard.stdin.close()
        self._guard.wait()
        if self._guard.stdout:
            self._guard.stdout.close()

    def wait_ready(self, ready: Callable[[], bool], *, deadline_s: float) -> None:
        """Wait until *ready* answers True.

        Raises:
            ServiceAwayError: when the server ends or *deadline_s* passes; the server is stopped then.
        """
        end_s = time.monotonic() + deadline_s
        while not ready():
            away = not self.running
            if away or time.monotonic() > end_s:
                message = self._message("ended while starting" if away else f"not ready after {deadline_s} s")
                self.stop()
                raise ServiceAwayError(message)
            time.sleep(POLL_S)

    def _message(self, what: str) -> str:
        """Say what happened to which program, with the end of its log, for it may be removed next."""
        tail = read_log(self.order.log_path)[-LOG_TAIL_CHARS:]
        return f"{self.order.command[0]}: {what}; its log ends:\n{tail}"


def read_log(path: str | Path) -> str:
    """Read a server's log; empty when there is none."""
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return int(probe.getsockname()[1])


def port_answers(port: int) -> bool:
    """Tell whether somebody listens on *port* of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOCALHOST, port)) == 0
