-- What boards read: the load of zones now, and k-safe tables for planners by camera, window, origin, visitor and
-- cross table. Published tables stay empty until publication (or an import) fills them.
-- depends: 0006.published 0008.views

-- Where labels and markers of a zone stand. New geometries bring the point; known ones get the middle of their box.
ALTER TABLE core.zone_geometry ADD COLUMN label_lon double precision, ADD COLUMN label_lat double precision;
COMMENT ON COLUMN core.zone_geometry.label_lon IS 'Degrees WGS84 of a point for labels, inside the largest polygon';
COMMENT ON COLUMN core.zone_geometry.label_lat IS 'Degrees WGS84 of the same point';
UPDATE core.zone_geometry AS known SET (label_lon, label_lat) = (
    SELECT
        (min((point.value ->> 0)::double precision) + max((point.value ->> 0)::double precision)) / 2,
        (min((point.value ->> 1)::double precision) + max((point.value ->> 1)::double precision)) / 2
    FROM json_array_elements(known.geojson -> 'coordinates' -> 0 -> 0) AS point
);

CREATE VIEW live.zone_limit AS
SELECT zone.zone_id, zone.zone_no, feature.capacity, 80::double precision AS busy_pct, 90::double precision AS full_pct
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest);
COMMENT ON VIEW live.zone_limit IS 'From which share of its capacity a zone counts as busy and as full; the one place that boards take thresholds from';
COMMENT ON COLUMN live.zone_limit.zone_no IS 'Compact key, for joins';
COMMENT ON COLUMN live.zone_limit.busy_pct IS 'Percentage of the capacity from which the zone is busy';
COMMENT ON COLUMN live.zone_limit.full_pct IS 'Percentage of the capacity from which the zone is full';

CREATE VIEW live.zone_load AS
WITH clock AS (
    SELECT min(known.as_of) AS as_of FROM core.now_clock AS known
),
counted AS (
    -- Sums of integers need no numeric: a third of the time.
    SELECT part.zone_no, sum(part.present::integer) AS present, sum(part.silent::integer) AS silent
    FROM core.zone_now_part AS part
    GROUP BY part.zone_no
),
measured AS (
    SELECT
        bound.zone_id,
        bound.zone_no,
        bound.capacity,
        bound.busy_pct,
        bound.full_pct,
        -- Without a clock nothing is known; with one, a zone without rows is empty.
        CASE WHEN clock.as_of IS NOT NULL THEN coalesce(counted.present, 0) END AS present,
        CASE WHEN clock.as_of IS NOT NULL THEN coalesce(counted.silent, 0) END AS silent,
        clock.as_of
    FROM live.zone_limit AS bound
    CROSS JOIN clock
    LEFT JOIN counted ON counted.zone_no = bound.zone_no
)
SELECT
    measured.zone_id,
    feature.name,
    feature.kind,
    coalesce(feature.municipality, '-') AS municipality,
    measured.present,
    measured.silent,
    measured.capacity,
    100 * measured.present::double precision / nullif(measured.capacity, 0) AS load_pct,
    CASE
        WHEN measured.present IS NULL THEN 'no_data'
        WHEN coalesce(measured.capacity, 0) = 0 THEN 'no_capacity'
        WHEN 100 * measured.present >= measured.full_pct * measured.capacity THEN 'full'
        WHEN 100 * measured.present >= measured.busy_pct * measured.capacity THEN 'busy'
        ELSE 'free'
    END AS state,
    measured.as_of,
    geometry.label_lat AS lat,
    geometry.label_lon AS lon,
    measured.zone_no
FROM measured
JOIN core.zone_feature AS feature
    ON feature.zone_no = measured.zone_no
    AND feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest)
LEFT JOIN core.zone_geometry AS geometry ON geometry.geometry_hash = feature.geometry_hash;
COMMENT ON VIEW live.zone_load IS 'Every zone of the newest version with its vehicles now against its capacity; counts are null before anything is known';
COMMENT ON COLUMN live.zone_load.municipality IS 'CBS code; a dash where none is given';
COMMENT ON COLUMN live.zone_load.load_pct IS 'Present vehicles as a percentage of the capacity; null without a capacity';
COMMENT ON COLUMN live.zone_load.state IS 'free, busy, full, no_capacity or no_data';
COMMENT ON COLUMN live.zone_load.as_of IS 'Stream time of the partition that is furthest behind';
COMMENT ON COLUMN live.zone_load.lat IS 'Degrees WGS84 of a point for labels';
COMMENT ON COLUMN live.zone_load.lon IS 'Degrees WGS84 of the same point';
COMMENT ON COLUMN live.zone_load.zone_no IS 'Compact key, for joins';

CREATE VIEW live.zone_slot AS
SELECT cell.zone_no, cell.slot_start, cell.slot_s::integer AS slot_s, cell.source AS source_no, cell.vehicles, cell.entries, cell.exits
FROM core.flow_slot AS cell;
COMMENT ON VIEW live.zone_slot IS 'Figures of slot cells by compact keys, for boards that sum many of them';
COMMENT ON COLUMN live.zone_slot.source_no IS '0 fms, 1 anpr';

CREATE VIEW live.feed_minute AS
SELECT
    core.source_name(counted.source) AS feed,
    counted.minute,
    counted.accepted,
    counted.taken,
    counted.rejected,
    counted.duplicates,
    counted.out_of_order,
    counted.late,
    counted.low_confidence
FROM core.feed_minute AS counted;
COMMENT ON VIEW live.feed_minute IS 'What became of observations, by minute of arrival, for 8 days';

