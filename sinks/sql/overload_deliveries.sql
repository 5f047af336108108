-- Telling others of alerts.

-- name: waiting
-- The oldest that is due of a channel, of shards that we still hold; nothing overtakes what waits of its zone.
SELECT told.delivery_no, zone.zone_id, told.alert_id, told.event, told.payload, told.attempts
FROM core.alert_delivery AS told
JOIN core.zone AS zone ON zone.zone_no = told.zone_no
JOIN core.alert_shard AS held ON held.shard = told.shard AND held.holder = %(worker_id)s
WHERE told.channel = %(channel)s
    AND told.delivered_at IS NULL
    AND told.due_at <= now()
    AND NOT EXISTS (
        SELECT FROM core.alert_delivery AS ahead
        WHERE ahead.channel = told.channel
            AND ahead.zone_no = told.zone_no
            AND ahead.shard = told.shard
            AND ahead.delivery_no < told.delivery_no
            AND ahead.delivered_at IS NULL
            AND ahead.due_at > now()
    )
ORDER BY told.delivery_no
LIMIT %(limit)s;

-- name: remove
-- Remove what has arrived and is kept elsewhere.
DELETE FROM core.alert_delivery WHERE delivery_no = ANY(%(numbers)s);

-- name: arrived
-- Note what has arrived.
UPDATE core.alert_delivery SET delivered_at = now(), attempts = attempts + 1, last_error = NULL
WHERE delivery_no = ANY(%(numbers)s);

-- name: failed
-- Try again later.
UPDATE core.alert_delivery SET
    due_at = now() + %(wait_s)s * interval '1 second',
    attempts = attempts + 1,
    last_error = %(error)s
WHERE delivery_no = %(number)s;

-- name: backlog
-- How much waits on each channel, and for how long the oldest has, seconds.
SELECT told.channel, count(*), extract(epoch FROM now() - min(told.created_at))::double precision
FROM core.alert_delivery AS told
WHERE told.delivered_at IS NULL
GROUP BY told.channel
ORDER BY told.channel;

-- name: running_pages
-- Messages of the alerts that run, of which somebody was paged, in zones of shards that we hold.
SELECT alert.message
FROM core.alert AS alert
JOIN core.alert_watch AS stored ON stored.alert_id = alert.alert_id
JOIN core.alert_shard AS held ON held.shard = stored.shard AND held.holder = %(worker_id)s
WHERE alert.until IS NULL AND alert.paged_at IS NOT NULL AND alert.message IS NOT NULL
ORDER BY alert.alert_id;
