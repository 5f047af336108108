-- What migrating asks besides the migrations themselves.

-- name: has_place
-- The table that whoever migrates locks, where there is one; its schema need not be.
SELECT class.relname
FROM pg_class AS class
JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname = %(schema)s AND class.relname = 'migrating';

-- name: has_schema
-- Whether a schema exists.
SELECT nspname FROM pg_namespace WHERE nspname = %(schema)s;

-- name: enter_schema
-- Let names without a schema be those of one family of migrations.
SELECT set_config('search_path', %(schema)s, false);

-- name: make_place
-- The table that whoever migrates locks.
CREATE TABLE migrating ();
COMMENT ON TABLE migrating IS 'Locked by whoever migrates; it has neither rows nor columns';

-- name: lock
-- Wait until no other process migrates, until the transaction ends. PostgreSQL asks for the right to change the table,
-- which readers have not. The mode excludes itself, and neither pg_dump nor grants on all tables.
LOCK TABLE migrating IN SHARE UPDATE EXCLUSIVE MODE;

-- name: lift_limits
-- Migrations take as long as they take, and wait for each other, whatever limits the login has by default.
SELECT set_config(known.name, '0', false)
FROM pg_settings AS known
WHERE known.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');

-- name: blockers
-- Sessions that keep another one waiting. When they began is told of one's own, and to whoever may see all.
SELECT session.pid, session.usename, session.application_name, session.xact_start
FROM pg_stat_activity AS session
WHERE session.pid = ANY(pg_blocking_pids(%(pid)s))
ORDER BY session.pid;

-- name: applied_migrations
-- Migrations applied so far; unqualified, for each family keeps its list in its own schema.
SELECT migration_hash, migration_id FROM _yoyo_migration ORDER BY migration_id;
