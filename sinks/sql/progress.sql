-- Offsets, cursors, snapshots and gaps.

-- name: move_offsets
-- Move offsets by compare-and-set under our own epoch; the rows returned are those that moved.
UPDATE core.observation_offset AS stored
SET next_offset = given.next_offset, last_flush = %(flush_no)s
FROM unnest(
    %(topic_id)s::uuid[], %(partition)s::integer[], %(expected_offset)s::bigint[],
    %(next_offset)s::bigint[], %(epoch)s::bigint[]
) AS given (topic_id, partition, expected_offset, next_offset, epoch)
WHERE stored.topic_id = given.topic_id
    AND stored.partition = given.partition
    AND stored.next_offset = given.expected_offset
    AND stored.epoch = given.epoch
RETURNING stored.partition;

-- name: share_horizons
-- Hold the retention horizons still until the end of the transaction. A table lock, since it needs rights on the table:
-- an advisory lock may be taken by any login that reads.
LOCK TABLE core.retention_horizon IN ROW SHARE MODE;

-- name: lock_offsets
-- Wait for whoever holds these offsets, then read them.
SELECT stored.partition, stored.next_offset, stored.epoch, stored.last_flush
FROM core.observation_offset AS stored
WHERE stored.topic_id = %(topic_id)s AND stored.partition = ANY(%(partitions)s)
ORDER BY stored.partition
FOR UPDATE;

-- name: all_offsets
-- Every stored offset, of whatever topic.
SELECT stored.topic_id, stored.partition FROM core.observation_offset AS stored ORDER BY stored.topic_id, stored.partition;

-- name: has_figures
-- Whether any figure was ever written: a cell is there, or was and retention removed it.
SELECT
    EXISTS (SELECT FROM core.flow_slot)
    OR EXISTS (SELECT FROM core.flow_hour)
    OR EXISTS (SELECT FROM core.flow_day)
    OR EXISTS (SELECT FROM core.feed_minute)
    OR EXISTS (SELECT FROM core.removed_visits);

-- name: begin_partitions
-- Store where partitions begin, under no epoch yet.
INSERT INTO core.observation_offset (topic_id, partition, next_offset, epoch)
SELECT %(topic_id)s, given.partition, given.next_offset, 0
FROM unnest(%(partitions)s::integer[], %(next_offsets)s::bigint[]) AS given (partition, next_offset)
ORDER BY given.partition;

-- name: skip_offset
-- Let a partition go on behind records that are gone.
UPDATE core.observation_offset AS stored
SET next_offset = %(next_offset)s
WHERE stored.topic_id = %(topic_id)s AND stored.partition = %(partition)s;

-- name: forget_cursors
-- Remove what else is known of partitions that begin anew: cursors.
DELETE FROM core.source_cursor WHERE partition = ANY(%(partitions)s);

-- name: forget_snapshots
-- Remove what else is known of partitions that begin anew: snapshots.
DELETE FROM core.snapshot WHERE partition = ANY(%(partitions)s);

-- name: forget_now
-- Remove what else is known of partitions that begin anew: present vehicles.
DELETE FROM core.zone_now_part WHERE partition = ANY(%(partitions)s);

-- name: forget_clocks
-- Remove what else is known of partitions that begin anew: clocks of feeds.
DELETE FROM core.feed_clock WHERE partition = ANY(%(partitions)s);

-- name: forget_now_clocks
-- Remove what else is known of partitions that begin anew: clocks of present vehicles.
DELETE FROM core.now_clock WHERE partition = ANY(%(partitions)s);

-- name: forget_open_visits
-- Count the open visits of partitions that begin anew as closed, for the conservation law, and remove them.
WITH lost AS (
    DELETE FROM core.open_visit WHERE partition = ANY(%(partitions)s) RETURNING open_visits
)
INSERT INTO core.removed_visits AS stored (source, opened, closed)
SELECT 0, 0, coalesce(sum(lost.open_visits), 0) FROM lost
ON CONFLICT (source) DO UPDATE SET closed = stored.closed + excluded.closed;

-- name: forget_other_topics
-- Remove the offsets of other observation topics, whose place ours takes.
DELETE FROM core.observation_offset WHERE topic_id <> %(topic_id)s;

-- name: claim_offsets
-- Take partitions over under a new epoch: the time, so that it is above those of a topic, or of a database before a
-- restore, of which only messages are left.
UPDATE core.observation_offset AS stored
SET epoch = greatest(stored.epoch + 1, core.microseconds(clock_timestamp())), last_flush = 0
WHERE stored.topic_id = %(topic_id)s AND stored.partition = ANY(%(partitions)s)
RETURNING stored.partition, stored.epoch, stored.next_offset;

