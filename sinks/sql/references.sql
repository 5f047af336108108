-- What ids of vehicles stand for, shared by all intake processes.

-- name: keep_references
-- Store references that are new or different, or were told last long ago; sorted, so that processes do not deadlock.
INSERT INTO core.vehicle_reference AS stored (reference_hash, vehicle_class, zero_emission)
SELECT given.reference_hash, given.vehicle_class, given.zero_emission
FROM unnest(%(reference_hash)s::bytea[], %(vehicle_class)s::smallint[], %(zero_emission)s::smallint[])
    AS given (reference_hash, vehicle_class, zero_emission)
ORDER BY given.reference_hash
ON CONFLICT (reference_hash) DO UPDATE SET
    vehicle_class = excluded.vehicle_class,
    zero_emission = excluded.zero_emission,
    told_at = clock_timestamp()
WHERE (stored.vehicle_class, stored.zero_emission) IS DISTINCT FROM (excluded.vehicle_class, excluded.zero_emission)
    OR stored.told_at < clock_timestamp() - interval '1 day';

-- name: newest_references
-- The references told last, the newest first, and the time that they were told.
SELECT stored.reference_hash, stored.vehicle_class, stored.zero_emission, core.microseconds(stored.told_at)
FROM core.vehicle_reference AS stored
WHERE stored.told_at >= core.instant(%(since_us)s)
ORDER BY stored.told_at DESC
LIMIT %(most)s;
