"""Publication on a real database: once, whole, safe, frozen, and nothing of carriers left behind."""

from collections.abc import Iterator

import numpy as np
import pytest

from duls.app.publishing import publish_by_hand, publish_due, wait_s
from duls.config import Settings, load_settings
from processors.publication.zone_family import family_of_shapes
from processors.vocabulary import Source
from sinks.connection import Connection, open_connection
from sinks.publication import try_lock, unlock
from sinks.registry import latest_versions, load_zones
from sinks.retention import Retention, sweep
from tests.duls.app.publishing_database import all_rows, migrated, rows
from tests.processors.publication.attack import Programme, Published
from tests.processors.publication.city import ADDITIVE, Figures
from tests.sinks.final_days import DAY, TOWN, VAN, fill, hour_text, set_clock, start_us
from tests.sinks.flush_values import HOUR_US

pytestmark = pytest.mark.services

FINAL_US = start_us(DAY + 1) + (14_400 + 7_200 + 5) * 1_000_000


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Give the settings of a migrated database."""
    return migrated(database_url)


@pytest.fixture
def connection(settings: Settings) -> Iterator[Connection]:
    """Give a connection to it."""
    with open_connection(settings.database_url, application_name="test") as opened:
        yield opened


def everything(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Return all that planners read of zones."""
    return all_rows(connection, ("zone_flow_hour", "zone_flow_day", "zone_profile", "zone_month"))


def read_published(connection: Connection) -> Programme:
    """Return the attack by all that planners read of the day, from the views."""
    stored = load_zones(connection, latest_versions(connection).zones)
    family = family_of_shapes([zone.feature for zone in stored])
    order = [stored[member].feature.zone_id for member in family.members]
    names = (*ADDITIVE, "vehicles")
    columns = ", ".join("round(dwell_s * 1e6)::bigint" if name == "dwell_us" else name for name in names)
    figures = Figures(
        {name: np.zeros((len(order), 24), np.int64) for name in names},
        {name: np.zeros(len(order), np.int64) for name in names},
    )
    hours, days = np.zeros((len(order), 24), np.bool_), np.zeros(len(order), np.bool_)
    number = f"((core.microseconds(hour_start) - {start_us(DAY)}) / {HOUR_US})::integer"
    shown = "WHERE k_status = 'ok'"
    for zone_id, hour, *told in rows(
        connection,
        f"SELECT zone_id, {number}, {columns} FROM history.zone_flow_hour {shown}",  # noqa: S608  # names of this file
    ):
        place = order.index(str(zone_id)), int(str(hour))
        hours[place] = True
        for name, value in zip(names, told, strict=True):
            figures.hours[name][place] = value
    for zone_id, *told in rows(
        connection,
        f"SELECT zone_id, {columns} FROM history.zone_flow_day {shown}",  # noqa: S608  # names of this file
    ):
        days[order.index(str(zone_id))] = True
        for name, value in zip(names, told, strict=True):
            figures.days[name][order.index(str(zone_id))] = value
    return Programme(family, Published(hours, days, figures), has_visits=True)


def add_late(connection: Connection, zone: int, hour: int, vehicles: int) -> None:
    """Let vehicles of two observations each come late, in a zone of the family and in the town around it."""
    stored = load_zones(connection, latest_versions(connection).zones)
    family = family_of_shapes([known.feature for known in stored])
    numbers = [stored[family.members[place]].zone_no for place in (0, zone)]
    added = (
        f"observations = observations + {2 * vehicles}, vehicles = vehicles + {vehicles},"
        f" entries = entries + {vehicles}, exits = exits + {vehicles}"
    )
    for table, bucket in (("flow_hour", f"hour_start = {hour_text(DAY, hour)}"), ("flow_day", "true")):
        connection.execute(
            f"UPDATE core.{table} SET {added} WHERE {bucket} AND zone_no = ANY(%s)".encode(),  # noqa: S608  # names of this file
            (numbers,),
        )


def test_a_day_is_published_once_its_positions_are_final(connection: Connection, settings: Settings) -> None:
    """Its end, the longest parked gap, the lateness and the reorder have passed in stream time; then never again."""
    fill(connection)
    set_clock(connection, 0, FINAL_US)
    assert [] == publish_due(connection, settings)

    set_clock(connection, 0, FINAL_US + 1)
    reports = publish_due(connection, settings)

    assert reports is not None
    assert [(Source.FMS, DAY, 5, 1)] == [report[:4] for report in reports]
    assert 0 < reports[0].hour_cells_ok < reports[0].hour_cells
    assert [] == publish_by_hand(settings)


