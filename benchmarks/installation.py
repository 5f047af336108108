"""Real services for a measurement, and installations of DULS on them, each with a database of its own."""

import contextlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import psycopg

from benchmarks.processes import Usage, run_all, tree_cpu_s
from benchmarks.raw_topic import PARTITIONS, delete_topic
from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.config import Settings, load_settings
from processors.simulation.city import SimulatedCity
from processors.simulation.city_files import zones_geojson
from streams.topics import OBSERVATIONS_TOPIC
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

COUNTED: Final = "accepted, rejected, taken, duplicates, out_of_order, late"


class ServerCpu(NamedTuple):
    """Processor time of the servers, in seconds."""

    broker: float
    database: float

    def since(self, before: "ServerCpu") -> "ServerCpu":
        """Return what was used since another moment."""
        return ServerCpu(self.broker - before.broker, self.database - before.database)


class Services:
    """A real Kafka and a real TimescaleDB on this machine, gone with the context."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.kafka = KafkaServer(java_options=())  # it compiles what runs long, as in a city
        self.timescale = TimescaleServer()
        self.folder = Path()

    def __enter__(self) -> Self:
        """Start both."""
        with contextlib.ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duls-bench-")))
            stack.enter_context(self.kafka)
            stack.enter_context(self.timescale)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both and remove what they wrote."""
        self._stack.close()

    @property
    def bootstrap_servers(self) -> str:
        """Return the address of the broker."""
        return self.kafka.bootstrap_servers

    def cpu(self) -> ServerCpu:
        """Return the processor time that the servers have used so far."""
        return ServerCpu(tree_cpu_s(self.kafka.pid), tree_cpu_s(self.timescale.pid))


class Installation:
    """DULS on a fresh database and a fresh observation topic; the raw topics stay as they are."""

    def __init__(self, services: Services, name: str, **settings: str) -> None:
        self._services = services
        self.url = services.timescale.create_database(name)
        self.environment = {
            "DULS_KAFKA_BOOTSTRAP_SERVERS": services.bootstrap_servers,
            "DULS_DATABASE_URL": self.url,
            "DULS_MASTER_KEY_FILE": str(services.folder / f"{name}.key"),
            "DULS_PARTITIONS": str(PARTITIONS),
            "DULS_METRICS_PORT": "0",
            "DULS_LOG_LEVEL": "warning",
            **settings,
        }

    def migrate(self) -> None:
        """Make topics and schemas, in this process: that spares a start of the program."""
        run_migrate(self._settings(), lambda _line: None)

    def load_zones(self, city: SimulatedCity) -> None:
        """Load the zones of a city."""
        path = self._services.folder / "zones.geojson"
        path.write_bytes(zones_geojson(city))
        load_zone_file(self._settings(), path)

    def drain(self, timeout_s: float) -> dict[str, Usage]:
        """Run intake and aggregate beside each other until all input is in the database."""
        commands = {role: ["duls", "run", role, "--until-drained"] for role in ("intake", "aggregate")}
        return run_all(commands, self.environment, timeout_s=timeout_s)

    def counts(self) -> dict[str, int]:
        """Return what became of all positions, by the database."""
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in COUNTED.split(", "))
        with psycopg.connect(self.url) as connection:
            row = connection.execute(f"SELECT {sums} FROM core.feed_minute WHERE source = 0").fetchone()  # noqa: S608 our own words
        return dict(zip(COUNTED.split(", "), row or (), strict=True))

    def _settings(self) -> Settings:
        """Return the settings, as a process in our environment has them."""
        return load_settings({**os.environ, **self.environment})


def fresh_installation(services: Services, city: SimulatedCity, name: str, **settings: str) -> Installation:
    """Return an installation with the zones of a city and some settings, on an empty observation topic."""
    delete_topic(services.bootstrap_servers, OBSERVATIONS_TOPIC)
    installation = Installation(services, name, **settings)
    installation.migrate()
    installation.load_zones(city)
    return installation
