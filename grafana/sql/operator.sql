-- What the City Support Center asks, as duls_operator. Grafana puts ${variables} and $__macros in.

-- name: layers
-- Kinds of zones that exist.
SELECT DISTINCT zone.kind FROM live.zone AS zone ORDER BY zone.kind;

-- name: municipalities
-- Municipalities that have zones; a dash stands for none.
SELECT DISTINCT coalesce(zone.municipality, '-') AS municipality FROM live.zone AS zone ORDER BY municipality;

-- name: chosen
-- Zones of the chosen municipalities and layers.
municipality IN (${municipality:sqlstring}) AND kind IN (${kind:sqlstring})

-- name: worst
-- The zones that are fullest now.
SELECT load.zone_no, load.zone_id, load.name, load.capacity, load.busy_pct, load.full_pct
FROM (
    SELECT fullest.*, bound.busy_pct, bound.full_pct
    FROM live.zone_load AS fullest
    JOIN live.zone_limit AS bound ON bound.zone_no = fullest.zone_no
) AS load
WHERE @chosen
ORDER BY load.load_pct DESC NULLS LAST, load.present DESC NULLS LAST, load.name

-- name: data_age
-- How old the figures of each feed are, and what time it was when this picture was made. A feed that brings nothing
-- ages too: ticks of intake move complete_through on without it.
SELECT
    max(told.age) FILTER (WHERE told.feed = 'fms') AS fms_age,
    max(told.age) FILTER (WHERE told.feed = 'anpr') AS anpr_age,
    CASE
        WHEN clock.as_of < midnight.local + interval '5 minutes' AND clock.as_of >= midnight.local THEN 'settling '
        ELSE 'at '
    END || to_char(now() AT TIME ZONE 'Europe/Amsterdam', 'HH24:MI:SS') AS picture_of
FROM (
    SELECT
        feed.feed,
        CASE
            WHEN feed.complete_through IS NULL OR feed.last_arrival IS NULL THEN 'never'
            WHEN newest.age_s > 86400
                THEN 'frozen ' || to_char(newest.until AT TIME ZONE 'Europe/Amsterdam', 'DD-MM HH24:MI')
            WHEN newest.age_s > 30
                THEN 'frozen ' || to_char(newest.until AT TIME ZONE 'Europe/Amsterdam', 'HH24:MI:SS')
            ELSE 'fresh ' || round(greatest(newest.age_s, 0))
        END AS age
    FROM live.feed AS feed
    CROSS JOIN LATERAL (
        SELECT
            least(feed.complete_through, feed.last_arrival) AS until,
            feed.lag_s + greatest(extract(epoch FROM feed.complete_through - feed.last_arrival), 0)::double precision AS age_s
    ) AS newest
) AS told
CROSS JOIN (SELECT min(part.as_of) AS as_of FROM live.zone_load AS part) AS clock
CROSS JOIN LATERAL (
    SELECT date_trunc('day', clock.as_of AT TIME ZONE 'Europe/Amsterdam') AT TIME ZONE 'Europe/Amsterdam' AS local
) AS midnight
GROUP BY clock.as_of, midnight.local;

-- name: vehicles_now
-- Vehicles in zones: of the layer that has most, so that layers on top of each other count a vehicle once.
SELECT max(layer.present)::bigint AS present
FROM (SELECT sum(load.present) AS present FROM live.zone_load AS load WHERE @chosen GROUP BY load.kind) AS layer;

-- name: events_per_s
-- Accepted rows per second in the last whole minute; null as long as no feed has ever brought anything.
SELECT sum(feed.rate_1m) FILTER (WHERE feed.last_arrival IS NOT NULL) AS events_per_s FROM live.feed AS feed;

-- name: dead_letters_1h
-- Rows rejected in the last hour.
SELECT sum(feed.rejected_1h) FILTER (WHERE feed.last_arrival IS NOT NULL)::bigint AS rejected_1h FROM live.feed AS feed;

-- name: zone_map
-- Every zone with its load. The first row stands there twice: the filled layer of older Grafana leaves row 0 uncoloured.
WITH load AS (
    SELECT
        known.zone_id, known.name, known.present, known.capacity, known.load_pct, known.state,
        CASE known.state WHEN 'free' THEN 0 WHEN 'busy' THEN 1 WHEN 'full' THEN 2 END AS level,
        known.lat, known.lon
    FROM live.zone_load AS known
    WHERE @chosen
)
SELECT first.* FROM (SELECT load.* FROM load ORDER BY load.zone_id LIMIT 1) AS first
UNION ALL
SELECT load.* FROM load;

