-- What a database server is, for `duls doctor`.

-- name: facts
-- Version, extension, licence and clock; the extension is null where it is not installed.
SELECT
    current_setting('server_version'),
    (SELECT extension.extversion FROM pg_extension AS extension WHERE extension.extname = 'timescaledb'),
    current_setting('timescaledb.license', true),
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
