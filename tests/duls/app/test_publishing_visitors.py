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


def attack(connection: Connection, days: int) -> list[tuple[str, int, int]]:
    """Return the withheld cells that are known to within k by what planners read of the clean zone."""
    told = {}
    for name, (view, column, categories) in VIEWS.items():
        table = np.full((len(LEAST_DAYS), CATEGORIES[name]), np.nan)
        for kind, category, vehicles in connection.execute(
            f"SELECT visitor_type_no, {column}, vehicles FROM history.{view} JOIN history.zone_label USING (zone_no)"  # noqa: S608  # names of this file
            " WHERE zone_id = 'clean' AND k_status = 'ok'".encode()
        ):
            table[kind, categories.index(category)] = vehicles
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
    """Before late data and after it; what was known of vehicles is gone, late or not."""
    days = days_of_clean(connection)

    (report,) = publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)

    assert (NOVEMBER, 30, 2, 2) == report[:4]
    assert 0 < report.cells_ok < report.cells
    told_of = "history.zone_visitor_origin JOIN history.zone_label USING (zone_no)"
    zones = rows(connection, f"SELECT DISTINCT zone_id FROM {told_of} ORDER BY 1")  # noqa: S608  # names of this file
    assert [("clean",), ("south",)] == zones
    before = everything(connection)
    assert [] == attack(connection, days)
    fill_visitors(connection, 3, seed=2)
    assert [] == publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)
    assert before == everything(connection)
    assert [] == rows(connection, "SELECT FROM core.visitor")


def test_the_attack_bites_where_small_cells_only_are_withheld(
    connection: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same month, published without secondary suppression."""
    days = days_of_clean(connection)
    monkeypatch.setattr(
        "duls.app.publishing_visitors.shown_visitors",
        lambda tables, _types, k: {name: table >= k for name, table in tables.items()},
    )

    publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)

    assert attack(connection, days)


def test_what_is_shown_is_true(connection: Connection, settings: Settings) -> None:
    """Cells of ten vehicles or more, counted by hand in SQL."""
    kind = (
        "CASE WHEN bit_count(days::bit(32)) = 1 THEN 0 WHEN bit_count(days::bit(32)) < 10 THEN 1 ELSE 2 END"
    )
    counted = rows(
        connection,
        f"SELECT zone_no, {kind}, CASE at_home WHEN 1 THEN 'NL' ELSE 'other' END, count(*)"  # noqa: S608  # names of this file
        " FROM core.visitor GROUP BY 1, 2, 3",
    )
    sizes = rows(
        connection,
        f"SELECT zone_no, {kind}, (ARRAY['unknown', 'small', 'medium', 'large'])[company_size + 1], count(*)"  # noqa: S608  # names of this file
        " FROM core.visitor GROUP BY 1, 2, 3",
    )

    publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)

    for view, column, true in (
        ("zone_visitor_origin", "province", counted),
        ("zone_visitor_size", "company_size", sizes),
    ):
        shown = rows(
            connection,
            f"SELECT zone_no, visitor_type_no, {column}, vehicles FROM history.{view} WHERE k_status = 'ok'",  # noqa: S608  # names of this file
        )
        assert shown
        assert set(shown) <= set(true)
        assert all(int(str(row[3])) >= K for row in shown)


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
