-- Hypertables where TimescaleDB is installed or may be installed; plain tables otherwise.
-- depends: 0004.flow 0006.published
DO $extension$
BEGIN
    -- Only where the library is preloaded: creating the extension without it ends the session.
    IF EXISTS (SELECT FROM pg_settings WHERE name ^@ 'timescaledb.')
        AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
    THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'no privilege to create the extension timescaledb: tables stay plain';
END
$extension$;

DO $hypertables$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        RAISE NOTICE 'timescaledb is not installed: tables stay plain';
        RETURN;
    END IF;
    -- Chunk lengths divide into whole buckets; removal drops chunks and deletes at most one chunk's worth of rows.
    PERFORM create_hypertable('core.flow_slot', 'slot_start',
        chunk_time_interval => interval '6 hours', create_default_indexes => false);
    PERFORM create_hypertable('core.flow_hour', 'hour_start',
        chunk_time_interval => interval '1 day', create_default_indexes => false);
    PERFORM create_hypertable('core.flow_day', 'day',
        chunk_time_interval => interval '7 days', create_default_indexes => false);
    PERFORM create_hypertable('core.published_hour', 'hour_start',
        chunk_time_interval => interval '28 days', create_default_indexes => false);
    PERFORM create_hypertable('core.published_day', 'day',
        chunk_time_interval => interval '182 days', create_default_indexes => false);
    PERFORM create_hypertable('core.published_od', 'slot_start',
        chunk_time_interval => interval '28 days', create_default_indexes => false);
END
$hypertables$;

DO $compression$
BEGIN
    -- Published figures are frozen, so their chunks can be compressed; the Apache edition has no compression.
    -- Live cells are not compressed: they change until they are final, and are removed soon after.
    IF current_setting('timescaledb.license', true) IS DISTINCT FROM 'timescale' THEN
        RETURN;
    END IF;
    EXECUTE 'ALTER TABLE core.published_hour SET (timescaledb.compress,'
        ' timescaledb.compress_segmentby = ''zone_no'', timescaledb.compress_orderby = ''hour_start'')';
    EXECUTE 'ALTER TABLE core.published_day SET (timescaledb.compress,'
        ' timescaledb.compress_segmentby = ''zone_no'', timescaledb.compress_orderby = ''day'')';
    EXECUTE 'ALTER TABLE core.published_od SET (timescaledb.compress,'
        ' timescaledb.compress_segmentby = ''origin_zone_no'', timescaledb.compress_orderby = ''slot_start'')';
    EXECUTE 'SELECT add_compression_policy(''core.published_hour'', interval ''35 days'')';
    EXECUTE 'SELECT add_compression_policy(''core.published_day'', interval ''190 days'')';
    EXECUTE 'SELECT add_compression_policy(''core.published_od'', interval ''35 days'')';
END
$compression$;
