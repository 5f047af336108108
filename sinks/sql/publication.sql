-- Publication of a local day of one source: what is due, what is read for it, and what it writes.

-- name: due_days
-- Local days that are final, not published yet and not touched by retention, in order, as days since 1970.
WITH clock AS (
    SELECT CASE WHEN bool_and(known.stream_time IS NOT NULL) THEN min(known.stream_time) END AS stream_time
    FROM core.feed_clock AS known
    WHERE known.source = %(source)s
),
first AS (
    SELECT coalesce(
        (SELECT max(done.day) + 1 FROM core.publication AS done WHERE done.source = %(source)s),
        (SELECT min(cell.day) FROM core.flow_day AS cell WHERE cell.source = %(source)s)
    ) AS day
)
SELECT given.day::date - date '1970-01-01'
FROM clock
CROSS JOIN first
CROSS JOIN LATERAL generate_series(
    first.day::timestamp, clock.stream_time AT TIME ZONE 'Europe/Amsterdam', interval '1 day'
) AS given (day)
WHERE core.day_end(given.day::date) + %(wait_s)s * interval '1 second' < clock.stream_time
    AND given.day AT TIME ZONE 'Europe/Amsterdam' >= coalesce(
        (SELECT max(kept.horizon) FROM core.retention_horizon AS kept WHERE kept.table_name IN ('flow_hour', 'flow_day')),
        '-infinity'
    )
ORDER BY given.day;

-- name: see_one_state
-- Let all reading of this transaction see one state.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: hour_cells
-- Hour cells of a local day.
SELECT
    cell.zone_no, cell.vehicle_class, cell.zero_emission, core.microseconds(cell.hour_start),
    cell.observations, cell.vehicles, cell.entries, cell.exits, cell.appearances, cell.disappearances, cell.dwell_us,
    cell.visits, cell.visit_us, cell.stops, cell.stop_us, cell.distance_um, cell.through, cell.late
FROM core.flow_hour AS cell
WHERE cell.source = %(source)s
    AND cell.hour_start >= core.instant(%(start_us)s) AND cell.hour_start < core.instant(%(end_us)s);

-- name: day_cells
-- Day cells of a local day.
SELECT
    cell.zone_no, cell.vehicle_class, cell.zero_emission,
    cell.observations, cell.vehicles, cell.entries, cell.exits, cell.appearances, cell.disappearances, cell.dwell_us,
    cell.visits, cell.visit_us, cell.stops, cell.stop_us, cell.distance_um, cell.through, cell.late
FROM core.flow_day AS cell
WHERE cell.source = %(source)s AND cell.day = date '1970-01-01' + %(day)s;

-- name: hour_carriers
-- Vehicles by carrier in the hour cells of a local day.
SELECT
    cell.zone_no, cell.vehicle_class, cell.zero_emission, core.microseconds(cell.hour_start), cell.carrier, cell.vehicles
FROM core.carrier_hour AS cell
WHERE cell.hour_start >= core.instant(%(start_us)s) AND cell.hour_start < core.instant(%(end_us)s);

-- name: day_carriers
-- Vehicles by carrier in the day cells of a local day.
SELECT cell.zone_no, cell.vehicle_class, cell.zero_emission, cell.carrier, cell.vehicles
FROM core.carrier_day AS cell
WHERE cell.day = date '1970-01-01' + %(day)s;

-- name: camera_hours
-- Passages of cameras in a local day.
SELECT
    cell.camera_id, cell.direction, cell.vehicle_class, cell.zero_emission, core.microseconds(cell.hour_start),
    cell.passages, cell.vehicles
FROM core.camera_hour AS cell
WHERE cell.hour_start >= core.instant(%(start_us)s) AND cell.hour_start < core.instant(%(end_us)s)
ORDER BY cell.camera_id, cell.direction, cell.vehicle_class, cell.zero_emission, cell.hour_start;

-- name: feed_hours
-- What the feed gave by hour of arrival.
SELECT
    core.microseconds(date_trunc('hour', counted.minute, 'UTC')),
    sum(counted.accepted)::bigint, sum(counted.taken)::bigint, sum(counted.rejected)::bigint, sum(counted.late)::bigint
