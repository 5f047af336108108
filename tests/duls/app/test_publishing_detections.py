"""Publication of detections on a real database: zones, what goes in, cameras, and the months made of them."""

import uuid
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from duls.app.publishing import publish_due
from duls.config import Settings
from processors.vocabulary import Source
from sinks.connection import Connection, open_connection
from sinks.embedded_database import drop_database
from tests.duls.app.publishing_database import all_rows, migrated, rows
from tests.processors.publication.camera_attack import CameraProgramme, Found, PublishedDetections
from tests.processors.publication.camera_city import passages
from tests.services.external import Database
from tests.sinks.camera_days import NAMES, VIEWS, camera_id, city, fill_cameras
from tests.sinks.final_days import DAY, set_clock, start_us
from tests.sinks.flush_values import HOUR_US

pytestmark = pytest.mark.services

FINAL_US = start_us(DAY + 2)
PUBLISHED = ("town", "clean", "south")
VIEWS_OF_HISTORY = (
    "zone_flow_hour",
    "zone_flow_day",
    "camera_hour",
    "camera_profile",
    "zone_window",
    "zone_profile",
    "zone_month",
    "zone_days",
    "zone_left_out",
)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Give the settings of a migrated database."""
    return migrated(database_url)


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    """Give a connection to a database that holds a day of a town with cameras."""
    with open_connection(settings.database_url, application_name="test") as opened:
        fill_cameras(opened, a_day())
        set_clock(opened, 1, FINAL_US + 1)
        yield opened


@pytest.fixture(scope="module")
def published(timescale: Database) -> Iterator[Connection]:
    """Give a connection to a database whose day is published, for tests that only read."""
    url = timescale.create_database(f"published_{uuid.uuid4().hex}")
    settings = migrated(url)
    with open_connection(url, application_name="test") as opened:
        fill_cameras(opened, a_day())
        set_clock(opened, 1, FINAL_US + 1)
        publish_due(opened, settings)
        yield opened
    drop_database(url)


def a_day() -> NDArray[np.int64]:
    """Return passages of a day."""
    return passages(np.random.default_rng(3), city(), 300, 24)


def everything(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Return all that planners read of detections."""
    return all_rows(connection, VIEWS_OF_HISTORY)


def read_published(connection: Connection) -> PublishedDetections:
    """Return what everyone can read, from the views; NaN where nothing is told."""
    names = ("observations", "vehicles", "entries", "exits")
    hours = {name: np.full((len(PUBLISHED), 24), np.nan) for name in names}
    days = {name: np.full(len(PUBLISHED), np.nan) for name in names}
    views, vehicles = np.full((VIEWS, 24), np.nan), np.full((VIEWS, 24), np.nan)
    figures = ", ".join(f"{name}::double precision" for name in names)
    for zone, hour, *told in connection.execute(
        f"SELECT zone_id, {_HOUR}, {figures} FROM history.zone_flow_hour".encode()  # noqa: S608  # names of this file
    ):
        for name, value in zip(names, told, strict=True):
            hours[name][PUBLISHED.index(zone), hour] = np.nan if value is None else value
    for zone, *told in connection.execute(
        f"SELECT zone_id, {figures} FROM history.zone_flow_day WHERE k_status = 'ok'".encode()  # noqa: S608  # names of this file
    ):
        for name, value in zip(names, told, strict=True):
            days[name][PUBLISHED.index(zone)] = np.nan if value is None else value
    cameras = [camera_id(view) for view in range(0, VIEWS, 2)]
    seen = f"SELECT camera_id, direction, {_HOUR}, passages, vehicles FROM history.camera_hour"  # noqa: S608  # names of this file
    for camera, direction, hour, *told in connection.execute(f"{seen} WHERE k_status = 'ok'".encode()):
        view = 2 * cameras.index(camera) + ("obverse", "reverse").index(direction)
        views[view, hour], vehicles[view, hour] = told
    movements = [city().movements[NAMES.index(name)] for name in PUBLISHED]
    return PublishedDetections(movements, hours, days, views, vehicles)


_HOUR = f"((core.microseconds(hour_start) - {start_us(DAY)}) / {HOUR_US})::integer"


def attack(published: PublishedDetections) -> list[Found]:
    """Return what the attack says of some withheld cells of every sort."""
    programme = CameraProgramme(published)
    cells = programme.withheld()
    some = [cell for sort in ("zone", "view") for cell in [c for c in cells if c[0] == sort][::14]]
    assert {"zone", "view"} == {cell[0] for cell in some}
    return list(programme.found(some))


def test_zones_movements_and_cameras_are_published_and_safe_before_and_after_late_data(
    connection: Connection, settings: Settings
) -> None:
    """The attack by all that planners read finds nothing, nor does it once late detections have come."""
    reports = publish_due(connection, settings)

    assert reports is not None
    assert [(Source.ANPR, DAY, 3, 1)] == [report[:4] for report in reports]
    published, before = read_published(connection), everything(connection)
    assert (~np.isnan(published.passages)).any()
    assert (~np.isnan(published.hours["entries"][1])).any()
    assert all(found.width > 10 for found in attack(published))

    late = passages(np.random.default_rng(4), city(), 40, 24)
    fill_cameras(connection, late)
    assert [] == publish_due(connection, settings)

    assert before == everything(connection)
    assert all(found.width > 10 for found in attack(read_published(connection)))
    counted = rows(connection, "SELECT after_publication FROM history.feed_day")
    assert [(int(late.sum()),)] == counted