def test_what_is_shown_is_true_and_safe(connection: Connection, settings: Settings) -> None:
    """Shown figures are those of the live cells, of ten vehicles or more."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)

    publish_due(connection, settings)

    shown = rows(
        connection,
        "SELECT h.observations, h.vehicles, l.observations, l.vehicles FROM history.zone_flow_hour h"
        " JOIN live.zone_flow_hour l USING (zone_id, hour_start, vehicle_class, zero_emission, source)"
        " WHERE h.k_status = 'ok'",
    )
    assert shown
    assert all(row[:2] == row[2:] and int(str(row[1])) >= 10 for row in shown)


def test_the_attack_finds_nothing_before_and_after_late_data(
    connection: Connection, settings: Settings
) -> None:
    """By all that planners read, then and once late positions have come; publishing again would tell of them."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)
    publish_due(connection, settings)
    before = read_published(connection)
    some = before.withheld()[::8]
    assert 4 <= len(some)
    assert all(found.width > 10 for found in before.intervals(some))

    late = 3  # vehicles of one observation each, in one hour of one neighbourhood and of the town
    zone, hour = next((zone, hour) for zone, hour in before.withheld() if hour is not None and zone > 0)
    add_late(connection, zone, hour, late)
    assert [] == publish_due(connection, settings)

    after = read_published(connection)
    told = rows(connection, "SELECT after_publication FROM history.feed_day")
    assert [(2 * 2 * late,)] == told
    then = list(before.intervals([(zone, hour), *some]))
    now = list(after.intervals([(zone, hour), *some]))
    assert all(
        min(one.high, other.high) - max(one.low, other.low) > 10 for one, other in zip(then, now, strict=True)
    )


def test_withheld_zero_and_absent_look_the_same(connection: Connection, settings: Settings) -> None:
    """Each zone has a day of each class and emission; one below k has nulls, and no hours."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)

    publish_due(connection, settings)

    assert [(5 * 27,)] == rows(connection, "SELECT count(*) FROM history.zone_flow_day")
    assert {"ok", "below_k"} == {
        row[0] for row in rows(connection, "SELECT k_status FROM history.zone_flow_day")
    }
    assert [] == rows(
        connection, "SELECT FROM history.zone_flow_day WHERE (k_status = 'ok') <> (observations IS NOT NULL)"
    )
    assert [] == rows(
        connection, "SELECT FROM history.zone_flow_hour WHERE (k_status = 'ok') <> (observations IS NOT NULL)"
    )
    other = f"SELECT FROM core.published_hour WHERE vehicle_class <> {VAN}"  # a number of ours
    assert [] == rows(connection, other)


def test_what_comes_later_is_counted_and_not_added(connection: Connection, settings: Settings) -> None:
    """A late vehicle would be betrayed by the cell that appears."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)
    publish_due(connection, settings)
    before = everything(connection)

    connection.execute("UPDATE core.flow_hour SET observations = observations + 5, vehicles = vehicles + 20")
    connection.execute("UPDATE core.flow_day SET observations = observations + 7, vehicles = vehicles + 20")
    assert [] == publish_due(connection, settings)

    assert before == everything(connection)
    cells = rows(connection, "SELECT 7 * count(*) FROM core.flow_day")
    assert cells == rows(connection, "SELECT after_publication FROM history.feed_day")


def test_an_interrupted_publication_leaves_nothing(connection: Connection, settings: Settings) -> None:
    """The mark, the cells and the sums come together; the next try publishes all."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)
    connection.execute("ALTER FUNCTION core.roll_up_published RENAME TO away")

    with pytest.raises(Exception, match="roll_up_published"):
        publish_due(connection, settings)

    assert [[], [], [], []] == everything(connection)
    assert [(0,)] == rows(connection, "SELECT count(*) FROM core.publication")
    connection.execute("ALTER FUNCTION core.away RENAME TO roll_up_published")
    reports = publish_due(connection, settings)
    assert reports is not None
    assert 1 == len(reports)


def test_one_process_publishes_at_a_time(connection: Connection, settings: Settings) -> None:
    """The others have nothing to do, and say so."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)
    with open_connection(settings.database_url, application_name="test other") as other:
        assert try_lock(other)
        assert publish_due(connection, settings) is None
        unlock(other)

    assert publish_due(connection, settings)


