-- Published hours of cameras, what is left out of history and why, and the monthly tables that are sums of these.
-- depends: 0011.boards 0016.publication
CREATE TABLE core.published_camera_hour (
    camera_id uuid NOT NULL,
    hour_start timestamptz NOT NULL,
    direction smallint NOT NULL,
    movement smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    passages bigint,
    vehicles bigint,
    PRIMARY KEY (camera_id, hour_start, direction, vehicle_class, zero_emission)
);
CREATE INDEX published_camera_hour_hour_start ON core.published_camera_hour (hour_start);
COMMENT ON TABLE core.published_camera_hour IS 'Published passages by camera, direction and UTC hour, frozen; directions whose day is withheld have no rows';
COMMENT ON COLUMN core.published_camera_hour.camera_id IS 'Camera';
COMMENT ON COLUMN core.published_camera_hour.hour_start IS 'Start of the UTC hour';
COMMENT ON COLUMN core.published_camera_hour.direction IS 'Plate that was read: 0 obverse, 1 reverse, 2 unknown';
COMMENT ON COLUMN core.published_camera_hour.movement IS 'What it means for the zones of the camera: 0 in, 1 out, 2 unknown or not the same for all of them';
COMMENT ON COLUMN core.published_camera_hour.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_camera_hour.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.published_camera_hour.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_camera_hour.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_camera_hour.passages IS 'Detections; null unless ok';
COMMENT ON COLUMN core.published_camera_hour.vehicles IS 'Distinct vehicles in the hour; null unless ok';

CREATE VIEW history.camera_hour AS
SELECT
    cell.camera_id,
    cell.hour_start,
    (ARRAY['obverse', 'reverse', 'unknown'])[cell.direction + 1] AS direction,
    (ARRAY['in', 'out', 'unknown'])[cell.movement + 1] AS movement,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    cell.passages,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_camera_hour AS cell;
COMMENT ON VIEW history.camera_hour IS 'K-safe passages by camera, direction and UTC hour, published once per local day and then frozen; an hour of a published day that has no row is below k';

CREATE TABLE core.published_left_out (
    source smallint NOT NULL,
    day date NOT NULL,
    zone_no integer NOT NULL,
    part smallint NOT NULL,
    crossed_zone_no integer,
    PRIMARY KEY (source, day, zone_no, part)
);
COMMENT ON TABLE core.published_left_out IS 'What was left out of the history of a local day, of which zones, and why';
COMMENT ON COLUMN core.published_left_out.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.published_left_out.day IS 'Local day';
COMMENT ON COLUMN core.published_left_out.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_left_out.part IS '0 entries, 1 exits, 2 all figures';
COMMENT ON COLUMN core.published_left_out.crossed_zone_no IS 'Zone of higher rank that it crosses; null where cameras were changed on that day';

CREATE VIEW history.zone_left_out AS
SELECT
    zone.zone_id,
    core.source_name(kept.source) AS source,
    (ARRAY['entries', 'exits', 'all'])[kept.part + 1] AS figures,
    CASE WHEN crossed.zone_id IS NULL THEN 'cameras_changed' ELSE 'crosses' END AS reason,
    crossed.zone_id AS crossed_zone_id,
    min(kept.day) AS first_day,
    max(kept.day) AS last_day,
    count(*) AS days
FROM core.published_left_out AS kept
JOIN core.zone AS zone ON zone.zone_no = kept.zone_no
LEFT JOIN core.zone AS crossed ON crossed.zone_no = kept.crossed_zone_no
GROUP BY zone.zone_id, kept.source, kept.part, crossed.zone_id;
COMMENT ON VIEW history.zone_left_out IS 'Zones that have no history, or none of what goes in or out, on published days, and why';
COMMENT ON COLUMN history.zone_left_out.figures IS 'all: no figures; entries, exits: only these are null';
COMMENT ON COLUMN history.zone_left_out.reason IS 'crosses: it crosses another zone of higher rank, and what its totals tell of parts cannot be bounded; cameras_changed: on those days sums of cameras are not those of zones';
COMMENT ON COLUMN history.zone_left_out.crossed_zone_id IS 'Zone that it crosses, or of which it crosses what goes in or out';
COMMENT ON COLUMN history.zone_left_out.days IS 'Published days without them';

ALTER TABLE core.published_camera_profile ADD COLUMN suppressed integer NOT NULL DEFAULT 0;
COMMENT ON TABLE core.published_camera_profile IS 'Published hours of cameras summed by month, weekday and local hour; made by core.roll_up_detections';
COMMENT ON COLUMN core.published_camera_profile.days IS 'Local days of this weekday of which at least one hour is in the sums';
COMMENT ON COLUMN core.published_camera_profile.vehicles IS 'Distinct vehicles of an hour, summed over its days: only a mean per day has a meaning; null unless ok';
COMMENT ON COLUMN core.published_camera_profile.suppressed IS 'Hours below k, which the sums are without';

ALTER TABLE core.published_window ADD COLUMN suppressed integer NOT NULL DEFAULT 0;
COMMENT ON TABLE core.published_window IS 'Vehicles that drive into a zone by time block, month and weekday: published entries of detections, summed by core.roll_up_detections; time windows and branches stay empty';
COMMENT ON COLUMN core.published_window.passages IS 'Entries of detections; null unless ok';
COMMENT ON COLUMN core.published_window.vehicles IS 'Distinct vehicles; null where nobody counted them over the block';
COMMENT ON COLUMN core.published_window.suppressed IS 'Hours whose entries are withheld, which the sum is without';

