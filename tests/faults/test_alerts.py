"""The alert role on a real broker and database: storms, deaths, sleep, silence, and pagers that do not answer."""

import hashlib
import hmac
import json
import os
import signal
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from processors.overload.watch import alert_id
from tests.faults.alert_world import (
    RULE,
    Pager,
    alert_messages,
    await_ready,
    holders,
    metric,
    prepare,
    rows,
    start_alert,
    states,
    topic_messages,
    watching,
    zone_ids,
)
from tests.faults.conftest import NewInstallation
from tests.faults.installation import Installation
from tests.faults.waiting import wait_until
from tests.faults.zone_feed import SECOND_US, LiveFeed, ZoneFeed
from tests.services.alertmanager import AlertmanagerServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

IS_SOAK = os.environ.get("DULS_TEST_SOAK") == "1"
START_US = 1_795_000_000 * SECOND_US  # stream time of a history
STORM_ZONES, STORM_S, KILLS = (200, 600, 10) if IS_SOAK else (40, 240, 2)
PAGE_S = 600
LASTING = "z0"  # too full throughout
LEASE_S = 10.0 if IS_SOAK else 3.0
LOST_S = 45.0 if IS_SOAK else 4.0
TAKEN_OVER_S = 30.0
NO_DATA_S = 60.0
BACK_S = 10.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 30.0
SEEN_S = 30.0
JUDGED_S = 600.0 if IS_SOAK else 30.0  # 60,000 alerts, of which half may still be unread at the last kill
KEY = "a secret of these tests"


def storm_loads(second: int) -> dict[str, int]:
    """Return the loads of a storm: zones flap at 1 Hz, half of them in the other half of the time."""
    loads = {zone: 12 if (second + number) % 2 else 1 for number, zone in enumerate(zone_ids(STORM_ZONES))}
    return {**loads, LASTING: 12}


def storm_alerts() -> set[str]:
    """Return the ids of all alerts of a storm, from their definition."""
    found = set()
    for zone in zone_ids(STORM_ZONES):
        before = 0
        for second in range(STORM_S):
            load = storm_loads(second)[zone]
            if load >= 9 > before:
                found.add(alert_id(zone, RULE, START_US + second * SECOND_US))
            before = load
    return found


def test_a_storm_loses_no_alert_and_pages_rarely(new_installation: NewInstallation, tmp_path: Path) -> None:
    """Killed again and again: every alert once by id, acknowledgements kept, a page a zone in ten minutes."""
    with Pager().running() as pager:
        secret = tmp_path / "secret"
        secret.write_text(KEY)
        secret.chmod(0o600)
        installation = new_installation(
            {
                "DULS_CLOCK": "event",
                "DULS_PARTITIONS": "1",
                "DULS_ALERT_LEASE_S": "1",
                "DULS_ALERT_PAGE_INTERVAL_S": str(PAGE_S),
                "DULS_ALERT_WEBHOOK_URLS": pager.url,
                "DULS_ALERT_WEBHOOK_HOSTS": "127.0.0.1",
                "DULS_ALERT_WEBHOOK_SECRET_FILE": str(secret),
            }
        )
        prepare(installation, STORM_ZONES, raise_s=0, clear_s=0)
        blow(installation)

        expected = storm_alerts()
        judged_s = judges_within(installation, JUDGED_S)
        print(f"{len(expected)} alerts; the last was judged {judged_s:.1f} s after the storm")  # noqa: T201  # a figure of the soak run
        assert expected == {row[0] for row in rows(installation, "SELECT alert_id FROM live.alert")}
        check_topic(installation, expected)
        check_pages(pager)
    (lasting,) = rows(
        installation, "SELECT acknowledged_by, note, until FROM live.alert WHERE zone_id = %s", LASTING
    )
    assert ("jan", "op weg", None) == lasting


