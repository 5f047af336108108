-- What operators see of this moment, for the API. Names without a schema are found in live.

-- name: now
-- One page of the zones of the newest version with the vehicles in them now; a zone without vehicles has zeros.
SELECT
    zone.zone_id, zone.name, zone.kind, zone.municipality, zone.capacity,
    coalesce(counted.present, 0)::bigint AS present,
    coalesce(counted.silent, 0)::bigint AS silent,
    coalesce(counted.present, 0)::float8 / nullif(zone.capacity, 0) AS load
FROM (
    SELECT * FROM zone
    WHERE (%(zones)s::text[] IS NULL OR zone.zone_id = ANY (%(zones)s))
        AND (%(municipalities)s::text[] IS NULL OR zone.municipality = ANY (%(municipalities)s))
        AND (%(granted)s::text[] IS NULL OR zone.municipality = ANY (%(granted)s))
        AND (%(kinds)s::text[] IS NULL OR zone.kind = ANY (%(kinds)s))
        AND (%(after)s::text IS NULL OR zone.zone_id > %(after)s)
    ORDER BY zone.zone_id
    LIMIT %(limit)s
) AS zone
LEFT JOIN (
    SELECT part.zone_id, sum(part.present) AS present, sum(part.silent) AS silent
    FROM zone_now AS part
    WHERE (%(classes)s::text[] IS NULL OR part.vehicle_class = ANY (%(classes)s))
        AND (%(emissions)s::text[] IS NULL OR part.zero_emission = ANY (%(emissions)s))
    GROUP BY part.zone_id
) AS counted ON counted.zone_id = zone.zone_id
ORDER BY zone.zone_id;

-- name: now_as_of
-- The time that the counts of this moment stand at; null before there are any.
SELECT clock.as_of FROM now_clock AS clock;

-- name: alerts
-- One page of alerts, the newest first.
SELECT
    alert.alert_id, alert.zone_id, alert.rule, alert.state, alert.value, alert.capacity, alert.pct, alert.since,
    alert.until, alert.acknowledged_by, alert.acknowledged_at, alert.reason
FROM alert
JOIN zone_key AS zone ON zone.zone_id = alert.zone_id
WHERE (%(zones)s::text[] IS NULL OR zone.zone_id = ANY (%(zones)s))
    AND (%(municipalities)s::text[] IS NULL OR zone.municipality = ANY (%(municipalities)s))
    AND (%(granted)s::text[] IS NULL OR zone.municipality = ANY (%(granted)s))
    AND (%(kinds)s::text[] IS NULL OR zone.kind = ANY (%(kinds)s))
    AND (%(states)s::text[] IS NULL OR alert.state = ANY (%(states)s))
    AND (%(first)s::timestamptz IS NULL OR coalesce(alert.until, 'infinity') > %(first)s)
    AND (%(end)s::timestamptz IS NULL OR alert.since < %(end)s)
    AND (
        %(after_since)s::timestamptz IS NULL
        OR (alert.since, alert.alert_id) < (%(after_since)s, %(after_id)s)
    )
ORDER BY alert.since DESC, alert.alert_id DESC
LIMIT %(limit)s;

-- name: alert_whereabouts
-- Municipality of an alert, as its zone has it now, and whether it is over.
SELECT zone.municipality, alert.until IS NOT NULL
FROM alert
JOIN zone_key AS zone ON zone.zone_id = alert.zone_id
WHERE alert.alert_id = %(alert_id)s;

-- name: zone_whereabouts
-- Municipality of a zone of the newest version.
SELECT zone.municipality, false FROM zone WHERE zone.zone_id = %(zone_id)s;

-- name: watched_zones
-- Zones of the newest version, as rules know them.
SELECT zone.zone_id, zone.kind, zone.municipality, zone.capacity FROM zone ORDER BY zone.zone_id;

-- name: deed_status
-- What came of a deed.
SELECT action.handled_at IS NOT NULL, action.refusal FROM alert_action AS action WHERE action.action_id = %(action_id)s;

-- name: feeds
-- Every feed: how old its data is, and what became of it in the last hour.
SELECT
    feed.feed, feed.last_event_time, feed.last_arrival, feed.complete_through, feed.lag_s, feed.rate_1m,
    feed.accepted_1h, feed.rejected_1h, feed.duplicates_1h, feed.out_of_order_1h, feed.late_1h, feed.low_confidence_1h
FROM feed
ORDER BY feed.feed;

-- name: complete_through
-- Up to when everything that arrived is in the live figures, per feed; null before a feed has begun.
SELECT feed.feed, feed.complete_through FROM feed;
