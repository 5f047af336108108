-- What migrating asks besides the migrations themselves.

-- name: lock_migrations
-- Wait until no other process migrates; the lock ends with the session.
SELECT pg_advisory_lock(%(lock)s);

-- name: has_schema
-- Whether a schema exists.
SELECT nspname FROM pg_namespace WHERE nspname = %(name)s;

-- name: applied_migrations
-- Migrations applied so far; unqualified, for each family keeps its list in its own schema.
SELECT migration_hash, migration_id FROM _yoyo_migration ORDER BY migration_id;
