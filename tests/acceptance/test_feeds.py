"""Every format that cities have, from bytes on a real topic to rows in the views."""

import gzip
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pyarrow as pa
import pytest

from duls.api.uploads_routes import POSITIONS_PATH, VESDI_PATH
from duls.app.migrate import run_migrate
from duls.app.registry import load_camera_file, load_zone_file
from duls.app.tokens import issue_token
from duls.config import load_settings
from sinks.connection import open_connection
from streams.observation_headers import KIND_HEADER, Kind
from streams.topics import OBSERVATIONS_TOPIC
from tests.acceptance.feed_messages import (
    CHANGE_HOURS,
    CHANGES,
    DETECTION_FEEDS,
    MOMENTS,
    POSITION_FEEDS,
    PUSHED,
    cameras,
    changes_of_the_clock,
    places,
    zones,
)
from tests.faults.installation import Installation
from tests.faults.raw_topics import ANPR, FMS, Outgoing, messages_of, send
from tests.faults.servers import new_broker
from tests.faults.waiting import wait_until
from tests.services.external import Database

pytestmark = [pytest.mark.services, pytest.mark.slow]

DRAINED_S: Final = 120.0
SLOT_MS: Final = 300_000


@pytest.fixture(scope="module")
def read_feeds(timescale: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Give an installation that has read the records of all formats, mixed in one topic."""
    folder = tmp_path_factory.mktemp("feeds")
    slot_ms = (time.time_ns() // 1_000_000 // SLOT_MS - 12) * SLOT_MS
    server_url = timescale.create_database(f"feeds_{time.time_ns()}")
    with new_broker() as broker:
        variables = {
            "DULS_PARTITIONS": "2",
            "DULS_CLOCK": "event",
            "DULS_LOG_LEVEL": "debug",
            "DULS_HTTP_BIND": "127.0.0.1:0",
            "DULS_HTTP_TOKEN_KEY_FILE": str(folder / "token.key"),
        }
        installation = Installation(broker.bootstrap_servers, server_url, folder, variables)
        settings = load_settings(installation.environment())
        run_migrate(settings, lambda _line: None)
        (folder / "zones.geojson").write_bytes(zones())
        load_zone_file(settings, folder / "zones.geojson")
        (folder / "cameras.csv").write_bytes(cameras())
        load_camera_file(settings, folder / "cameras.csv")
        records = [Outgoing(ANPR, 0, changes_of_the_clock())]
        pushed: list[tuple[str, bytes]] = []
        for number, name in enumerate((*POSITION_FEEDS, *DETECTION_FEEDS)):
            where = places(number, slot_ms)
            is_position = name in POSITION_FEEDS
            values = (
                POSITION_FEEDS[name].records(where)
                if is_position
                else DETECTION_FEEDS[name].records(where, name)
            )
            if name in PUSHED:
                pushed += [(POSITIONS_PATH if is_position else VESDI_PATH, value) for value in values]
            else:
                records += [Outgoing(FMS if is_position else ANPR, number % 2, value) for value in values]
        send(broker.bootstrap_servers, records)
        push(installation, pushed)
        for role in [installation.start(name, "--until-drained") for name in ("intake", "aggregate")]:
            assert role.wait(DRAINED_S) == 0, role.log_tail()
        yield installation
        installation.end()


def push(installation: Installation, uploads: list[tuple[str, bytes]]) -> None:
    """Push uploads through the API, each twice under one key, as a supplier does that heard no answer."""
    settings = load_settings(installation.environment())
    scopes = ["send-positions", "send-detections"]
    token = issue_token(settings, "supplier", scopes=scopes, municipalities=[], days=1).token
    role = installation.start("api")
    wait_until(lambda: role.is_ready, "the API serves", deadline_s=DRAINED_S)
    ready = next(line for line in map(json.loads, role.log_text().splitlines()) if line["event"] == "ready")
    with httpx.Client(base_url=f"http://127.0.0.1:{ready['port']}") as client:
        for path, value in uploads:
            headers = {"X-API-Key": token, "X-Idempotency-Key": str(uuid.uuid4()), "Content-Encoding": "gzip"}
            for _ in range(2):
                answer = client.post(path, content=gzip.compress(value), headers=headers)
                assert 202 == answer.status_code, answer.text
    assert 0 == role.terminate(within_s=30.0)[0]


@pytest.mark.parametrize("name", POSITION_FEEDS)
def test_a_format_becomes_rows(read_feeds: Installation, name: str) -> None:
    """One vehicle with its class and emission, and each of its positions once."""
    feed = POSITION_FEEDS[name]
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        rows = connection.execute(
            "SELECT vehicle_class, zero_emission, source, observations, vehicles, appearances "
            "FROM live.zone_flow WHERE zone_id = %s",
            [name],
        ).fetchall()

    assert [(feed.vehicle_class, feed.zero_emission, "fms", MOMENTS, 1, 1)] == rows


@pytest.mark.parametrize("name", DETECTION_FEEDS)
def test_a_format_of_detections_becomes_rows(read_feeds: Installation, name: str) -> None:
    """Each detection once, in and out by where the camera looks; the legacy file does not say the direction."""
    feed = DETECTION_FEEDS[name]
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        rows = connection.execute(
            "SELECT vehicle_class, zero_emission, source, observations, vehicles, entries, exits "
            "FROM live.zone_flow WHERE zone_id = %s",
            [name],
        ).fetchall()

    entries, exits = (3, 0) if name == "utrecht" else (2, 1)
    assert [(feed.vehicle_class, feed.zero_emission, "anpr", MOMENTS, 1, entries, exits)] == rows


def test_repeated_detections_and_registrations_are_counted_as_such(read_feeds: Installation) -> None:
    """Accepted, and once: a repeat changes nothing, a registration is no observation."""
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        counts = connection.execute(
            "SELECT sum(accepted), sum(taken), sum(duplicates), sum(rejected) FROM core.feed_minute "
            "WHERE source = 1"
        ).fetchall()

    taken = MOMENTS * len(DETECTION_FEEDS) + sum(CHANGE_HOURS.values())
    registered = sum(feed.registered for feed in DETECTION_FEEDS.values())
    assert [(taken + registered + 1, taken, 1, 1)] == counts


def test_hours_and_days_of_a_changed_clock_have_what_was_seen_in_them(read_feeds: Installation) -> None:
    """Both passes of the hour that comes twice, in the one local day; a time that no clock showed is rejected."""
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        hours = connection.execute(
            "SELECT to_char(hour_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24'), observations, vehicles "
            "FROM live.zone_flow_hour WHERE zone_id = %s ORDER BY 1",
            [CHANGES],
        ).fetchall()
        days = connection.execute(
            "SELECT day::text, observations, vehicles FROM live.zone_flow_day WHERE zone_id = %s ORDER BY 1",
            [CHANGES],
        ).fetchall()

    assert [(hour, count, 1) for hour, count in sorted(CHANGE_HOURS.items())] == hours
    assert [("2026-03-29", 2, 1), ("2026-10-25", 6, 1)] == days


def test_accepted_and_rejected_are_all_rows(read_feeds: Installation) -> None:
    """Each row of each record is one of them; registrations are accepted, and taken for no observation."""
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        counts = connection.execute(
            "SELECT sum(accepted), sum(taken), sum(rejected) FROM core.feed_minute WHERE source = 0"
        ).fetchall()

    feeds = POSITION_FEEDS.values()
    taken = MOMENTS * len(feeds)
    registered = sum(feed.registered for feed in feeds)
    assert [(taken + registered, taken, sum(feed.rejected for feed in feeds))] == counts


def test_what_references_stand_for_is_kept(read_feeds: Installation) -> None:
    """By a keyed hash, so that an id cannot be looked for."""
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        rows = connection.execute(
            "SELECT core.vehicle_class_name(vehicle_class), core.zero_emission_name(zero_emission) "
            "FROM core.vehicle_reference ORDER BY 1"
        ).fetchall()

    assert [("N2", "no"), ("N3", "yes")] == rows


def test_nobody_is_known_over_a_month_unless_the_city_decides_so(read_feeds: Installation) -> None:
    """The setting is off by default: there is no key, no column, no row."""
    with open_connection(read_feeds.keys_url, application_name="test") as connection:
        assert [] == connection.execute("SELECT FROM keys.month_row").fetchall()
        assert [("day",)] == connection.execute("SELECT DISTINCT kind FROM keys.key_audit").fetchall()
    with open_connection(read_feeds.database_url, application_name="test") as connection:
        kept = "SELECT FROM core.visitor UNION ALL SELECT FROM core.visitor_publication"
        assert [] == connection.execute(kept).fetchall()
    seen = [
        message.value() or b""
        for message in messages_of(read_feeds.bootstrap_servers, OBSERVATIONS_TOPIC, 2)
        if (KIND_HEADER, Kind.DETECTIONS.encode()) in (message.headers() or ())
    ]
    assert seen
    assert not any("visitor" in pa.ipc.open_stream(value).schema.names for value in seen)


def test_no_log_names_a_vehicle(read_feeds: Installation) -> None:
    """At level debug, with rejected rows of every format."""
    written = "".join(path.read_text(errors="replace") for path in Path(read_feeds.folder).glob("*.log"))

    assert "ready" in written
    for name in ("FD-00", "FD00", "FD01", "0c9e7d52", "YV2E4C3A5", "3596331", "bus-1", "a driver", "aHASH"):
        assert name not in written
