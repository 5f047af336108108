-- What monitoring reads of the figures database.

-- name: zone_loads
-- Vehicles present by capacity, of the zones with the largest capacity; nothing before the first stream time.
SELECT zone.zone_id, coalesce(now.present, 0)::float8 / feature.capacity
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
LEFT JOIN (
    SELECT part.zone_no, sum(part.present) AS present FROM core.zone_now_part AS part GROUP BY part.zone_no
) AS now ON now.zone_no = feature.zone_no
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest)
    AND feature.capacity > 0
    AND EXISTS (SELECT FROM core.now_clock)
ORDER BY feature.capacity DESC, zone.zone_id
LIMIT %(most)s;

-- name: database_bytes
-- Size of this database on disk.
SELECT pg_database_size(current_database());
