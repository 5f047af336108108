"""The api role as a process on one port, which tests stop and start."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from duls.app.tokens import issue_token
from duls.config import load_settings
from duls.local_process import LOCALHOST, free_port

START_S = 60.0
STOP_S = 30.0


class PageServer:
    """`duls run api` on the database at *url*; without a token anybody on this machine may look.

    Args:
        url: of the database.
        folder: for its files.
        more: variables over the usual ones.
    """

    def __init__(self, url: str, folder: Path, **more: str) -> None:
        self.port = free_port()
        self.address = f"http://{LOCALHOST}:{self.port}/"
        self._folder = folder
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DULS_KAFKA_BOOTSTRAP_SERVERS": f"{LOCALHOST}:1",
            "DULS_DATABASE_URL": url,
            "DULS_HTTP_BIND": f"{LOCALHOST}:{self.port}",
            "DULS_HTTP_ANONYMOUS": "operator",
            "DULS_HTTP_TOKEN_KEY_FILE": str(folder / "token.key"),
            "DULS_LOG_LEVEL": "warning",
            **more,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def token(self, *municipalities: str) -> str:
        """Issue a token for operators of municipalities, as an administrator does; of all, with none."""
        settings = load_settings(self._variables)
        return issue_token(
            settings, "tester", scopes=["operator"], municipalities=municipalities, days=1
        ).token

    @property
    def pid(self) -> int:
        """The process, for measuring what it uses."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start, and wait until it listens."""
        command = [sys.executable, "-m", "duls", "run", "api"]
        self._process = subprocess.Popen(command, env=self._variables, cwd=self._folder)
        end_s = time.monotonic() + START_S
        while time.monotonic() < end_s and self._process.poll() is None:
            try:
                socket.create_connection((LOCALHOST, self.port), timeout=1.0).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        message = "the api role does not listen"
        raise AssertionError(message)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process:
            self._process.terminate()
            assert 0 == self._process.wait(STOP_S)
            self._process = None
