-- Day keys, wrapped by a master key that is not in any database. Leave this schema out of backups and WAL archives.
CREATE SCHEMA IF NOT EXISTS keys;
COMMENT ON SCHEMA keys IS 'Keys of pseudonyms; only intake reads it';

CREATE TABLE keys.day_row (
    day date PRIMARY KEY,
    wrapped_key bytea,
    partitions integer NOT NULL CHECK (partitions > 0),
    sources jsonb NOT NULL,
    made_at timestamptz NOT NULL,
    destroy_after timestamptz NOT NULL
);
COMMENT ON TABLE keys.day_row IS 'What decides identity and place of the records of a local day; never changed but by destruction';
COMMENT ON COLUMN keys.day_row.day IS 'Local day of the event, Europe/Amsterdam';
COMMENT ON COLUMN keys.day_row.wrapped_key IS 'AES-GCM nonce and ciphertext of the random key; null once destroyed';
COMMENT ON COLUMN keys.day_row.partitions IS 'Partitions of the observation topic on this day';
COMMENT ON COLUMN keys.day_row.sources IS 'Source topics with their ids';
COMMENT ON COLUMN keys.day_row.made_at IS 'When the key was made';
COMMENT ON COLUMN keys.day_row.destroy_after IS 'Eight days after the day, or after the making where that was later';

CREATE TABLE keys.key_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    day date NOT NULL,
    event text NOT NULL CHECK (event IN ('made', 'read', 'destroyed')),
    reader text NOT NULL
);
COMMENT ON TABLE keys.key_audit IS 'Who made, read and destroyed which key';
COMMENT ON COLUMN keys.key_audit.id IS 'Order';
COMMENT ON COLUMN keys.key_audit.at IS 'When';
COMMENT ON COLUMN keys.key_audit.day IS 'Day of the key';
COMMENT ON COLUMN keys.key_audit.event IS 'made, read (the first time by a process) or destroyed';
COMMENT ON COLUMN keys.key_audit.reader IS 'Process that did it';

DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'duls_pseudonymiser') THEN
        CREATE ROLE duls_pseudonymiser NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'no privilege to create roles: make duls_pseudonymiser, then migrate again';
END
$role$;
