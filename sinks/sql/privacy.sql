-- What `duls privacy report` asks the figures database.

-- name: oldest
-- The oldest row of each table that holds what is said of people, microseconds; null where there is none.
SELECT 'flow_slot', core.microseconds((SELECT min(cell.slot_start) FROM core.flow_slot AS cell))
UNION ALL
SELECT 'flow_hour', core.microseconds((SELECT min(cell.hour_start) FROM core.flow_hour AS cell))
UNION ALL
SELECT 'flow_day', core.microseconds((SELECT min(cell.day)::timestamp AT TIME ZONE 'Europe/Amsterdam' FROM core.flow_day AS cell))
UNION ALL
SELECT 'camera_hour', core.microseconds((SELECT min(cell.hour_start) FROM core.camera_hour AS cell))
UNION ALL
SELECT 'carrier_hour', core.microseconds((SELECT min(cell.hour_start) FROM core.carrier_hour AS cell))
UNION ALL
SELECT 'visitor', core.microseconds((SELECT min(known.month)::timestamp AT TIME ZONE 'Europe/Amsterdam' FROM core.visitor AS known))
UNION ALL
SELECT 'vehicle_reference', core.microseconds((SELECT min(cell.told_at) FROM core.vehicle_reference AS cell))
UNION ALL
SELECT 'snapshot', core.microseconds((SELECT min(cell.created_at) FROM core.snapshot AS cell))
UNION ALL
SELECT 'published_hour', core.microseconds((SELECT min(cell.hour_start) FROM core.published_hour AS cell))
UNION ALL
SELECT 'published_day', core.microseconds((SELECT min(cell.day)::timestamp AT TIME ZONE 'Europe/Amsterdam' FROM core.published_day AS cell))
UNION ALL
SELECT 'alert', core.microseconds((SELECT min(cell.since) FROM core.alert AS cell))
UNION ALL
SELECT 'access_log', core.microseconds((SELECT min(cell.at) FROM core.access_log AS cell));

-- name: readers
-- Roles and logins that may read any of the given relations, owner and superusers aside: by grant or as a member.
SELECT DISTINCT reader.rolname
FROM pg_roles AS reader
CROSS JOIN unnest(%(relations)s::text[]) AS relation (name)
JOIN pg_class AS class ON class.oid = to_regclass(relation.name)
WHERE NOT reader.rolsuper
    AND reader.rolname NOT LIKE 'pg\_%%'
    AND (
        has_table_privilege(reader.oid, class.oid, 'SELECT')
        OR EXISTS (
            SELECT
            FROM pg_roles AS other
            WHERE pg_has_role(reader.oid, other.oid, 'MEMBER')
                AND NOT other.rolsuper
                AND has_table_privilege(other.oid, class.oid, 'SELECT')
        )
    )
ORDER BY reader.rolname;

-- name: publications
-- How many local days are published, the first and the last, by source.
SELECT done.source, count(*), min(done.day)::text, max(done.day)::text
FROM core.publication AS done
GROUP BY done.source
ORDER BY done.source;