FROM core.feed_minute AS counted
WHERE counted.source = %(source)s
    AND counted.minute >= core.instant(%(start_us)s) AND counted.minute < core.instant(%(end_us)s)
GROUP BY 1;

-- name: counted
-- Observations of a local day by now: of positions once for each zone that they are in, of detections once.
SELECT CASE WHEN %(source)s = 0
    THEN (
        SELECT coalesce(sum(cell.observations), 0)::bigint
        FROM core.flow_day AS cell
        WHERE cell.source = 0 AND cell.day = date '1970-01-01' + %(day)s
    )
    ELSE (
        SELECT coalesce(sum(cell.passages), 0)::bigint
        FROM core.camera_hour AS cell
        WHERE cell.hour_start >= core.instant(%(start_us)s) AND cell.hour_start < core.instant(%(end_us)s)
    )
END;

-- name: freeze
-- Mark a day as published; nothing where it is already.
INSERT INTO core.publication (
    source, day, zone_version, camera_version, k, carriers, guests,
    hour_cells, hour_cells_ok, day_cells, day_cells_ok, counted
)
VALUES (
    %(source)s, date '1970-01-01' + %(day)s, %(zone_version)s, %(camera_version)s, %(k)s, %(carriers)s, %(guests)s,
    %(hour_cells)s, %(hour_cells_ok)s, %(day_cells)s, %(day_cells_ok)s, %(counted)s
)
ON CONFLICT (source, day) DO NOTHING
RETURNING source;

-- name: copy_hours
-- Take a binary image of shown hours.
COPY core.published_hour (
    zone_no, hour_start, vehicle_class, zero_emission, source, k, k_status,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
) FROM STDIN (FORMAT binary);

-- name: copy_withheld_hours
-- Take a binary image of hours without figures.
COPY core.published_hour (zone_no, hour_start, vehicle_class, zero_emission, source, k, k_status)
FROM STDIN (FORMAT binary);

-- name: copy_days
-- Take a binary image of shown days.
COPY core.published_day (
    zone_no, day, vehicle_class, zero_emission, source, k, k_status,
    observations, vehicles, entries, exits, appearances, disappearances, dwell_us,
    visits, visit_us, stops, stop_us, distance_um, through, late
) FROM STDIN (FORMAT binary);

-- name: copy_withheld_days
-- Take a binary image of days without figures.
COPY core.published_day (zone_no, day, vehicle_class, zero_emission, source, k, k_status)
FROM STDIN (FORMAT binary);

-- name: withhold_hour_movements
-- Take back what goes in or out where it may not be shown, before anybody reads it.
UPDATE core.published_hour AS cell
SET entries = CASE WHEN given.has_entries THEN cell.entries END, exits = CASE WHEN given.has_exits THEN cell.exits END
FROM unnest(
    %(zone_no)s::integer[], %(hour_us)s::bigint[], %(vehicle_class)s::smallint[], %(zero_emission)s::smallint[],
    %(has_entries)s::boolean[], %(has_exits)s::boolean[]
) AS given (zone_no, hour_us, vehicle_class, zero_emission, has_entries, has_exits)
WHERE cell.source = 1
    AND cell.hour_start >= core.instant(%(start_us)s) AND cell.hour_start < core.instant(%(end_us)s)
    AND cell.zone_no = given.zone_no AND cell.hour_start = core.instant(given.hour_us)
    AND cell.vehicle_class = given.vehicle_class AND cell.zero_emission = given.zero_emission;

-- name: withhold_day_movements
-- The same of the day.
UPDATE core.published_day AS cell
SET entries = CASE WHEN given.has_entries THEN cell.entries END, exits = CASE WHEN given.has_exits THEN cell.exits END
FROM unnest(
    %(zone_no)s::integer[], %(vehicle_class)s::smallint[], %(zero_emission)s::smallint[],
    %(has_entries)s::boolean[], %(has_exits)s::boolean[]
) AS given (zone_no, vehicle_class, zero_emission, has_entries, has_exits)
WHERE cell.source = 1 AND cell.day = date '1970-01-01' + %(day)s AND cell.zone_no = given.zone_no
    AND cell.vehicle_class = given.vehicle_class AND cell.zero_emission = given.zero_emission;

