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
