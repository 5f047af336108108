"""The privacy report: what there is, since when, until when, who reads it, in two languages."""

import json
import secrets
import time
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer

from duls.app.privacy import Kept, Keys, Report, keys_of, privacy_report
from duls.cli.privacy import TEXTS, _lines
from duls.cli.program import run
from duls.config import Settings
from sinks.connection import open_connection
from sinks.keys import KeyAge, KeyStore
from sinks.master_key import read_master_key
from sinks.patience import Patience
from streams.topics import POSITIONS_TOPIC

DAY_US = 86_400_000_000


def kept(settings: Settings, what: str) -> Kept:
    """Return what the report says of one kind of data."""
    return next(part for part in privacy_report(settings, time.time).kept if part.what == what)


def test_the_oldest_raw_record_decides_how_long_plates_are_there(installed: Settings) -> None:
    """Not what the broker was told: it may have deleted nothing yet."""
    assert kept(installed, "raw").since_us is None
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers})
    at_ms = int(time.time() * 1_000) - 120_000
    producer.produce(POSITIONS_TOPIC, b"{}", timestamp=at_ms)
    producer.flush(20)

    raw = kept(installed, "raw")

    assert at_ms * 1_000 == raw.since_us
    assert (at_ms + installed.kafka.retention_ms) * 1_000 == raw.until_us
    assert ("duls run intake",) == raw.readers


def test_readers_are_those_who_may_read_now(installed: Settings) -> None:
    """Roles and logins, by grant or as members; nobody but the owner reads states of vehicles besides ingest."""
    with open_connection(installed.database_url, application_name="test") as connection:
        connection.execute("CREATE ROLE test_analyst LOGIN IN ROLE duls_planner")
        try:
            history, snapshots = kept(installed, "history"), kept(installed, "snapshots")
        finally:
            connection.execute("DROP ROLE test_analyst")

    assert {"duls_planner", "test_analyst"} <= set(history.readers)
    assert "duls_operator" not in history.readers
    assert {"duls_ingest", "duls_owner"} == set(snapshots.readers)


def test_times_are_those_of_the_oldest_rows(installed: Settings) -> None:
    """And when they go follows from how long they are kept."""
    with open_connection(installed.database_url, application_name="test") as connection:
        connection.execute(
            "INSERT INTO core.access_log (at, subject, route, parameters, rows)"
            " VALUES ('2026-01-02T03:04:05Z', 'a', '/v1', '{}', 1)"
        )

    log = kept(installed, "access_log")

    since = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert int(since.timestamp()) * 1_000_000 == log.since_us
    assert log.since_us + 365 * DAY_US == log.until_us


def test_it_is_told_that_vehicles_are_known_over_a_month() -> None:
    """That the setting is on, how many keys there are, and when the next one goes."""
    report = Report(
        0, [Kept("visitors", ("core.visitor",), 0, 86_400.0, ())], Keys(0, 0, 0, None, None),
        Keys(1, 2, 0, 86_400_000_000, 30), True, [], 10, 3,
    )  # fmt: skip

    lines = "\n".join(_lines(report, "en"))

    assert TEXTS["month_on"]["en"] in lines
    assert "Month keys: 1 kept, 2 destroyed, 0 overdue." in lines
    assert "The oldest is of 1970-01-31; the next destruction is at 1970-01-02 00:00 (UTC)." in lines


def test_keys_are_counted_and_the_next_destruction_is_told() -> None:
    """Of those kept; an overdue one is a finding."""
    ages = [
        KeyAge(1, has_key=False, made_us=0, destroy_after_us=5, is_overdue=True),
        KeyAge(2, has_key=True, made_us=1, destroy_after_us=6, is_overdue=True),
        KeyAge(3, has_key=True, made_us=2, destroy_after_us=7, is_overdue=False),
    ]

    assert Keys(kept=2, destroyed=1, overdue=1, next_destruction_us=6, oldest_day=2) == keys_of(ages)
    assert Keys(0, 0, 0, None, None) == keys_of([])


@pytest.mark.parametrize(("language", "words"), [("nl", "wie kan lezen"), ("en", "who may read")])
def test_it_is_told_in_both_languages(
    installed: Settings,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: str,
) -> None:
    """A line for each kind of data, the keys, the rule, and the promise; no secret."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    store = KeyStore(
        installed.keys_url,
        read_master_key(installed.master_key_file),
        reader="test",
        random_bytes=secrets.token_bytes,
        patience=Patience(5.0),
    )
    store.day_row(20_000, 2, {})
    store.close()

    assert 0 == run(["privacy", "report", "--language", language])

    told = capsys.readouterr().out
    assert words in told
    assert "2024-10-04" in told  # the day of the key
    assert TEXTS["promise"]["nl" if language == "nl" else "en"] in told
    assert TEXTS["month_off"]["nl" if language == "nl" else "en"] in told
    assert all(kind in told for kind in ("duls.fms.position.v1", "core.snapshot", "core.access_log"))
    assert 0 == run(["privacy", "report", "--json"])
    assert {"made_us", "kept", "keys", "month_keys", "has_month_key", "published", "k", "carriers"} == set(
        json.loads(capsys.readouterr().out)
    )


def test_every_text_is_there_in_both_languages() -> None:
    """In Latin letters, and with the same places to fill."""
    for name, text in TEXTS.items():
        assert {"nl", "en"} == set(text), name
        assert all(ord(letter) < 0x250 for words in text.values() for letter in words), name
        assert text["nl"].count("{") == text["en"].count("{"), name
