-- What a backup was made with; a restore needs the same version of TimescaleDB.
SELECT 'postgresql ' || current_setting('server_version')
UNION ALL
SELECT extname || ' ' || extversion FROM pg_extension WHERE extname = 'timescaledb'
UNION ALL
SELECT 'schema ' || max(migration_id) FROM _yoyo_migration;