CREATE TABLE core.camera_hour (
    camera_id uuid NOT NULL,
    hour_start timestamptz NOT NULL,
    direction smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    passages bigint NOT NULL,
    vehicles bigint NOT NULL,
    PRIMARY KEY (camera_id, hour_start, direction, vehicle_class, zero_emission)
) WITH (fillfactor = 70);
CREATE INDEX camera_hour_hour_start ON core.camera_hour (hour_start);
COMMENT ON TABLE core.camera_hour IS 'Detections by camera and UTC hour, as exact as flow cells';
COMMENT ON COLUMN core.camera_hour.camera_id IS 'Camera';
COMMENT ON COLUMN core.camera_hour.hour_start IS 'Start of the UTC hour';
COMMENT ON COLUMN core.camera_hour.direction IS 'Plate that was read: 0 obverse, 1 reverse, 2 unknown';
COMMENT ON COLUMN core.camera_hour.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.camera_hour.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.camera_hour.passages IS 'Taken detections';
COMMENT ON COLUMN core.camera_hour.vehicles IS 'Distinct pseudonyms in the hour by this camera in this direction; never summed over hours';

CREATE VIEW live.camera_flow_hour AS
SELECT
    cell.camera_id,
    camera.name AS camera_name,
    cell.hour_start,
    (ARRAY['obverse', 'reverse', 'unknown'])[cell.direction + 1] AS direction,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    cell.passages,
    cell.vehicles
FROM core.camera_hour AS cell
LEFT JOIN core.camera AS camera
    ON camera.camera_id = cell.camera_id
    AND camera.version = (SELECT max(newest.version) FROM core.camera_version AS newest);
COMMENT ON VIEW live.camera_flow_hour IS 'Passages by camera and UTC hour; vehicles of different hours or cameras never add up';
COMMENT ON COLUMN live.camera_flow_hour.camera_name IS 'In the newest registry; null where the camera is not in it any more';

CREATE TABLE core.vehicle_class (
    vehicle_class smallint PRIMARY KEY,
    name text NOT NULL UNIQUE
);
COMMENT ON TABLE core.vehicle_class IS 'Texts of class codes, for joins that a planner of queries can leave out';
COMMENT ON COLUMN core.vehicle_class.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.vehicle_class.name IS 'Text of the class';
INSERT INTO core.vehicle_class (vehicle_class, name)
SELECT code::smallint, core.vehicle_class_name(code::smallint) FROM generate_series(0, 8) AS code;

CREATE VIEW history.vehicle_class AS
SELECT known.vehicle_class AS vehicle_class_no, known.name AS vehicle_class FROM core.vehicle_class AS known;
COMMENT ON VIEW history.vehicle_class IS 'Classes by their code';

CREATE TABLE core.branch (
    branch_code text PRIMARY KEY,
    name text NOT NULL
);
COMMENT ON TABLE core.branch IS 'Groups of economic activity (SBI 2008), as the publisher names them';
COMMENT ON COLUMN core.branch.branch_code IS 'Code of the group';
COMMENT ON COLUMN core.branch.name IS 'Name of the group';

CREATE VIEW history.zone_label AS
SELECT
    zone.zone_no,
    zone.zone_id,
    feature.name,
    feature.kind,
    coalesce(feature.municipality, '-') AS municipality,
    geometry.label_lat AS lat,
    geometry.label_lon AS lon
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
LEFT JOIN core.zone_geometry AS geometry ON geometry.geometry_hash = feature.geometry_hash
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest);
COMMENT ON VIEW history.zone_label IS 'Zones of the newest version without their shapes, for choosing and naming them';
COMMENT ON COLUMN history.zone_label.zone_no IS 'Compact key, for joins';
COMMENT ON COLUMN history.zone_label.municipality IS 'CBS code; a dash where none is given';

CREATE VIEW history.time_block AS
SELECT block.block_no, block.name, hour.hour::smallint AS hour
FROM (VALUES
    (1, '00:00-07:00', 0, 6), (2, '07:00-10:00', 7, 9), (3, '10:00-16:00', 10, 15),
    (4, '16:00-19:00', 16, 18), (5, '19:00-24:00', 19, 23)
) AS block (block_no, name, first_hour, last_hour)
CROSS JOIN LATERAL generate_series(block.first_hour, block.last_hour) AS hour (hour);
COMMENT ON VIEW history.time_block IS 'The fixed blocks of a day around the morning and evening peak, an hour a row';

