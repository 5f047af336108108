-- Telling others of alerts.

-- name: waiting
-- The oldest that is due of a channel, of shards that we still hold; nothing overtakes what waits of its zone.
WITH oldest AS MATERIALIZED (
    SELECT told.delivery_no, told.zone_no, told.alert_id, told.event, told.payload, told.attempts, told.due_at
    FROM core.alert_shard AS held
    CROSS JOIN LATERAL (
        -- shard by shard, as the index has it: with many waiting it was 7 s instead of 10 ms
        SELECT waits.*
        FROM core.alert_delivery AS waits
        WHERE waits.channel = %(channel)s AND waits.shard = held.shard AND waits.delivered_at IS NULL
        ORDER BY waits.delivery_no
        LIMIT %(limit)s
    ) AS told
    WHERE held.holder = %(worker_id)s
    ORDER BY told.delivery_no
    LIMIT %(limit)s
),
kept AS (
    SELECT oldest.zone_no, min(oldest.delivery_no) AS delivery_no
    FROM oldest
    WHERE oldest.due_at > now()
    GROUP BY oldest.zone_no
)
SELECT oldest.delivery_no, zone.zone_id, oldest.alert_id, oldest.event, oldest.payload, oldest.attempts
FROM oldest
JOIN core.zone AS zone ON zone.zone_no = oldest.zone_no
LEFT JOIN kept ON kept.zone_no = oldest.zone_no
WHERE kept.delivery_no IS NULL OR oldest.delivery_no < kept.delivery_no
ORDER BY oldest.delivery_no;

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
