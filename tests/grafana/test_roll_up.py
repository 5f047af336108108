"""The sums that boards read are the sums of the published cells, hour by local hour and day by local day."""

import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sinks.connection import Connection, open_connection
from sinks.migrate import migrate

pytestmark = pytest.mark.services

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# over the end of a month and of summer time
FIRST, LAST = date(2026, 10, 20), date(2026, 11, 4)
DAYS = [FIRST + timedelta(days=back) for back in range((LAST - FIRST).days + 1)]


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """Give a connection to a migrated database without rows."""
    migrate(database_url)
    with open_connection(database_url, application_name="test") as opened:
        yield opened


Key = tuple[int, int, int]
"""Zone, class and emission."""

KEYS: list[Key] = list(itertools.product((1, 2), (3, 5), (0, 1, 2)))
FIGURES = (
    "k_status, observations, vehicles, entries, exits, appearances, disappearances, dwell_us, visits, visit_us, stops, "
    "stop_us, distance_um, through, late"
)
SUMS = ("published_days", "published_month", "published_profile", "published_od_month")


def publish(connection: Connection, draws: random.Random) -> None:
    """Publish random cells of days, hours and trips, some of them below k."""
    days = [(*key, day, *figures(draws)) for day in DAYS for key in KEYS]
    hours = [(*key, hour, *figures(draws)) for day in DAYS for hour in hours_of(day) for key in KEYS]
    insert(connection, "published_day", "day", days)
    insert(connection, "published_hour", "hour_start", hours)
    trips = [
        (zone, 2, draws.choice(hours_of(day)), vehicle_class, *draws.choice([(0, 12), (1, None)]))
        for day in DAYS
        for zone, vehicle_class, emission in KEYS
        if emission == 0
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core.published_od (origin_zone_no, destination_zone_no, slot_start, slot_s, vehicle_class, k, "
            "k_status, trips) VALUES (%s, %s, %s, 300, %s, 10, %s, %s)",
            trips,
        )


def insert(connection: Connection, table: str, bucket: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert cells of one grain."""
    statement = (
        f"INSERT INTO core.{table} (zone_no, vehicle_class, zero_emission, {bucket}, source, k, {FIGURES}) "  # noqa: S608  # names of this file
        f"VALUES (%s, %s, %s, %s, 0, 10{', %s' * 15})"
    )
    with connection.cursor() as cursor:
        cursor.executemany(statement.encode(), rows)


def hours_of(day: date) -> list[datetime]:
    """Return the UTC hours of a local day: 23, 24 or 25."""
    start, end = (
        datetime.combine(midnight, datetime.min.time(), AMSTERDAM).astimezone(UTC)
        for midnight in (day, day + timedelta(days=1))
    )
    return [start + timedelta(hours=hour) for hour in range(int((end - start) / timedelta(hours=1)))]


def figures(draws: random.Random) -> tuple[int | None, ...]:
    """Return the status and the fourteen figures of a cell."""
    if draws.random() < 0.2:
        return (1, *[None] * 14)
    return (
        0,
        *(
            draws.randrange(1, 90) * scale
            for scale in (1, 1, 1, 1, 1, 1, 60_000_000, 1, 1_000_000, 1, 1, 1_000_000, 1, 1)
        ),
    )


def table_of(connection: Connection, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table in a fixed order."""
    cursor = connection.execute(f"SELECT * FROM core.{table} ORDER BY 1, 2, 3, 4, 5, 6".encode())  # noqa: S608  # names of this file
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_days_of_months_are_the_sums_of_their_cells(connection: Connection) -> None:
    """Over emissions; a day whose cells are all below k stays null."""
    publish(connection, random.Random(1))
    connection.execute("SELECT core.roll_up_published(%s, %s)", [FIRST, LAST])

    expected: dict[tuple[object, ...], int] = defaultdict(int)
    for cell in table_of(connection, "published_day"):
        key = (cell["zone_no"], cell["vehicle_class"], cell["day"])
        expected[6, *key] += 1
        expected[7, *key] += cell["k_status"] == 1
        if cell["k_status"] == 0:
            for figure, value in shown(cell).items():
                expected[figure, *key] += value
    found = {
        (row["figure"], row["zone_no"], row["vehicle_class"], row["month"] + timedelta(days=day - 1)): row[
            f"d{day:02d}"
        ]
        for row in table_of(connection, "published_days")
        for day in range(1, 32)
        if row[f"d{day:02d}"] is not None
    }
    assert dict(expected) == found


def shown(cell: dict[str, Any]) -> dict[int, int]:
    """Return the figures of a cell that can be shown, by their code and in the units of the sums."""
    told = {
        0: cell["entries"],
        1: cell["stops"],
        2: cell["observations"],
        3: cell["dwell_us"] // 60_000_000,
        8: cell["vehicles"],
        9: cell["visits"],
        10: cell["visit_us"] // 1_000_000,
        11: cell["distance_um"] // 1_000_000,
    }
    if cell["zero_emission"] == 0:
        told[4] = cell["entries"]
    if cell["zero_emission"] != 2:
        told[5] = cell["entries"]
    return told


def test_profiles_are_sums_of_local_hours(connection: Connection) -> None:
    """The hour that comes twice when summer time ends counts twice in its column."""
    publish(connection, random.Random(2))
    connection.execute("SELECT core.roll_up_published(%s, %s)", [FIRST, LAST])

    expected: dict[tuple[object, ...], int] = defaultdict(int)
    for cell in table_of(connection, "published_hour"):
        local = cell["hour_start"].astimezone(AMSTERDAM)
        if cell["k_status"] == 0:
            month = local.date().replace(day=1)
            expected[month, cell["zone_no"], local.isoweekday(), cell["vehicle_class"], local.hour] += cell[
                "entries"
            ]
    found = {
        (row["month"], row["zone_no"], row["iso_weekday"], row["vehicle_class"], hour): row[f"h{hour:02d}"]
        for row in table_of(connection, "published_profile")
        for hour in range(24)
        if row["figure"] == 0 and row[f"h{hour:02d}"] is not None
    }
    assert dict(expected) == found


def test_months_by_weekday_and_trips_are_sums_too(connection: Connection) -> None:
    """With the number of cells that are left out of them."""
    publish(connection, random.Random(3))
    connection.execute("SELECT core.roll_up_published(%s, %s)", [FIRST, LAST])

    expected = connection.execute(
        "SELECT date_trunc('month', day)::date, zone_no, extract(isodow FROM day)::integer, vehicle_class, count(*), "
        "count(*) FILTER (WHERE k_status = 1), sum(vehicles), sum(stops) FROM core.published_day "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    ).fetchall()
    assert (
        expected
        == connection.execute(
            "SELECT month, zone_no, iso_weekday, vehicle_class, cells, suppressed, vehicles, stops "
            "FROM core.published_month ORDER BY 1, 2, 3, 4"
        ).fetchall()
    )
    trips = connection.execute("SELECT sum(trips), count(*) FROM core.published_od").fetchone()
    assert (
        trips == connection.execute("SELECT sum(trips), sum(cells) FROM core.published_od_month").fetchone()
    )


def test_rolling_up_a_day_again_changes_nothing(connection: Connection) -> None:
    """Publication may be repeated after a crash, and a later day leaves the others of its month as they are."""
    publish(connection, random.Random(4))
    connection.execute("SELECT core.roll_up_published(%s, %s)", [FIRST, LAST])
    before = {table: table_of(connection, table) for table in SUMS}

    connection.execute("SELECT core.roll_up_published(%s, %s)", [LAST, LAST])
    connection.execute("SELECT core.roll_up_published(%s, %s)", [FIRST, FIRST])

    assert all(before.values())
    assert before == {table: table_of(connection, table) for table in SUMS}