CREATE TABLE core.published_camera_profile (
    camera_id uuid NOT NULL,
    month date NOT NULL,
    iso_weekday smallint NOT NULL,
    hour smallint NOT NULL,
    movement smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    days smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    passages bigint,
    vehicles bigint,
    PRIMARY KEY (camera_id, month, movement, vehicle_class, iso_weekday, hour)
);
COMMENT ON TABLE core.published_camera_profile IS 'Passages by camera, month, weekday and local hour, frozen; empty until published';
COMMENT ON COLUMN core.published_camera_profile.camera_id IS 'Camera';
COMMENT ON COLUMN core.published_camera_profile.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_camera_profile.iso_weekday IS '1 Monday to 7 Sunday, local';
COMMENT ON COLUMN core.published_camera_profile.hour IS 'Local hour of the day, 0 to 23';
COMMENT ON COLUMN core.published_camera_profile.movement IS 'What a passage means for the zone of the camera: 0 in, 1 out, 2 unknown';
COMMENT ON COLUMN core.published_camera_profile.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_camera_profile.days IS 'Local days of this weekday that the figures are over';
COMMENT ON COLUMN core.published_camera_profile.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_camera_profile.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_camera_profile.passages IS 'Detections; null unless ok';
COMMENT ON COLUMN core.published_camera_profile.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_window (
    zone_no integer NOT NULL,
    month date NOT NULL,
    iso_weekday smallint NOT NULL,
    is_window boolean NOT NULL,
    start_minute smallint NOT NULL,
    end_minute smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    branch_code text NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    passages bigint,
    vehicles bigint,
    PRIMARY KEY (is_window, zone_no, month, iso_weekday, start_minute, end_minute, vehicle_class, branch_code)
);
COMMENT ON TABLE core.published_window IS 'Vehicles that drive into a zone by time block or time window, month and weekday, frozen; empty until published';
COMMENT ON COLUMN core.published_window.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_window.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_window.iso_weekday IS '1 Monday to 7 Sunday, local';
COMMENT ON COLUMN core.published_window.is_window IS 'True: a time window of the municipality or a block between two of them; false: a fixed block';
COMMENT ON COLUMN core.published_window.start_minute IS 'Start, minutes after local midnight';
COMMENT ON COLUMN core.published_window.end_minute IS 'End, minutes after local midnight; 1440 is midnight';
COMMENT ON COLUMN core.published_window.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_window.branch_code IS 'Group of economic activity (SBI 2008); empty where the cell is over all of them';
COMMENT ON COLUMN core.published_window.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_window.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_window.passages IS 'Detections; null unless ok';
COMMENT ON COLUMN core.published_window.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_origin (
    zone_no integer NOT NULL,
    month date NOT NULL,
    vehicle_class smallint NOT NULL,
    nuts3 text NOT NULL,
    province text NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    passages bigint,
    vehicles bigint,
    PRIMARY KEY (zone_no, month, province, nuts3, vehicle_class)
);
COMMENT ON TABLE core.published_origin IS 'Vehicles in a zone by where they are registered, and month, frozen; empty until published';
COMMENT ON COLUMN core.published_origin.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_origin.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_origin.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_origin.nuts3 IS 'NUTS 3 area; empty where the cell is over a whole province';
COMMENT ON COLUMN core.published_origin.province IS 'Province';
COMMENT ON COLUMN core.published_origin.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_origin.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_origin.passages IS 'Detections; null unless ok';
COMMENT ON COLUMN core.published_origin.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_visitor_origin (
    zone_no integer NOT NULL,
    month date NOT NULL,
    visitor_type smallint NOT NULL,
    province text NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    vehicles bigint,
    PRIMARY KEY (zone_no, month, visitor_type, province)
);
COMMENT ON TABLE core.published_visitor_origin IS 'Visitors of a zone by how often they come and where they are registered, frozen; empty until published';
COMMENT ON COLUMN core.published_visitor_origin.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_visitor_origin.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_visitor_origin.visitor_type IS 'How often: 0 once, 1 now and then, 2 daily';
COMMENT ON COLUMN core.published_visitor_origin.province IS 'Province';
COMMENT ON COLUMN core.published_visitor_origin.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_visitor_origin.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_visitor_origin.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_visitor_branch (
    zone_no integer NOT NULL,
    month date NOT NULL,
    visitor_type smallint NOT NULL,
    branch_code text NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    vehicles bigint,
    PRIMARY KEY (zone_no, month, visitor_type, branch_code)
);
COMMENT ON TABLE core.published_visitor_branch IS 'Visitors of a zone by how often they come and the branch of their holder, frozen; empty until published';
COMMENT ON COLUMN core.published_visitor_branch.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_visitor_branch.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_visitor_branch.visitor_type IS 'How often: 0 once, 1 now and then, 2 daily';
COMMENT ON COLUMN core.published_visitor_branch.branch_code IS 'Group of economic activity (SBI 2008)';
COMMENT ON COLUMN core.published_visitor_branch.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_visitor_branch.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_visitor_branch.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_visitor_size (
    zone_no integer NOT NULL,
    month date NOT NULL,
    visitor_type smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    company_size smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    vehicles bigint,
    PRIMARY KEY (zone_no, month, visitor_type, vehicle_class, company_size)
);
COMMENT ON TABLE core.published_visitor_size IS 'Visitors of a zone by how often they come and the size of the company that holds them, frozen; empty until published';
COMMENT ON COLUMN core.published_visitor_size.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_visitor_size.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_visitor_size.visitor_type IS 'How often: 0 once, 1 now and then, 2 daily';
COMMENT ON COLUMN core.published_visitor_size.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_visitor_size.company_size IS '0 small, 1 medium, 2 large';
COMMENT ON COLUMN core.published_visitor_size.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_visitor_size.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_visitor_size.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_crosstab (
    zone_no integer NOT NULL,
    month date NOT NULL,
    branch_code text NOT NULL,
    vehicle_class smallint NOT NULL,
    fuel text NOT NULL,
    emission_class text NOT NULL,
    body text NOT NULL,
    company_size smallint NOT NULL,
    k smallint NOT NULL,
    k_status smallint NOT NULL,
    passages bigint,
    trips bigint,
    vehicles bigint,
    PRIMARY KEY (zone_no, month, branch_code, vehicle_class, fuel, emission_class, body, company_size),
    CHECK (
        (branch_code <> '')::integer + (vehicle_class >= 0)::integer + (fuel <> '')::integer
        + (emission_class <> '')::integer + (body <> '')::integer + (company_size >= 0)::integer <= 3
    )
);
COMMENT ON TABLE core.published_crosstab IS 'Vehicles in a zone by at most three crossed properties, and month, frozen; empty until published';
COMMENT ON COLUMN core.published_crosstab.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_crosstab.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_crosstab.branch_code IS 'Group of economic activity (SBI 2008); empty where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.vehicle_class IS 'Code of the class; -1 where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.fuel IS 'Fuel; empty where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.emission_class IS 'European emission class; empty where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.body IS 'Body; empty where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.company_size IS '0 small, 1 medium, 2 large; -1 where the cell is over all of them';
COMMENT ON COLUMN core.published_crosstab.k IS 'Distinct vehicles that a cell must have to be shown';
COMMENT ON COLUMN core.published_crosstab.k_status IS '0 ok, 1 below k (figures null), 2 no feed';
COMMENT ON COLUMN core.published_crosstab.passages IS 'Detections; null unless ok';
COMMENT ON COLUMN core.published_crosstab.trips IS 'Trips; null unless ok';
COMMENT ON COLUMN core.published_crosstab.vehicles IS 'Distinct vehicles, as the publisher counted them within the month; null unless ok';

