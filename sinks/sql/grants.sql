-- Grants of carriers.

-- name: add
-- Write a grant down; the same one again changes nothing.
INSERT INTO core.carrier_grant (grant_id, carrier, purpose, zone_ids, valid_from, valid_until, granted_by, note)
VALUES (
    %(grant_id)s, %(carrier)s, %(purpose)s, %(zone_ids)s, %(valid_from)s, %(valid_until)s, %(granted_by)s, %(note)s
)
ON CONFLICT DO NOTHING;

-- name: revoke
-- Revoke a grant that was not.
UPDATE core.carrier_grant AS stored
SET revoked_at = clock_timestamp(), revoked_by = %(revoked_by)s, revoked_note = %(note)s
WHERE stored.grant_id = %(grant_id)s AND stored.revoked_at IS NULL;

-- name: one
-- One grant.
SELECT
    stored.grant_id, stored.carrier, stored.purpose, stored.zone_ids, stored.valid_from, stored.valid_until,
    stored.granted_at, stored.granted_by, stored.note, stored.revoked_at, stored.revoked_by, stored.revoked_note
FROM core.carrier_grant AS stored
WHERE stored.grant_id = %(grant_id)s;

-- name: all
-- All grants, revoked ones too, the newest first.
SELECT
    stored.grant_id, stored.carrier, stored.purpose, stored.zone_ids, stored.valid_from, stored.valid_until,
    stored.granted_at, stored.granted_by, stored.note, stored.revoked_at, stored.revoked_by, stored.revoked_note
FROM core.carrier_grant AS stored
ORDER BY stored.granted_at DESC, stored.grant_id;

-- name: in_force
-- What intake needs of the grants for a purpose that are not revoked.
SELECT stored.carrier, stored.zone_ids, core.microseconds(stored.valid_from), core.microseconds(stored.valid_until)
FROM core.carrier_grant AS stored
WHERE stored.purpose = %(purpose)s AND stored.revoked_at IS NULL
ORDER BY stored.grant_id;

-- name: unknown_zones
-- Those of some zones that were never loaded.
SELECT wanted.zone_id
FROM unnest(%(zone_ids)s::text[]) AS wanted (zone_id)
WHERE NOT EXISTS (SELECT FROM core.zone AS zone WHERE zone.zone_id = wanted.zone_id)
ORDER BY wanted.zone_id;
