"""A simulated year of a city, inserted as figures by the database itself, for tests of what reads them.

Nothing is drawn: every figure follows from zone, class and time by arithmetic, so that two runs agree. A zone has a
size, a day a shape (quiet nights, two peaks, calm Sundays), and every eleventh cell of a small class is below k.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

from sinks.connection import Connection

MUNICIPALITIES = ("GM0344", "GM0363", "GM0518", "GM0599", "GM0855")
KINDS = (
    "neighbourhood",
    "district",
    "loading_zone",
    "zero_emission_zone",
    "environmental_zone",
    "smart_zone",
)
K = 10


class CityPlan(NamedTuple):
    """How large the city is."""

    zones: int = 300  # numbered from 1 on, `zone-001`; municipality and kind go round
    classes: int = 8  # vehicle class codes from 0 on
    sources: tuple[int, ...] = (0,)


CITY = CityPlan()


class Span(NamedTuple):
    """Local days from *first* on."""

    first: date
    days: int

    @property
    def end(self) -> date:
        """Return the first day after it."""
        return self.first + timedelta(days=self.days)


ZONES = """
WITH version AS (
    INSERT INTO core.zone_version (version)
    SELECT coalesce(max(version), 0) + 1 FROM core.zone_version RETURNING version
), zone AS (
    INSERT INTO core.zone (zone_id)
    SELECT 'zone-' || lpad(number::text, 3, '0') FROM generate_series(1, %(zones)s) AS number ORDER BY number
    RETURNING zone_no, zone_id
), place AS (
    SELECT zone_no, zone_id, right(zone_id, 3)::int AS number,
           5.0 + (right(zone_id, 3)::int %% 20) * 0.01 AS lon, 52.0 + right(zone_id, 3)::int / 20 * 0.01 AS lat
    FROM zone
), shape AS (
    SELECT place.*, format(
        '{"type":"MultiPolygon","coordinates":[[[[%%s,%%s],[%%s,%%s],[%%s,%%s],[%%s,%%s],[%%s,%%s]]]]}',
        lon, lat, lon + 0.01, lat, lon + 0.01, lat + 0.01, lon, lat + 0.01, lon, lat
    ) AS geojson
    FROM place
), geometry AS (
    INSERT INTO core.zone_geometry (geometry_hash, geojson)
    SELECT sha256(geojson::bytea), geojson::json FROM shape
)
INSERT INTO core.zone_feature (version, zone_no, name, kind, municipality, capacity, area_km2, geometry_hash)
SELECT version.version, shape.zone_no, 'Zone ' || shape.number,
       (%(kinds)s::text[])[1 + shape.number %% cardinality(%(kinds)s::text[])],
       (%(municipalities)s::text[])[1 + shape.number %% cardinality(%(municipalities)s::text[])],
       CASE WHEN shape.number %% 4 = 0 THEN NULL ELSE 20 + shape.number %% 40 END, 0.76, sha256(shape.geojson::bytea)
FROM shape CROSS JOIN version
"""

# vehicles of a cell: size of the zone, share of the class, shape of the day, a little unevenness, never none
VEHICLES = """
greatest(1, (
    (1 + zone_no * 37 %% 19)
    * (ARRAY[60, 2, 4, 24, 9, 6, 3, 2, 1])[vehicle_class + 1]
    * shape
    * (80 + (zone_no * 31 + vehicle_class * 17 + bucket_no * 7) %% 41)
    / 60000
))::bigint
"""
WEEK = "(ARRAY[10, 11, 11, 11, 10, 6, 3])[extract(isodow FROM {local})::int]"
HOURS = f"""
SELECT hour_start, (extract(epoch FROM hour_start) / 3600)::int AS bucket_no,
       (ARRAY[2, 1, 1, 1, 3, 8, 20, 45, 60, 55, 50, 48, 46, 47, 50, 52, 55, 50, 35, 22, 15, 10, 7, 4])
           [1 + extract(hour FROM hour_start AT TIME ZONE 'Europe/Amsterdam')::int]
       * {WEEK.format(local="hour_start AT TIME ZONE 'Europe/Amsterdam'")} AS shape
