-- Clocks, present vehicles and feed counts.

-- name: set_now_parts
-- Store present and silent counts.
INSERT INTO core.zone_now_part AS stored (partition, zone_no, vehicle_class, zero_emission, present, silent)
SELECT given.partition, given.zone_no, given.vehicle_class, given.zero_emission, given.present, given.silent
FROM pg_temp.now_part AS given
WHERE given.present <> 0 OR given.silent <> 0
ORDER BY given.partition, given.zone_no, given.vehicle_class, given.zero_emission
ON CONFLICT (partition, zone_no, vehicle_class, zero_emission) DO UPDATE SET
    present = excluded.present,
    silent = excluded.silent
WHERE (stored.present, stored.silent) <> (excluded.present, excluded.silent);

-- name: delete_empty_now_parts
-- Remove combinations that have no vehicles any more.
DELETE FROM core.zone_now_part AS stored
USING pg_temp.now_part AS given
WHERE given.present = 0
    AND given.silent = 0
    AND stored.partition = given.partition
    AND stored.zone_no = given.zone_no
    AND stored.vehicle_class = given.vehicle_class
    AND stored.zero_emission = given.zero_emission;

-- name: set_now_clocks
-- Store the stream time of present counts.
INSERT INTO core.now_clock AS stored (partition, as_of)
SELECT given.partition, core.instant(given.as_of_us)
FROM unnest(%(partition)s::integer[], %(as_of_us)s::bigint[]) AS given (partition, as_of_us)
ORDER BY given.partition
ON CONFLICT (partition) DO UPDATE SET as_of = greatest(stored.as_of, excluded.as_of);

-- name: set_feed_clocks
-- Store the clocks of feeds, each forward only; null leaves what is stored.
INSERT INTO core.feed_clock AS stored (partition, source, stream_time, last_event_time, last_arrival)
SELECT
    given.partition, given.source,
    core.instant(given.stream_time_us), core.instant(given.last_event_us), core.instant(given.last_arrival_us)
FROM unnest(
    %(partition)s::integer[], %(source)s::smallint[],
    %(stream_time_us)s::bigint[], %(last_event_us)s::bigint[], %(last_arrival_us)s::bigint[]
) AS given (partition, source, stream_time_us, last_event_us, last_arrival_us)
ORDER BY given.partition, given.source
ON CONFLICT (partition, source) DO UPDATE SET
    stream_time = greatest(stored.stream_time, excluded.stream_time),
    last_event_time = greatest(stored.last_event_time, excluded.last_event_time),
    last_arrival = greatest(stored.last_arrival, excluded.last_arrival);

-- name: set_open_visits
-- Store the number of open visits.
INSERT INTO core.open_visit AS stored (partition, open_visits)
SELECT given.partition, given.open_visits
FROM unnest(%(partition)s::integer[], %(open_visits)s::bigint[]) AS given (partition, open_visits)
ORDER BY given.partition
ON CONFLICT (partition) DO UPDATE SET open_visits = excluded.open_visits;

-- name: add_feed_minutes
-- Add what became of observations.
INSERT INTO core.feed_minute AS stored (
    source, minute, accepted, taken, rejected, duplicates, out_of_order, late, low_confidence
)
SELECT
    given.source, core.instant(given.minute_us), sum(given.accepted), sum(given.taken), sum(given.rejected),
    sum(given.duplicates), sum(given.out_of_order), sum(given.late), sum(given.low_confidence)
FROM unnest(
    %(source)s::smallint[], %(minute_us)s::bigint[], %(accepted)s::bigint[], %(taken)s::bigint[],
    %(rejected)s::bigint[], %(duplicates)s::bigint[], %(out_of_order)s::bigint[], %(late)s::bigint[],
    %(low_confidence)s::bigint[]
) AS given (source, minute_us, accepted, taken, rejected, duplicates, out_of_order, late, low_confidence)
GROUP BY given.source, given.minute_us
ORDER BY given.source, given.minute_us
ON CONFLICT (source, minute) DO UPDATE SET
    accepted = stored.accepted + excluded.accepted,
    taken = stored.taken + excluded.taken,
    rejected = stored.rejected + excluded.rejected,
    duplicates = stored.duplicates + excluded.duplicates,
    out_of_order = stored.out_of_order + excluded.out_of_order,
    late = stored.late + excluded.late,
    low_confidence = stored.low_confidence + excluded.low_confidence;

-- name: add_rejections
-- Add rejected rows by reason.
INSERT INTO core.rejection_minute AS stored (source, minute, reason, rows)
SELECT given.source, core.instant(given.minute_us), given.reason, sum(given.rows)
FROM unnest(
    %(source)s::smallint[], %(minute_us)s::bigint[], %(reason)s::smallint[], %(rows)s::bigint[]
) AS given (source, minute_us, reason, rows)
GROUP BY given.source, given.minute_us, given.reason
ORDER BY given.source, given.minute_us, given.reason
ON CONFLICT (source, minute, reason) DO UPDATE SET rows = stored.rows + excluded.rows;

-- name: add_camera_rejections
-- Add detections of unknown cameras.
INSERT INTO core.camera_rejection AS stored (camera_id, detections, last_event_time)
SELECT given.camera_id, sum(given.detections), max(core.instant(given.last_event_us))
FROM unnest(
    %(camera_id)s::uuid[], %(detections)s::bigint[], %(last_event_us)s::bigint[]
) AS given (camera_id, detections, last_event_us)
GROUP BY given.camera_id
ORDER BY given.camera_id
ON CONFLICT (camera_id) DO UPDATE SET
    detections = stored.detections + excluded.detections,
    last_event_time = greatest(stored.last_event_time, excluded.last_event_time);

-- name: add_camera_hours
-- Add passages of cameras; hours that ended at or before the retention horizon are left out.
INSERT INTO core.camera_hour AS stored (
    camera_id, hour_start, direction, vehicle_class, zero_emission, passages, vehicles
)
SELECT
    given.camera_id, core.instant(given.hour_us), given.direction, given.vehicle_class, given.zero_emission,
    given.passages, given.vehicles
FROM unnest(
    %(camera_id)s::uuid[], %(hour_us)s::bigint[], %(direction)s::smallint[], %(vehicle_class)s::smallint[],
    %(zero_emission)s::smallint[], %(passages)s::bigint[], %(vehicles)s::bigint[]
) AS given (camera_id, hour_us, direction, vehicle_class, zero_emission, passages, vehicles)
WHERE core.instant(given.hour_us) + interval '1 hour' > coalesce(
    (SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'camera_hour'), '-infinity'
)
ORDER BY given.camera_id, given.hour_us, given.direction, given.vehicle_class, given.zero_emission
ON CONFLICT (camera_id, hour_start, direction, vehicle_class, zero_emission) DO UPDATE SET
    passages = stored.passages + excluded.passages,
    vehicles = stored.vehicles + excluded.vehicles;
