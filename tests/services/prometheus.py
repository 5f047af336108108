"""A real Prometheus, out of the Debian folder, on a free port of 127.0.0.1."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, read_log
from tests.services.fetch import fetch_timescale

START_DEADLINE_S: Final = 30.0  # 0.5 s on an idle machine
ANSWER_S: Final = 5.0
PROGRAM: Final = "/usr/bin/prometheus"  # inside the Debian folder
NOBODY: Final = 65_534
CONFIGURATION: Final = "prometheus.yml"


class PrometheusServer:
    """A server with files of its own, which ends with the context.

    Args:
        files: By their path; one is `prometheus.yml`, those below `user/` are served at `/user/`.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = dict(files)
        self._port = free_port()
        self._root = Path()
        self._folder = Path()
        self._process: LocalProcess | None = None

    @property
    def url(self) -> str:
        """Name the server's address."""
        return f"http://{LOCALHOST}:{self._port}"

    def __enter__(self) -> Self:
        """Write the files, start the server and wait until it answers."""
        self._root = fetch_timescale()
        self._folder = Path(tempfile.mkdtemp(prefix="duls-prometheus-", dir=self._root / "srv"))
        try:
            self._write()
            self._start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and remove its data."""
        if self._process is not None:
            self._process.kill()
        self._remove()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression is now."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}, timeout=ANSWER_S)
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    def log_text(self) -> str:
        """Read what the server has logged."""
        return read_log(self._folder / "server.log")

    def _write(self) -> None:
        """Write the files where the server may read them."""
        for name, text in self._files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)

    def _start(self) -> None:
        """Start the server and wait until it answers."""
        inside = f"/{self._folder.relative_to(self._root)}"
        options = {
            "config.file": f"{inside}/{CONFIGURATION}",
            "storage.tsdb.path": f"{inside}/data",
            "web.listen-address": f"{LOCALHOST}:{self._port}",
            "web.external-url": self.url,
            "web.user-assets": f"{inside}/user",
            # what fires before Alertmanager is found is sent again after this; a minute by default
            "rules.alert.resend-delay": "1s",
        }
        order = ServerOrder(
            [PROGRAM, *(f"--{name}={value}" for name, value in options.items())],
            str(self._folder / "server.log"),
            directory=inside,
            root=str(self._root),
            uid=NOBODY,
            gid=NOBODY,
            remove=str(self._folder),
        )
        self._process = LocalProcess(order)
        self._process.wait_ready(self._answers, deadline_s=START_DEADLINE_S)

    def _answers(self) -> bool:
        """Tell whether the server is ready."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=ANSWER_S).is_success
        except httpx.TransportError:
            return False

    def _remove(self) -> None:
        """Remove everything that the server wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)
