-- Transactions of the API, and what its login needs.

-- name: set_limits
-- Limits of a session of the API; a query of a reader is short or is ended.
SET idle_in_transaction_session_timeout = '10s';
SET statement_timeout = '5s';
SET lock_timeout = '2s';

-- name: begin_operator
-- Begin to read as operators may.
BEGIN READ ONLY;
SET LOCAL ROLE duls_operator;

-- name: begin_planner
-- Begin to read as planners may.
BEGIN READ ONLY;
SET LOCAL ROLE duls_planner;

-- name: end
-- End a transaction, and with it the role.
ROLLBACK;

-- name: obstacles
-- What keeps this login from reading for others, one sentence each.
SELECT 'the database has no views for the API: run duls migrate'
WHERE to_regclass('live.zone_now') IS NULL
UNION ALL
SELECT 'the database login ' || current_user || ' may not take the role ' || wanted.name
    || ': run duls migrate as a login that may, or GRANT ' || wanted.name || ' TO ' || current_user
FROM (VALUES ('duls_operator'), ('duls_planner')) AS wanted (name)
WHERE NOT coalesce(
    (SELECT pg_has_role(current_user, role.oid, 'SET') FROM pg_roles AS role WHERE role.rolname = wanted.name),
    false
);
