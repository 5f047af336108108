-- How far the log has been taken: offsets, cursors, snapshots, gaps and what still has to be sent.
-- depends: 0001.foundation
CREATE TABLE core.observation_offset (
    topic_id uuid NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    epoch bigint NOT NULL,
    last_flush bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.observation_offset IS 'The truth about progress: moved by compare-and-set in every flush';
COMMENT ON COLUMN core.observation_offset.topic_id IS 'Id of the observation topic; a re-created topic has another one';
COMMENT ON COLUMN core.observation_offset.partition IS 'Partition of the observation topic';
COMMENT ON COLUMN core.observation_offset.next_offset IS 'First offset whose effect is not in the database';
COMMENT ON COLUMN core.observation_offset.epoch IS 'Raised by each claim; a flush under an older one changes nothing';
COMMENT ON COLUMN core.observation_offset.last_flush IS 'Number of the last flush of this epoch: tells whether a COMMIT without an answer took place';

CREATE TABLE core.source_cursor (
    topic_id uuid NOT NULL,
    partition integer NOT NULL,
    source_topic_id uuid NOT NULL,
    source_partition integer NOT NULL,
    source smallint NOT NULL,
    next_offset bigint NOT NULL,
    next_index bigint NOT NULL,
    arrival_us bigint NOT NULL,
    PRIMARY KEY (topic_id, partition, source_topic_id, source_partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.source_cursor IS 'Per observation partition: the next row expected of each source partition; rows below it are repeats';
COMMENT ON COLUMN core.source_cursor.topic_id IS 'Observation topic';
COMMENT ON COLUMN core.source_cursor.partition IS 'Observation partition';
COMMENT ON COLUMN core.source_cursor.source_topic_id IS 'Raw topic';
COMMENT ON COLUMN core.source_cursor.source_partition IS 'Raw partition';
COMMENT ON COLUMN core.source_cursor.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.source_cursor.next_offset IS 'Offset of the record expected next';
COMMENT ON COLUMN core.source_cursor.next_index IS 'Index within that record';
COMMENT ON COLUMN core.source_cursor.arrival_us IS 'Newest arrival, microseconds since 1970 UTC';

CREATE TABLE core.snapshot (
    topic_id uuid NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    format integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, partition)
);
COMMENT ON TABLE core.snapshot IS 'The one current snapshot of the vehicle state of a partition; replaced in a flush, left out of dumps';
COMMENT ON COLUMN core.snapshot.topic_id IS 'Observation topic';
COMMENT ON COLUMN core.snapshot.partition IS 'Observation partition';
COMMENT ON COLUMN core.snapshot.next_offset IS 'Offset from which replay goes on';
COMMENT ON COLUMN core.snapshot.format IS 'Version of the encoding';
COMMENT ON COLUMN core.snapshot.created_at IS 'When it was written';

CREATE TABLE core.snapshot_chunk (
    topic_id uuid NOT NULL,
    partition integer NOT NULL,
    chunk_no integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (topic_id, partition, chunk_no),
    FOREIGN KEY (topic_id, partition) REFERENCES core.snapshot ON DELETE CASCADE
);
-- The writer compresses better than the database would, and only once.
ALTER TABLE core.snapshot_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE core.snapshot_chunk IS 'Bytes of a snapshot in pieces of 8 MiB; positions of vehicles, so left out of dumps';
COMMENT ON COLUMN core.snapshot_chunk.topic_id IS 'Observation topic';
COMMENT ON COLUMN core.snapshot_chunk.partition IS 'Observation partition';
COMMENT ON COLUMN core.snapshot_chunk.chunk_no IS 'Place of the piece, from 0';
COMMENT ON COLUMN core.snapshot_chunk.data IS 'The piece';

CREATE TABLE core.data_gap (
    source_topic_id uuid NOT NULL,
    source_partition integer NOT NULL,
    from_offset bigint NOT NULL,
    to_offset bigint NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source_topic_id, source_partition, from_offset, to_offset),
    CHECK (from_offset < to_offset)
);
COMMENT ON TABLE core.data_gap IS 'Offsets that the broker had removed before they were read: lost, and said so';
COMMENT ON COLUMN core.data_gap.source_topic_id IS 'Topic';
COMMENT ON COLUMN core.data_gap.source_partition IS 'Partition';
COMMENT ON COLUMN core.data_gap.from_offset IS 'First lost offset';
COMMENT ON COLUMN core.data_gap.to_offset IS 'First offset that was there again';
COMMENT ON COLUMN core.data_gap.noticed_at IS 'When it was noticed';

CREATE TABLE core.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer,
    key bytea,
    value bytea,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (cardinality(header_names) = cardinality(header_values))
);
COMMENT ON TABLE core.outbox IS 'Messages to send that belong to a committed change; deleted once acknowledged, so sent at least once';
COMMENT ON COLUMN core.outbox.id IS 'Order of sending';
COMMENT ON COLUMN core.outbox.topic IS 'Topic';
COMMENT ON COLUMN core.outbox.partition IS 'Partition; null leaves it to the key';
COMMENT ON COLUMN core.outbox.key IS 'Key';
COMMENT ON COLUMN core.outbox.value IS 'Value';
COMMENT ON COLUMN core.outbox.header_names IS 'Names of the headers';
COMMENT ON COLUMN core.outbox.header_values IS 'Values of the headers, in the same order';
COMMENT ON COLUMN core.outbox.created_at IS 'When it was written';
