-- Operators' views: codes become text, zone numbers become ids, microseconds become seconds.
-- depends: 0002.registry 0004.flow 0005.feeds
CREATE VIEW live.zone AS
SELECT
    zone.zone_id,
    feature.name,
    feature.kind,
    feature.municipality,
    feature.capacity,
    feature.area_km2,
    geometry.geojson
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
JOIN core.zone_geometry AS geometry ON geometry.geometry_hash = feature.geometry_hash
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest);
COMMENT ON VIEW live.zone IS 'Zones of the newest version';

CREATE VIEW history.zone AS
SELECT
    zone.zone_id,
    feature.name,
    feature.kind,
    feature.municipality,
    feature.capacity,
    feature.area_km2,
    geometry.geojson
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
JOIN core.zone_geometry AS geometry ON geometry.geometry_hash = feature.geometry_hash
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest);
COMMENT ON VIEW history.zone IS 'Zones of the newest version, for planners, who cannot read live';

CREATE VIEW live.zone_now AS
SELECT
    zone.zone_id,
    core.vehicle_class_name(part.vehicle_class) AS vehicle_class,
    core.zero_emission_name(part.zero_emission) AS zero_emission,
    sum(part.present)::bigint AS present,
    sum(part.silent)::bigint AS silent,
    (SELECT min(clock.as_of) FROM core.now_clock AS clock) AS as_of
FROM core.zone_now_part AS part
JOIN core.zone AS zone ON zone.zone_no = part.zone_no
GROUP BY zone.zone_id, part.vehicle_class, part.zero_emission;
COMMENT ON VIEW live.zone_now IS 'Vehicles in zones now; a combination without vehicles has no row';
COMMENT ON COLUMN live.zone_now.as_of IS 'Stream time of the partition that is furthest behind';

CREATE VIEW live.zone_flow AS
SELECT
    zone.zone_id,
    cell.slot_start,
    cell.slot_s::integer AS slot_s,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    core.source_name(cell.source) AS source,
    cell.observations,
    cell.vehicles,
    cell.entries,
    cell.exits,
    cell.appearances,
    cell.disappearances,
    cell.dwell_us / 1e6::double precision AS dwell_s,
    cell.visits,
    cell.visit_us / 1e6::double precision AS visit_s,
    cell.stops,
    cell.stop_us / 1e6::double precision AS stop_s,
    cell.distance_um / 1e6::double precision AS distance_m,
    cell.through,
    cell.late
FROM core.flow_slot AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no;
COMMENT ON VIEW live.zone_flow IS 'Flow cells by slot; vehicles of different buckets never add up';

CREATE VIEW live.zone_flow_hour AS
SELECT
    zone.zone_id,
    cell.hour_start,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    core.source_name(cell.source) AS source,
    cell.observations,
    cell.vehicles,
    cell.entries,
    cell.exits,
    cell.appearances,
    cell.disappearances,
    cell.dwell_us / 1e6::double precision AS dwell_s,
    cell.visits,
    cell.visit_us / 1e6::double precision AS visit_s,
    cell.stops,
    cell.stop_us / 1e6::double precision AS stop_s,
    cell.distance_um / 1e6::double precision AS distance_m,
    cell.through,
    cell.late
FROM core.flow_hour AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no;
COMMENT ON VIEW live.zone_flow_hour IS 'Flow cells by UTC hour; vehicles of different buckets never add up';

CREATE VIEW live.zone_flow_day AS
SELECT
    zone.zone_id,
    cell.day,
    core.vehicle_class_name(cell.vehicle_class) AS vehicle_class,
    core.zero_emission_name(cell.zero_emission) AS zero_emission,
    core.source_name(cell.source) AS source,
    cell.observations,
    cell.vehicles,
    cell.entries,
    cell.exits,
    cell.appearances,
    cell.disappearances,
    cell.dwell_us / 1e6::double precision AS dwell_s,
    cell.visits,
    cell.visit_us / 1e6::double precision AS visit_s,
    cell.stops,
    cell.stop_us / 1e6::double precision AS stop_s,
    cell.distance_um / 1e6::double precision AS distance_m,
    cell.through,
    cell.late
FROM core.flow_day AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no;
COMMENT ON VIEW live.zone_flow_day IS 'Flow cells by local day; vehicles of different buckets never add up';

