-- Removal of what is kept long enough. Horizons move first, so that no flush writes what is being removed.

-- name: hold_horizons
-- Wait for running flushes, and let none start before the horizons have moved.
LOCK TABLE core.retention_horizon IN EXCLUSIVE MODE;

-- name: move_horizon
-- Move the horizon of a table forward.
INSERT INTO core.retention_horizon AS stored (table_name, horizon)
VALUES (%(table_name)s, core.instant(%(horizon_us)s))
ON CONFLICT (table_name) DO UPDATE SET horizon = greatest(stored.horizon, excluded.horizon)
RETURNING core.microseconds(stored.horizon);

-- name: limit_waiting
-- Give up rather than block readers behind a removal that waits for another reader.
SET LOCAL lock_timeout = '2s';

-- name: database_time
-- The database's own clock.
SELECT core.microseconds(now());

-- name: stream_time
-- The clock of the log: the smallest stream time of any feed that has one.
SELECT core.microseconds(min(clock.stream_time)) FROM core.feed_clock AS clock;

-- name: hypertables
-- Whether TimescaleDB is installed.
SELECT extension.extname FROM pg_extension AS extension WHERE extension.extname = 'timescaledb';

-- name: is_hypertable
-- Whether a table of core is a hypertable; asked only where TimescaleDB is installed.
SELECT known.hypertable_name
FROM timescaledb_information.hypertables AS known
WHERE known.hypertable_schema = 'core' AND known.hypertable_name = %(table_name)s;

-- name: drop_time_chunks
-- Drop chunks that lie wholly before an instant.
SELECT drop_chunks(('core.' || %(table_name)s)::regclass, older_than => core.instant(%(horizon_us)s));

