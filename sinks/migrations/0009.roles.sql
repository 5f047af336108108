-- Group roles: who may read what. Skipped with a notice where roles may not be created.
-- depends: 0001.foundation
DO $roles$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['duls_owner', 'duls_ingest', 'duls_operator', 'duls_planner'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
                EXECUTE 'CREATE ROLE ' || quote_ident(role_name) || ' NOLOGIN';
            END IF;
        EXCEPTION
            -- Roles belong to the whole server: another database's migration may make them at the same moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'no privilege to create roles: make duls_owner, duls_ingest, duls_operator and duls_planner, then migrate again';
        END;
    END LOOP;
END
$roles$;

DO $settings$
DECLARE
    role_name text;
BEGIN
    -- These hold for the role itself when it may log in; members need them on their own login role.
    FOREACH role_name IN ARRAY ARRAY['duls_operator', 'duls_planner'] LOOP
        BEGIN
            EXECUTE 'ALTER ROLE ' || quote_ident(role_name) || ' CONNECTION LIMIT 20';
            EXECUTE 'ALTER ROLE ' || quote_ident(role_name) || ' SET default_transaction_read_only = on';
            EXECUTE 'ALTER ROLE ' || quote_ident(role_name) || ' SET statement_timeout = ''5s''';
        EXCEPTION
            WHEN undefined_object OR insufficient_privilege THEN
                RAISE NOTICE 'the role keeps its settings: no privilege to change it';
            WHEN internal_error THEN
                RAISE NOTICE 'another migration changes the role at the same moment: it sets the same';
        END;
    END LOOP;
END
$settings$;
