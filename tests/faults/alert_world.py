"""An installation whose zones have overload rules, and what it says of them."""

import json
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

import psycopg
from confluent_kafka import OFFSET_BEGINNING

from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.app.rules import Author, load_rule_file
from duls.config import load_settings
from duls.local_process import LOCALHOST
from streams.topic_reader import make_reader, messages_to_end
from tests.faults.installation import Installation
from tests.faults.role_process import RoleProcess
from tests.faults.waiting import wait_until

READY_S: Final = 90.0
RULE: Final = "full"
CAPACITY: Final = 10
PORT_MARK: Final = '"event": "health and metrics"'


def zone_ids(count: int) -> list[str]:
    """Return the ids of zones."""
    return [f"z{number}" for number in range(count)]


def zones_geojson(count: int) -> bytes:
    """Return square zones, each with a capacity of ten."""
    features = []
    for number, zone_id in enumerate(zone_ids(count)):
        west, south = 5 + number % 50 * 0.01, 52 + number // 50 * 0.01
        ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01]]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "id": zone_id,
                    "name": f"Zone {number}",
                    "kind": "hub",
                    "municipality": "GM0344",
                    "capacity": CAPACITY,
                },
                "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def prepare(installation: Installation, zones: int, **rule: Any) -> None:
    """Migrate, and load zones and one rule for all of them."""
    settings = load_settings(installation.environment())
    run_migrate(settings, lambda _line: None)
    load_zone_file(settings, installation._write("zones.geojson", zones_geojson(zones)))
    fields = {"id": RULE, "kind": "hub", "capacity": "zone", "rising_pct": False, **rule}
    document = json.dumps({"rules": [fields]}).encode()
    load_rule_file(settings, installation._write("rules.json", document), Author("test"))


def start_alert(installation: Installation, name: str, **extra: str) -> RoleProcess:
    """Start an alert process with a log of its own."""
    return installation.start("alert", extra=extra, log=name)


def await_ready(*processes: RoleProcess) -> None:
    """Wait until processes watch zones, or wait for zones."""
    for process in processes:
        wait_until(lambda: process.is_ready, f"{process.log_path.stem} is ready", deadline_s=READY_S)  # noqa: B023  # waited for within the loop


def watching(process: RoleProcess) -> set[int]:
    """Return the shards that a process said last that it watches."""
    lines = [json.loads(line) for line in process.log_text().splitlines() if '"watching"' in line]
    return set(lines[-1]["shards"]) if lines else set()


def rows(installation: Installation, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what the database says."""
    with psycopg.connect(installation.database_url) as connection:
        return connection.execute(statement.encode(), values).fetchall()


def states(installation: Installation) -> dict[str, str]:
    """Return the state of the rule in each zone."""
    return dict(rows(installation, "SELECT zone_id, state FROM live.zone_watch"))


def holders(installation: Installation) -> Counter[Any]:
    """Return how many shards each process holds."""
    return Counter(row[0] for row in rows(installation, "SELECT holder FROM core.alert_shard"))


def alert_messages(installation: Installation) -> dict[str, list[dict[str, Any]]]:
    """Return what the topic of alerts holds, in order, by alert."""
    told = defaultdict(list)
    for _, value in topic_messages(installation, "duls.zone.alert.v1"):
        told[value["alert_id"]].append(value)
    return told


def topic_messages(installation: Installation, topic: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield keys and values of a topic from its beginning."""
    reader = make_reader(installation.bootstrap_servers, {"log_level": 0})
    try:
        for message in messages_to_end(reader, topic, {0: OFFSET_BEGINNING}):
            yield (message.key() or b"").decode(), json.loads(message.value() or b"")
    finally:
        reader.close()


def metric(process: RoleProcess, name: str) -> float:
    """Return a metric of a process."""
    lines = [json.loads(line) for line in process.log_text().splitlines() if PORT_MARK in line]
    with urllib.request.urlopen(f"http://{LOCALHOST}:{lines[-1]['port']}/metrics", timeout=5.0) as answer:
        text = answer.read().decode()
    return next(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(f"{name} "))


class Pager:
    """A webhook that keeps what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[tuple[Mapping[str, str], bytes]] = []
        pager = self

        class Handler(BaseHTTPRequestHandler):
            """Takes posts."""

            def do_POST(self) -> None:
                """Keep one."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pager.posts.append((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((LOCALHOST, 0), Handler)

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{LOCALHOST}:{self._server.server_address[1]}/page"

    @contextmanager
    def running(self) -> Iterator["Pager"]:
        """Take posts until the block ends."""
        thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def pages(self) -> Sequence[dict[str, Any]]:
        """Return what it was paged for."""
        told = [json.loads(body) for _, body in list(self.posts)]
        return [page for page in told if page["event"] == "raised"]
