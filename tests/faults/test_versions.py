"""Row 9: zones are loaded anew and settings change while vehicles drive and processes die."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from random import Random
from typing import Any, Final

import psycopg
import pytest

from naive import Geometry, Settings
from processors.simulation.city_files import zones_geojson
from tests.faults.conftest import NewInstallation
from tests.faults.event_check import check_conservation
from tests.faults.fault_run import new_random
from tests.faults.figures_table import differences, read_cells
from tests.faults.installation import Installation
from tests.faults.log_oracle import Versions, replay_log
from tests.faults.moving_city import positions_between, prepare, small_city
from tests.faults.progress import has_all
from tests.faults.raw_oracle import geometries, merged, rows_of
from tests.faults.raw_topics import FMS, Outgoing, ends, read_back
from tests.faults.supervisor import Supervisor
from tests.faults.timed_feeder import TimedFeeder
from tests.faults.waiting import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

MORNING_US: Final = 1_795_503_600_000_000  # 2026-11-24 08:00 local time
VEHICLES: Final = 800
LENGTH_S: Final = 45
SETTLE_S: Final = 60.0
REORDER_S: Final = 1
MOVED_DEG: Final = 0.0004

Feature = dict[str, Any]


def test_zones_and_settings_change_while_vehicles_drive(new_installation: NewInstallation) -> None:
    """Each partition goes over where it reads so; the figures equal the oracle's on the same log."""
    random = new_random()
    city = small_city(VEHICLES)
    installation = new_installation({"DULS_REORDER_S": str(REORDER_S), "DULS_SNAPSHOT_REPLAY_S": "0.5"})
    prepare(installation, city)
    original = json.loads(zones_geojson(city))["features"]
    changed = list(changed_zones(original, random))
    supervisor = Supervisor(installation)
    supervisor.scale("intake", 1)
    supervisor.scale("aggregate", 2)
    supervisor.wait_ready()
    records = timed_records(city, random, installation.partitions)
    with TimedFeeder(installation.bootstrap_servers, records) as feeder:
        installation.load_zones(document(changed))
        supervisor.kill(supervisor.of("aggregate")[0])
        installation.variables["DULS_MAX_GAP_S"] = "3"
        installation.migrate()
        supervisor.kill(supervisor.of("intake")[0])
        supervisor.restart(supervisor.of("aggregate")[1])
        installation.load_zones(document(original))
        wait_until(lambda: feeder.is_done, "all is sent", deadline_s=3 * LENGTH_S, tend=supervisor.tend)
        feeder.finish()
    settle(installation, supervisor)

    versions = Versions(
        {1: geometries(city), 2: shapes(changed), 3: geometries(city)}, stored_settings(installation)
    )
    raw = read_back(installation.bootstrap_servers, FMS, installation.partitions)
    rows = {row.identity: row for row in rows_of(raw).positions}
    shares = replay_log(installation, rows, versions)
    expected = merged([share.cells for share in shares])
    found = read_cells(installation.database_url)
    cells = len(expected["slot"])
    ended = sum(cell["disappearances"] for cell in found["day"].values())
    sys.stdout.write(f"{len(rows)} rows, {cells} slot cells, {ended} visits ended by changes\n")

    assert ended > 0
    assert {300, 3} == {settings.max_gap_s for settings in versions.settings.values()}
    assert [] == differences(expected, found)[:5]
    check_conservation(installation)


def stored_settings(installation: Installation) -> dict[int, Settings]:
    """Return what each version of the settings says; a process that is started with other settings makes one."""
    known = {field.name for field in fields(Settings)}
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT version, document FROM core.settings_version").fetchall()
    documents = [
        (version, {name: document[name] for name in known & document.keys()}) for version, document in rows
    ]
    return {0: Settings(), **{version: Settings(**document) for version, document in documents}}


def changed_zones(features: Sequence[Feature], random: Random) -> Iterator[Feature]:
    """Yield most zones as they are; some are gone, some moved, some come under another name too."""
    for feature in features:
        fate = random.random()
        if fate < 0.1:
            continue
        if fate < 0.3:
            geometry = {**feature["geometry"], "coordinates": moved(feature["geometry"]["coordinates"])}
            yield {**feature, "geometry": geometry}
        else:
            yield feature
        if fate > 0.9:
            yield {
                **feature,
                "properties": {**feature["properties"], "id": f"new-{feature['properties']['id']}"},
            }


def moved(coordinates: Any) -> Any:
    """Return coordinates of any depth a little further east."""
    if isinstance(coordinates[0], int | float):
        return [coordinates[0] + MOVED_DEG, *coordinates[1:]]
    return [moved(part) for part in coordinates]


def document(features: Sequence[Feature]) -> bytes:
    """Return features as a GeoJSON document."""
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def shapes(features: Sequence[Feature]) -> dict[str, Geometry]:
    """Return features as the oracle takes them."""
    return {
        feature["properties"]["id"]: feature["geometry"]["coordinates"]
        if feature["geometry"]["type"] == "MultiPolygon"
        else [feature["geometry"]["coordinates"]]
        for feature in features
    }


def timed_records(city: Any, random: Random, partitions: int) -> list[tuple[int, Outgoing]]:
    """Return what vehicles send each second from now on, in whatever partition."""
    shift_us = time.time_ns() // 1_000_000 * 1_000 + 1_000_000 - MORNING_US
    end_us = MORNING_US + LENGTH_S * 1_000_000
    rows = positions_between(city, MORNING_US, end_us, interval_s=1.0, shift_us=shift_us)
    return [(row.event_us, Outgoing(FMS, random.randrange(partitions), row.value)) for row in rows]


def settle(installation: Installation, supervisor: Supervisor) -> None:
    """Wait until everything is taken, and end the roles in order."""
    end = ends(installation.bootstrap_servers, installation.partitions)
    wait_until(
        lambda: has_all(installation, end, after_us=REORDER_S * 1_000_000),
        "everything that was sent is taken",
        deadline_s=SETTLE_S,
        tend=supervisor.tend,
    )
    supervisor.stop_all()
