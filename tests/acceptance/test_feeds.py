"""Every format of positions that cities have, from bytes on a real topic to rows in the views."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.config import load_settings
from sinks.connection import open_connection
from tests.acceptance.feed_messages import MOMENTS, POSITION_FEEDS, places, zones
from tests.faults.installation import Installation
from tests.faults.raw_topics import FMS, Outgoing, send
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
        records = [
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
    for name in ("FD-00", "FD00", "0c9e7d52", "YV2E4C3A5", "3596331", "bus-1", "a driver"):
        assert name not in written
