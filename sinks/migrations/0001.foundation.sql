-- Schemas, the identity of this installation, and the functions that turn codes into text.
-- Migrations write no percent sign: the migration runner passes statements through a driver that reads it as a parameter.
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS live;
CREATE SCHEMA IF NOT EXISTS history;
COMMENT ON SCHEMA core IS 'Private tables of DULS; nobody reads them but DULS itself';
COMMENT ON SCHEMA live IS 'Views of operators: what happens now, kept for days';
COMMENT ON SCHEMA history IS 'Views of planners: k-safe figures, published once per local day and then frozen';

CREATE TABLE core.installation (
    id uuid PRIMARY KEY,
    only_row boolean NOT NULL DEFAULT true UNIQUE CHECK (only_row),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.installation IS 'The one identity of this database; observation messages of another installation are skipped';
COMMENT ON COLUMN core.installation.id IS 'Random, made with the schema, so that an emptied database is another installation';
COMMENT ON COLUMN core.installation.only_row IS 'Always true: keeps the table at one row';
COMMENT ON COLUMN core.installation.created_at IS 'When the schema was made';
INSERT INTO core.installation (id) VALUES (gen_random_uuid());

CREATE FUNCTION core.instant(us bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN timestamptz '1970-01-01 00:00:00+00' + us * interval '1 microsecond';
COMMENT ON FUNCTION core.instant(bigint) IS 'Microseconds since 1970 UTC as timestamptz; exact until the year 2255';

CREATE FUNCTION core.microseconds(instant timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (extract(epoch FROM instant) * 1000000)::bigint;
COMMENT ON FUNCTION core.microseconds(timestamptz) IS 'timestamptz as microseconds since 1970 UTC; exact, for extract gives numeric';

CREATE FUNCTION core.day_end(day date) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (day + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam';
COMMENT ON FUNCTION core.day_end(date) IS 'End of a local day: the next local midnight in Europe/Amsterdam';

CREATE FUNCTION core.vehicle_class_name(code smallint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (ARRAY['M1', 'M2', 'M3', 'N1', 'N2', 'N3', 'L', 'other', 'unknown'])[code + 1];
COMMENT ON FUNCTION core.vehicle_class_name(smallint) IS 'Text of a vehicle class code';

CREATE FUNCTION core.zero_emission_name(code smallint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (ARRAY['yes', 'no', 'unknown'])[code + 1];
COMMENT ON FUNCTION core.zero_emission_name(smallint) IS 'Text of a zero emission code';

CREATE FUNCTION core.source_name(code smallint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (ARRAY['fms', 'anpr'])[code + 1];
COMMENT ON FUNCTION core.source_name(smallint) IS 'Text of a source code';

CREATE FUNCTION core.k_status_name(code smallint) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (ARRAY['ok', 'below_k', 'no_feed'])[code + 1];
COMMENT ON FUNCTION core.k_status_name(smallint) IS 'Text of a k-safety code';

CREATE TABLE core.retention_horizon (
    table_name text PRIMARY KEY,
    horizon timestamptz NOT NULL
);
COMMENT ON TABLE core.retention_horizon IS 'What ended at or before the horizon was removed from the table and is never written again, not even a remnant';
COMMENT ON COLUMN core.retention_horizon.table_name IS 'Name of the table in core';
COMMENT ON COLUMN core.retention_horizon.horizon IS 'Moves forward only';