CREATE OR REPLACE VIEW history.camera_profile AS
SELECT
    cell.camera_id,
    cell.month,
    cell.iso_weekday,
    cell.hour,
    (ARRAY['in', 'out', 'unknown'])[cell.movement + 1] AS movement,
    cell.movement AS movement_no,
    cell.vehicle_class AS vehicle_class_no,
    cell.days,
    cell.passages,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status,
    cell.suppressed
FROM core.published_camera_profile AS cell;
COMMENT ON COLUMN history.camera_profile.suppressed IS 'Hours below k: the sums are without them, so they are lower bounds';

CREATE OR REPLACE VIEW history.zone_window AS
SELECT
    cell.zone_no,
    cell.month,
    cell.iso_weekday,
    cell.is_window,
    to_char(make_interval(mins => cell.start_minute), 'HH24:MI')
        || '-' || to_char(make_interval(mins => cell.end_minute), 'HH24:MI') AS time_window,
    cell.start_minute,
    cell.end_minute,
    cell.vehicle_class AS vehicle_class_no,
    nullif(cell.branch_code, '') AS branch_code,
    branch.name AS branch_name,
    cell.passages,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status,
    cell.suppressed
FROM core.published_window AS cell
LEFT JOIN core.branch AS branch ON branch.branch_code = cell.branch_code;
COMMENT ON COLUMN history.zone_window.suppressed IS 'Hours whose entries are withheld: the sum is without them, so it is a lower bound';

COMMENT ON COLUMN core.published_hour.entries IS 'Outside to inside, linked; null unless ok, and of detections where it would tell of cameras or parts of zones';
COMMENT ON COLUMN core.published_hour.exits IS 'Inside to outside, linked; null unless ok, and of detections where it would tell of cameras or parts of zones';
COMMENT ON COLUMN core.published_day.entries IS 'Outside to inside, linked; null unless ok, and of detections where it would tell of cameras or parts of zones';
COMMENT ON COLUMN core.published_day.exits IS 'Inside to outside, linked; null unless ok, and of detections where it would tell of cameras or parts of zones';

CREATE FUNCTION core.roll_up_detections(first_day date, last_day date) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    -- Months are summed anew from their published cells, so that repeating changes nothing and nothing new is told.
    DELETE FROM core.published_camera_profile AS old
    WHERE old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_camera_profile (
        camera_id, month, iso_weekday, hour, movement, vehicle_class, days, k, k_status, passages, vehicles, suppressed
    )
    SELECT
        cell.camera_id,
        date_trunc('month', cell.local_start)::date,
        extract(isodow FROM cell.local_start)::smallint,
        extract(hour FROM cell.local_start)::smallint,
        cell.movement,
        cell.vehicle_class,
        (count(DISTINCT cell.local_start::date) FILTER (WHERE cell.k_status = 0))::smallint,
        max(cell.k),
        -- 0 ok where any is, else 1 below k where any is
        min(CASE cell.k_status WHEN 0 THEN 0 WHEN 1 THEN 1 ELSE 2 END)::smallint,
        sum(cell.passages)::bigint,
        sum(cell.vehicles)::bigint,
        (count(*) FILTER (WHERE cell.k_status = 1))::integer
    FROM (
        SELECT hour.*, hour.hour_start AT TIME ZONE 'Europe/Amsterdam' AS local_start
        FROM core.published_camera_hour AS hour
        WHERE hour.hour_start >= date_trunc('month', first_day::timestamp) AT TIME ZONE 'Europe/Amsterdam'
            AND hour.hour_start
                < (date_trunc('month', last_day::timestamp) + interval '1 month') AT TIME ZONE 'Europe/Amsterdam'
    ) AS cell
    GROUP BY 1, 2, 3, 4, 5, 6
    ORDER BY 1, 2, 5, 6, 3, 4;

    DELETE FROM core.published_window AS old
    WHERE NOT old.is_window AND old.branch_code = ''
        AND old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_window (
        zone_no, month, iso_weekday, is_window, start_minute, end_minute, vehicle_class, branch_code,
        k, k_status, passages, vehicles, suppressed
    )
    SELECT
        cell.zone_no,
        date_trunc('month', cell.local_start)::date,
        extract(isodow FROM cell.local_start)::smallint,
        false,
        block.start_minute,
        block.end_minute,
        cell.vehicle_class,
        '',
        max(cell.k),
        min(CASE WHEN cell.entries IS NOT NULL THEN 0 WHEN cell.k_status = 2 THEN 2 ELSE 1 END)::smallint,
        sum(cell.entries)::bigint,
        NULL,
        (count(*) FILTER (WHERE cell.entries IS NULL AND cell.k_status < 2))::integer
    FROM (
        SELECT hour.*, hour.hour_start AT TIME ZONE 'Europe/Amsterdam' AS local_start
        FROM core.published_hour AS hour
        WHERE hour.source = 1
            AND hour.hour_start >= date_trunc('month', first_day::timestamp) AT TIME ZONE 'Europe/Amsterdam'
            AND hour.hour_start
                < (date_trunc('month', last_day::timestamp) + interval '1 month') AT TIME ZONE 'Europe/Amsterdam'
    ) AS cell
    JOIN (
        SELECT known.hour, (60 * min(known.hour) OVER block)::smallint, (60 * max(known.hour) OVER block + 60)::smallint
        FROM history.time_block AS known
        WINDOW block AS (PARTITION BY known.block_no)
    ) AS block (hour, start_minute, end_minute) ON block.hour = extract(hour FROM cell.local_start)
    GROUP BY 1, 2, 3, 5, 6, 7
    ORDER BY 1, 2, 3, 5, 6, 7;
END;
COMMENT ON FUNCTION core.roll_up_detections(date, date) IS 'Sum the published cells of cameras, and what goes into zones, by month; call it where detections are published';
