"""Grants from the command line to intake: what is revoked is taken no more, within ten seconds."""

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from confluent_kafka import Producer

from duls.app.grants import GrantWish, add, list_grants, revoke
from duls.config import Settings
from duls.errors import ConfigError, InvalidInputError
from streams.topics import POSITIONS_TOPIC
from tests.faults.role_process import RoleProcess, plain_environment
from tests.faults.waiting import wait_until

READY_S = 120.0
PROMISED_S = 10.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 30.0
PURPOSE = "zero emission zones"
WISH = GrantWish("carrier-x", PURPOSE, [], "2026-01-01", "", None)
COUNTED = re.compile(r'duls_observations_total\{outcome="(\w+)",source="fms"\} (\d+)')


@pytest.fixture
def intake(installed: Settings, environment: dict[str, str], tmp_path: Path) -> Iterator[RoleProcess]:
    """Run an intake that asks for grants."""
    del installed
    variables = {"DULS_INTAKE_PURPOSE": PURPOSE, "DULS_LOG_FORMAT": "json"}
    role = RoleProcess(
        ["-m", "duls", "run", "intake"],
        {**plain_environment(), **environment, **variables},
        tmp_path / "intake.log",
    )
    yield role
    role.kill()


def test_a_revoked_grant_ends_within_ten_seconds(intake: RoleProcess, installed: Settings) -> None:
    """And before it is given nothing is taken; what is withheld is counted, and is no dead letter."""
    wait_until(lambda: intake.is_ready, "intake reads", deadline_s=READY_S)
    told = (json.loads(line) for line in intake.log_text().splitlines() if line.startswith("{"))
    port = next(line["port"] for line in told if line.get("event") == "health and metrics")
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers, "log_level": 0})

    def sent(count: int = 1) -> dict[str, int]:
        """Send positions and return what was counted so far."""
        for number in range(count):
            position = {"vehicle": f"v{number}", "time": time.time_ns() // 1_000_000, "lat": 52.0, "lon": 5.0}
            producer.produce(POSITIONS_TOPIC, json.dumps({**position, "carrier": "Carrier-X"}), partition=0)
        assert producer.flush(60.0) == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30.0) as answer:
            return {name: int(count) for name, count in COUNTED.findall(answer.read().decode())}

    wait_until(lambda: sent().get("rejected", 0) >= 5, "positions are withheld", deadline_s=PROMISED_S)
    assert not sent().get("accepted")
    grant = add(installed, WISH, by="steward")
    wait_until(lambda: sent().get("accepted", 0) >= 5, "positions are taken", deadline_s=PROMISED_S)
    revoke(installed, str(grant.grant_id), by="another", note="asked by letter")
    revoked_s = time.monotonic()
    rejected = sent()["rejected"]
    wait_until(
        lambda: sent()["rejected"] >= rejected + 5, "positions are withheld again", deadline_s=PROMISED_S
    )
    taken_s = time.monotonic() - revoked_s
    accepted = sent()["accepted"]
    wait_until(lambda: sent()["rejected"] >= rejected + 20, "more are withheld", deadline_s=PROMISED_S)

    assert taken_s < PROMISED_S
    assert accepted == sent()["accepted"]
    assert "duls_dead_letters_total{" not in _metrics(port)


def _metrics(port: int) -> str:
    """Return what intake tells Prometheus."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30.0) as answer:
        return str(answer.read().decode())


def test_grants_are_listed_with_and_without_those_that_ended(installed: Settings) -> None:
    """A day is a local one, and a time without an offset too."""
    kept = add(installed, WISH._replace(valid_until="2026-12-01T07:00"), by="steward")
    ended = revoke(installed, str(add(installed, WISH, by="steward").grant_id), by="another", note=None)

    assert [kept] == list_grants(installed, with_revoked=False)
    assert [ended, kept] == list_grants(installed, with_revoked=True)
    assert ["2025-12-31T23:00:00+00:00", "2026-12-01T06:00:00+00:00"] == [
        moment.astimezone(UTC).isoformat() for moment in (kept.valid_from, kept.valid_until) if moment
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"carrier": " "}, "needs a carrier"),
        ({"purpose": ""}, "needs a purpose"),
        ({"valid_from": "soon"}, "--from must be a day"),
        ({"valid_until": "2025-01-01"}, "must end after it begins"),
    ],
)
def test_what_cannot_be_granted_is_refused(settings: Settings, change: dict[str, str], reason: str) -> None:
    """Before the database is asked."""
    with pytest.raises(ConfigError, match=reason):
        add(settings, WISH._replace(**change), by="steward")


def test_what_does_not_exist_is_refused(installed: Settings) -> None:
    """A zone, a grant, and what is no id."""
    with pytest.raises(InvalidInputError, match="never loaded: nowhere"):
        add(installed, WISH._replace(zones=["nowhere"]), by="steward")
    with pytest.raises(InvalidInputError, match="there is no grant"):
        revoke(installed, "0f0c2b56-4d0a-5b7e-8f57-7d4e1d6f1a11", by="steward", note=None)
    with pytest.raises(ConfigError, match="must be a UUID"):
        revoke(installed, "7", by="steward", note=None)