CREATE TABLE core.published_camera_month (
    camera_id uuid NOT NULL,
    month date NOT NULL,
    uptime_pct real,
    PRIMARY KEY (month, camera_id)
);
COMMENT ON TABLE core.published_camera_month IS 'How much of a month a camera worked; empty until published';
COMMENT ON COLUMN core.published_camera_month.camera_id IS 'Camera';
COMMENT ON COLUMN core.published_camera_month.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_camera_month.uptime_pct IS 'Percentage of the month that the camera worked; null where unknown';

CREATE TABLE core.published_feed_day (
    source smallint NOT NULL,
    day date NOT NULL,
    k smallint NOT NULL,
    hours smallint NOT NULL,
    hours_with_feed smallint NOT NULL,
    accepted bigint,
    taken bigint,
    rejected bigint,
    late bigint,
    after_publication bigint,
    PRIMARY KEY (source, day)
);
COMMENT ON TABLE core.published_feed_day IS 'How complete the input of a local day was; empty until published';
COMMENT ON COLUMN core.published_feed_day.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.published_feed_day.day IS 'Local day';
COMMENT ON COLUMN core.published_feed_day.k IS 'Distinct vehicles that a published cell of the day must have';
COMMENT ON COLUMN core.published_feed_day.hours IS 'Hours of the local day: 23, 24 or 25';
COMMENT ON COLUMN core.published_feed_day.hours_with_feed IS 'Hours in which the feed was there';
COMMENT ON COLUMN core.published_feed_day.accepted IS 'Rows that passed intake';
COMMENT ON COLUMN core.published_feed_day.taken IS 'Rows that are in flow cells';
COMMENT ON COLUMN core.published_feed_day.rejected IS 'Rows rejected with a reason';
COMMENT ON COLUMN core.published_feed_day.late IS 'Rows beyond the allowed lateness, in no figure';
COMMENT ON COLUMN core.published_feed_day.after_publication IS 'Rows that came after the day was published: counted here, not added to any cell';

-- Sums of published cells, made once when cells are published, so that a board reads a year of a city in one glance.
-- They hold nothing that the published cells do not say. Days and hours are columns: a year of 300 zones and 8 classes
-- is then 29,000 rows a figure, which are summed in 20 ms, and not 876,000, which take 200.
CREATE TABLE core.published_days (
    figure smallint NOT NULL,
    source smallint NOT NULL,
    month date NOT NULL,
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    d01 integer,
    d02 integer,
    d03 integer,
    d04 integer,
    d05 integer,
    d06 integer,
    d07 integer,
    d08 integer,
    d09 integer,
    d10 integer,
    d11 integer,
    d12 integer,
    d13 integer,
    d14 integer,
    d15 integer,
    d16 integer,
    d17 integer,
    d18 integer,
    d19 integer,
    d20 integer,
    d21 integer,
    d22 integer,
    d23 integer,
    d24 integer,
    d25 integer,
    d26 integer,
    d27 integer,
    d28 integer,
    d29 integer,
    d30 integer,
    d31 integer,
    PRIMARY KEY (zone_no, figure, source, month, vehicle_class)
) PARTITION BY LIST (figure);
CREATE INDEX published_days_by_month ON core.published_days (source, month);
DO $partitions$
BEGIN
    -- A board reads one figure at a time: its rows lie together.
    FOR figure IN 0 .. 11 LOOP
        EXECUTE 'CREATE TABLE core.published_days_' || figure
            || ' PARTITION OF core.published_days FOR VALUES IN (' || figure || ')';
    END LOOP;
END
$partitions$;
COMMENT ON TABLE core.published_days IS 'Published day cells by month, a day of the month a column; made by core.roll_up_published';
COMMENT ON COLUMN core.published_days.figure IS '0 entries, 1 stops, 2 observations, 3 minutes of dwell, 4 entries without emission, 5 entries of known emission, 6 cells, 7 cells below k, 8 vehicles, 9 visits, 10 seconds of visits, 11 metres driven';
COMMENT ON COLUMN core.published_days.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.published_days.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_days.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_days.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_days.d01 IS 'On day 1, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d02 IS 'On day 2, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d03 IS 'On day 3, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d04 IS 'On day 4, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d05 IS 'On day 5, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d06 IS 'On day 6, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d07 IS 'On day 7, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d08 IS 'On day 8, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d09 IS 'On day 9, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d10 IS 'On day 10, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d11 IS 'On day 11, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d12 IS 'On day 12, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d13 IS 'On day 13, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d14 IS 'On day 14, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d15 IS 'On day 15, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d16 IS 'On day 16, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d17 IS 'On day 17, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d18 IS 'On day 18, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d19 IS 'On day 19, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d20 IS 'On day 20, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d21 IS 'On day 21, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d22 IS 'On day 22, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d23 IS 'On day 23, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d24 IS 'On day 24, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d25 IS 'On day 25, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d26 IS 'On day 26, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d27 IS 'On day 27, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d28 IS 'On day 28, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d29 IS 'On day 29, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d30 IS 'On day 30, over all emissions; null where no cell is ok';
COMMENT ON COLUMN core.published_days.d31 IS 'On day 31, over all emissions; null where no cell is ok';