-- name: add_published_camera_hours
-- Add hours of cameras, shown and withheld.
INSERT INTO core.published_camera_hour (
    camera_id, hour_start, direction, movement, vehicle_class, zero_emission, k, k_status, passages, vehicles
)
SELECT
    given.camera_id, core.instant(given.hour_us), given.direction, given.movement, given.vehicle_class,
    given.zero_emission, %(k)s, given.k_status,
    CASE WHEN given.k_status = 0 THEN given.passages END, CASE WHEN given.k_status = 0 THEN given.vehicles END
FROM unnest(
    %(camera_id)s::uuid[], %(hour_us)s::bigint[], %(direction)s::smallint[], %(movement)s::smallint[],
    %(vehicle_class)s::smallint[], %(zero_emission)s::smallint[], %(k_status)s::smallint[],
    %(passages)s::bigint[], %(vehicles)s::bigint[]
) AS given (
    camera_id, hour_us, direction, movement, vehicle_class, zero_emission, k_status, passages, vehicles
);

-- name: add_left_out
-- Say what is left out of a day, of which zones, and what these cross.
INSERT INTO core.published_left_out (source, day, zone_no, part, crossed_zone_no)
SELECT %(source)s, date '1970-01-01' + %(day)s, given.zone_no, given.part, given.crossed_zone_no
FROM unnest(%(zone_no)s::integer[], %(part)s::smallint[], %(crossed_zone_no)s::integer[])
    AS given (zone_no, part, crossed_zone_no);

-- name: roll_up_detections
-- Sum what is published of cameras, and what goes into zones.
SELECT core.roll_up_detections(date '1970-01-01' + %(day)s, date '1970-01-01' + %(day)s);

-- name: add_feed_day
-- Say how complete the day was.
INSERT INTO core.published_feed_day (
    source, day, k, hours, hours_with_feed, accepted, taken, rejected, late, after_publication
)
VALUES (
    %(source)s, date '1970-01-01' + %(day)s, %(k)s, %(hours)s, %(hours_with_feed)s,
    %(accepted)s, %(taken)s, %(rejected)s, %(late)s, 0
)
ON CONFLICT (source, day) DO NOTHING;

-- name: roll_up
-- Sum what is published for the boards.
SELECT core.roll_up_published(date '1970-01-01' + %(day)s, date '1970-01-01' + %(day)s);

-- name: delete_hour_carriers
-- Forget who drove for whom.
DELETE FROM core.carrier_hour
WHERE hour_start >= core.instant(%(start_us)s) AND hour_start < core.instant(%(end_us)s);

-- name: delete_day_carriers
-- Forget who drove for whom.
DELETE FROM core.carrier_day WHERE day = date '1970-01-01' + %(day)s;

-- name: count_later
-- Count what came after publication, while the live cells are still there to tell.
UPDATE core.published_feed_day AS feed
SET after_publication = %(counted)s - done.counted
FROM core.publication AS done
WHERE done.source = %(source)s AND done.day = date '1970-01-01' + %(day)s
    AND feed.source = done.source AND feed.day = done.day
    AND feed.after_publication IS DISTINCT FROM %(counted)s - done.counted;

-- name: open_days
-- Published days whose live cells are all still there, as days since 1970.
SELECT done.source, done.day - date '1970-01-01'
FROM core.publication AS done
WHERE done.day::timestamp AT TIME ZONE 'Europe/Amsterdam' >= coalesce(
        (
            SELECT max(kept.horizon) FROM core.retention_horizon AS kept
            WHERE kept.table_name IN ('flow_day', 'camera_hour')
        ),
        '-infinity'
    )
    AND done.day >= (SELECT max(newest.day) FROM core.publication AS newest) - 10
ORDER BY done.source, done.day;