def test_the_attack_bites_on_the_same_day_when_small_cells_only_are_withheld(
    connection: Connection, settings: Settings
) -> None:
    """So what publication withholds besides is what protects."""
    publish_due(connection, settings)
    connection.execute(
        "UPDATE core.published_camera_hour AS cell SET k_status = 0, passages = seen.passages, vehicles = seen.vehicles"
        " FROM core.camera_hour AS seen WHERE seen.vehicles >= 10 AND seen.camera_id = cell.camera_id"
        " AND seen.hour_start = cell.hour_start AND seen.direction = cell.direction"
        " AND seen.vehicle_class = cell.vehicle_class AND seen.zero_emission = cell.zero_emission"
    )
    connection.execute(
        "UPDATE core.published_hour AS cell SET entries = seen.entries, exits = seen.exits FROM core.flow_hour AS seen"
        " WHERE cell.k_status = 0 AND seen.source = 1 AND seen.zone_no = cell.zone_no"
        " AND seen.hour_start = cell.hour_start"
        " AND seen.vehicle_class = cell.vehicle_class AND seen.zero_emission = cell.zero_emission"
    )
    assert any(found.width <= 10 for found in attack(read_published(connection)))


def test_what_is_shown_is_true(published: Connection) -> None:
    """Figures that are shown are those of the live cells, of ten vehicles or more."""
    shown = rows(
        published,
        "SELECT h.passages, h.vehicles, l.passages, l.vehicles FROM history.camera_hour h JOIN live.camera_flow_hour l"
        " USING (camera_id, hour_start, direction, vehicle_class, zero_emission) WHERE h.k_status = 'ok'",
    )
    assert shown
    assert all(row[:2] == row[2:] and int(str(row[1])) >= 10 for row in shown)
    odd = "(h.entries <> l.entries OR h.exits <> l.exits OR h.observations <> l.observations)"
    keys = "zone_id, hour_start, vehicle_class, zero_emission, source"
    joined = f"history.zone_flow_hour h JOIN live.zone_flow_hour l USING ({keys})"
    assert [] == rows(published, f"SELECT FROM {joined} WHERE {odd}")  # names of this file


def test_months_are_sums_of_what_is_published(published: Connection) -> None:
    """Of cameras by local hour, and of what goes in by time block; what is withheld is counted, not added."""
    profile = rows(
        published,
        "SELECT sum(passages), sum(vehicles), sum(suppressed), min(month), min(iso_weekday), max(iso_weekday)"
        " FROM history.camera_profile",
    )
    hours = rows(
        published,
        "SELECT sum(passages), sum(vehicles), count(*) FILTER (WHERE k_status = 'below_k'), '2026-11-01'::date, 5, 5"
        " FROM history.camera_hour",
    )
    assert hours == profile
    at_eight = rows(
        published,
        "SELECT movement, passages, days FROM history.camera_profile WHERE hour = 8 AND k_status = 'ok'"
        " ORDER BY camera_id, 1",
    )
    hours_at_eight = f"SELECT * FROM history.camera_hour WHERE k_status = 'ok' AND {_HOUR} = 8"  # noqa: S608  # of this file
    assert at_eight == rows(
        published,
        f"SELECT movement, sum(passages)::bigint, 1 FROM ({hours_at_eight}) AS told"  # noqa: S608  # of this file
        " GROUP BY camera_id, movement ORDER BY camera_id, 1",
    )
    blocks = rows(
        published,
        "SELECT time_window, passages, vehicles, suppressed FROM history.zone_window JOIN history.zone_label"
        " USING (zone_no) WHERE zone_id = 'clean' AND NOT is_window AND branch_code IS NULL ORDER BY 1",
    )
    entries = read_published(published).hours["entries"][PUBLISHED.index("clean")]
    edges = [(0, 7), (7, 10), (10, 16), (16, 19), (19, 24)]
    texts = [f"{start:02}:00-{end:02}:00" for start, end in edges]
    parts = [entries[start:end] for start, end in edges]
    assert blocks == [
        (
            text,
            None if np.isnan(part).all() else int(np.nansum(part)),
            None,
            int(np.isnan(part).sum()),
        )
        for text, part in zip(texts, parts, strict=True)
    ]


def test_planners_are_told_which_zones_are_left_out(published: Connection) -> None:
    """The district shares a gate of the clean zone and has a camera besides."""
    told = rows(
        published,
        "SELECT zone_id, source, figures, reason, crossed_zone_id, days FROM history.zone_left_out",
    )
    assert [("north", "anpr", "all", "crosses", "clean", 1)] == told
    assert [] == rows(published, "SELECT FROM history.zone_flow_day WHERE zone_id = 'north'")


def test_a_day_on_which_cameras_were_changed_has_zones_only(
    connection: Connection, settings: Settings
) -> None:
    """Sums of cameras are not those of zones: neither cameras nor what goes in are told, and that is said."""
    connection.execute(
        "UPDATE core.camera_hour SET passages = passages + 1 WHERE camera_id = %s", (camera_id(0),)
    )

    publish_due(connection, settings)

    assert [] == rows(connection, "SELECT FROM history.camera_hour")
    assert [(0, 0)] == rows(connection, "SELECT count(entries), count(exits) FROM history.zone_flow_hour")
    shown = "SELECT DISTINCT zone_id FROM history.zone_flow_day WHERE k_status = 'ok'"
    assert [("town",)] == rows(connection, shown)
    left = rows(connection, "SELECT zone_id, figures, reason FROM history.zone_left_out ORDER BY 1, 2")
    assert [
        ("clean", "entries", "cameras_changed"),
        ("clean", "exits", "cameras_changed"),
        *(
            (zone, part, "cameras_changed")
            for zone in ("north", "south", "town")
            for part in ("entries", "exits")
        ),
    ] == left
