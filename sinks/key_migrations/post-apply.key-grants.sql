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
