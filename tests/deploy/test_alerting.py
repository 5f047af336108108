"""From the metrics of a role over Prometheus and Alertmanager to a receiver, with the files that are shipped."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx
import pytest
import yaml

from duls.api.health import HealthServer, Vitals
from duls.local_process import LOCALHOST
from duls.metrics import Metrics
from tests.deploy.files import ALERTMANAGER, PROMETHEUS, RULES, RUNBOOKS, load
from tests.faults.waiting import wait_until
from tests.services.alertmanager import AlertmanagerServer
from tests.services.prometheus import PrometheusServer

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("debian")]

DEADLINE_S = 60.0
SECRETS = "/run/secrets/"


class Receiver:
    """Takes what Alertmanager posts, by path."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, Any]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One post, one answer."""

            def do_POST(self) -> None:
                """Note what was posted."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told[self.path.strip("/")] = json.loads(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer((LOCALHOST, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Name its address."""
        return f"http://{LOCALHOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin to take."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a receiver of alerts."""
    with Receiver() as made:
        yield made


def alertmanager_file(receiver: Receiver) -> str:
    """Return the file that is shipped, with addresses in place of the files that hold them."""
    configuration = load(ALERTMANAGER)
    for named in configuration["receivers"]:
        for hook in named["webhook_configs"]:
            hook["url"] = f"{receiver.url}/{hook.pop('url_file').removeprefix(SECRETS)}"
    return yaml.safe_dump(configuration)


def prometheus_files(roles: list[int], alertmanager: str) -> dict[str, str]:
    """Return the files that are shipped, with addresses of this machine and no waits."""
    configuration = load(PROMETHEUS / "prometheus.yml")
    configuration["global"] = {
        "scrape_interval": "200ms",
        "evaluation_interval": "200ms",
        "scrape_timeout": "200ms",
    }
    targets = [f"{LOCALHOST}:{port}" for port in roles]
    duls = next(job for job in configuration["scrape_configs"] if job["job_name"] == "duls")
    del duls["dns_sd_configs"]
    duls["static_configs"] = [{"targets": targets}]
    configuration["scrape_configs"] = [duls]
    address = alertmanager.removeprefix("http://")
    configuration["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [address]}]}]
    pages = {f"user/runbooks/{path.name}": path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")}
    return {
        "prometheus.yml": yaml.safe_dump(configuration),
        "rules/duls.yml": RULES.read_text(encoding="utf-8"),
        **pages,
    }


def test_an_alert_arrives_with_a_link_that_leads_to_its_page(receiver: Receiver) -> None:
    """Roles are scraped, rules evaluated, Alertmanager told, and the link in the alert opens."""
    vitals = [
        Vitals(list, Metrics(version="1", clock=lambda: 0.0, role=role).exposition)
        for role in ("intake", "aggregate")
    ]
    with (
        HealthServer(LOCALHOST, 0, vitals[0]) as intake,
        HealthServer(LOCALHOST, 0, vitals[1]) as aggregate,
        AlertmanagerServer(alertmanager_file(receiver)) as alertmanager,
        PrometheusServer(prometheus_files([intake.port, aggregate.port], alertmanager.url)) as prometheus,
    ):
        told = wait_until(
            lambda: receiver.told.get("watchdog_webhook_url"), "the watchdog arrives", deadline_s=DEADLINE_S
        )
        found = wait_until(
            lambda: (
                prometheus.query("duls_build_info") if len(prometheus.query("duls_build_info")) > 1 else None
            ),
            "both roles are read",
            deadline_s=DEADLINE_S,
        )
        page = httpx.get(told["alerts"][0]["annotations"]["runbook_url"])
        pending = prometheus.query('ALERTS{alertname="RoleDown"}')

    assert {"intake", "aggregate"} == {series["metric"]["role"] for series in found}
    assert {"api", "alert"} == {alert["metric"]["role"] for alert in pending}
    assert "Watchdog" == told["alerts"][0]["labels"]["alertname"]
    assert page.text.startswith("# Watchdog\n")
