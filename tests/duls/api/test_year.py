"""A year is read in time: one zone within 50 ms, a city of 300 zones within 500 ms, in the database."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from duls.api.parameters import LOCAL
from sinks.api_cells import By, CellFilter, CellKey, Grain, cells, hours_of_week, profile, totals
from sinks.api_zones import ZoneFilter, zone_numbers
from sinks.connection import Connection, open_connection
from sinks.reading import PoolBounds, Reader, ReadRole

pytestmark = pytest.mark.services

ONE_ZONE_MS: Final = 50.0
CITY_MS: Final = 500.0
# the goals hold on a machine that does nothing else; elsewhere a plan that went wrong is what shows, and costs more
IS_SOAK: Final = os.environ.get("DULS_TEST_SOAK") == "1"
SLACK: Final = 1.0 if IS_SOAK else 4.0
TRIES: Final = 7  # at most; the least of them is what the query takes; others on the machine take the rest
TODAY: Final = datetime.now(LOCAL).date()
YEAR: Final = CellFilter(TODAY - timedelta(days=365), TODAY, sources=[0])
HOURS: Final = YEAR._replace(
    first=datetime.combine(YEAR.first, datetime.min.time(), LOCAL).astimezone(UTC),
    end=datetime.combine(YEAR.end, datetime.min.time(), LOCAL).astimezone(UTC),
)
ZONE: Final = [2]
BY_TIME = By(bucket=True, zone=False, vehicle_class=False, zero_emission=False)
BY_ZONE = BY_TIME._replace(bucket=False, zone=True)
BY_CLASS = BY_TIME._replace(bucket=False, vehicle_class=True)
MIDDLE = CellKey(TODAY - timedelta(days=180), 100, 3, 1, 0, None)

QUERIES: Final[dict[str, tuple[float, Callable[[Connection], Any]]]] = {
    "one zone, days": (
        ONE_ZONE_MS,
        lambda c: cells(c, Grain.DAY, YEAR._replace(zones=ZONE), after=None, limit=5_000),
    ),
    "one zone, days added up": (
        ONE_ZONE_MS,
        lambda c: totals(c, Grain.DAY, YEAR._replace(zones=ZONE), BY_TIME, limit=400),
    ),
    "one zone, first page of hours": (
        ONE_ZONE_MS,
        lambda c: cells(c, Grain.HOUR, HOURS._replace(zones=ZONE), after=None, limit=1_000),
    ),
    "one zone, profile of a class": (
        ONE_ZONE_MS,
        lambda c: (
            profile(c, HOURS._replace(zones=ZONE, classes=[3])),
            hours_of_week(c, HOURS),
        ),
    ),
    "one zone, profile of all classes": (
        CITY_MS,  # 70,000 cells: ten times what a page of days has
        lambda c: (profile(c, HOURS._replace(zones=ZONE)), hours_of_week(c, HOURS)),
    ),
    "city, by zone": (CITY_MS, lambda c: totals(c, Grain.DAY, YEAR, BY_ZONE, limit=20_000)),
    "city, by day": (CITY_MS, lambda c: totals(c, Grain.DAY, YEAR, BY_TIME, limit=20_000)),
    "city, by class": (CITY_MS, lambda c: totals(c, Grain.DAY, YEAR, BY_CLASS, limit=20_000)),
    "city, first page of days": (CITY_MS, lambda c: cells(c, Grain.DAY, YEAR, after=None, limit=1_000)),
    "city, page in the middle": (CITY_MS, lambda c: cells(c, Grain.DAY, YEAR, after=MIDDLE, limit=1_000)),
    "city, first page of hours": (CITY_MS, lambda c: cells(c, Grain.HOUR, HOURS, after=None, limit=1_000)),
    "one municipality, by zone": (
        CITY_MS,
        lambda c: totals(
            c,
            Grain.DAY,
            YEAR._replace(zones=zone_numbers(c, ZoneFilter(granted=["GM0363"]))),
            BY_ZONE,
            limit=20_000,
        ),
    ),
}


PRESENT: Final = {
    "zones": "SELECT count(*) = 300 FROM history.zone",
    "a year of days": "SELECT count(*) = 365 * 8 FROM history.zone_flow_day WHERE zone_id = 'zone-300'",
    "a year of hours of some": (
        "SELECT count(DISTINCT hour_start) BETWEEN 8759 AND 8761 FROM history.zone_flow_hour"
        " WHERE zone_id = 'zone-003'"
    ),
    "a week of hours of all": (
        "SELECT count(*) BETWEEN 167 * 8 AND 169 * 8 FROM history.zone_flow_hour WHERE zone_id = 'zone-300'"
    ),
    "suppressed cells that are null": (
        "SELECT bool_and((k_status = 'ok') = (vehicles IS NOT NULL)) AND bool_or(k_status = 'below_k')"
        " AND min(vehicles) >= 10 AND min(k) = 10 FROM history.zone_flow_hour WHERE zone_id = 'zone-003'"
    ),
}


def test_the_year_has_what_is_asked_for(year_url: str) -> None:
    """Reading an empty table is quick."""
    with open_connection(year_url, application_name="test") as connection:
        found = {what: connection.execute(query.encode()).fetchone() for what, query in PRESENT.items()}

    assert dict.fromkeys(PRESENT, (True,)) == found


@pytest.mark.parametrize("name", QUERIES)
def test_a_year_is_read_in_time(year_url: str, name: str) -> None:
    """As planners read it, rows fetched and all."""
    goal_ms, read = QUERIES[name]
    taken_ms = []

    def timed(connection: Connection) -> list[Any]:
        """Read, and note the time."""
        begun_s = time.perf_counter()
        rows = read(connection)
        taken_ms.append((time.perf_counter() - begun_s) * 1e3)
        return list(rows)

    with Reader(year_url, PoolBounds(wait_s=10.0)) as reader:
        while len(taken_ms) < TRIES and (IS_SOAK or min(taken_ms, default=goal_ms) >= goal_ms):
            assert reader.read(ReadRole.PLANNER, timed)

    median_ms = sorted(taken_ms)[len(taken_ms) // 2]
    print(f"{name}: {min(taken_ms):.1f} ms, median {median_ms:.1f}, goal {goal_ms:.0f}")  # noqa: T201  # shown by pytest -s
    assert min(taken_ms) <= goal_ms * SLACK
