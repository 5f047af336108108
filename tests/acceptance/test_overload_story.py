"""The story of docs/overload-story.md, told by the whole system: vans fill a zone, an operator takes it on, they leave.

The page has the figures of one run; they follow from the script of the crowd and the rule, but for how often counts
are told, so the test holds its own run to them.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.app.rules import Author, load_rule_file
from duls.app.simulate import CrowdPlan, SimulationPlan, simulate, write_city
from duls.app.stopping import StopFlag
from duls.config import load_settings
from duls.local_process import LOCALHOST, free_port
from streams.embedded_broker import EmbeddedBroker
from streams.topics import PARTIAL_TOPIC
from tests.faults.alert_world import alert_messages, topic_messages
from tests.faults.installation import Installation
from tests.faults.waiting import wait_until
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

PAGE: Final = Path(__file__).parents[2] / "docs" / "overload-story.md"
ZONE: Final = "markten"
START_US: Final = 1_795_420_800_000_000  # Monday 2026-11-23, 09:00 in Amsterdam
SPEED: Final = 15.0
CROWD: Final = CrowdPlan(ZONE, vehicles=20, after_s=150.0, fill_s=20.0, hold_s=200.0)
PLAN: Final = SimulationPlan(
    vehicles=300, interval_s=5.0, start_us=START_US, length_s=600.0, speed=SPEED, crowd=CROWD
)
RULE: Final[dict[str, Any]] = {
    "id": "full",
    "zone": ZONE,
    "capacity": "zone",
    "raise_s": 30,
    "clear_s": 30,
    "rising_pct": False,
}
MOST_APART_S: Final = CROWD.hold_s / 2  # stream time between two counts: beyond it the story says nothing
ANSWER_S: Final = 10.0
SEEN_S: Final = 60.0
READY_S: Final = 120.0


@pytest.fixture
def installation(server: TimescaleServer, tmp_path: Path) -> Iterator[Installation]:
    """Give an installation with the simulated city and one rule."""
    with EmbeddedBroker() as broker:
        variables = {
            "DULS_CLOCK": "event",
            "DULS_PARTITIONS": "1",
            "DULS_TRUST_CREATE_TIME": "true",
            "DULS_KAFKA_CLIENT": '{"session.timeout.ms": 6000, "fetch.wait.max.ms": 50, "log_level": 0}',
            "DULS_HTTP_BIND": f"{LOCALHOST}:{free_port()}",
            "DULS_HTTP_ANONYMOUS": "act",
        }
        made = Installation(broker.bootstrap_servers, server.url, tmp_path, variables)
        settings = load_settings(made.environment())
        run_migrate(settings, lambda _line: None)
        zones, _cameras = write_city(PLAN, tmp_path)
        load_zone_file(settings, zones)
        rules = tmp_path / "rules.json"
        rules.write_text(json.dumps({"rules": [RULE]}))
        load_rule_file(settings, rules, Author("test"))
        yield made
        made.end()


@contextmanager
def city_running(installation: Installation) -> Iterator[None]:
    """Send the city until the block ends."""
    stop = StopFlag()
    settings = load_settings(installation.environment())
    sending = threading.Thread(target=simulate, args=(settings, PLAN, stop, [].append), daemon=True)
    sending.start()
    try:
        yield
    finally:
        stop.set()
        sending.join()


def test_an_overload_is_raised_acknowledged_and_over(installation: Installation) -> None:
    """As the page tells it."""
    processes = [installation.start(role) for role in ("intake", "aggregate", "alert", "api")]
    for process in processes:
        wait_until(lambda: process.is_ready, f"{process.name} is ready", deadline_s=READY_S)  # noqa: B023  # waited for within the loop
    address = f"http://{installation.variables['DULS_HTTP_BIND']}/v1"
    with city_running(installation), httpx.Client(base_url=address, timeout=20.0) as client:
        alert = awaited(client, "firing")
        begun_s = time.monotonic()
        answer = client.post(f"/alerts/{alert['alert_id']}/acknowledge", json={"note": "Handhaver onderweg"})
        took_s = time.monotonic() - begun_s
        assert (200, "done") == (answer.status_code, answer.json()["status"]), answer.text
        assert "acknowledged" == only_alert(client)["state"]
        over = awaited(client, "resolved")
    told = alert_messages(installation)[over["alert_id"]]
    run = figures(over, told, took_s)
    apart_s = longest_apart_s(installation, run)
    assert apart_s <= MOST_APART_S
    check_page(run, apart_s)
    assert RULE["raise_s"] <= run["alert raised, s"] - run["too full since, s"] <= 30.0 + apart_s
    assert RULE["clear_s"] <= run["alert over, s"] - run["below the clear level, s"] <= 30.0 + apart_s
    changes = [message["state"] for message in told]
    assert ["firing", "acknowledged", "clearing", "resolved"] == changes
    assert "Handhaver onderweg" == told[-1]["note"]
    assert "anonymous" == over["acknowledged_by"]


def awaited(client: httpx.Client, state: str) -> dict[str, Any]:
    """Wait until the one alert is in a state."""
    wait_until(
        lambda: (only_alert(client) or {"state": None})["state"] == state, f"it is {state}", deadline_s=SEEN_S
    )
    return only_alert(client)


def only_alert(client: httpx.Client) -> dict[str, Any]:
    """Return the alert of the zone, nothing before there is one."""
    found = client.get("/alerts", params={"zone": ZONE}).json()["items"]
    assert len(found) <= 1
    return dict(found[0]) if found else {}


def figures(over: dict[str, Any], told: list[dict[str, Any]], took_s: float) -> dict[str, float]:
    """Return the figures of this run, by their names on the page."""
    first, last = told[0], told[-1]
    return {
        "capacity of the zone, vehicles": over["capacity"],
        "first van comes, s": CROWD.after_s,
        "too full since, s": seconds(first["since"]),
        "alert raised, s": seconds(first["raised"]),
        "most vehicles while it ran": last["peak_value"],
        "below the clear level, s": seconds(told[-2]["at"]),
        "alert over, s": seconds(last["until"]),
        "answer to the acknowledgement, s": took_s,
    }


def seconds(moment: str) -> float:
    """Return a time as seconds after the beginning of the story."""
    return (datetime.fromisoformat(moment) - datetime.fromtimestamp(START_US / 1e6, UTC)).total_seconds()


def longest_apart_s(installation: Installation, run: dict[str, float]) -> float:
    """Return the longest stream time between two counts of the story, in seconds: times are as exact as that."""
    messages = topic_messages(installation, PARTIAL_TOPIC)
    told_s = sorted({(counts["as_of_us"] - START_US) / 1e6 for _, counts in messages})
    story = [at_s for at_s in told_s if CROWD.after_s - SPEED <= at_s <= run["alert over, s"]]
    return max(later - earlier for earlier, later in pairwise(story))


def check_page(run: dict[str, float], apart_s: float) -> None:
    """Hold the page to a run: a level is seen at the next count, and thirty seconds end at another."""
    for name, value in run.items():
        print(f"| {name} | {value:.1f} |")  # noqa: T201  # for the page, shown by pytest -s
    rows = dict(re.findall(r"^\| (.+?) \| ([\d.]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert run.keys() == rows.keys()
    tolerances = {"capacity of the zone, vehicles": 0.0, "most vehicles while it ran": 2.0}
    tolerances["answer to the acknowledgement, s"] = ANSWER_S
    for name, value in run.items():
        assert abs(float(rows[name]) - value) <= tolerances.get(name, 2 * apart_s), name