-- name: set_cursors
-- Store cursors; one that would go back is not touched, and so is missing from the rows returned.
INSERT INTO core.source_cursor AS stored (
    topic_id, partition, source_topic_id, source_partition, source, next_offset, next_index, arrival_us
)
SELECT
    given.topic_id, given.partition, given.source_topic_id, given.source_partition,
    given.source, given.next_offset, given.next_index, given.arrival_us
FROM unnest(
    %(topic_id)s::uuid[], %(partition)s::integer[], %(source_topic_id)s::uuid[], %(source_partition)s::integer[],
    %(source)s::smallint[], %(next_offset)s::bigint[], %(next_index)s::bigint[], %(arrival_us)s::bigint[]
) AS given (topic_id, partition, source_topic_id, source_partition, source, next_offset, next_index, arrival_us)
ORDER BY given.topic_id, given.partition, given.source_topic_id, given.source_partition
ON CONFLICT (topic_id, partition, source_topic_id, source_partition) DO UPDATE SET
    next_offset = excluded.next_offset,
    next_index = excluded.next_index,
    arrival_us = greatest(stored.arrival_us, excluded.arrival_us)
WHERE (excluded.next_offset, excluded.next_index) >= (stored.next_offset, stored.next_index)
RETURNING stored.partition, stored.source_topic_id, stored.source_partition;

-- name: load_now
-- Vehicles in zones now, of an observation partition.
SELECT
    stored.partition, stored.zone_no, stored.vehicle_class, stored.zero_emission, stored.present, stored.silent
FROM core.zone_now_part AS stored
WHERE stored.partition = %(partition)s;

-- name: load_open_visits
-- Open visits of an observation partition.
SELECT coalesce(sum(stored.open_visits), 0)::bigint
FROM core.open_visit AS stored
WHERE stored.partition = %(partition)s;

-- name: load_cursors
-- Cursors of an observation partition.
SELECT
    stored.topic_id, stored.partition, stored.source_topic_id, stored.source_partition,
    stored.source, stored.next_offset, stored.next_index, stored.arrival_us
FROM core.source_cursor AS stored
WHERE stored.topic_id = %(topic_id)s AND stored.partition = %(partition)s
ORDER BY stored.source_topic_id, stored.source_partition;

-- name: counted_to
-- Offset below which all observation partitions have a source partition; null where none has any of it.
SELECT min(stored.next_offset)
FROM core.source_cursor AS stored
WHERE
    stored.topic_id = %(topic_id)s
    AND stored.source_topic_id = %(source_topic_id)s
    AND stored.source_partition = %(source_partition)s;

-- name: stream_time
-- Stream time at which the figures of an observation partition stand, microseconds; null before there is any.
SELECT core.microseconds(min(clock.stream_time)) FROM core.feed_clock AS clock WHERE clock.partition = %(partition)s;

-- name: delete_snapshot
-- Remove the snapshot that is about to be replaced, with its chunks.
DELETE FROM core.snapshot WHERE topic_id = %(topic_id)s AND partition = %(partition)s;

-- name: add_snapshot
-- Store the head of a snapshot.
INSERT INTO core.snapshot (topic_id, partition, next_offset, format)
VALUES (%(topic_id)s, %(partition)s, %(next_offset)s, %(format)s);

-- name: add_snapshot_chunk
-- Store one piece of a snapshot.
INSERT INTO core.snapshot_chunk (topic_id, partition, chunk_no, data)
VALUES (%(topic_id)s, %(partition)s, %(chunk_no)s, %(data)b);

-- name: load_snapshot
-- Head of the current snapshot.
SELECT stored.next_offset, stored.format
FROM core.snapshot AS stored
WHERE stored.topic_id = %(topic_id)s AND stored.partition = %(partition)s;

-- name: load_snapshot_chunks
-- Pieces of the current snapshot in order.
SELECT stored.data
FROM core.snapshot_chunk AS stored
WHERE stored.topic_id = %(topic_id)s AND stored.partition = %(partition)s
ORDER BY stored.chunk_no;

-- name: add_gap
-- Record offsets that were gone before they were read; once, however often it is noticed.
INSERT INTO core.data_gap (source_topic_id, source_partition, from_offset, to_offset)
VALUES (%(source_topic_id)s, %(source_partition)s, %(from_offset)s, %(to_offset)s)
ON CONFLICT (source_topic_id, source_partition, from_offset, to_offset) DO NOTHING;