CREATE VIEW live.alert AS
SELECT
    alert.alert_id,
    zone.zone_id,
    alert.rule,
    alert.state,
    alert.value,
    alert.capacity,
    alert.pct,
    alert.since,
    alert.until,
    alert.acknowledged_by,
    alert.acknowledged_at,
    alert.reason
FROM core.alert AS alert
JOIN core.zone AS zone ON zone.zone_no = alert.zone_no;
COMMENT ON VIEW live.alert IS 'Overload alerts; empty until the alert role exists';

CREATE VIEW live.feed AS
WITH setting AS (
    -- One row even before any settings are stored; the fallbacks are the defaults of the settings.
    SELECT
        coalesce(max(newest.document ->> 'clock'), 'arrival') AS clock,
        coalesce(max((newest.document ->> 'reorder_s')::double precision), 5) AS reorder_s
    FROM (
        SELECT version.document FROM core.settings_version AS version ORDER BY version.version DESC LIMIT 1
    ) AS newest
),
feed AS (
    SELECT
        name.source,
        name.feed,
        setting.reorder_s,
        max(clock.last_event_time) AS last_event_time,
        max(clock.last_arrival) AS last_arrival,
        CASE WHEN bool_and(clock.stream_time IS NOT NULL) THEN min(clock.stream_time) END AS stream_time,
        CASE WHEN setting.clock = 'event' THEN max(clock.last_arrival) ELSE now() END AS reference_time
    FROM (VALUES (0::smallint, 'fms'), (1::smallint, 'anpr')) AS name (source, feed)
    CROSS JOIN setting
    LEFT JOIN core.feed_clock AS clock ON clock.source = name.source
    GROUP BY name.source, name.feed, setting.reorder_s, setting.clock
),
complete AS (
    SELECT
        feed.source,
        feed.feed,
        feed.last_event_time,
        feed.last_arrival,
        feed.reference_time,
        date_trunc('minute', feed.reference_time) AS running_minute,
        -- Detections are taken at once; positions wait for reorder.
        CASE WHEN feed.source = 0 THEN feed.stream_time - feed.reorder_s * interval '1 second'
            ELSE feed.stream_time END AS complete_through
    FROM feed
)
SELECT
    complete.feed,
    complete.last_event_time,
    complete.last_arrival,
    complete.complete_through,
    extract(epoch FROM complete.reference_time - complete.complete_through)::double precision AS lag_s,
    coalesce(last_minute.accepted, 0)::double precision / 60 AS rate_1m,
    hour.accepted_1h,
    hour.rejected_1h,
    hour.duplicates_1h,
    hour.out_of_order_1h,
    hour.late_1h,
    hour.low_confidence_1h,
    hour.taken_1h
FROM complete
LEFT JOIN core.feed_minute AS last_minute
    ON last_minute.source = complete.source
    AND last_minute.minute = complete.running_minute - interval '1 minute'
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(counted.accepted), 0)::bigint AS accepted_1h,
        coalesce(sum(counted.rejected), 0)::bigint AS rejected_1h,
        coalesce(sum(counted.duplicates), 0)::bigint AS duplicates_1h,
        coalesce(sum(counted.out_of_order), 0)::bigint AS out_of_order_1h,
        coalesce(sum(counted.late), 0)::bigint AS late_1h,
        coalesce(sum(counted.low_confidence), 0)::bigint AS low_confidence_1h,
        coalesce(sum(counted.taken), 0)::bigint AS taken_1h
    FROM core.feed_minute AS counted
    WHERE counted.source = complete.source
        AND counted.minute > complete.running_minute - interval '1 hour'
        AND counted.minute <= complete.running_minute
) AS hour;
COMMENT ON VIEW live.feed IS 'One row per feed, always. The reference time is now(); with the event clock it is the last arrival of the feed';
COMMENT ON COLUMN live.feed.complete_through IS 'Arrivals up to here are in the figures: stream time, for positions less reorder_s; null before every partition has a clock';
COMMENT ON COLUMN live.feed.lag_s IS 'Reference time less complete_through, seconds';
COMMENT ON COLUMN live.feed.rate_1m IS 'Accepted rows per second in the last whole minute before the reference time';
COMMENT ON COLUMN live.feed.accepted_1h IS 'In the sixty minutes that end with the running one; the other _1h columns likewise';
