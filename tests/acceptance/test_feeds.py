"""Every format that cities have, from bytes on a real topic to rows in the views."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from duls.app.migrate import run_migrate
from duls.app.registry import load_camera_file, load_zone_file
from duls.config import load_settings
from sinks.connection import open_connection
from tests.acceptance.feed_messages import (
    DETECTION_FEEDS,
    MOMENTS,
    POSITION_FEEDS,
    cameras,
    places,
    zones,
)
from tests.faults.installation import Installation
from tests.faults.raw_topics import ANPR, FMS, Outgoing, send
from tests.faults.servers import new_broker
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
        variables = {"DULS_PARTITIONS": "2", "DULS_CLOCK": "event", "DULS_LOG_LEVEL": "debug"}
        installation = Installation(broker.bootstrap_servers, server_url, folder, variables)
        settings = load_settings(installation.environment())
        run_migrate(settings, lambda _line: None)
        (folder / "zones.geojson").write_bytes(zones())
        load_zone_file(settings, folder / "zones.geojson")
        (folder / "cameras.csv").write_bytes(cameras())
        load_camera_file(settings, folder / "cameras.csv")
        records = [
            Outgoing(ANPR, number % 2, value)
            for number, (name, feed) in enumerate(DETECTION_FEEDS.items())
            for value in feed.records(places(len(POSITION_FEEDS) + number, slot_ms), name)
        ]
        records += [
            Outgoing(FMS, number % 2, value)
            for number, feed in enumerate(POSITION_FEEDS.values())
            for value in feed.records(places(number, slot_ms))
        ]
        send(broker.bootstrap_servers, records)
        for role in [installation.start(name, "--until-drained") for name in ("intake", "aggregate")]:
            assert role.wait(DRAINED_S) == 0, role.log_tail()
        yield installation
        installation.end()


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

    taken = MOMENTS * len(DETECTION_FEEDS)
    registered = sum(feed.registered for feed in DETECTION_FEEDS.values())
    assert [(taken + registered + 1, taken, 1, 0)] == counts


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


def test_no_log_names_a_vehicle(read_feeds: Installation) -> None:
    """At level debug, with rejected rows of every format."""
    written = "".join(path.read_text(errors="replace") for path in Path(read_feeds.folder).glob("*.log"))

    assert "ready" in written
    for name in ("FD-00", "FD00", "0c9e7d52", "YV2E4C3A5", "3596331", "bus-1", "a driver", "aHASH"):
        assert name not in written