-- name: worst_zones
-- The ten fullest zones, those without a capacity behind the others.
SELECT load.zone_id, load.name, load.load_pct, load.state, load.present, load.capacity
FROM live.zone_load AS load
WHERE @chosen
ORDER BY load.load_pct DESC NULLS LAST, load.present DESC NULLS LAST, load.name
LIMIT 10;

-- name: alerts
-- Alerts that last, those that nobody acknowledged first, then those of the last day.
SELECT
    alert.zone_id,
    CASE
        WHEN alert.until IS NOT NULL THEN 'ended'
        WHEN alert.acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE 'firing'
    END AS phase,
    coalesce(zone.name, alert.zone_id) AS name,
    alert.since,
    alert.pct,
    alert.reason AS reason_nl,
    coalesce(alert.reason_en, alert.reason) AS reason_en,
    alert.acknowledged_by
FROM live.alert AS alert
LEFT JOIN live.zone_load AS zone ON zone.zone_id = alert.zone_id
WHERE (alert.until IS NULL OR alert.until > now() - interval '1 day')
    AND (zone.zone_id IS NULL OR (zone.municipality IN (${municipality:sqlstring}) AND zone.kind IN (${kind:sqlstring})))
ORDER BY alert.until IS NOT NULL, alert.acknowledged_at IS NOT NULL, alert.since DESC
LIMIT 50;

-- name: zone_states
-- State of the ten fullest zones by slot: vehicles seen in the slot against the capacity. A slot in which the feed
-- was silent has no value; one in which it was not, and no vehicle was seen, is free.
WITH worst AS (
    @worst
    LIMIT 10
),
length AS (
    SELECT coalesce(max(cell.slot_s), 300) AS slot_s
    FROM live.zone_slot AS cell
    WHERE cell.zone_no IN (SELECT worst.zone_no FROM worst) AND $__timeFilter(cell.slot_start)
),
fed AS (
    SELECT DISTINCT
        date_bin(length.slot_s * interval '1 second', counted.minute, timestamptz '1970-01-01 00:00:00+00') AS slot_start
    FROM live.feed_minute AS counted
    CROSS JOIN length
    WHERE counted.feed = 'fms' AND counted.accepted > 0 AND $__timeFilter(counted.minute)
),
seen AS (
    SELECT cell.zone_no, cell.slot_start, sum(cell.vehicles) AS vehicles
    FROM live.zone_slot AS cell
    WHERE cell.zone_no IN (SELECT worst.zone_no FROM worst) AND cell.source_no = 0 AND $__timeFilter(cell.slot_start)
    GROUP BY cell.zone_no, cell.slot_start
)
SELECT
    fed.slot_start AS time,
    worst.name AS metric,
    CASE
        WHEN coalesce(worst.capacity, 0) = 0 THEN NULL
        WHEN 100 * coalesce(seen.vehicles, 0) >= worst.full_pct * worst.capacity THEN 2
        WHEN 100 * coalesce(seen.vehicles, 0) >= worst.busy_pct * worst.capacity THEN 1
        ELSE 0
    END AS state
FROM fed
CROSS JOIN worst
LEFT JOIN seen ON seen.zone_no = worst.zone_no AND seen.slot_start = fed.slot_start
ORDER BY fed.slot_start, worst.name;

-- name: zone_vehicles
-- Vehicles seen by slot in the five fullest zones.
WITH worst AS (
    @worst
    LIMIT 5
)
SELECT cell.slot_start AS time, worst.name AS metric, sum(cell.vehicles)::bigint AS vehicles
FROM live.zone_slot AS cell
JOIN worst ON worst.zone_no = cell.zone_no
WHERE cell.source_no = 0 AND $__timeFilter(cell.slot_start)
GROUP BY cell.slot_start, worst.name
ORDER BY cell.slot_start, worst.name;

-- name: alert_annotations
-- Alerts that overlap the period, in figures, which every language reads: vehicles / capacity; one that lasts has no end.
SELECT
    alert.since AS time,
    alert.until AS "timeEnd",
    coalesce(zone.name, alert.zone_id) AS title,
    concat_ws(' · ', alert.value::text || ' / ' || alert.capacity::text, round(alert.pct)::text || ' %') AS text
FROM live.alert AS alert
LEFT JOIN live.zone AS zone ON zone.zone_id = alert.zone_id
WHERE alert.since <= $__timeTo() AND coalesce(alert.until, 'infinity') >= $__timeFrom()
ORDER BY alert.since
LIMIT 200;
