"""A real Prometheus Alertmanager, out of the Debian folder, on a free port of 127.0.0.1."""

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, read_log
from tests.services.fetch import fetch_timescale

START_DEADLINE_S: Final = 30.0  # 0.2 s on an idle machine
ANSWER_S: Final = 5.0
PROGRAM: Final = (
    "/usr/bin/prometheus-alertmanager"  # inside the Debian folder: it reads its templates from there
)
NOBODY: Final = 65_534
SILENT: Final = """route: {receiver: nobody, group_wait: 0s, group_interval: 1s}
receivers: [{name: nobody}]
"""
"""Takes every alert and tells nobody."""


class AlertmanagerServer:
    """A server whose alerts live as long as the context, across `stop`, `kill` and `start`.

    Args:
        configuration: YAML; by default alerts are kept and nobody is told.
        port: A free one by default.
    """

    def __init__(self, configuration: str = SILENT, port: int | None = None) -> None:
        self._configuration = configuration
        self._port = port or free_port()
        self._root = Path()
        self._folder = Path()
        self._process: LocalProcess | None = None

    @property
    def url(self) -> str:
        """Name the server's address, the same across restarts."""
        return f"http://{LOCALHOST}:{self._port}"

    def __enter__(self) -> Self:
        """Start the server and wait until it answers."""
        self._root = fetch_timescale()
        self._folder = Path(tempfile.mkdtemp(prefix="duls-alertmanager-", dir=self._root / "srv"))
        try:
            (self._folder / "alertmanager.yml").write_text(self._configuration, encoding="utf-8")
            os.chown(self._folder, NOBODY, NOBODY)
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server and remove its data."""
        self.kill()
        self._remove()

    def start(self) -> None:
        """Start the server on the data that it has, and wait until it answers."""
        inside = f"/{self._folder.relative_to(self._root)}"
        options = {
            "config.file": f"{inside}/alertmanager.yml",
            "storage.path": f"{inside}/data",
            "web.listen-address": f"{LOCALHOST}:{self._port}",
            "cluster.listen-address": "",  # one node, no gossip
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

    def stop(self) -> None:
        """Stop the server in order; its data stays."""
        if self._process is not None:
            self._process.stop(keep=True)

    def kill(self) -> None:
        """Kill the server with SIGKILL; its data stays as it is."""
        if self._process is not None:
            self._process.kill(keep=True)

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds, as `GET /api/v2/alerts` tells of them; resolved ones are not told of."""
        answer = httpx.get(f"{self.url}/api/v2/alerts", timeout=ANSWER_S)
        answer.raise_for_status()
        alerts: list[dict[str, Any]] = answer.json()
        return alerts

    def log_text(self) -> str:
        """Read what the server has logged since it was made."""
        return read_log(self._folder / "server.log")

    def _answers(self) -> bool:
        """Tell whether the server takes alerts."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=ANSWER_S).is_success
        except httpx.TransportError:
            return False

    def _remove(self) -> None:
        """Remove everything that the server wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)
