"""The real Alertmanager takes alerts, keeps them across a kill, and tells receivers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.services import fetch
from tests.services.alertmanager import AlertmanagerServer

pytestmark = pytest.mark.services


@pytest.fixture
def server(debian: Path) -> Iterator[AlertmanagerServer]:
    """Run an Alertmanager that the test may kill, out of the folder that *debian* has made sure of."""
    assert debian == fetch.timescale_folder()
    with AlertmanagerServer() as running:
        yield running


def post(server: AlertmanagerServer, name: str) -> None:
    """Send one alert that fires for an hour."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    alert = {"labels": {"alertname": name}, "endsAt": ends.isoformat()}
    httpx.post(f"{server.url}/api/v2/alerts", json=[alert]).raise_for_status()


def test_an_alert_is_held(server: AlertmanagerServer) -> None:
    """What is posted is told of."""
    post(server, "Overload")

    assert ["Overload"] == [alert["labels"]["alertname"] for alert in server.alerts()]


def test_it_comes_back_at_the_same_address(server: AlertmanagerServer) -> None:
    """A stopped or killed server takes alerts again where it was."""
    address = server.url
    server.stop()
    server.start()
    server.kill()
    server.start()

    post(server, "Again")

    assert address == server.url
    assert len(server.alerts()) == 1
    assert "Listening on" in server.log_text()


def test_other_packages_are_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder made with other packages is never taken for the one that is needed."""
    before = fetch.timescale_folder()
    monkeypatch.setattr(fetch, "DEBIAN_PACKAGES", f"{fetch.DEBIAN_PACKAGES},hello")

    assert before != fetch.timescale_folder()
