"""Publication of a month of visitors on a real database: when, of which zones, frozen, and safe from the attack."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pytest

from duls.app.publishing import DETECTIONS_WAIT_S, publish_due
from duls.app.publishing_visitors import publish_months
from duls.config import Settings, load_settings
from processors.publication.visitors import CATEGORIES, LEAST_DAYS
from sinks.connection import Connection, open_connection
from tests.duls.app.publishing_database import all_rows, migrated, rows
from tests.processors.publication.visitor_attack import narrow_cells
from tests.sinks.camera_days import VIEWS as CAMERA_VIEWS
from tests.sinks.camera_days import fill_cameras
from tests.sinks.final_days import set_clock, start_us

pytestmark = pytest.mark.services

NOVEMBER: Final = 20_758  # 2026-11-01, in winter as December is
DECEMBER: Final = NOVEMBER + 30
WAIT_US: Final = DETECTIONS_WAIT_S * 1_000_000
K: Final = 10
VIEWS: Final = {
    "origin": ("zone_visitor_origin", "province", ("other", "NL")),
    "branch": ("zone_visitor_branch", "branch_code", tuple("-ABCDEFGHIJKLMNOPQRSTU")),
    "company_size": ("zone_visitor_size", "company_size", ("unknown", "small", "medium", "large")),
}


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Give the settings of a migrated database of a city that knows vehicles over months."""
    return migrated(database_url, DULS_PRIVACY_MONTH_KEY="true")


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    """Give a connection to a database of a town with cameras, whose November is over."""
    with open_connection(settings.database_url, application_name="test") as opened:
        fill_cameras(opened, np.zeros((1, CAMERA_VIEWS, 24), np.int64))
        fill_visitors(opened, 400, seed=1)
        set_clock(opened, 1, start_us(DECEMBER) + WAIT_US + 1)
        yield opened


def fill_visitors(connection: Connection, vehicles: int, *, seed: int, month: int = NOVEMBER) -> None:
    """Let vehicles come to all zones."""
    rng = np.random.default_rng(seed)
    came_to = []
    for (zone_no,) in connection.execute("SELECT zone_no FROM core.zone ORDER BY zone_no").fetchall():
        for _ in range(vehicles):
            came = rng.choice(30, size=int(rng.choice([1, 1, 1, 2, 4, 12])), replace=False)
            days = sum(1 << int(day) for day in came)
            kind = (
                int(rng.random() < 0.9),
                int(rng.choice([0, 0, 7, 8, 6, rng.integers(22)])),
                int(rng.integers(4)),
            )
            came_to.append((month, zone_no, int(rng.integers(1 << 62)), days, *kind))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core.visitor VALUES (date '1970-01-01' + %s, %s, %s, %s, %s, %s, %s)", came_to
        )