def blow(installation: Installation) -> None:
    """Send the storm, killing the process on the way, and acknowledge the alert that lasts."""
    feed = ZoneFeed(installation.bootstrap_servers)
    process = start_alert(installation, "alert-0")
    await_ready(process)
    deaths = {STORM_S * number // (KILLS + 1): number for number in range(1, KILLS + 1)}
    for second in range(STORM_S):
        feed.send(START_US + second * SECOND_US, storm_loads(second))
        if second == 10:
            acknowledge(installation)
        if second in deaths:
            wait_until(lambda: has_judged(installation, second // 2), "half is judged", deadline_s=60.0)  # noqa: B023  # waited for within the loop
            process.kill()
            process = start_alert(installation, f"alert-{deaths[second]}")
    await_ready(process)


def judges_within(installation: Installation, within_s: float) -> float:
    """Wait until the whole storm was judged; return how long that took, in seconds."""
    begun_s = time.monotonic()
    end_s = begun_s + within_s
    while not has_judged(installation, STORM_S - 1):
        if time.monotonic() > end_s:
            (found,) = rows(
                installation, "SELECT min(as_of_us), max(as_of_us), max(epoch) FROM core.alert_shard"
            )
            alerts = rows(installation, "SELECT count(*) FROM live.alert")
            pytest.fail(
                f"after {within_s:.0f} s the shards are at {found} and {alerts} alerts, not at {STORM_S} s"
            )
        time.sleep(0.2)
    return time.monotonic() - begun_s


def has_judged(installation: Installation, second: int) -> bool:
    """Tell whether the watches have come so far."""
    found = rows(installation, "SELECT min(as_of_us) FROM core.alert_shard")
    return bool(found[0][0] >= START_US + second * SECOND_US)


def acknowledge(installation: Installation) -> None:
    """Acknowledge the alert that lasts."""
    identity = alert_id(LASTING, RULE, START_US)
    wait_until(
        lambda: rows(installation, "SELECT 1 FROM live.alert WHERE alert_id = %s", identity),
        "the alert is there",
        deadline_s=SEEN_S,
    )
    installation.command("alerts", "ack", identity, "--by", "jan", "--note", "op weg")


def check_topic(installation: Installation, expected: set[str]) -> None:
    """Hold the topic to what the database says: every alert, every revision, none told otherwise when told again."""
    wait_until(
        lambda: not rows(installation, "SELECT 1 FROM core.alert_delivery WHERE channel = 'topic'"),
        "everything is told",
        deadline_s=JUDGED_S,
    )
    told = alert_messages(installation)
    assert expected == told.keys()
    revisions = dict(rows(installation, "SELECT alert_id, revision FROM live.alert"))
    for identity, messages in told.items():
        by_revision = {message["revision"]: message for message in messages}
        whole = set(range(1, revisions[identity] + 1))
        # a storm of full size fills segments of the topic, and the broker compacts those: the newest stays
        assert (by_revision.keys() <= whole) if IS_SOAK else (by_revision.keys() == whole)
        assert all(message == by_revision[message["revision"]] for message in messages)
        assert revisions[identity] == max(by_revision) == messages[-1]["revision"]


def check_pages(pager: Pager) -> None:
    """At most one page a zone in ten minutes of stream time; each is signed, and told once by its number."""
    wait_until(lambda: len(paged_zones(pager)) == STORM_ZONES, "every zone has paged", deadline_s=SEEN_S)
    numbers = Counter(headers["Idempotency-Key"] for headers, _ in pager.posts)
    pages = {headers["Idempotency-Key"]: json.loads(body) for headers, body in pager.posts}
    raised = [page for page in pages.values() if page["event"] == "raised"]
    assert {1} == set(Counter(page["zone_id"] for page in raised).values())
    assert len(numbers) + KILLS >= len(pager.posts)
    headers, body = pager.posts[0]
    sent, _, signed = headers["Duls-Signature"].partition(",v1=")
    expected = hmac.new(KEY.encode(), f"{sent.removeprefix('t=')}.".encode() + body, hashlib.sha256)
    assert expected.hexdigest() == signed


def paged_zones(pager: Pager) -> set[str]:
    """Return the zones that have paged."""
    return {page["zone_id"] for page in pager.pages()}


def test_processes_share_replace_and_fence_each_other(new_installation: NewInstallation) -> None:
    """One is killed, then one sleeps: the other takes over within 30 s, and the sleeper's epochs are gone."""
    installation = new_installation({"DULS_PARTITIONS": "1", "DULS_ALERT_LEASE_S": str(LEASE_S)})
    prepare(installation, 40, raise_s=0, clear_s=0)
    with LiveFeed(ZoneFeed(installation.bootstrap_servers)).running() as live:
        first, second = (start_alert(installation, name) for name in ("first", "second"))
        await_shares(installation, [8, 8])
        await_ready(first, second)
        assert not watching(first) & watching(second)

        first.kill()
        taken_s = raises_within(installation, live, 12)
        assert taken_s <= TAKEN_OVER_S
        await_shares(installation, [16])

        third = start_alert(installation, "third")
        await_shares(installation, [8, 8])
        await_ready(third)
        second.send(signal.SIGSTOP)
        assert raises_within(installation, live, 1, state="resolved") <= TAKEN_OVER_S
        second.send(signal.SIGCONT)
        await_shares(installation, [8, 8])
        assert raises_within(installation, live, 12) <= TAKEN_OVER_S
    print(f"took over within {taken_s:.1f} s")  # noqa: T201  # a figure of the soak run
    since = rows(installation, "SELECT count(*), count(DISTINCT (zone_id, since)) FROM live.alert")
    assert [(80, 80)] == since
    newest: dict[str, tuple[int, int]] = {}
    for zone, message in topic_messages(installation, "duls.zone.state.v1"):
        place = (message["epoch"], message["offset"])
        assert place >= newest.get(zone, (0, 0)), f"an older owner told of {zone}"
        newest[zone] = place


def await_shares(installation: Installation, shares: list[int]) -> None:
    """Wait until living processes hold so many shards each."""
    wait_until(
        lambda: sorted(holders(installation).values()) == shares and None not in holders(installation),
        f"shards are shared as {shares}",
        deadline_s=90.0,
    )


def raises_within(installation: Installation, live: LiveFeed, load: int, state: str = "firing") -> float:
    """Give every zone a load and return how long it took until all alerts are in a state, in seconds."""
    begun_s = time.monotonic()
    live.loads = dict.fromkeys(zone_ids(40), load)
    wait_until(
        lambda: (
            [(40,)]
            == rows(
                installation,
                "SELECT count(*) FROM (SELECT DISTINCT ON (zone_id) state FROM live.alert "
                "ORDER BY zone_id, since DESC) AS newest WHERE state = %s",
                state,
            )
        ),
        f"all alerts are {state}",
        deadline_s=TAKEN_OVER_S + 30.0,
    )
    return time.monotonic() - begun_s


def test_a_client_that_falls_deaf_is_replaced(new_installation: NewInstallation) -> None:
    """It says nothing of it itself; but the topic goes on."""
    installation = new_installation({"DULS_PARTITIONS": "1"})
    prepare(installation, 4, raise_s=0, clear_s=0)
    process = installation.start("alert", module="tests.faults.deaf_variant", log="alert")
    with LiveFeed(ZoneFeed(installation.bootstrap_servers)).running() as live:
        await_state(installation, "z1", "normal", SEEN_S + 60.0)
        wait_until(
            lambda: metric(process, "duls_reading_restarts_total") > 0, "it is found out", deadline_s=60.0
        )
        live.loads = {"z1": 12}
        await_state(installation, "z1", "firing", SEEN_S)
    assert process.is_ready


def test_silence_is_no_data_and_pagers_may_be_away(new_installation: NewInstallation) -> None:
    """A dead feed is known of within a minute, its return within ten seconds; Alertmanager loses nothing meanwhile."""
    alertmanager = AlertmanagerServer()
    installation = new_installation(
        {
            "DULS_PARTITIONS": "1",
            "DULS_ALERT_LEASE_S": "2",
            "DULS_ALERT_FEED_LOST_S": str(LOST_S),
            "DULS_ALERT_ALERTMANAGER_URL": alertmanager.url,
            "DULS_ALERT_ALERTMANAGER_RESEND_S": "1",
            "DULS_ALERT_RETRY_MAX_S": "1",
        }
    )
    prepare(installation, 4, raise_s=0, clear_s=0)
    process = start_alert(installation, "alert")
    with LiveFeed(ZoneFeed(installation.bootstrap_servers)).running() as live:
        live.loads = {"z1": 12}
        await_state(installation, "z1", "firing", SEEN_S + 60.0)
        # nobody answers at Alertmanager; five minutes of that in the soak run
        outage_end_s = time.monotonic() + (300.0 if IS_SOAK else 0.0)

        for stop in ("is_heard", "is_sending"):
            setattr(live, stop, False)
            lost_s = await_state(installation, "z2", "no_data", NO_DATA_S)
            assert "no_data" == states(installation)["z1"]
            wait_until(
                lambda: metric(process, "duls_alert_feed_lost") == 1.0, "metrics say so", deadline_s=30.0
            )
            wait_until(
                lambda: newest_zone(installation, "z2") == "no_data", "the topic says so", deadline_s=30.0
            )
            setattr(live, stop, True)
            back_s = await_state(installation, "z2", "normal", BACK_S)
            assert "firing" == states(installation)["z1"]
            print(f"no data after {lost_s:.1f} s, back after {back_s:.1f} s")  # noqa: T201  # figures of the soak run

        live.loads = {"z1": 1, "z3": 12}
        await_state(installation, "z3", "firing", SEEN_S)
        wait_until(lambda: time.monotonic() >= outage_end_s, "the outage is over", deadline_s=400.0)
        with alertmanager:
            check_alertmanager(installation, alertmanager)


def check_alertmanager(installation: Installation, alertmanager: AlertmanagerServer) -> None:
    """Everything that waited has arrived: what runs is there, and what was over meanwhile was told, too."""
    wait_until(lambda: {"z3"} == alert_zones(alertmanager), "Alertmanager has what runs", deadline_s=SEEN_S)
    wait_until(
        lambda: not rows(installation, "SELECT 1 FROM core.alert_delivery WHERE delivered_at IS NULL"),
        "everything is delivered",
        deadline_s=SEEN_S,
    )
    told = rows(
        installation,
        "SELECT zone.zone_id, told.event FROM core.alert_delivery AS told "
        "JOIN core.zone AS zone USING (zone_no) ORDER BY told.delivery_no",
    )
    assert [("z1", "raised"), ("z3", "raised"), ("z1", "ended")] == sorted(
        told, key=lambda row: row[1] == "ended"
    )
    (alert,) = alertmanager.alerts()
    assert ("ZoneOverload", RULE, "warning") == tuple(
        alert["labels"][name] for name in ("alertname", "rule", "severity")
    )
    assert "12 voertuigen aanwezig" in alert["annotations"]["description"]
    assert datetime.fromisoformat(alert["endsAt"]) > datetime.fromisoformat(alert["startsAt"])


def alert_zones(alertmanager: AlertmanagerServer) -> set[str]:
    """Return the zones of the alerts that Alertmanager holds."""
    return {alert["labels"]["zone"] for alert in alertmanager.alerts()}


def await_state(installation: Installation, zone: str, state: str, within_s: float) -> float:
    """Wait until the rule is in a state in a zone; return how long it took, in seconds."""
    begun_s = time.monotonic()
    wait_until(
        lambda: states(installation).get(zone) == state,
        f"{zone} is {state}; {states(installation)}",
        deadline_s=within_s,
    )
    return time.monotonic() - begun_s


def newest_zone(installation: Installation, zone_id: str) -> str:
    """Return the state of a zone as the topic tells it last."""
    found = dict(topic_messages(installation, "duls.zone.state.v1"))
    return str(found[zone_id]["state"])
