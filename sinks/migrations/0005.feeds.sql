-- What is there now, clocks, and what became of every observation, per feed.
-- depends: 0002.registry
CREATE TABLE core.zone_now_part (
    partition integer NOT NULL,
    zone_no integer NOT NULL,
    vehicle_class smallint NOT NULL,
    zero_emission smallint NOT NULL,
    present bigint NOT NULL,
    silent bigint NOT NULL,
    PRIMARY KEY (partition, zone_no, vehicle_class, zero_emission)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.zone_now_part IS 'Vehicles in zones now, per observation partition; no row where both counts are zero';
COMMENT ON COLUMN core.zone_now_part.partition IS 'Observation partition';
COMMENT ON COLUMN core.zone_now_part.zone_no IS 'Zone';
COMMENT ON COLUMN core.zone_now_part.vehicle_class IS 'Code of the class';
COMMENT ON COLUMN core.zone_now_part.zero_emission IS 'Code of the emission';
COMMENT ON COLUMN core.zone_now_part.present IS 'Newest position inside and younger than max_gap_s';
COMMENT ON COLUMN core.zone_now_part.silent IS 'Inside, older than that, younger than park_gap_s';

CREATE TABLE core.now_clock (
    partition integer PRIMARY KEY,
    as_of timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE core.now_clock IS 'Stream time that zone_now_part of a partition stands at';
COMMENT ON COLUMN core.now_clock.partition IS 'Observation partition';
COMMENT ON COLUMN core.now_clock.as_of IS 'Stream time';

CREATE TABLE core.feed_clock (
    partition integer NOT NULL,
    source smallint NOT NULL,
    stream_time timestamptz,
    last_event_time timestamptz,
    last_arrival timestamptz,
    PRIMARY KEY (partition, source)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.feed_clock IS 'Clocks of a feed as an observation partition sees them; they move forward only';
COMMENT ON COLUMN core.feed_clock.partition IS 'Observation partition';
COMMENT ON COLUMN core.feed_clock.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.feed_clock.stream_time IS 'Smallest arrival clock over all source partitions; null before all are known';
COMMENT ON COLUMN core.feed_clock.last_event_time IS 'Newest event time accepted';
COMMENT ON COLUMN core.feed_clock.last_arrival IS 'Newest arrival';

CREATE TABLE core.feed_minute (
    source smallint NOT NULL,
    minute timestamptz NOT NULL,
    accepted bigint NOT NULL,
    taken bigint NOT NULL,
    rejected bigint NOT NULL,
    duplicates bigint NOT NULL,
    out_of_order bigint NOT NULL,
    late bigint NOT NULL,
    low_confidence bigint NOT NULL,
    PRIMARY KEY (source, minute)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.feed_minute IS 'What became of observations, by minute of arrival; accepted plus rejected is all that was read';
COMMENT ON COLUMN core.feed_minute.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.feed_minute.minute IS 'Start of the minute of arrival';
COMMENT ON COLUMN core.feed_minute.accepted IS 'Rows that passed intake';
COMMENT ON COLUMN core.feed_minute.taken IS 'Rows that are in flow cells or could be';
COMMENT ON COLUMN core.feed_minute.rejected IS 'Rows rejected with a reason';
COMMENT ON COLUMN core.feed_minute.duplicates IS 'Repeats';
COMMENT ON COLUMN core.feed_minute.out_of_order IS 'Earlier than the last taken position of the vehicle';
COMMENT ON COLUMN core.feed_minute.late IS 'Beyond the allowed lateness';
COMMENT ON COLUMN core.feed_minute.low_confidence IS 'Detections below the confidence floor';

CREATE TABLE core.rejection_minute (
    source smallint NOT NULL,
    minute timestamptz NOT NULL,
    reason smallint NOT NULL,
    rows bigint NOT NULL,
    PRIMARY KEY (source, minute, reason)
) WITH (fillfactor = 50);
COMMENT ON TABLE core.rejection_minute IS 'Rejected rows by reason and minute of arrival';
COMMENT ON COLUMN core.rejection_minute.source IS 'Source code: 0 fms, 1 anpr';
COMMENT ON COLUMN core.rejection_minute.minute IS 'Start of the minute of arrival';
COMMENT ON COLUMN core.rejection_minute.reason IS 'Outcome code';
COMMENT ON COLUMN core.rejection_minute.rows IS 'Rows';

CREATE TABLE core.camera_rejection (
    camera_id uuid PRIMARY KEY,
    detections bigint NOT NULL,
    last_event_time timestamptz NOT NULL
);
COMMENT ON TABLE core.camera_rejection IS 'Detections of cameras that no registry knows';
COMMENT ON COLUMN core.camera_rejection.camera_id IS 'Camera as the detection names it';
COMMENT ON COLUMN core.camera_rejection.detections IS 'Detections since it was first seen';
COMMENT ON COLUMN core.camera_rejection.last_event_time IS 'Newest event time';

CREATE TABLE core.alert (
    alert_id text PRIMARY KEY,
    zone_no integer NOT NULL REFERENCES core.zone,
    rule text NOT NULL,
    state text NOT NULL,
    value double precision,
    capacity integer,
    pct double precision,
    since timestamptz NOT NULL,
    until timestamptz,
    acknowledged_by text,
    acknowledged_at timestamptz,
    reason text
);
COMMENT ON TABLE core.alert IS 'Overload alerts; empty until the alert role exists';
COMMENT ON COLUMN core.alert.alert_id IS 'Derived from zone, rule and since, so that repeating changes nothing';
COMMENT ON COLUMN core.alert.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert.rule IS 'Rule that fired';
COMMENT ON COLUMN core.alert.state IS 'State of the alert';
COMMENT ON COLUMN core.alert.value IS 'Value that the rule judged';
COMMENT ON COLUMN core.alert.capacity IS 'Capacity at that time';
COMMENT ON COLUMN core.alert.pct IS 'Value as a percentage of the capacity';
COMMENT ON COLUMN core.alert.since IS 'Start';
COMMENT ON COLUMN core.alert.until IS 'End; null while it lasts';
COMMENT ON COLUMN core.alert.acknowledged_by IS 'Who acknowledged it';
COMMENT ON COLUMN core.alert.acknowledged_at IS 'When';
COMMENT ON COLUMN core.alert.reason IS 'Why, in words; names no class with fewer than three vehicles';
