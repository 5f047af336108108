"""A real Apache Kafka: one node, KRaft, on free ports of 127.0.0.1."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, port_answers, read_log
from tests.services.fetch import fetch_kafka

START_DEADLINE_S = 90.0  # 3 s on an idle machine
STOP_GRACE_S = 30.0
HEAP = "-Xmx768m"
SHORT_LIVED: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For a broker of some minutes: half of the processor time of starting, idling and serving, which goes to compiling."""
CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"  # any base64 UUID; the clusters never meet


class KafkaServer:
    """A broker whose data lives as long as the context, across `stop`, `kill` and `start`."""

    def __init__(
        self,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        java_options: Sequence[str] = SHORT_LIVED,
    ) -> None:
        """Prepare a broker on *port* (a free one by default), with *settings* over the usual ones."""
        self._port = port or free_port()
        self._java_options = java_options
        self._settings = dict(settings or {})
        self._folder = Path()
        self._process: LocalProcess | None = None

    @property
    def bootstrap_servers(self) -> str:
        """Name the broker's address, the same across restarts."""
        return f"{LOCALHOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Name the process of the broker, for measuring what it uses."""
        return self._process.pid if self._process is not None else 0

    def __enter__(self) -> Self:
        """Format the storage, start the broker and wait until it answers."""
        self._folder = Path(tempfile.mkdtemp(prefix="duls-kafka-"))
        try:
            self._format()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill the broker and remove its data."""
        # its data goes with it, so a clean stop of some seconds would be wasted
        self.kill()
        self._remove()

    def start(self) -> None:
        """Start the broker on the data that it has, and wait until it answers."""
        # what a killed broker leaves in its temporary folder goes with its data
        memory = (HEAP, f"-Djava.io.tmpdir={self._folder}")
        order = ServerOrder(
            [*self._java(), *memory, "kafka.Kafka", str(self._folder / "server.properties")],
            str(self._folder / "server.log"),
            directory=str(self._folder),
            grace_s=STOP_GRACE_S,
            remove=str(self._folder),
        )
        self._process = LocalProcess(order)
        self._process.wait_ready(self._answers, deadline_s=START_DEADLINE_S)

    def stop(self) -> None:
        """Stop the broker in order; its data stays."""
        if self._process is not None:
            self._process.stop(keep=True)

    def kill(self) -> None:
        """Kill the broker with SIGKILL; its data stays as it is."""
        if self._process is not None:
            self._process.kill(keep=True)

    def log_text(self) -> str:
        """Read what the broker has logged since it was made."""
        return read_log(self._folder / "server.log")

    def _format(self) -> None:
        """Write the settings and format the storage for them."""
        lines = [f"{name}={value}\n" for name, value in self._all_settings().items()]
        properties = self._folder / "server.properties"
        properties.write_text("".join(lines), encoding="utf-8")
        command = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
        subprocess.run([*self._java(), *command], check=True, capture_output=True)

    def _java(self) -> list[str]:
        """Return how java is started with Kafka's jars."""
        return ["java", *self._java_options, "-cp", f"{fetch_kafka()}/*"]

    def _all_settings(self) -> dict[str, str]:
        """Gather the broker's settings."""
        controller = f"{LOCALHOST}:{free_port()}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap_servers}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self._folder / "data"),
            # a killed broker may register again only when its old session is over (9 s by default)
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # retention is watched for in tests; Kafka's 5 minutes would be waited for
            "log.retention.check.interval.ms": "1000",
            "log.initial.task.delay.ms": "500",  # else nothing is swept in the first 30 s
            **self._settings,
        }

    def _answers(self) -> bool:
        """Tell whether the broker lists its topics."""
        if not port_answers(self._port):
            return False
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        with contextlib.suppress(KafkaException):
            return bool(admin.list_topics(timeout=2).brokers)
        return False

    def _remove(self) -> None:
        """Remove everything that the broker wrote."""
        shutil.rmtree(self._folder, ignore_errors=True)
