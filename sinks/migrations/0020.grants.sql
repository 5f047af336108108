-- Grants of carriers: whose positions may be taken, for what, where and when.
-- depends: 0002.registry
CREATE TABLE core.carrier_grant (
    grant_id uuid PRIMARY KEY,
    carrier text NOT NULL CHECK (carrier <> ''),
    purpose text NOT NULL CHECK (purpose <> ''),
    zone_ids text[] CHECK (cardinality(zone_ids) > 0),
    valid_from timestamptz NOT NULL,
    valid_until timestamptz CHECK (valid_until > valid_from),
    granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    granted_by text NOT NULL,
    note text,
    revoked_at timestamptz,
    revoked_by text,
    revoked_note text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX carrier_grant_purpose ON core.carrier_grant (purpose) WHERE revoked_at IS NULL;
COMMENT ON TABLE core.carrier_grant IS 'What carriers have granted; rows are never removed, and change once, when they are revoked';
COMMENT ON COLUMN core.carrier_grant.grant_id IS 'Id';
COMMENT ON COLUMN core.carrier_grant.carrier IS 'Name of the carrier, as its positions have it';
COMMENT ON COLUMN core.carrier_grant.purpose IS 'What the positions may be used for, as intake.purpose names it';
COMMENT ON COLUMN core.carrier_grant.zone_ids IS 'Zones in which positions may be taken; null: everywhere';
COMMENT ON COLUMN core.carrier_grant.valid_from IS 'Time of the first position';
COMMENT ON COLUMN core.carrier_grant.valid_until IS 'Positions of this time on are not taken; null: no end';
COMMENT ON COLUMN core.carrier_grant.granted_at IS 'When it was written down, by the clock of the database';
COMMENT ON COLUMN core.carrier_grant.granted_by IS 'Who wrote it down';
COMMENT ON COLUMN core.carrier_grant.note IS 'Why, or where the agreement is';
COMMENT ON COLUMN core.carrier_grant.revoked_at IS 'When it was revoked; null while it was not';
COMMENT ON COLUMN core.carrier_grant.revoked_by IS 'Who revoked it';
COMMENT ON COLUMN core.carrier_grant.revoked_note IS 'Why';

CREATE FUNCTION core.keep_carrier_grant() RETURNS trigger LANGUAGE plpgsql AS $keep$
BEGIN
    IF OLD.revoked_at IS NOT NULL
        OR (NEW.grant_id, NEW.carrier, NEW.purpose, NEW.zone_ids, NEW.valid_from, NEW.valid_until, NEW.granted_at,
            NEW.granted_by, NEW.note)
        IS DISTINCT FROM (OLD.grant_id, OLD.carrier, OLD.purpose, OLD.zone_ids, OLD.valid_from, OLD.valid_until,
            OLD.granted_at, OLD.granted_by, OLD.note)
    THEN
        RAISE EXCEPTION 'a grant changes once, when it is revoked';
    END IF;
    RETURN NEW;
END
$keep$;
CREATE TRIGGER keep_carrier_grant BEFORE UPDATE ON core.carrier_grant
FOR EACH ROW EXECUTE FUNCTION core.keep_carrier_grant();