CREATE TABLE core.published_month (
    source smallint NOT NULL,
    month date NOT NULL,
    zone_no integer NOT NULL,
    iso_weekday smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    cells integer NOT NULL,
    suppressed integer NOT NULL,
    entries integer,
    stops integer,
    observations integer,
    vehicles integer,
    visits integer,
    visit_s integer,
    distance_m integer,
    zero_emission_entries integer,
    known_emission_entries integer,
    PRIMARY KEY (zone_no, source, month, iso_weekday, vehicle_class)
);
CREATE INDEX published_month_by_month ON core.published_month (source, month);
COMMENT ON TABLE core.published_month IS 'Published day cells summed by month and weekday; made by core.roll_up_published';
COMMENT ON COLUMN core.published_month.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.published_month.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_month.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_month.iso_weekday IS '1 Monday to 7 Sunday';
COMMENT ON COLUMN core.published_month.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_month.cells IS 'Published cells in the sums';
COMMENT ON COLUMN core.published_month.suppressed IS 'Cells below k, which the sums are without';
COMMENT ON COLUMN core.published_month.entries IS 'Outside to inside, linked; null where no cell is ok';
COMMENT ON COLUMN core.published_month.stops IS 'Stops that ended; null where no cell is ok';
COMMENT ON COLUMN core.published_month.observations IS 'Taken positions or detections; null where no cell is ok';
COMMENT ON COLUMN core.published_month.vehicles IS 'Distinct pseudonyms of a day, summed over its weekdays: only a mean per day has a meaning; null where no cell is ok';
COMMENT ON COLUMN core.published_month.visits IS 'Visits that ended; null where no cell is ok';
COMMENT ON COLUMN core.published_month.visit_s IS 'Length of the visits, seconds; null where no cell is ok';
COMMENT ON COLUMN core.published_month.distance_m IS 'Distance driven inside, metres; null where no cell is ok';
COMMENT ON COLUMN core.published_month.zero_emission_entries IS 'Entries of vehicles without emission; null where no cell is ok';
COMMENT ON COLUMN core.published_month.known_emission_entries IS 'Entries of vehicles whose emission is known; null where no cell is ok';

CREATE TABLE core.published_profile (
    figure smallint NOT NULL,
    source smallint NOT NULL,
    month date NOT NULL,
    zone_no integer NOT NULL,
    iso_weekday smallint NOT NULL,
    vehicle_class smallint NOT NULL,
    cells smallint NOT NULL,
    suppressed smallint NOT NULL,
    h00 integer,
    h01 integer,
    h02 integer,
    h03 integer,
    h04 integer,
    h05 integer,
    h06 integer,
    h07 integer,
    h08 integer,
    h09 integer,
    h10 integer,
    h11 integer,
    h12 integer,
    h13 integer,
    h14 integer,
    h15 integer,
    h16 integer,
    h17 integer,
    h18 integer,
    h19 integer,
    h20 integer,
    h21 integer,
    h22 integer,
    h23 integer,
    PRIMARY KEY (zone_no, figure, source, month, iso_weekday, vehicle_class)
) PARTITION BY LIST (figure);
CREATE INDEX published_profile_by_month ON core.published_profile (source, month);
DO $partitions$
BEGIN
    FOR figure IN 0 .. 3 LOOP
        EXECUTE 'CREATE TABLE core.published_profile_' || figure
            || ' PARTITION OF core.published_profile FOR VALUES IN (' || figure || ')';
    END LOOP;
END
$partitions$;
COMMENT ON TABLE core.published_profile IS 'Published hour cells summed by month, weekday and local hour, an hour a column: a year of 300 zones is then 0.2 million rows, not 5; made by core.roll_up_published';
COMMENT ON COLUMN core.published_profile.figure IS '0 entries, 1 stops, 2 observations, 3 minutes of dwell';
COMMENT ON COLUMN core.published_profile.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.published_profile.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_profile.zone_no IS 'Zone';
COMMENT ON COLUMN core.published_profile.iso_weekday IS '1 Monday to 7 Sunday';
COMMENT ON COLUMN core.published_profile.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_profile.cells IS 'Published cells in the sums';
COMMENT ON COLUMN core.published_profile.suppressed IS 'Cells below k, which the sums are without';
COMMENT ON COLUMN core.published_profile.h00 IS 'Sum over the local hours 00; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h01 IS 'Sum over the local hours 01; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h02 IS 'Sum over the local hours 02; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h03 IS 'Sum over the local hours 03; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h04 IS 'Sum over the local hours 04; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h05 IS 'Sum over the local hours 05; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h06 IS 'Sum over the local hours 06; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h07 IS 'Sum over the local hours 07; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h08 IS 'Sum over the local hours 08; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h09 IS 'Sum over the local hours 09; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h10 IS 'Sum over the local hours 10; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h11 IS 'Sum over the local hours 11; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h12 IS 'Sum over the local hours 12; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h13 IS 'Sum over the local hours 13; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h14 IS 'Sum over the local hours 14; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h15 IS 'Sum over the local hours 15; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h16 IS 'Sum over the local hours 16; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h17 IS 'Sum over the local hours 17; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h18 IS 'Sum over the local hours 18; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h19 IS 'Sum over the local hours 19; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h20 IS 'Sum over the local hours 20; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h21 IS 'Sum over the local hours 21; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h22 IS 'Sum over the local hours 22; null where no cell is ok';
COMMENT ON COLUMN core.published_profile.h23 IS 'Sum over the local hours 23; null where no cell is ok';

