"""An installation under test: databases of its own on shared servers, its commands and its roles as processes."""

import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from confluent_kafka.admin import AdminClient

from duls.app.migrate import run_migrate
from duls.app.registry import load_camera_file, load_zone_file
from duls.config import load_settings
from tests.faults.role_process import ROOT, RoleProcess, plain_environment
from tests.faults.waiting import wait_until

COMMAND_S: Final = 120.0
SESSION_MS: Final = 3_000  # of group members: what a killed one delays the others
CLIENT: Final = {
    "session.timeout.ms": SESSION_MS,
    "heartbeat.interval.ms": 300,
    "reconnect.backoff.max.ms": 500,
}
TOPIC_PREFIX: Final = "duls."


class Installation:
    """A fresh database, a master key, and settings; `migrate` makes the rest.

    Args:
        bootstrap_servers: of the broker, which may serve other installations too.
        server_url: libpq URL of a database server; databases of new names are made on it.
        folder: for the key, files and logs.
        variables: settings as DULS_* variables, over those of all fault tests.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        server_url: str,
        folder: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.folder = folder
        self.database_url = _with_database(server_url, f"faults_{uuid.uuid4().hex}")
        self.processes: list[RoleProcess] = []
        folder.mkdir(parents=True, exist_ok=True)
        self.variables = {
            "DULS_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            "DULS_DATABASE_URL": self.database_url,
            "DULS_MASTER_KEY_FILE": str(folder / "master.key"),
            "DULS_METRICS_PORT": "0",
            "DULS_LOG_FORMAT": "json",
            "DULS_PARTITIONS": "4",
            "DULS_KAFKA_CLIENT": json.dumps(CLIENT),
            **(variables or {}),
        }

    @property
    def partitions(self) -> int:
        """Return how many partitions the raw and observation topics have."""
        return int(self.variables["DULS_PARTITIONS"])

    @property
    def keys_url(self) -> str:
        """Return the libpq URL of the keys database."""
        return f"{self.database_url}_keys"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a process of this installation."""
        return {**plain_environment(), **self.variables, **(extra or {})}

    def command(self, *arguments: str, extra: Mapping[str, str] | None = None) -> str:
        """Run `duls` with arguments and return what it wrote.

        Raises:
            AssertionError: it failed; what it wrote is quoted.
        """
        done = subprocess.run(
            [sys.executable, "-m", "duls", *arguments],
            cwd=ROOT,
            env=self.environment(extra),
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
        output = done.stdout + done.stderr
        with (self.folder / "commands.log").open("a", encoding="utf-8") as log:
            log.write(output)
        assert done.returncode == 0, f"duls {' '.join(arguments)} ended with {done.returncode}:\n{output}"
        return output

    def migrate(self) -> str:
        """Make topics and schema current and announce the settings."""
        return self.command("migrate")

    def prepare(self, geojson: bytes, csv: bytes) -> None:
        """Migrate and load zones and cameras within this process, which spares three starts of the program."""
        settings = load_settings(self.environment())
        run_migrate(settings, lambda _line: None)
        load_zone_file(settings, self._write("zones.geojson", geojson))
        load_camera_file(settings, self._write("cameras.csv", csv))

    def load_zones(self, geojson: bytes) -> str:
        """Make the zones of a GeoJSON document the zones of the installation."""
        return self.command("zones", "load", str(self._write("zones.geojson", geojson)))

    def load_cameras(self, csv: bytes) -> str:
        """Make the cameras of a CSV document the registry of the installation."""
        return self.command("cameras", "load", str(self._write("cameras.csv", csv)))

    def _write(self, name: str, document: bytes) -> Path:
        """Write a document to a file of the installation."""
        path = self.folder / name
        path.write_bytes(document)
        return path

    def start(
        self,
        role: str,
        *flags: str,
        extra: Mapping[str, str] | None = None,
        module: str = "duls",
        log: str | None = None,
    ) -> RoleProcess:
        """Start a role as a process.

        Args:
            role: intake or aggregate.
            flags: of `duls run`.
            extra: variables over those of the installation, such as DULS_FAILPOINT.
            module: what stands in the place of `duls`, such as a variant of a role.
            log: name of the log file; the role's by default.
        """
        path = self.folder / f"{log or role}.log"
        process = RoleProcess(["-m", module, "run", role, *flags], self.environment(extra), path)
        self.processes.append(process)
        return process

    def end(self) -> None:
        """End every process that still runs."""
        for process in self.processes:
            process.kill()

    def logs(self) -> str:
        """Return everything that commands and roles have written."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def delete_topics(bootstrap_servers: str) -> None:
    """Delete the topics that earlier installations left on a broker."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    left = _topics(admin)
    if left:
        for future in admin.delete_topics(left).values():
            future.result(COMMAND_S)
        wait_until(lambda: not _topics(admin), "topics are deleted", deadline_s=COMMAND_S)


def _topics(admin: AdminClient) -> list[str]:
    """Return the topics of DULS that a broker has."""
    return [name for name in admin.list_topics(timeout=10).topics if name.startswith(TOPIC_PREFIX)]


def _with_database(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()
