-- Grants, given again after every migration, so that new tables are covered and late roles are served.
DO $grants$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_owner') THEN
        GRANT ALL ON SCHEMA core, live, history TO duls_owner;
        GRANT ALL ON ALL TABLES IN SCHEMA core, live, history TO duls_owner;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_ingest') THEN
        GRANT USAGE ON SCHEMA core, live TO duls_ingest;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA core TO duls_ingest;
        GRANT SELECT ON ALL TABLES IN SCHEMA live TO duls_ingest;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_operator') THEN
        GRANT USAGE ON SCHEMA live TO duls_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA live TO duls_operator;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_planner') THEN
        GRANT USAGE ON SCHEMA history TO duls_planner;
        GRANT SELECT ON ALL TABLES IN SCHEMA history TO duls_planner;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_api') THEN
        GRANT USAGE ON SCHEMA core TO duls_api;
        GRANT INSERT ON core.access_log TO duls_api;
        -- Rules are about zones, not people; what operators do goes through Kafka.
        GRANT SELECT, INSERT ON core.alert_rule_version TO duls_api;
        GRANT SELECT, INSERT ON core.upload_key TO duls_api;
        -- Whoever controls the API must not let a revoked token in again, nor keep others out.
        GRANT SELECT (token_id) ON core.revoked_token TO duls_api;
        -- Grants name carriers and zones; who wrote and revoked them stays.
        GRANT SELECT, INSERT, UPDATE (revoked_at, revoked_by, revoked_note) ON core.carrier_grant TO duls_api;
        GRANT SELECT (zone_id) ON core.zone TO duls_api;
        -- Who stores rules takes a turn, for which PostgreSQL asks for the right to change something of its row.
        GRANT SELECT, UPDATE (held_since) ON core.turn TO duls_api;
    END IF;
END
$grants$;

DO $writing$
DECLARE
    writer text;
BEGIN
    -- Transactions that only read are a default of the reading roles, which a query may change. So nobody but ours makes
    -- temporary tables, which could fill the disk.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    FOREACH writer IN ARRAY ARRAY['duls_owner', 'duls_ingest'] LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = writer) THEN
            EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), writer);
        END IF;
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the login does not own the database: REVOKE TEMPORARY ON DATABASE … FROM PUBLIC as its owner';
END
$writing$;

DO $objects$
DECLARE
    maker text;
BEGIN
    -- The same for large objects, which nothing here uses and which outlive the session. Only a superuser can forbid them.
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        FOR maker IN
            SELECT known.oid::regprocedure::text FROM pg_proc AS known
            WHERE known.pronamespace = 'pg_catalog'::regnamespace
                AND known.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea')
        LOOP
            EXECUTE 'REVOKE EXECUTE ON FUNCTION ' || maker || ' FROM PUBLIC';
        END LOOP;
    END IF;
END
$objects$;

DO $memberships$
BEGIN
    -- The API takes one of these roles for a transaction; outside of it the login reads nothing.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_api') THEN
        GRANT duls_operator, duls_planner TO duls_api WITH INHERIT FALSE, SET TRUE;
    END IF;
EXCEPTION
    WHEN undefined_object OR insufficient_privilege THEN
        RAISE NOTICE 'grant duls_operator and duls_planner to duls_api as a login that may';
    WHEN unique_violation OR internal_error THEN
        RAISE NOTICE 'another migration grants the same at the same moment';
END
$memberships$;
