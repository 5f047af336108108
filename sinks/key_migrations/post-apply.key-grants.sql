-- Grants on the keys, given again after every migration.
DO $grants$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_pseudonymiser') THEN
        GRANT USAGE ON SCHEMA keys TO duls_pseudonymiser;
        GRANT SELECT, INSERT, UPDATE ON keys.day_row, keys.month_row TO duls_pseudonymiser;
        GRANT SELECT, INSERT ON keys.key_audit TO duls_pseudonymiser;
    END IF;
END
$grants$;

DO $connections$
BEGIN
    -- Nobody else has anything to look for here; figures in the same database, which is not meant to be, keep their readers.
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF to_regnamespace('core') IS NULL THEN
        EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database());
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_pseudonymiser') THEN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO duls_pseudonymiser', current_database());
        END IF;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the login does not own the database: REVOKE CONNECT, TEMPORARY ON DATABASE … FROM PUBLIC as its owner';
END
$connections$;
