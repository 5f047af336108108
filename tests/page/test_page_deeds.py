"""An alert is acknowledged by the button of the page, on every real part: broker, alert role, API and browser."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from duls.app.tokens import issue_token
from duls.config import load_settings
from streams.embedded_broker import EmbeddedBroker
from tests.faults.alert_world import await_ready, prepare, rows, start_alert, states
from tests.faults.installation import Installation
from tests.faults.waiting import wait_until
from tests.faults.zone_feed import LiveFeed, ZoneFeed
from tests.page.page_server import PageServer
from tests.services.external import Database

pytestmark = [pytest.mark.services, pytest.mark.slow]

IN_FORCE_S = 30.0
SEEN_S = 60.0


@pytest.fixture
def installation(timescale: Database, tmp_path: Path) -> Iterator[Installation]:
    """Give an installation with two zones, that are too full at once."""
    with EmbeddedBroker() as broker:
        variables = {
            "DULS_PARTITIONS": "1",
            "DULS_TRUST_CREATE_TIME": "true",
            "DULS_HTTP_TOKEN_KEY_FILE": str(tmp_path / "token.key"),
            "DULS_KAFKA_CLIENT": '{"session.timeout.ms": 6000, "log_level": 0}',
        }
        made = Installation(broker.bootstrap_servers, timescale.url, tmp_path, variables)
        prepare(made, 2, raise_s=0, clear_s=0)
        yield made
        made.end()


def test_the_button_acknowledges(installation: Installation, browser: Browser, tmp_path: Path) -> None:
    """Who did it comes with the stream; what else is done over HTTP takes effect as well."""
    alert = start_alert(installation, "alert")
    settings = load_settings(installation.environment())
    token = issue_token(settings, "keeper", scopes=["rules", "operator"], municipalities=[], days=1).token
    variables = {**installation.variables, "DULS_HTTP_ANONYMOUS": "act", "DULS_LOG_LEVEL": "warning"}
    with (
        PageServer(installation.database_url, tmp_path, **variables) as server,
        LiveFeed(ZoneFeed(installation.bootstrap_servers)).running() as live,
    ):
        live.loads = {"z0": 12, "z1": 12}
        await_ready(alert)
        await_states(installation, {"z0": "firing", "z1": "firing"})
        page = browser.new_context().new_page()
        page.goto(server.address)
        page.get_by_role("button", name="Melding van Zone 0 bevestigen").click()

        expect(page.locator("#alerts")).to_contain_text("Bevestigd door anonymous om")
        await_states(installation, {"z0": "acknowledged", "z1": "firing"})
        check_deeds(installation, server)
        await_states(installation, {"z0": "acknowledged", "z1": "resolved"})
        check_rules(installation, server, token)
    done = rows(installation, "SELECT kind, done_by, note, refusal FROM live.alert_action ORDER BY done_at")
    assert [
        ("acknowledge", "anonymous", None, None),
        ("snooze", "anonymous", "even", None),
        ("resolve", "anonymous", "geteld", None),
        ("silence", "anonymous", None, None),
    ] == done


def check_deeds(installation: Installation, server: PageServer) -> None:
    """Snooze and resolve the other alert, once, and silence its zone."""
    (identity,) = rows(installation, "SELECT alert_id FROM live.alert WHERE zone_id = 'z1'")[0]
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3_600))
    with httpx.Client(base_url=f"{server.address}v1", timeout=20.0) as client:
        for path, body, status in (
            (f"/alerts/{identity}/snooze", {"until": until, "note": "even"}, 200),
            (f"/alerts/{identity}/resolve", {"note": "geteld"}, 200),
            (f"/alerts/{identity}/resolve", {"note": "geteld"}, 409),
            ("/zones/z1/silence", {"until": until}, 200),
        ):
            answer = client.post(path, json=body)
            assert status == answer.status_code, answer.text


def check_rules(installation: Installation, server: PageServer, token: str) -> None:
    """Rules that are put are in force within five seconds, and a running alert goes on."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{server.address}v1", timeout=20.0, headers=headers) as client:
        document = client.get("/rules").json()
        (before,) = rows(installation, "SELECT alert_id FROM live.alert WHERE zone_id = 'z0'")
        document["rules"][0]["capacity"] = 1_000
        version = document.pop("version")
        assert 200 == client.put("/rules", json=document, params={"after": version}).status_code
        begun_s = time.monotonic()
        wait_until(
            lambda: (
                1_000 == rows(installation, "SELECT capacity FROM live.zone_watch WHERE zone_id = 'z0'")[0][0]
            ),
            "the rules are in force",
            deadline_s=SEEN_S,
        )
        assert time.monotonic() - begun_s < IN_FORCE_S
    assert [before] == rows(installation, "SELECT alert_id FROM live.alert WHERE zone_id = 'z0'")


def await_states(installation: Installation, expected: dict[str, str]) -> None:
    """Wait until the watches are in these states."""
    wait_until(
        lambda: expected == states(installation),
        f"{expected}; {states(installation)}",
        deadline_s=SEEN_S,
    )
