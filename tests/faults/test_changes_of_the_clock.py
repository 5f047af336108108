"""Row 10: days of 25 and 23 hours, read as history with the event clock."""

import sys
from collections import Counter
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from naive import (
    Cell,
    CellKey,
    NaiveDetections,
    NaivePositions,
    Settings,
    event_arrivals,
    event_stream,
)
from naive.buckets import HOUR_US, local_day, midnight_us
from tests.faults.conftest import NewInstallation
from tests.faults.event_check import check_conservation
from tests.faults.fault_run import new_random
from tests.faults.figures_table import differences, feed_counts, read_cells
from tests.faults.moving_city import Sent, detections_between, positions_between, prepare, small_city
from tests.faults.raw_oracle import OracleRows, expected_of, geometries, registry, rows_of
from tests.faults.raw_topics import ANPR, FMS, TOPICS, Outgoing, read_back, send

pytestmark = [pytest.mark.services, pytest.mark.slow]

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
EPOCH_DAY: Final = date(1970, 1, 1)
VEHICLES: Final = 150
INTERVAL_S: Final = 30.0
DRAINED_S: Final = 240.0
ADDITIVE: Final = (
    "observations",
    "entries",
    "exits",
    "appearances",
    "disappearances",
    "dwell_us",
    "visits",
    "visit_us",
    "stops",
    "stop_us",
    "distance_um",
    "through",
)


def last_day_of(hours: int) -> int:
    """Return the last local day of so many hours that is over, as days since 1970."""
    today = (datetime.now(UTC).astimezone(AMSTERDAM).date() - EPOCH_DAY).days
    day = today - 2  # of which the morning after it is over as well
    while midnight_us(day + 1) - midnight_us(day) != hours * HOUR_US:
        day -= 1
    return day


@pytest.mark.parametrize("hours", [25, 23])
def test_a_day_with_a_change_of_clocks_is_one_day(new_installation: NewInstallation, hours: int) -> None:
    """From the evening before to the morning after: every cell as the oracle says, and a day is its hours."""
    random = new_random()
    city = small_city(VEHICLES)
    day = last_day_of(hours)
    start_us, end_us = midnight_us(day) - 3 * HOUR_US, midnight_us(day + 1) + 9 * HOUR_US
    installation = new_installation({"DULS_CLOCK": "event", "DULS_RETENTION_SLOT_H": "240"})
    prepare(installation, city)
    partitions = installation.partitions
    rows = {
        FMS: positions_between(city, start_us, end_us, interval_s=INTERVAL_S),
        ANPR: detections_between(city, start_us, end_us),
    }
    for source, sent in rows.items():
        send(installation.bootstrap_servers, in_partitions(source, sent, partitions))
    roles = [installation.start(role, "--until-drained") for role in ("intake", "aggregate")]
    for role in random.sample(roles, 2):
        assert role.wait(DRAINED_S) == 0, role.log_tail()

    records = [r for source in TOPICS for r in read_back(installation.bootstrap_servers, source, partitions)]
    read = rows_of(records)
    settings = Settings(clock="event")
    places = NaivePositions(settings, geometries(city))
    passages = NaiveDetections(settings, registry(city))
    for oracle, given in ((places, read.positions), (passages, read.detections)):
        arrived = event_arrivals(given)
        oracle.add(arrived)
        stream_us = event_stream(arrived, partitions)
        assert stream_us is not None
        oracle.advance(stream_us)
        oracle.drain()
    expected = expected_of([places.figures()], passages.figures(), OracleRows([], [], Counter(), Counter()))
    found = read_cells(installation.database_url)
    sys.stdout.write(
        f"{date.fromordinal(EPOCH_DAY.toordinal() + day)}: {len(rows[FMS])} positions, {len(rows[ANPR])} detections, "
        f"{len(found['slot'])} slot, {len(found['hour'])} hour, {len(found['day'])} day cells\n"
    )

    assert [] == differences(expected.cells, found)[:5]
    counts = feed_counts(installation.database_url)
    assert {s: +c for s, c in expected.counts.items()} == {s: +c for s, c in counts.items()}
    check_days_are_hours(found, day, hours)
    check_conservation(installation)


def in_partitions(source: str, rows: list[Sent], partitions: int) -> list[Outgoing]:
    """Return records, a vehicle always in the same partition, each partition in the order of events."""
    return [Outgoing(source, row.vehicle % partitions, row.value) for row in rows]


def check_days_are_hours(found: dict[str, dict[CellKey, Cell]], day: int, hours: int) -> None:
    """Check that what adds up over hours adds up to the local day, which has as many hours as it should."""
    sums: dict[CellKey, Counter[str]] = {}
    seen_hours = set()
    for (zone, hour_us, *rest), cell in found["hour"].items():
        if local_day(hour_us) == day:
            seen_hours.add(hour_us)
            sums.setdefault((zone, day, *rest), Counter()).update(cell)
    days = {key: cell for key, cell in found["day"].items() if key[1] == day}

    assert min(seen_hours) >= midnight_us(day)
    assert max(seen_hours) - midnight_us(day) < hours * HOUR_US
    assert days.keys() == sums.keys()
    assert [] == [
        (key, name) for key, cell in days.items() for name in ADDITIVE if cell[name] != sums[key][name]
    ]
