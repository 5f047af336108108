-- What `duls doctor` asks the figures database.

-- name: conservation
-- The law of visits: all that was opened, less all that was closed, is open. One statement, so one moment.
SELECT
    coalesce((SELECT sum(cell.entries + cell.appearances) FROM core.flow_day AS cell WHERE cell.source = 0), 0)
    + coalesce((SELECT removed.opened FROM core.removed_visits AS removed WHERE removed.source = 0), 0),
    coalesce((SELECT sum(cell.exits + cell.disappearances) FROM core.flow_day AS cell WHERE cell.source = 0), 0)
    + coalesce((SELECT removed.closed FROM core.removed_visits AS removed WHERE removed.source = 0), 0),
    coalesce((SELECT sum(part.open_visits) FROM core.open_visit AS part), 0);

-- name: feeds
-- Feeds as operators see them.
SELECT
    feed.feed, core.microseconds(feed.complete_through), feed.lag_s, feed.rate_1m, feed.accepted_1h, feed.rejected_1h
FROM live.feed AS feed
ORDER BY feed.feed;

-- name: offsets
-- Progress and epoch of every observation partition.
SELECT stored.topic_id, stored.partition, stored.next_offset, stored.epoch
FROM core.observation_offset AS stored
ORDER BY stored.topic_id, stored.partition;

-- name: gaps
-- Offsets that were lost, newest first.
SELECT gap.source_topic_id, gap.source_partition, gap.from_offset, gap.to_offset, core.microseconds(gap.noticed_at)
FROM core.data_gap AS gap
ORDER BY gap.noticed_at DESC, gap.source_topic_id, gap.source_partition
LIMIT 100;

-- name: oldest_figures
-- Oldest row and horizon of each table that retention sweeps, microseconds.
SELECT 'flow_slot', core.microseconds((SELECT min(cell.slot_start) FROM core.flow_slot AS cell)),
    core.microseconds((SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_slot'))
UNION ALL
SELECT 'flow_hour', core.microseconds((SELECT min(cell.hour_start) FROM core.flow_hour AS cell)),
    core.microseconds((SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_hour'))
UNION ALL
SELECT 'flow_day', core.microseconds((SELECT core.day_end(min(cell.day)) FROM core.flow_day AS cell)),
    core.microseconds((SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_day'))
UNION ALL
SELECT 'feed_minute', core.microseconds((SELECT min(counted.minute) FROM core.feed_minute AS counted)),
    core.microseconds((SELECT kept.horizon FROM core.retention_horizon AS kept WHERE kept.table_name = 'feed_minute'));

-- name: outbox
-- Messages that wait, and for how long the oldest has, seconds.
SELECT count(*), coalesce(extract(epoch FROM now() - min(message.created_at)), 0)::double precision
FROM core.outbox AS message;

-- name: unknown_cameras
-- Cameras that no registry knows, the busiest first.
SELECT camera.camera_id, camera.detections, core.microseconds(camera.last_event_time)
FROM core.camera_rejection AS camera
ORDER BY camera.detections DESC, camera.camera_id
LIMIT 100;

-- name: alert_shares
-- Shares of the zones, those that no living alert process holds, and living alert processes.
WITH living AS (
    SELECT worker.worker_id
    FROM core.alert_worker AS worker
    WHERE worker.seen_at > now() - %(lease_s)s * interval '1 second'
)
SELECT
    count(*),
    count(*) FILTER (WHERE living.worker_id IS NULL),
    (SELECT count(*) FROM living)
FROM core.alert_shard AS shard
LEFT JOIN living ON living.worker_id = shard.holder;

-- name: alert_backlog
-- What waits to be told of alerts, by channel, seconds of the oldest and why it failed.
SELECT
    told.channel,
    count(*),
    extract(epoch FROM now() - min(told.created_at))::double precision,
    (array_agg(told.last_error ORDER BY told.delivery_no))[1]
FROM core.alert_delivery AS told
WHERE told.delivered_at IS NULL
GROUP BY told.channel
ORDER BY told.channel;

-- name: waiting_actions
-- Actions of operators that nobody has handled, and seconds since the oldest was received.
SELECT count(*), coalesce(extract(epoch FROM now() - min(action.received_at)), 0)::double precision
FROM core.alert_action AS action
WHERE action.handled_at IS NULL;