-- name: drop_day_chunks
-- Drop chunks that lie wholly before the local day that an instant is in.
SELECT drop_chunks(
    ('core.' || %(table_name)s)::regclass,
    older_than => (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date
);

-- name: keep_removed_visits
-- Remember visits of the day cells about to be removed, for the conservation law.
INSERT INTO core.removed_visits AS stored (source, opened, closed)
SELECT cell.source, sum(cell.entries + cell.appearances), sum(cell.exits + cell.disappearances)
FROM core.flow_day AS cell
WHERE cell.day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date
GROUP BY cell.source
ORDER BY cell.source
ON CONFLICT (source) DO UPDATE SET
    opened = stored.opened + excluded.opened,
    closed = stored.closed + excluded.closed;

-- name: delete_flow_slot
-- Delete slots that ended at or before the horizon. The first condition lets the index find them.
DELETE FROM core.flow_slot
WHERE slot_start < core.instant(%(horizon_us)s)
    AND slot_start + slot_s * interval '1 second' <= core.instant(%(horizon_us)s);

-- name: delete_flow_hour
-- Delete hours that ended at or before the horizon.
DELETE FROM core.flow_hour WHERE hour_start <= core.instant(%(horizon_us)s) - interval '1 hour';

-- name: delete_flow_day
-- Delete local days that ended at or before the horizon.
DELETE FROM core.flow_day WHERE day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_feed_minute
-- Delete minutes of feeds.
DELETE FROM core.feed_minute WHERE minute <= core.instant(%(horizon_us)s) - interval '1 minute';

-- name: delete_rejection_minute
-- Delete minutes of rejections.
DELETE FROM core.rejection_minute WHERE minute <= core.instant(%(horizon_us)s) - interval '1 minute';

-- name: delete_vehicle_reference
-- Delete references that no sender told again since the horizon.
DELETE FROM core.vehicle_reference WHERE told_at <= core.instant(%(horizon_us)s);

-- name: delete_camera_rejection
-- Delete unknown cameras that have been silent since.
DELETE FROM core.camera_rejection WHERE last_event_time <= core.instant(%(horizon_us)s);

-- name: delete_alert
-- Delete alerts that ended.
DELETE FROM core.alert WHERE until <= core.instant(%(horizon_us)s);

-- name: delete_alert_event
-- Delete lines of the log of alerts.
DELETE FROM core.alert_event WHERE at <= core.instant(%(horizon_us)s);

-- name: delete_alert_action
-- Delete actions of operators.
DELETE FROM core.alert_action WHERE done_at <= core.instant(%(horizon_us)s);

-- name: delete_alert_delivery
-- Delete what was told of alerts.
DELETE FROM core.alert_delivery WHERE delivered_at <= core.instant(%(horizon_us)s);

-- name: delete_zone_silence
-- Delete silences that are over.
DELETE FROM core.zone_silence WHERE ends_at <= core.instant(%(horizon_us)s);

-- name: delete_published_hour
-- Delete published hours.
DELETE FROM core.published_hour WHERE hour_start <= core.instant(%(horizon_us)s) - interval '1 hour';

-- name: delete_published_day
-- Delete published days.
DELETE FROM core.published_day WHERE day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_camera_hour
-- Delete published hours of cameras.
DELETE FROM core.published_camera_hour WHERE hour_start <= core.instant(%(horizon_us)s) - interval '1 hour';

-- name: delete_published_left_out
-- Delete what was left out of days.
DELETE FROM core.published_left_out
WHERE day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_od
-- Delete published trips.
DELETE FROM core.published_od WHERE slot_start + slot_s * interval '1 second' <= core.instant(%(horizon_us)s);

-- name: delete_published_feed_day
-- Delete what is said of feeds on published days.
DELETE FROM core.published_feed_day
WHERE day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_profile
-- Delete local months that ended before the horizon.
DELETE FROM core.published_profile
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_od_month
-- Delete local months that ended before the horizon.
DELETE FROM core.published_od_month
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_camera_profile
-- Delete local months that ended before the horizon.
DELETE FROM core.published_camera_profile
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_camera_month
-- Delete local months that ended before the horizon.
DELETE FROM core.published_camera_month
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_window
-- Delete local months that ended before the horizon.
DELETE FROM core.published_window
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_origin
-- Delete local months that ended before the horizon.
DELETE FROM core.published_origin
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_visitor_origin
-- Delete local months that ended before the horizon.
DELETE FROM core.published_visitor_origin
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_visitor_branch
-- Delete local months that ended before the horizon.
DELETE FROM core.published_visitor_branch
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_visitor_size
-- Delete local months that ended before the horizon.
DELETE FROM core.published_visitor_size
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_crosstab
-- Delete local months that ended before the horizon.
DELETE FROM core.published_crosstab
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_days
-- Delete local months that ended before the horizon.
DELETE FROM core.published_days
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_published_month
-- Delete local months that ended before the horizon.
DELETE FROM core.published_month
WHERE month < date_trunc('month', core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_access_log
-- Delete what was read long ago.
DELETE FROM core.access_log WHERE at <= core.instant(%(horizon_us)s);

-- name: delete_upload_key
-- Delete keys of uploads that are not looked for any more.
DELETE FROM core.upload_key WHERE taken_at <= core.instant(%(horizon_us)s);

-- name: delete_revoked_token
-- Delete revoked tokens that have expired by themselves.
DELETE FROM core.revoked_token WHERE revoked_at <= core.instant(%(horizon_us)s);

-- name: delete_camera_hour
-- Delete hours of cameras that ended at or before the horizon.
DELETE FROM core.camera_hour WHERE hour_start <= core.instant(%(horizon_us)s) - interval '1 hour';

-- name: delete_carrier_hour
-- Delete hours of carriers that were never published.
DELETE FROM core.carrier_hour WHERE hour_start <= core.instant(%(horizon_us)s) - interval '1 hour';

-- name: delete_carrier_day
-- Delete local days of carriers that were never published.
DELETE FROM core.carrier_day WHERE day < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;

-- name: delete_visitor
-- Delete months of visitors that were never published.
DELETE FROM core.visitor WHERE month < (core.instant(%(horizon_us)s) AT TIME ZONE 'Europe/Amsterdam')::date;