def test_carriers_are_forgotten_once_the_day_is_published(connection: Connection, settings: Settings) -> None:
    """They were kept to tell whether one of them has more than half."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)

    publish_due(connection, settings)

    assert [(0, 0)] == rows(
        connection, "SELECT (SELECT count(*) FROM core.carrier_hour), (SELECT count(*) FROM core.carrier_day)"
    )


@pytest.mark.parametrize("carriers", [0, 2])
def test_positions_of_fewer_than_three_carriers_are_withheld(
    connection: Connection, settings: Settings, carriers: int
) -> None:
    """Also where nobody names carriers, unless the city decides otherwise."""
    fill(connection, carriers=carriers)
    set_clock(connection, 0, FINAL_US + 1)

    publish_due(connection, settings)

    assert [("below_k",)] == rows(connection, "SELECT DISTINCT k_status FROM history.zone_flow_day")


def test_a_city_may_publish_without_carriers(connection: Connection, settings: Settings) -> None:
    """By a setting, which the mark of the day keeps."""
    fill(connection, carriers=0)
    set_clock(connection, 0, FINAL_US + 1)
    url = settings.database_url

    publish_due(connection, load_settings({"DULS_DATABASE_URL": url, "DULS_PUBLICATION_CARRIERS": "0"}))

    assert ("ok",) in rows(connection, "SELECT DISTINCT k_status FROM history.zone_flow_day")
    assert [(10, 0)] == rows(connection, "SELECT k, carriers FROM core.publication")


def test_hours_without_a_feed_are_not_below_k(connection: Connection, settings: Settings) -> None:
    """And a day without any says so too; the day before and after it are published all the same."""
    fill(connection)
    connection.execute(
        "DELETE FROM core.flow_hour WHERE hour_start < core.instant(%s)", (start_us(DAY) + 3 * HOUR_US,)
    )
    connection.execute(
        "DELETE FROM core.feed_minute WHERE minute < core.instant(%s)", (start_us(DAY) + 3 * HOUR_US,)
    )
    set_clock(connection, 0, FINAL_US + 86_400_000_000 + 1)

    reports = publish_due(connection, settings)

    assert reports is not None
    assert [DAY, DAY + 1] == [report.day for report in reports]
    first = f"hour_start < core.instant({start_us(DAY) + 3 * HOUR_US})"
    statuses = f"SELECT DISTINCT k_status FROM history.zone_flow_hour WHERE {first}"  # noqa: S608  # a number of ours
    assert [("no_feed",)] == rows(connection, statuses)
    assert [(21, 24), (0, 24)] == rows(
        connection, "SELECT hours_with_feed, hours FROM history.feed_day ORDER BY day"
    )
    empty = f"SELECT DISTINCT k_status FROM history.zone_flow_day WHERE day = date '1970-01-01' + {DAY + 1}"  # noqa: S608  # a number of ours
    assert [("no_feed",)] == rows(connection, empty)


def test_days_that_retention_removed_are_not_published_as_empty(
    connection: Connection, settings: Settings
) -> None:
    """They are missing, which is not zero."""
    fill(connection)
    set_clock(connection, 0, FINAL_US + 1)
    sweep(connection, Retention(live_s=3_600), FINAL_US)
    fill(connection, day=DAY + 3)
    set_clock(connection, 0, FINAL_US + 3 * 86_400_000_000 + 1)

    reports = publish_due(connection, settings)

    assert reports is not None
    assert [DAY + 3] == [report.day for report in reports]


def test_how_much_came_in_is_left_out_where_it_tells(connection: Connection, settings: Settings) -> None:
    """When all that was taken is shown, the number of rows would tell of the rest."""
    fill(connection)
    connection.execute("UPDATE core.feed_minute SET taken = 1")
    set_clock(connection, 0, FINAL_US + 1)

    publish_due(connection, settings)

    assert [(None, None, 24, 48)] == rows(
        connection, "SELECT accepted, taken, rejected, late FROM history.feed_day"
    )


def test_detections_wait_for_a_day(settings: Settings) -> None:
    """And positions until none can come that is linked."""
    assert 21_605.0 == wait_s(settings, Source.FMS)
    assert 86_400.0 == wait_s(settings, Source.ANPR)


def test_the_town_has_a_guest() -> None:
    """A zone that crosses two neighbourhoods."""
    assert (5,) == family_of_shapes(TOWN).guests
