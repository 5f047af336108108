"""A real PostgreSQL 17 with TimescaleDB, out of its Debian folder, on a free port of 127.0.0.1."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, read_log
from sinks.embedded_database import INITDB_OPTIONS, answers, create_database, local_url, server_options
from tests.services.fetch import fetch_timescale

START_DEADLINE_S = 60.0  # 0.3 s on an idle machine; recovery after a kill takes longer
STOP_GRACE_S = 30.0
PROGRAMS = "/usr/lib/postgresql/17/bin"  # inside the Debian folder
SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # segments in /dev/shm would outlive a SIGKILL
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "timescaledb.max_background_workers": "16",
    "max_worker_processes": "32",  # each test database with the extension has a worker of its own
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # one per chunk that a statement touches
    "shared_buffers": "256MB",
    # `kill` is the death of a process, not of the power: what was written survives it in the page cache
    "fsync": "off",
    "log_line_prefix": "%m [%p] %d ",
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "timezone": "UTC",
}


class TimescaleServer:
    """A server whose data lives as long as the context, across `stop`, `kill` and `start`."""

    def __init__(
        self,
        port: int | None = None,
        *,
        log_statements: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a server on *port* (a free one by default), with *settings* over the usual ones.

        With *log_statements* every statement is in `log_text`, which is heavy; errors always are.
        """
        self._port = port or free_port()
        self._settings = {**SETTINGS, **(settings or {})}
        if log_statements:
            self._settings["log_statement"] = "all"
        self._root = Path()
        self._folder = Path()
        self._process: LocalProcess | None = None
        self.url = local_url(self._port, secrets.token_urlsafe(16))

    @property
    def pid(self) -> int:
        """Name the process of the server, for measuring what it uses."""
        return self._process.pid if self._process is not None else 0

    def __enter__(self) -> Self:
        """Make a database cluster, start the server and wait until it answers."""
        self._root = fetch_timescale()
        self._folder = Path(tempfile.mkdtemp(prefix="duls-", dir=self._root / "srv"))
        try:
            self._initialise()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server at once and remove its data."""
        self.kill()
        self._remove()

    def start(self) -> None:
        """Start the server on the data that it has, and wait until it answers."""
        uid, gid = self._account()
        data = self._inside(self._folder / "data")
        order = ServerOrder(
            [f"{PROGRAMS}/postgres", "-D", data, *server_options(self._port, self._settings)],
            str(self._folder / "server.log"),
            root=str(self._root),
            uid=uid,
            gid=gid,
            stop_signal=signal.SIGINT,  # pg_ctl stop -m fast
            grace_s=STOP_GRACE_S,
            remove=str(self._folder),
        )
        self._process = LocalProcess(order)
        self._process.wait_ready(lambda: answers(self.url), deadline_s=START_DEADLINE_S)

    def stop(self) -> None:
        """Stop the server in order, ending its sessions; its data stays."""
        if self._process is not None:
            self._process.stop(keep=True)

    def kill(self) -> None:
        """End the server as `pg_ctl stop -m immediate` does: no checkpoint, recovery at the next start."""
        if self._process is not None:
            self._process.kill(signal.SIGQUIT, keep=True)

    def create_database(self, name: str) -> str:
        """Create an empty database; return its libpq URL."""
        return create_database(self.url, name)

    def log_text(self) -> str:
        """Read what the server has logged since it was made."""
        return read_log(self._folder / "server.log")

    def _inside(self, path: Path) -> str:
        """Name *path* as the server sees it, inside its root."""
        return f"/{path.relative_to(self._root)}"

    def _account(self) -> tuple[int, int]:
        """Look up the user and group `postgres` of the Debian folder."""
        lines = (self._root / "etc" / "passwd").read_text(encoding="utf-8").splitlines()
        entry = next(line.split(":") for line in lines if line.startswith("postgres:"))
        return int(entry[2]), int(entry[3])

    def _initialise(self) -> None:
        """Make a new database cluster, its superuser behind the password of the URL."""
        uid, gid = self._account()
        password_file = self._folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.url.split(":")[2].partition("@")[0], encoding="utf-8")
        (self._folder / "data").mkdir(mode=0o700)
        for path in (self._folder, self._folder / "data", password_file):
            os.chown(path, uid, gid)
        chroot = ["chroot", f"--userspec={uid}:{gid}", str(self._root)]
        data, password = self._inside(self._folder / "data"), self._inside(password_file)
        initdb = [f"{PROGRAMS}/initdb", "-D", data, f"--pwfile={password}", *INITDB_OPTIONS]
        subprocess.run([*chroot, *initdb], check=True, capture_output=True)
        password_file.unlink()

    def _remove(self) -> None:
        """Remove everything that the server wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)