CREATE TABLE core.published_od_month (
    month date NOT NULL,
    origin_zone_no integer NOT NULL,
    destination_zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    cells integer NOT NULL,
    suppressed integer NOT NULL,
    trips bigint,
    PRIMARY KEY (month, origin_zone_no, destination_zone_no, vehicle_class)
);
COMMENT ON TABLE core.published_od_month IS 'Published trips from zone to zone summed by local month; made by core.roll_up_published';
COMMENT ON COLUMN core.published_od_month.month IS 'First day of the local month';
COMMENT ON COLUMN core.published_od_month.origin_zone_no IS 'Zone of the first position of the trip';
COMMENT ON COLUMN core.published_od_month.destination_zone_no IS 'Zone of the last position of the trip';
COMMENT ON COLUMN core.published_od_month.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.published_od_month.cells IS 'Published cells in the sum';
COMMENT ON COLUMN core.published_od_month.suppressed IS 'Cells below k, which the sum is without';
COMMENT ON COLUMN core.published_od_month.trips IS 'Trips; null where no cell is ok';

CREATE FUNCTION core.roll_up_published(first_day date, last_day date) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    -- Months are summed anew from their cells, so that repeating changes nothing.
    DELETE FROM core.published_days AS old
    WHERE old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_days
    SELECT
        figure.figure, day.source, date_trunc('month', day.day::timestamp)::date, day.zone_no, day.vehicle_class,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 1))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 2))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 3))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 4))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 5))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 6))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 7))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 8))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 9))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 10))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 11))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 12))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 13))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 14))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 15))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 16))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 17))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 18))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 19))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 20))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 21))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 22))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 23))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 24))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 25))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 26))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 27))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 28))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 29))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 30))::integer,
        (sum(figure.value) FILTER (WHERE extract(day FROM day.day) = 31))::integer
    FROM (
        SELECT
            cell.source, cell.day, cell.zone_no, cell.vehicle_class,
            count(*) AS cells,
            count(*) FILTER (WHERE cell.k_status = 1) AS suppressed,
            sum(cell.entries) AS entries,
            sum(cell.stops) AS stops,
            sum(cell.observations) AS observations,
            round(sum(cell.dwell_us) / 60e6) AS dwell_min,
            sum(cell.entries) FILTER (WHERE cell.zero_emission = 0) AS zero_emission_entries,
            sum(cell.entries) FILTER (WHERE cell.zero_emission < 2) AS known_emission_entries,
            sum(cell.vehicles) AS vehicles,
            sum(cell.visits) AS visits,
            round(sum(cell.visit_us) / 1e6) AS visit_s,
            round(sum(cell.distance_um) / 1e6) AS distance_m
        FROM core.published_day AS cell
        WHERE cell.day >= date_trunc('month', first_day::timestamp)::date
            AND cell.day < (date_trunc('month', last_day::timestamp) + interval '1 month')::date
        GROUP BY cell.source, cell.day, cell.zone_no, cell.vehicle_class
    ) AS day
    CROSS JOIN LATERAL (VALUES
        (0::smallint, day.entries), (1::smallint, day.stops), (2::smallint, day.observations),
        (3::smallint, day.dwell_min), (4::smallint, day.zero_emission_entries),
        (5::smallint, day.known_emission_entries), (6::smallint, day.cells), (7::smallint, day.suppressed),
        (8::smallint, day.vehicles), (9::smallint, day.visits), (10::smallint, day.visit_s),
        (11::smallint, day.distance_m)
    ) AS figure (figure, value)
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5;

    DELETE FROM core.published_month AS old
    WHERE old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_month
    SELECT
        cell.source, date_trunc('month', cell.day::timestamp)::date, cell.zone_no,
        extract(isodow FROM cell.day)::smallint, cell.vehicle_class,
        count(*)::integer,
        (count(*) FILTER (WHERE cell.k_status = 1))::integer,
        sum(cell.entries)::integer,
        sum(cell.stops)::integer,
        sum(cell.observations)::integer,
        sum(cell.vehicles)::integer,
        sum(cell.visits)::integer,
        round(sum(cell.visit_us) / 1e6)::integer,
        round(sum(cell.distance_um) / 1e6)::integer,
        (sum(cell.entries) FILTER (WHERE cell.zero_emission = 0))::integer,
        (sum(cell.entries) FILTER (WHERE cell.zero_emission < 2))::integer
    FROM core.published_day AS cell
    WHERE cell.day >= date_trunc('month', first_day::timestamp)::date
        AND cell.day < (date_trunc('month', last_day::timestamp) + interval '1 month')::date
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5;

    DELETE FROM core.published_profile AS old
    WHERE old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_profile
    SELECT
        figure.figure, hour.source, hour.month, hour.zone_no, hour.iso_weekday, hour.vehicle_class,
        sum(hour.cells)::smallint, sum(hour.suppressed)::smallint,
        (sum(figure.value) FILTER (WHERE hour.hour = 0))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 1))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 2))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 3))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 4))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 5))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 6))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 7))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 8))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 9))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 10))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 11))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 12))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 13))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 14))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 15))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 16))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 17))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 18))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 19))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 20))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 21))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 22))::integer,
        (sum(figure.value) FILTER (WHERE hour.hour = 23))::integer
    FROM (
        SELECT
            cell.source,
            date_trunc('month', cell.hour_start AT TIME ZONE 'Europe/Amsterdam')::date AS month,
            cell.zone_no,
            extract(isodow FROM cell.hour_start AT TIME ZONE 'Europe/Amsterdam')::smallint AS iso_weekday,
            extract(hour FROM cell.hour_start AT TIME ZONE 'Europe/Amsterdam')::smallint AS hour,
            cell.vehicle_class,
            count(*) AS cells,
            count(*) FILTER (WHERE cell.k_status = 1) AS suppressed,
            sum(cell.entries) AS entries,
            sum(cell.stops) AS stops,
            sum(cell.observations) AS observations,
            round(sum(cell.dwell_us) / 60e6) AS dwell_min
        FROM core.published_hour AS cell
        WHERE cell.hour_start >= date_trunc('month', first_day::timestamp) AT TIME ZONE 'Europe/Amsterdam'
            AND cell.hour_start
                < (date_trunc('month', last_day::timestamp) + interval '1 month') AT TIME ZONE 'Europe/Amsterdam'
        GROUP BY 1, 2, 3, 4, 5, 6
    ) AS hour
    CROSS JOIN LATERAL (VALUES
        (0::smallint, hour.entries), (1::smallint, hour.stops),
        (2::smallint, hour.observations), (3::smallint, hour.dwell_min)
    ) AS figure (figure, value)
    GROUP BY figure.figure, hour.source, hour.month, hour.zone_no, hour.iso_weekday, hour.vehicle_class
    ORDER BY figure.figure, hour.source, hour.month, hour.zone_no, hour.iso_weekday, hour.vehicle_class;

    DELETE FROM core.published_od_month AS old
    WHERE old.month BETWEEN date_trunc('month', first_day::timestamp)::date AND last_day;
    INSERT INTO core.published_od_month
    SELECT
        date_trunc('month', cell.slot_start AT TIME ZONE 'Europe/Amsterdam')::date,
        cell.origin_zone_no, cell.destination_zone_no, cell.vehicle_class,
        count(*)::integer, (count(*) FILTER (WHERE cell.k_status = 1))::integer, sum(cell.trips)
    FROM core.published_od AS cell
    WHERE cell.slot_start >= date_trunc('month', first_day::timestamp) AT TIME ZONE 'Europe/Amsterdam'
        AND cell.slot_start
            < (date_trunc('month', last_day::timestamp) + interval '1 month') AT TIME ZONE 'Europe/Amsterdam'
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4;
END;
COMMENT ON FUNCTION core.roll_up_published(date, date) IS 'Sum the published cells of local days, and of the months that they are in, for the boards; call it where cells are published';

