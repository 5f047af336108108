"""`duls alerts`: what runs, and deeds that go through their topic to whoever watches the zone."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING

import duls.app.alerts
from duls.api.deeds import Deed
from duls.app.alerts import do
from duls.cli.program import run
from duls.config import Settings
from duls.errors import InvalidInputError, ServiceAwayError
from duls.pipelines.alert_actions import decode_action
from sinks.connection import open_connection
from sinks.overload_actions import receive
from sinks.queries import query
from streams.clients import make_admin
from streams.topic_reader import make_reader, messages_to_end
from streams.topics import ACTION_TOPIC, describe_topic

pytestmark = pytest.mark.services

ALERT = "a1"


@pytest.fixture
def city(installed: Settings, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give an installation in which an alert runs and one is over, that commands of this process find."""
    for name, value in {**environment, "DULS_LOG_LEVEL": "warning"}.items():
        monkeypatch.setenv(name, value)
    with open_connection(installed.database_url, application_name="test") as connection:
        connection.execute("INSERT INTO core.zone (zone_id) VALUES ('z')")
        connection.execute(
            "INSERT INTO core.alert (alert_id, zone_no, rule, state, value, capacity, since, until, reason_en) "
            "SELECT given.*  FROM core.zone, LATERAL (VALUES "
            "('a1', zone_no, 'full', 'firing', 12, 10, now(), NULL::timestamptz, '12 vans'), "
            "('a0', zone_no, 'full', 'resolved', 1, 10, now() - interval '1 hour', now(), '')) AS given"
        )
    return installed


@contextmanager
def watched(settings: Settings, refusal: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Take actions in as an alert process does, until the block ends; give what was read."""
    kafka, stop, read = settings.kafka, threading.Event(), []
    topic_id = describe_topic(make_admin(kafka.bootstrap_servers, kafka.client), ACTION_TOPIC).topic_id

    def take() -> None:
        """Handle everything that is there, again and again."""
        seen = 0
        with open_connection(settings.database_url, application_name="test") as connection:
            while not stop.wait(0.05):
                reader = make_reader(kafka.bootstrap_servers, kafka.client)
                values = [
                    m.value() or b"" for m in messages_to_end(reader, ACTION_TOPIC, {0: OFFSET_BEGINNING})
                ]
                reader.close()
                for value in values[seen:]:
                    read.append(json.loads(value))
                    action = decode_action(value)
                    receive(connection, action, (topic_id, 0))
                    outcome = {"action_id": action.action_id, "refusal": refusal}
                    connection.execute(query("overload_actions", "handle"), outcome)
                seen = len(values)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield read
    finally:
        stop.set()
        thread.join()


def test_the_commands_do_what_operators_want(city: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one message with who, when and why; the answer comes once it took effect."""
    with watched(city) as read:
        for words in (
            ("ack", ALERT, "--by", "an", "--note", "op weg"),
            ("snooze", ALERT, "--until", "90m", "--by", "an"),
            ("resolve", ALERT, "--reason", "geteld", "--by", "an"),
            (
                "silence",
                "z",
                "--until",
                "2087-01-02T00:00:00+01:00",
                "--from",
                "2087-01-01T00:00:00+01:00",
                "--by",
                "an",
            ),
            ("unsilence", "z", "--by", "an", "--json"),
        ):
            assert 0 == run(["alerts", *words]), capsys.readouterr().err

    assert ["acknowledge", "snooze", "resolve", "silence", "unsilence"] == [deed["kind"] for deed in read]
    assert {"an"} == {deed["by"] for deed in read}
    assert ["op weg", None, "geteld"] == [deed.get("note") for deed in read[:3]]
    until, at = (datetime.fromisoformat(read[1][name]) for name in ("until", "at"))
    assert 5_300 < (until - at).total_seconds() <= 5_400
    with open_connection(city.database_url, application_name="test") as connection:
        ((starts, ends, ended_by),) = connection.execute(
            "SELECT starts_at, ends_at, ended_by FROM live.zone_silence"
        ).fetchall()
    assert (starts, "an") == (ends, ended_by)  # it had not begun
    assert "unsilence" in capsys.readouterr().out


def test_a_refusal_is_told(city: Settings) -> None:
    """In words."""
    with watched(city, "already_done"), pytest.raises(InvalidInputError, match="somebody did so already"):
        do(city, Deed("acknowledge", "an", alert_id=ALERT))


def test_without_an_alert_process_the_deed_waits(city: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that is told; what lacks something is not sent at all."""
    monkeypatch.setattr(duls.app.alerts, "HANDLED_S", 0.1)

    with pytest.raises(ServiceAwayError, match="once one runs"):
        do(city, Deed("acknowledge", "an", alert_id=ALERT))
    with pytest.raises(InvalidInputError, match="needs a note"):
        do(city, Deed("resolve", "an", alert_id=ALERT))


@pytest.mark.usefixtures("city")
def test_the_list_has_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """And with --all what is over."""
    assert 0 == run(["alerts", "list"])
    printed = capsys.readouterr().out
    assert ("12 of 10" in printed, "1 alerts" in printed) == (True, True)
    assert 0 == run(["alerts", "list", "--all", "--json", "--zone", "z"])
    assert [ALERT, "a0"] == [alert["alert_id"] for alert in json.loads(capsys.readouterr().out)["alerts"]]
    assert 2 == run(["alerts", "snooze", ALERT, "--until", "tomorrow"])
    assert "ISO 8601" in capsys.readouterr().err