FROM generate_series(
    %(first)s::timestamp AT TIME ZONE 'Europe/Amsterdam',
    %(end)s::timestamp AT TIME ZONE 'Europe/Amsterdam' - interval '1 hour', interval '1 hour'
) AS hour_start
"""  # noqa: S608  # text of this file
SLOTS = """
SELECT slot_start, (extract(epoch FROM slot_start) / 300)::int AS bucket_no, 60 AS shape
FROM generate_series(
    date_bin('5 minutes', now(), 'epoch') - make_interval(hours => %(hours)s),
    date_bin('5 minutes', now(), 'epoch'), interval '5 minutes'
) AS slot_start
"""
DAYS = f"""
SELECT day::date, day::date - date '2000-01-01' AS bucket_no, 450 * {WEEK.format(local="day")} AS shape
FROM generate_series(%(first)s::timestamp, %(end)s::timestamp - interval '1 day', interval '1 day') AS day
"""  # noqa: S608  # text of this file
FIGURES = """
vehicles * 12, vehicles, vehicles, vehicles, vehicles / 10, vehicles / 10, vehicles * 600000000, vehicles,
vehicles * 620000000, vehicles / 2, vehicles / 2 * 240000000, vehicles * 900000000, vehicles / 5, vehicles / 50
"""
COLUMNS = """
observations, vehicles, entries, exits, appearances, disappearances, dwell_us, visits,
visit_us, stops, stop_us, distance_um, through, late
"""


NOW = """
INSERT INTO core.zone_now_part (partition, zone_no, vehicle_class, zero_emission, present, silent)
SELECT 0, zone_no, vehicle_class, vehicle_class %% 2, zone_no * 13 %% 7 + vehicle_class %% 3, zone_no %% 4
FROM core.zone CROSS JOIN generate_series(0, %(classes)s - 1) AS vehicle_class
WHERE zone_no * 13 %% 7 + vehicle_class %% 3 + zone_no %% 4 > 0
"""
CLOCKS = """
INSERT INTO core.feed_clock (partition, source, stream_time, last_event_time, last_arrival)
SELECT 0, source, now(), now() - interval '2 s', now() - interval '1 s' FROM unnest(%(sources)s::smallint[]) AS source
"""
MINUTES = """
INSERT INTO core.feed_minute
    (source, minute, accepted, taken, rejected, duplicates, out_of_order, late, low_confidence)
SELECT source, minute, 60000, 59000, 30, 500, 400, 100, 0
FROM unnest(%(sources)s::smallint[]) AS source
CROSS JOIN generate_series(
    date_trunc('minute', now()) - interval '1 hour', date_trunc('minute', now()), interval '1 minute'
) AS minute
"""
ALERTS = """
INSERT INTO core.alert (alert_id, zone_no, rule, state, value, capacity, pct, since, until, reason)
SELECT 'alert-' || zone_no, zone_no, 'load', CASE WHEN zone_no %% 20 = 0 THEN 'firing' ELSE 'resolved' END,
       30, 25, 120, now() - make_interval(mins => zone_no),
       CASE WHEN zone_no %% 20 = 0 THEN NULL ELSE now() - make_interval(mins => zone_no / 2) END, '30 of 25 vehicles'