CREATE VIEW history.zone_days AS
SELECT
    cell.figure AS figure_no,
    cell.source AS source_no,
    cell.month,
    cell.zone_no,
    cell.vehicle_class AS vehicle_class_no,
    cell.d01,
    cell.d02,
    cell.d03,
    cell.d04,
    cell.d05,
    cell.d06,
    cell.d07,
    cell.d08,
    cell.d09,
    cell.d10,
    cell.d11,
    cell.d12,
    cell.d13,
    cell.d14,
    cell.d15,
    cell.d16,
    cell.d17,
    cell.d18,
    cell.d19,
    cell.d20,
    cell.d21,
    cell.d22,
    cell.d23,
    cell.d24,
    cell.d25,
    cell.d26,
    cell.d27,
    cell.d28,
    cell.d29,
    cell.d30,
    cell.d31
FROM core.published_days AS cell;
COMMENT ON VIEW history.zone_days IS 'Published day cells by month, a day of the month a column, by compact keys';
COMMENT ON COLUMN history.zone_days.figure_no IS '0 entries, 1 stops, 2 observations, 3 minutes of dwell, 4 entries without emission, 5 entries of known emission, 6 cells, 7 cells below k, 8 vehicles, 9 visits, 10 seconds of visits, 11 metres driven';
COMMENT ON COLUMN history.zone_days.source_no IS '0 fms, 1 anpr';

CREATE VIEW history.zone_month AS
SELECT
    cell.source AS source_no,
    cell.month,
    cell.zone_no,
    cell.iso_weekday,
    cell.vehicle_class AS vehicle_class_no,
    cell.cells,
    cell.suppressed,
    cell.entries,
    cell.stops,
    cell.observations,
    cell.vehicles,
    cell.visits,
    cell.visit_s,
    cell.distance_m,
    cell.zero_emission_entries,
    cell.known_emission_entries
FROM core.published_month AS cell;
COMMENT ON VIEW history.zone_month IS 'Published day cells summed by month and weekday, by compact keys; vehicles have a meaning only as a mean per day';
COMMENT ON COLUMN history.zone_month.suppressed IS 'Cells below k: the sums are without them, so they are lower bounds';

CREATE VIEW history.zone_profile AS
SELECT
    (ARRAY['entries', 'stops', 'observations', 'dwell_min'])[cell.figure + 1] AS figure,
    cell.figure AS figure_no,
    cell.source AS source_no,
    cell.month,
    cell.zone_no,
    cell.iso_weekday,
    cell.vehicle_class AS vehicle_class_no,
    cell.cells,
    cell.suppressed,
    cell.h00,
    cell.h01,
    cell.h02,
    cell.h03,
    cell.h04,
    cell.h05,
    cell.h06,
    cell.h07,
    cell.h08,
    cell.h09,
    cell.h10,
    cell.h11,
    cell.h12,
    cell.h13,
    cell.h14,
    cell.h15,
    cell.h16,
    cell.h17,
    cell.h18,
    cell.h19,
    cell.h20,
    cell.h21,
    cell.h22,
    cell.h23
FROM core.published_profile AS cell;
COMMENT ON VIEW history.zone_profile IS 'Published hour cells summed by month, weekday and local hour, an hour a column';

CREATE VIEW history.od_month AS
SELECT
    flow.month,
    flow.origin_zone_no,
    flow.destination_zone_no,
    flow.vehicle_class AS vehicle_class_no,
    flow.cells,
    flow.suppressed,
    flow.trips
FROM core.published_od_month AS flow;
COMMENT ON VIEW history.od_month IS 'Published trips from zone to zone by local month';

CREATE VIEW history.feed_day AS
SELECT
    core.source_name(feed.source) AS source,
    feed.source AS source_no,
    feed.day,
    feed.k::integer AS k,
    feed.hours::integer AS hours,
    feed.hours_with_feed::integer AS hours_with_feed,
    100 * feed.hours_with_feed::double precision / nullif(feed.hours, 0) AS complete_pct,
    feed.accepted,
    feed.taken,
    feed.rejected,
    feed.late,
    feed.after_publication
