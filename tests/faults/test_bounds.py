"""Row 9: times at the bounds of lateness and of the future, clocks that are wrong, and a slot length that changes."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import psycopg
import pytest

from processors.vocabulary import Outcome
from tests.faults.conftest import NewInstallation
from tests.faults.fault_run import FaultRun
from tests.faults.figures_table import feed_counts
from tests.faults.installation import Installation
from tests.faults.progress import has_all
from tests.faults.raw_oracle import rows_of
from tests.faults.raw_topics import ANPR, FMS, TOPICS, Outgoing, ends, read_back, send
from tests.faults.unit_events import SLOT_S, EventWorld, detection_of, squares_cameras, squares_geojson
from tests.faults.waiting import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

US: Final = 1_000_000
LATENESS_US: Final = {FMS: 7_200 * US, ANPR: 7 * 86_400 * US}
FUTURE_US: Final = {FMS: 60 * US, ANPR: 300 * US}
AROUND_MS: Final = 3_000  # so far to either side of a bound: the broker's clock decides when one arrives
AT_THE_BOUNDS: Final = {
    "late by 1 ms",
    "on the bound of lateness",
    "on the bound of the future",
    "ahead by 1 ms",
}
WRONG_MS: Final = (4_070_908_800_000, 0, 1)  # 2099, and 1970
HOUR_MS: Final = 3_600_000
DRAINED_S: Final = 240.0


def test_bounds_hold_to_the_millisecond_and_wrong_clocks_move_none(new_installation: NewInstallation) -> None:
    """Late is more than the allowed lateness, the future more than a minute, or five for a camera: not less."""
    installation = new_installation({"DULS_REORDER_S": "1"})
    installation.prepare(squares_geojson(), squares_cameras())
    for source in TOPICS:
        wait_until(
            lambda source=source: meets_every_bound(installation, source),
            "records arrive to the millisecond around both bounds",
            deadline_s=DRAINED_S,
        )
        send(installation.bootstrap_servers, of_wrong_clocks(source))
    send(installation.bootstrap_servers, on_time(installation.partitions))
    roles = [installation.start(role, "--until-drained") for role in ("intake", "aggregate")]
    for role in roles:
        assert role.wait(DRAINED_S) == 0, role.log_tail()

    counts = feed_counts(installation.database_url)
    for source in TOPICS:
        fates, arrival_us, nearest = expected_fates(installation, source)
        sys.stdout.write(f"{source}: {dict(fates)}, at the bounds {sorted(nearest)}\n")
        assert nearest == AT_THE_BOUNDS
        assert (fates["late"], fates["future"]) == (
            counts[source]["late"],
            future_rejections(installation, source),
        )
        assert fates["taken"] == counts[source]["taken"]
        assert newest_event_us(installation, source) <= arrival_us + FUTURE_US[source]


def meets_every_bound(installation: Installation, source: str) -> bool:
    """Send records around both bounds, and return whether one of those sent so far is at every millisecond that counts.

    A machine that stands still for seconds between making a record and its arrival misses them: send again.
    """
    for bound_us in (-LATENESS_US[source], FUTURE_US[source]):
        send(installation.bootstrap_servers, around(source, bound_us // 1_000))
    _, _, nearest = expected_fates(installation, source)
    return nearest == AT_THE_BOUNDS


def around(source: str, bound_ms: int) -> Iterator[Outgoing]:
    """Yield a record of every millisecond around a bound, which is so far from now."""
    now_ms = time.time_ns() // 1_000_000
    for step_ms in range(-AROUND_MS, AROUND_MS):
        yield record(source, now_ms + bound_ms + step_ms)


def of_wrong_clocks(source: str) -> Iterator[Outgoing]:
    """Yield records of clocks that are wrong altogether."""
    now_ms = time.time_ns() // 1_000_000
    for time_ms in (*WRONG_MS, *(now_ms + HOUR_MS + step for step in range(50))):
        yield record(source, time_ms)


def on_time(partitions: int) -> Iterator[Outgoing]:
    """Yield records that are taken, in every partition."""
    now_ms = time.time_ns() // 1_000_000
    for partition in range(partitions):
        for source in TOPICS:
            yield record(source, now_ms - partition)._replace(partition=partition)


def record(source: str, time_ms: int) -> Outgoing:
    """Return a record of a vehicle that nothing else is known of."""
    if source == FMS:
        value = b'{"vehicle":"%s","time":%d,"lat":52.003,"lon":5.003,"class":"N1","fuel":"diesel"}'
        return Outgoing(FMS, 0, value % (uuid4().hex.encode(), time_ms))
    return Outgoing(ANPR, 0, detection_of(uuid4(), uuid4().hex[:12].upper(), 0, time_ms * 1_000))


def expected_fates(installation: Installation, source: str) -> tuple[Counter[str], int, set[str]]:
    """Return what must become of the records, their newest arrival, and which bounds were met exactly."""
    fates: Counter[str] = Counter()
    nearest: set[str] = set()
    records = read_back(installation.bootstrap_servers, source, installation.partitions)
    rows = rows_of(records)
    for row in rows.positions if source == FMS else rows.detections:
        late_us = row.arrival_us - row.event_us - LATENESS_US[source]
        ahead_us = row.event_us - row.arrival_us - FUTURE_US[source]
        fates["future" if ahead_us > 0 else "late" if late_us > 0 else "taken"] += 1
        nearest |= {"on the bound of lateness"} if late_us == 0 else set()
        nearest |= {"late by 1 ms"} if late_us == 1_000 else set()
        nearest |= {"on the bound of the future"} if ahead_us == 0 else set()
        nearest |= {"ahead by 1 ms"} if ahead_us == 1_000 else set()
    return fates, max(record.arrival_us for record in records), nearest


def future_rejections(installation: Installation, source: str) -> int:
    """Return how many rows were rejected for being ahead of the broker."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT coalesce(sum(rows), 0)::bigint FROM core.rejection_minute "
            "WHERE core.source_name(source) = %s AND reason = %s",
            [source, int(Outcome.FUTURE)],
        ).fetchone()
    return int(row[0]) if row else 0


