"""Alerts reach whom they are meant for, and a cause silences its consequences."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from duls.pipelines.alert_posts import ALERT_NAME
from tests.deploy.files import ALERTMANAGER, AlertRule, alert_rules, load
from tests.services.alertmanager import AlertmanagerServer
from tests.services.fetch import debian_program

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("debian")]

ROUTES = {
    "watchdog": ["alertname=Watchdog", "severity=none"],
    "on-call": ["alertname=SinkDown", "severity=critical", "sink=figures", "cause=down"],
    "operators": ["alertname=LagSeconds", "severity=warning", "source=fms"],
    "control-room": [f"alertname={ALERT_NAME}", "severity=critical", "zone=kade", "rule=default"],
}
INHIBITED = [
    ("RoleDown role=intake", "DataStale source=fms cause=absent", True),
    ("RoleDown role=intake", "SinkDown cause=absent sink=figures", False),
    ("RoleDown role=aggregate", "SinkDown cause=absent sink=figures", True),
    ("RoleDown role=aggregate", "DataStale source=fms cause=silent", False),
    ("SinkDown sink=figures cause=down", "LagSeconds source=fms", True),
    ("SinkDown sink=figures cause=down", "DataStale source=fms cause=behind", True),
    ("SinkDown sink=figures cause=down", "DataStale source=fms cause=silent", False),
    ("SinkDown sink=figures cause=down", "SinkDown cause=stuck", True),
    ("SinkDown sink=keys cause=down", "SinkDown sink=figures cause=down", False),
    ("ClockStalled source=fms partition=3", "LagSeconds source=fms", True),
    ("ClockStalled source=fms partition=3", "LagSeconds source=anpr", False),
    ("DataStale source=fms cause=behind", "LagSeconds source=fms", True),
    ("DataStale source=fms cause=behind", "OffsetGap", False),
]


def amtool(*arguments: str | Path) -> str:
    """Run amtool; return what it says, and fail with it."""
    command = [debian_program("amtool"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def server() -> Iterator[AlertmanagerServer]:
    """Run Alertmanager with the file that is shipped."""
    with AlertmanagerServer(ALERTMANAGER.read_text(encoding="utf-8")) as running:
        yield running


def labels_of(text: str) -> dict[str, str]:
    """Return the labels of an alert written as its name and `label=value` pairs."""
    name, *pairs = text.split()
    return {"alertname": name, **dict(pair.split("=") for pair in pairs)}


def test_alertmanager_takes_the_file() -> None:
    """With all its receivers."""
    assert "SUCCESS" in amtool("check-config", ALERTMANAGER)


@pytest.mark.parametrize(("receiver", "labels"), ROUTES.items())
def test_an_alert_reaches_its_receiver(receiver: str, labels: list[str]) -> None:
    """And that one only."""
    arguments = (f"--config.file={ALERTMANAGER}", f"--verify.receivers={receiver}", *labels)

    assert receiver == amtool("config", "routes", "test", *arguments).strip()


@pytest.mark.parametrize(
    "rule", alert_rules(), ids=lambda rule: f"{rule.name}-{rule.labels.get('cause', '')}"
)
def test_severity_decides_who_is_told(rule: AlertRule) -> None:
    """What is critical wakes somebody, a warning waits for the morning."""
    receivers = {"critical": "on-call", "warning": "operators", "none": "watchdog"}
    labels = [f"alertname={rule.name}", *(f"{name}={value}" for name, value in rule.labels.items())]

    said = amtool("config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)

    assert receivers[rule.labels["severity"]] == said.strip()


def test_addresses_are_in_files() -> None:
    """Each receiver reads its own, so that no secret is in the file that is shipped."""
    receivers = load(ALERTMANAGER)["receivers"]
    hooks = [hook for receiver in receivers for hook in receiver["webhook_configs"]]

    assert len(receivers) == len({hook["url_file"] for hook in hooks}) == len(hooks)
    assert all(hook["url_file"].startswith("/run/secrets/") and "url" not in hook for hook in hooks)


@pytest.mark.parametrize(("cause", "consequence", "silenced"), INHIBITED)
def test_a_cause_silences_its_consequences(
    server: AlertmanagerServer, cause: str, consequence: str, *, silenced: bool
) -> None:
    """And nothing else."""
    ends = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    alerts = [{"labels": labels_of(text), "endsAt": ends} for text in (cause, consequence)]
    httpx.post(f"{server.url}/api/v2/alerts", json=alerts).raise_for_status()

    (found,) = [alert for alert in server.alerts() if alert["labels"] == labels_of(consequence)]

    assert silenced == bool(found["status"]["inhibitedBy"])
