"""The operations board asks for metrics that exist, in words that Prometheus understands, and gets an answer."""

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from duls.local_process import LOCALHOST
from duls.metrics import Metrics
from grafana.committed import committed_boards
from grafana.measured import MEASURED
from tests.deploy.files import RULES, load
from tests.faults.waiting import wait_until
from tests.grafana.reading import Json, panels
from tests.services.fetch import FetchError, fetch_timescale
from tests.services.prometheus import PrometheusServer

ROLES = ("intake", "aggregate", "alert", "api")
NAME = re.compile(r"\b(?:duls[_:][a-z_:0-9]+|node_\w+|ALERTS)\b")
RECORDED = {rule["record"] for group in load(RULES)["groups"] for rule in group["rules"] if "record" in rule}
PROCESS = {"cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds"}
DEADLINE_S = 60.0

(BOARD,) = [board for board in committed_boards("nl") if board["uid"] == "duls-operations-nl"]
EXPRESSIONS = {panel["title"]: panel["targets"][0]["expr"] for panel in panels(BOARD)}


def test_every_metric_that_a_panel_asks_for_exists() -> None:
    """In the reference of metrics, among the recording rules, or as Prometheus and its client name their own."""
    known = {metric.name for metric in Metrics(version="0", clock=time.time).reference}
    known |= {f"duls_process_{name}" for name in PROCESS} | RECORDED | {"ALERTS"}
    asked = {name.removesuffix("_bucket") for text in EXPRESSIONS.values() for name in NAME.findall(text)}

    assert len(asked) > 20
    assert asked <= known


def test_every_panel_has_an_expression_of_its_own_words() -> None:
    """One target each, of the names that the board's module lists."""
    assert all(1 == len(panel["targets"]) for panel in panels(BOARD))
    assert sorted(measured.expression for measured in MEASURED.values()) == sorted(EXPRESSIONS.values())


def test_the_top_of_the_board_is_seen_without_scrolling() -> None:
    """Whether it goes well is told on the first screen; what follows is why."""
    first = [panel for panel in BOARD["panels"] if panel["type"] != "row"][:6]

    assert max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in first) <= 12


class Exposed:
    """Serves what four processes and a disk would tell, every figure growing with each reading."""

    def __init__(self) -> None:
        self._metrics = {role: Metrics(version="0", clock=time.time, role=role) for role in ROLES}
        disk = CollectorRegistry()
        for name, value in (("avail", 40.0), ("size", 100.0)):
            labels = ("fstype", "mountpoint")
            Gauge(f"node_filesystem_{name}_bytes", "of a disk", labels, registry=disk).labels(
                "ext4", "/"
            ).set(value)
        exposed = self

        class Handler(BaseHTTPRequestHandler):
            """One reading, one answer."""

            def do_GET(self) -> None:
                """Answer with the metrics of the role in the path."""
                role = self.path.strip("/")
                body = generate_latest(disk) if role == "node" else exposed.grown(role)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer((LOCALHOST, 0), Handler)
        self.address = f"{LOCALHOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def grown(self, role: str) -> bytes:
        """Let everything happen once more, and tell it."""
        metrics = self._metrics[role]
        for source in ("fms", "anpr"):
            metrics.set_stream_time(source, time.time() - 1)
            metrics.observations_total.labels(source, "accepted").inc(100)
            metrics.late_total.labels(source).inc()
            metrics.delay_seconds.labels(source).observe(0.7)
        metrics.dead_letters_total.labels("no_time").inc()
        metrics.flush_seconds.observe(0.02)
        metrics.alert_watches.labels("calm").set(3)
        metrics.alert_deliveries_total.labels("kafka", "delivered").inc()
        metrics.alert_waiting.labels("kafka").set(0)
        metrics.http_requests_total.labels("GET", "/v1/now", "200").inc()
        metrics.http_request_seconds.labels("/v1/now").observe(0.01)
        metrics.tell_sink("figures")(True)  # as callers do
        metrics.watch_pool(lambda: {"pool_size": 4, "pool_available": 3, "pool_max": 8})
        return metrics.exposition()


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    """Run a Prometheus with the shipped rules that reads them each second; give its address."""
    try:
        fetch_timescale()
    except FetchError as error:
        pytest.skip(str(error))
    exposed = Exposed()
    jobs = [
        {
            "job_name": name,
            "metrics_path": f"/{name}",
            "static_configs": [{"targets": [exposed.address], "labels": {"instance": name}}],
        }
        for name in (*ROLES, "node")
    ]
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules/*.yml"],
        "scrape_configs": jobs,
    }
    files = {"prometheus.yml": yaml.safe_dump(configuration), "rules/duls.yml": RULES.read_text()}
    with PrometheusServer(files) as server:
        yield server.url
    exposed.close()


@pytest.mark.services
def test_every_panel_gets_an_answer(prometheus: str) -> None:
    """From a real Prometheus with the shipped rules, when everything that is measured has happened."""
    silent = dict(EXPRESSIONS)
    silent.pop("Wat er misgaat")  # nothing is

    def asked() -> bool:
        """Ask for those that had no answer yet."""
        for title in list(silent):
            if answer(prometheus, silent[title]):
                del silent[title]
        return not silent

    wait_until(asked, "an answer for every panel", deadline_s=DEADLINE_S)

    assert [] == answer(prometheus, EXPRESSIONS["Wat er misgaat"])


def answer(url: str, expression: str) -> list[Json]:
    """Return the series of an expression; a wrong one is an error."""
    response = httpx.get(f"{url}/api/v1/query", params={"query": expression}, timeout=10.0)
    assert 200 == response.status_code, response.text
    result: list[Json] = response.json()["data"]["result"]
    return result