def newest_event_us(installation: Installation, source: str) -> int:
    """Return the newest event time that a feed tells of."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT (extract(epoch FROM last_event_time) * 1000000)::bigint FROM live.feed WHERE feed = %s",
            [source],
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_slot_length_that_changes_loses_no_event(squares: Installation, events: EventWorld) -> None:
    """Partitions of one process go over one after another; each event is in a slot of the old or the new length."""
    with FaultRun(squares, events) as run:
        run.linger(2.0)
        squares.variables["DULS_SLOT_S"] = "300"
        squares.migrate()
        run.supervisor.kill(run.supervisor.of("aggregate")[0])
        run.await_growth(deadline_s=60.0)
        run.linger(4.0)
        sent = run.feeder.finish()
        end = ends(squares.bootstrap_servers, squares.partitions)
        wait_until(
            lambda: has_all(squares, end, after_us=US // 2),
            "everything that was sent is taken",
            deadline_s=60.0,
            tend=run.supervisor.tend,
        )
        run.supervisor.stop_all()
    expected: Counter[tuple[str, str, int]] = Counter()
    for number in range(sent):
        source, zone, slot_us = events.cell(number)
        expected[source, zone, slot_us // (300 * US)] += 1
    found, lengths = observations_by_window(squares)
    sys.stdout.write(f"{sent} events in slots of {dict(lengths)}\n")

    assert {SLOT_S, 300} == lengths.keys()
    assert expected == found


def observations_by_window(installation: Installation) -> tuple[Counter[tuple[str, str, int]], Counter[int]]:
    """Return observations by (source, zone, five minutes), and how many slots have each length."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT source, zone_id, (extract(epoch FROM slot_start) / 300)::numeric, observations, slot_s "
            "FROM live.zone_flow WHERE observations > 0"
        ).fetchall()
    found: Counter[tuple[str, str, int]] = Counter()
    lengths: Counter[int] = Counter()
    for source, zone, window, observations, slot_s in rows:
        found[source, zone, int(window)] += observations
        lengths[slot_s] += 1
    return found, lengths
