-- What the live page shows, read every half second by one reader for all who look.

-- name: clock
-- Stream time of the counts; null before anything is known. No row without zones.
SELECT as_of FROM live.zone_load LIMIT 1;

-- name: zones
-- Vehicles in each zone that has any, and those present by class as JSON.
WITH by_class AS (
    SELECT
        zone_id,
        vehicle_class,
        sum(present)::bigint AS present,
        sum(silent)::bigint AS silent,
        coalesce(sum(present) FILTER (WHERE zero_emission = 'yes'), 0)::bigint AS zero_emission
    FROM live.zone_now
    GROUP BY zone_id, vehicle_class
)
SELECT
    zone_id,
    sum(present)::bigint,
    sum(silent)::bigint,
    sum(zero_emission)::bigint,
    coalesce(json_object_agg(vehicle_class, present ORDER BY vehicle_class) FILTER (WHERE present > 0)::text, '{}')
FROM by_class
GROUP BY zone_id;

-- name: feeds
-- Clocks and counts of every feed.
SELECT feed, last_arrival, last_event_time, complete_through, accepted_1h, rejected_1h
FROM live.feed
ORDER BY feed;

-- name: minutes
-- Accepted observations of the running minute and the two before it, by feed and minute of arrival.
SELECT feed, minute, accepted
FROM live.feed_minute
WHERE minute >= date_trunc('minute', now()) - interval '2 minutes';

-- name: alerts
-- Alerts that last, and those that ended a short while ago.
SELECT
    alert_id,
    zone_id,
    rule,
    state,
    value,
    capacity,
    pct,
    since,
    until,
    acknowledged_by,
    acknowledged_at,
    reason,
    reason_en
FROM live.alert
WHERE until IS NULL OR until > now() - interval '10 minutes'
ORDER BY until IS NOT NULL, since DESC
LIMIT %(limit)s;

-- name: rising
-- Zones that are likely too full within half an hour, the likeliest first, each as an alert that has not begun.
SELECT
    'rising/' || rule || '/' || zone_id,
    zone_id,
    rule,
    state,
    value,
    capacity,
    100 * value / nullif(capacity, 0)::double precision,
    changed_at,
    NULL::timestamptz,
    NULL::text,
    NULL::timestamptz,
    NULL::text,
    NULL::text,
    probability_30,
    expected_at
FROM live.zone_watch
WHERE state = 'rising'
ORDER BY probability_30 DESC, zone_id, rule
LIMIT %(limit)s;

-- name: zones_mark
-- A text that changes when the zones or their limits do; shapes are told apart by their areas.
SELECT md5(coalesce(string_agg(
    concat_ws(
        chr(31), zone.zone_id, zone.name, zone.kind, zone.municipality,
        coalesce(zone.capacity::text, '-'), zone.area_km2, bound.busy_pct, bound.full_pct
    ),
    chr(30) ORDER BY zone.zone_id
), ''))
FROM live.zone AS zone
JOIN live.zone_limit AS bound ON bound.zone_id = zone.zone_id;

-- name: zone_shapes
-- Every zone with its limits, the point of its label and its shape.
SELECT
    zone.zone_id,
    zone.name,
    zone.kind,
    zone.municipality,
    zone.capacity,
    zone.area_km2,
    bound.busy_pct / 100,
    bound.full_pct / 100,
    load.lon,
    load.lat,
    zone.geojson::text
FROM live.zone AS zone
JOIN live.zone_limit AS bound ON bound.zone_id = zone.zone_id
JOIN live.zone_load AS load ON load.zone_id = zone.zone_id
ORDER BY zone.area_km2 DESC, zone.zone_id;