FROM core.published_feed_day AS feed;
COMMENT ON VIEW history.feed_day IS 'How complete each published local day is, per feed';
COMMENT ON COLUMN history.feed_day.complete_pct IS 'Hours with a feed as a percentage of the hours of the day';
COMMENT ON COLUMN history.feed_day.after_publication IS 'Rows that came after publication: counted, in no cell';

CREATE VIEW history.camera AS
WITH newest AS (
    SELECT max(known.version) AS version FROM core.camera_version AS known
)
SELECT
    camera.camera_id,
    camera.name AS camera_name,
    camera.lat,
    camera.lon,
    camera.azimuth_deg,
    CASE
        WHEN meaning.obverse < 2 AND meaning.reverse < 2 THEN 'bidirectional'
        WHEN meaning.obverse < 2 THEN 'obverse'
        WHEN meaning.reverse < 2 THEN 'reverse'
    END AS plate_direction,
    zone.zone_no,
    zone.zone_id,
    CASE
        WHEN 0 IN (meaning.obverse, meaning.reverse, meaning.unknown_direction)
            AND 1 IN (meaning.obverse, meaning.reverse, meaning.unknown_direction) THEN 'both'
        WHEN 0 IN (meaning.obverse, meaning.reverse, meaning.unknown_direction) THEN 'in'
        WHEN 1 IN (meaning.obverse, meaning.reverse, meaning.unknown_direction) THEN 'out'
    END AS travel_direction,
    worked.month,
    worked.uptime_pct::double precision AS uptime_pct
FROM core.camera AS camera
JOIN newest ON newest.version = camera.version
LEFT JOIN core.camera_zone AS meaning
    ON meaning.version = camera.version AND meaning.camera_id = camera.camera_id
LEFT JOIN core.zone AS zone ON zone.zone_no = meaning.zone_no
LEFT JOIN core.published_camera_month AS worked ON worked.camera_id = camera.camera_id;
COMMENT ON VIEW history.camera IS 'Cameras of the newest registry, a row for each zone that they serve and each month whose uptime is published';
COMMENT ON COLUMN history.camera.plate_direction IS 'Which plates tell a direction: obverse, reverse, bidirectional; null where none does';
COMMENT ON COLUMN history.camera.travel_direction IS 'What its detections can mean for the zone: in, out, both; null where nothing is known';
COMMENT ON COLUMN history.camera.uptime_pct IS 'Percentage of the month that the camera worked; null where nothing is published';

CREATE VIEW history.camera_profile AS
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
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_camera_profile AS cell;
COMMENT ON VIEW history.camera_profile IS 'Passages by camera, month, weekday and local hour, k-safe';
COMMENT ON COLUMN history.camera_profile.days IS 'Local days that the figures are over: passages / days is the hourly mean';

CREATE VIEW history.zone_window AS
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
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_window AS cell
LEFT JOIN core.branch AS branch ON branch.branch_code = cell.branch_code;
COMMENT ON VIEW history.zone_window IS 'Vehicles that drive into a zone by time block or time window, month and weekday, k-safe; no branch: over all';

CREATE VIEW history.zone_origin AS
SELECT
    cell.zone_no,
    cell.month,
    cell.vehicle_class AS vehicle_class_no,
    nullif(cell.nuts3, '') AS nuts3,
    cell.province,
    cell.passages,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_origin AS cell;
COMMENT ON VIEW history.zone_origin IS 'Vehicles in a zone by where they are registered, k-safe; no NUTS 3 area: over the province';

CREATE VIEW history.zone_visitor_origin AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    cell.province,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_visitor_origin AS cell;
COMMENT ON VIEW history.zone_visitor_origin IS 'Visitors of a zone by how often they come and where they are registered, k-safe';

CREATE VIEW history.zone_visitor_branch AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    cell.branch_code,
    branch.name AS branch_name,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_visitor_branch AS cell
LEFT JOIN core.branch AS branch ON branch.branch_code = cell.branch_code;
COMMENT ON VIEW history.zone_visitor_branch IS 'Visitors of a zone by how often they come and the branch of their holder, k-safe';

CREATE VIEW history.zone_visitor_size AS
SELECT
    cell.zone_no,
    cell.month,
    (ARRAY['once', 'occasional', 'daily'])[cell.visitor_type + 1] AS visitor_type,
    cell.visitor_type AS visitor_type_no,
    cell.vehicle_class AS vehicle_class_no,
    (ARRAY['small', 'medium', 'large'])[cell.company_size + 1] AS company_size,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_visitor_size AS cell;
COMMENT ON VIEW history.zone_visitor_size IS 'Visitors of a zone by how often they come and the size of the company that holds them, k-safe';

CREATE VIEW history.zone_crosstab AS
SELECT
    cell.zone_no,
    cell.month,
    nullif(cell.branch_code, '') AS branch_code,
    branch.name AS branch_name,
    nullif(cell.vehicle_class, -1) AS vehicle_class_no,
    nullif(cell.fuel, '') AS fuel,
    nullif(cell.emission_class, '') AS emission_class,
    nullif(cell.body, '') AS body,
    (ARRAY['small', 'medium', 'large'])[cell.company_size + 1] AS company_size,
    cell.passages,
    cell.trips,
    cell.vehicles,
    cell.k::integer AS k,
    core.k_status_name(cell.k_status) AS k_status
FROM core.published_crosstab AS cell
LEFT JOIN core.branch AS branch ON branch.branch_code = cell.branch_code;
COMMENT ON VIEW history.zone_crosstab IS 'Vehicles in a zone by at most three crossed properties, k-safe; a property that is null is not crossed';