FROM core.zone WHERE zone_no %% 10 = 0
"""


def insert_zones(connection: Connection, plan: CityPlan = CITY) -> None:
    """Insert the zones of the city as the newest version: squares side by side."""
    values = {"zones": plan.zones, "kinds": list(KINDS), "municipalities": list(MUNICIPALITIES)}
    connection.execute(ZONES, values)


def insert_hours(
    connection: Connection,
    table: str,
    span: Span,
    plan: CityPlan = CITY,
) -> None:
    """Fill `core.flow_hour` or `core.published_hour` for the hours of *span* and the first zones of the city."""
    _insert(connection, table, ("hour_start", HOURS), span, plan)


def insert_days(
    connection: Connection,
    table: str,
    span: Span,
    plan: CityPlan = CITY,
) -> None:
    """Fill `core.flow_day` or `core.published_day` for the days of *span* and the first zones of the city."""
    _insert(connection, table, ("day", DAYS), span, plan)


def insert_slots(
    connection: Connection,
    hours: int,
    plan: CityPlan = CITY,
) -> None:
    """Fill `core.flow_slot` for the last *hours* of the database's clock."""
    statement = _statement("flow_slot", "slot_start, slot_s", SLOTS, "slot_start, 300")
    connection.execute(statement, {"hours": hours, **_values(plan)})


def insert_now(connection: Connection, plan: CityPlan = CITY) -> None:
    """Insert what is there now, clocks and counts of feeds up to now, and alerts that fire or have ended."""
    for statement in (NOW, CLOCKS, MINUTES, ALERTS):
        connection.execute(statement.encode(), _values(plan))
    connection.execute("INSERT INTO core.now_clock (partition, as_of) VALUES (0, now())")


def fill_year(connection: Connection, today: date, *, plan: CityPlan = CITY, hour_zones: int = 3) -> None:
    """Insert a whole city with a year of published figures up to yesterday.

    Hours of the whole year are there for *hour_zones* zones only, for the others those of the last week: all of them
    would be 21 million rows.
    """
    with connection.transaction():
        connection.execute("SET LOCAL statement_timeout = 0")
        insert_zones(connection, plan)
        year = Span(today - timedelta(days=365), 365)
        insert_days(connection, "published_day", year, plan)
        week = Span(today - timedelta(days=7), 7)
        few = plan._replace(zones=hour_zones)
        insert_hours(connection, "published_hour", year._replace(days=365 - week.days), few)
        insert_hours(connection, "published_hour", week, plan)
    connection.execute("VACUUM ANALYZE")


def _insert(connection: Connection, table: str, buckets: tuple[str, str], span: Span, plan: CityPlan) -> None:
    """Insert a cell for every bucket, zone, class and source of a span."""
    bucket, series = buckets
    values = {"first": span.first, "end": span.end, **_values(plan)}
    connection.execute(_statement(table, bucket, series, bucket), values)


def _statement(table: str, columns: str, series: str, buckets: str) -> bytes:
    """Return a statement that inserts a cell for every bucket of a series; published ones below k are null."""
    figures, more_columns, more = FIGURES, "", ""
    if table.startswith("published"):
        more_columns, more = "k, k_status, ", "%(k)s, (vehicles < %(k)s)::int, "
        figures = ", ".join(f"CASE WHEN vehicles >= %(k)s THEN {figure} END" for figure in FIGURES.split(","))
    # OFFSET 0 keeps the server from working out shapes and vehicles once per column
    return f"""
        INSERT INTO core.{table} (zone_no, vehicle_class, zero_emission, {columns}, source, {more_columns}{COLUMNS})
        SELECT zone_no, vehicle_class, zero_emission, {buckets}, source, {more}{figures}
        FROM (
            SELECT zone.zone_no, vehicle_class::smallint, (vehicle_class %% 2)::smallint AS zero_emission,
                   bucket.*, source.source, {VEHICLES} AS vehicles
            FROM ({series} OFFSET 0) AS bucket
            CROSS JOIN (SELECT zone_no FROM core.zone ORDER BY zone_no LIMIT %(zones)s) AS zone
            CROSS JOIN generate_series(0, %(classes)s - 1) AS vehicle_class
            CROSS JOIN unnest(%(sources)s::smallint[]) AS source (source)
            OFFSET 0
        ) AS cell
    """.encode()  # noqa: S608  # names of this file


def _values(plan: CityPlan) -> dict[str, Any]:
    """Return the parameters that all statements share."""
    return {"k": K, "zones": plan.zones, "classes": plan.classes, "sources": list(plan.sources)}
