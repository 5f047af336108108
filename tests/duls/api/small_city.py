"""A city of six zones over a few days, with everything that makes answers differ.

Zones 1 to 5 lie in five municipalities, zone 6 in that of zone 1; two sources, nine classes; cells below k; a zone that
the newest version no longer has; a zone without a municipality.
"""

from datetime import date, timedelta

from sinks.connection import open_connection
from tests.year_of_figures import (
    COLUMNS,
    CityPlan,
    Span,
    insert_days,
    insert_hours,
    insert_now,
    insert_slots,
    insert_zones,
)

PLAN = CityPlan(zones=6, classes=9, sources=(0, 1))
PUBLISHED = Span(date(2026, 10, 23), 5)  # with the day of 25 hours
OLD_ZONE = "zone-006"
ZONE_OF_NOBODY = "zone-005"


def fill_small_city(url: str) -> None:
    """Insert the city."""
    with open_connection(url, application_name="test") as connection:
        insert_zones(connection, PLAN)
        insert_days(connection, "published_day", PUBLISHED, PLAN)
        insert_hours(connection, "published_hour", PUBLISHED, PLAN)
        # the figures of a day are large enough by themselves, but for this
        figures = ", ".join(f"{figure.strip()} = NULL" for figure in COLUMNS.split(","))
        statement = f"UPDATE core.published_day SET k_status = 1, {figures} WHERE vehicle_class = 8"  # noqa: S608  # names of this file
        connection.execute(statement.encode())
        week = Span(date.today() - timedelta(days=2), 3)  # noqa: DTZ011  # the day of the machine that runs the database
        insert_days(connection, "flow_day", week, PLAN)
        insert_hours(connection, "flow_hour", week, PLAN)
        insert_slots(connection, 2, PLAN)
        insert_now(connection, PLAN)
        connection.execute(
            "INSERT INTO core.alert (alert_id, zone_no, rule, state, value, since, until)"
            " SELECT 'a' || number, 1 + number % 6, 'load', CASE number % 2 WHEN 0 THEN 'firing' ELSE 'resolved' END,"
            " number, now() - make_interval(mins => number / 2),"
            " CASE number % 2 WHEN 0 THEN NULL ELSE now() END FROM generate_series(1, 20) AS number"
        )
        # the newest version lacks one zone, and another has no municipality
        connection.execute("INSERT INTO core.zone_version (version) VALUES (2)")
        connection.execute(
            "INSERT INTO core.zone_feature"
            " SELECT 2, zone_no, name, kind, CASE WHEN zone_no = 5 THEN NULL ELSE municipality END,"
            " capacity, area_km2, geometry_hash FROM core.zone_feature WHERE zone_no <> 6"
        )
