-- Transactions of the API, what its login needs, and what it writes.

-- name: set_limits
-- Limits of a session of the API; a query of a reader is short or is ended. Times are told with the local offset.
SET idle_in_transaction_session_timeout = '10s';
SET statement_timeout = '5s';
SET lock_timeout = '2s';
SET work_mem = '32MB';
SET timezone = 'Europe/Amsterdam';

-- name: begin_operator
-- Begin to read as operators may; names without a schema are those of theirs.
BEGIN READ ONLY;
SET LOCAL ROLE duls_operator;
SET LOCAL search_path = live, pg_temp;

-- name: begin_planner
-- Begin to read as planners may; names without a schema are those of theirs.
BEGIN READ ONLY;
SET LOCAL ROLE duls_planner;
SET LOCAL search_path = history, pg_temp;

-- name: end
-- End a transaction, and with it the role.
ROLLBACK;

-- name: obstacles
-- What keeps this login from reading for others, one sentence each. Schemas that it cannot use are looked up by name.
WITH known AS (
    SELECT class.oid, namespace.nspname || '.' || class.relname AS name
    FROM pg_class AS class
    JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE namespace.nspname IN ('core', 'live')
)
SELECT 'the database has no views for the API: run duls migrate'
WHERE NOT EXISTS (SELECT FROM known WHERE known.name = 'live.zone_key')
UNION ALL
SELECT 'the database login ' || current_user || ' may not take the role ' || wanted.name
    || ': run duls migrate as a login that may, or GRANT duls_api TO ' || current_user
FROM (VALUES ('duls_operator'), ('duls_planner')) AS wanted (name)
WHERE NOT coalesce(
    (SELECT pg_has_role(current_user, role.oid, 'SET') FROM pg_roles AS role WHERE role.rolname = wanted.name),
    false
)
UNION ALL
SELECT 'the database login ' || current_user || ' may not write core.access_log: GRANT duls_api TO ' || current_user
FROM known
WHERE known.name = 'core.access_log' AND NOT has_table_privilege(known.oid, 'INSERT')
UNION ALL
SELECT 'the database has no list of revoked tokens, so that no token is taken: run duls migrate'
WHERE EXISTS (SELECT FROM known WHERE known.name = 'live.zone_key')
    AND NOT EXISTS (SELECT FROM known WHERE known.name = 'core.revoked_token')
UNION ALL
SELECT 'the database login ' || current_user || ' may not read core.revoked_token, so that no token is taken: '
    || 'GRANT duls_api TO ' || current_user
FROM known
JOIN pg_attribute AS stored ON stored.attrelid = known.oid AND stored.attname = 'token_id'
WHERE known.name = 'core.revoked_token' AND NOT has_column_privilege(known.oid, stored.attnum, 'SELECT');

-- name: relax_commit
-- Waiting for the disk would add milliseconds to every answer; a crash of the server may lose the log's last instants.
SET LOCAL synchronous_commit = off;

-- name: log_access
-- Write down who read what.
INSERT INTO core.access_log (subject, token_id, route, parameters, rows)
VALUES (%(subject)s, %(token_id)s, %(route)s, %(parameters)s, %(rows)s);