def everything(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Return all that planners read of visitors."""
    return all_rows(connection, [view for view, _, _ in VIEWS.values()])


Cells = dict[tuple[object, ...], int]
"""Vehicles by zone, visitor type and category, of one table."""


def true_cells(connection: Connection) -> dict[str, Cells]:
    """Return what is to be published, counted in SQL."""
    came = "bit_count(days::bit(32))"
    kind = f"CASE WHEN {came} = 1 THEN 0 WHEN {came} < 10 THEN 1 ELSE 2 END"
    category = {
        "origin": "(ARRAY['other', 'NL'])[at_home + 1]",
        "branch": "substr('-ABCDEFGHIJKLMNOPQRSTU', branch + 1, 1)",
        "company_size": "(ARRAY['unknown', 'small', 'medium', 'large'])[company_size + 1]",
    }
    return {
        name: _cells(
            connection,
            f"SELECT zone_id, {kind}, {words}, count(*) FROM core.visitor JOIN core.zone USING (zone_no) GROUP BY 1, 2, 3",  # noqa: E501, S608  # names of this file
        )
        for name, words in category.items()
    }


def shown_cells(connection: Connection) -> dict[str, Cells]:
    """Return what planners read where it is not withheld."""
    return {
        name: _cells(
            connection,
            f"SELECT zone_id, visitor_type_no, {column}, vehicles FROM history.{view}"  # noqa: S608  # names of this file
            " JOIN history.zone_label USING (zone_no) WHERE k_status = 'ok'",
        )
        for name, (view, column, _) in VIEWS.items()
    }


def _cells(connection: Connection, statement: str) -> Cells:
    """Return the cells that a statement gives."""
    return {tuple(key): int(str(vehicles)) for *key, vehicles in rows(connection, statement)}


def attack(cells: dict[str, Cells], days: int) -> list[tuple[str, int, int]]:
    """Return the cells of the clean zone that are known to within k by those that are given."""
    told = {}
    for name, (_, _, categories) in VIEWS.items():
        table = np.full((len(LEAST_DAYS), CATEGORIES[name]), np.nan)
        for (zone, kind, category), vehicles in cells[name].items():
            if zone == "clean":
                table[int(str(kind)), categories.index(str(category))] = vehicles
        told[name] = table
    assert any((~np.isnan(table)).any() for table in told.values())
    return narrow_cells(told, LEAST_DAYS, days, K)


def days_of_clean(connection: Connection) -> int:
    """Return on how many days all visitors of the clean zone came together."""
    found = rows(
        connection,
        "SELECT sum(bit_count(days::bit(32)))::integer FROM core.visitor JOIN core.zone USING (zone_no)"
        " WHERE zone_id = 'clean'",
    )
    return int(str(found[0][0]))


def test_a_month_is_published_once_and_frozen_and_withstands_the_attack(
    connection: Connection, settings: Settings
) -> None:
    """Before late data and after it; what is shown is true, and what was known of vehicles is gone, late or not.

    With only small cells withheld the attack bites.
    """
    days, true = days_of_clean(connection), true_cells(connection)

    (report,) = publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)

    assert (NOVEMBER, 30, 2, 2) == report[:4]
    shown, before = shown_cells(connection), everything(connection)
    assert report.cells_ok == sum(map(len, shown.values())) < report.cells
    for name, cells in shown.items():
        assert {"clean", "south"} == {str(zone) for zone, *_ in cells}
        assert cells.items() <= true[name].items()
        assert all(vehicles >= K for vehicles in cells.values())
    assert [] == attack(shown, days)
    primary = {
        name: {key: vehicles for key, vehicles in cells.items() if vehicles >= K}
        for name, cells in true.items()
    }
    assert attack(primary, days)
    fill_visitors(connection, 3, seed=2)
    assert [] == publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)
    assert before == everything(connection)
    assert [] == rows(connection, "SELECT FROM core.visitor")


def test_a_month_waits_for_its_last_detections(connection: Connection, settings: Settings) -> None:
    """A day of stream time, as days do; a month that runs stays as it is."""
    fill_visitors(connection, 5, seed=3, month=DECEMBER)
    set_clock(connection, 1, start_us(DECEMBER) + WAIT_US)

    assert [] == publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)
    set_clock(connection, 1, start_us(DECEMBER) + WAIT_US + 1)
    assert publish_due(connection, settings) is not None

    assert [("2026-11-01",)] == rows(connection, "SELECT month::text FROM core.visitor_publication")
    assert [("2026-12-01",)] == rows(connection, "SELECT DISTINCT month::text FROM core.visitor")


def test_nobody_is_kept_where_months_are_not_asked_for(connection: Connection, settings: Settings) -> None:
    """Off is the default: what an earlier setting left is forgotten, and nothing is published of it."""
    off = load_settings({"DULS_DATABASE_URL": settings.database_url})
    assert not off.privacy.month_key

    assert publish_due(connection, off) is not None

    assert [] == rows(connection, "SELECT FROM core.visitor")
    assert [[], [], []] == everything(connection)
    assert [] == rows(connection, "SELECT FROM core.visitor_publication")


def test_zones_that_once_shared_a_camera_are_not_both_published(
    connection: Connection, settings: Settings
) -> None:
    """A camera that was given to another zone within the month counted for both."""
    connection.execute(
        "INSERT INTO core.camera_version (version) SELECT max(version) + 1 FROM core.camera_version"
    )
    connection.execute(
        "INSERT INTO core.camera SELECT version + 1, camera_id, name, lat, lon, azimuth_deg FROM core.camera"
    )
    connection.execute(
        "INSERT INTO core.camera_zone SELECT cell.version + 1, cell.camera_id,"
        " (SELECT zone_no FROM core.zone WHERE zone_id = 'south'), 0, 1, 2"
        " FROM core.camera_zone AS cell JOIN core.zone AS zone USING (zone_no) WHERE zone.zone_id = 'clean'"
    )

    (report,) = publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)

    assert (1, 3) == (report.zones, report.shared_zones)
