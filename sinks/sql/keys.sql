-- Keys of days and months and their audit, in the keys database.

-- name: has_keys
-- Whether the keys database was migrated to this version.
SELECT to_regclass('keys.day_row') IS NOT NULL AND to_regclass('keys.month_row') IS NOT NULL AS is_migrated;

-- name: make_day_row
-- Make the row of a day unless it is there. A past day gets its eight days from now on.
INSERT INTO keys.day_row (day, wrapped_key, partitions, sources, made_at, destroy_after)
VALUES (
    %(day)s, %(wrapped_key)s, %(partitions)s, %(sources)s::jsonb, now(),
    greatest((%(day)s::date + 1)::timestamp AT TIME ZONE 'Europe/Amsterdam', now()) + interval '192 hours'
)
ON CONFLICT (day) DO NOTHING
RETURNING day;

-- name: read_day_row
-- The row of a day, whoever made it.
SELECT
    stored.wrapped_key,
    stored.partitions,
    stored.sources::text,
    (extract(epoch FROM stored.destroy_after) * 1000000)::bigint
FROM keys.day_row AS stored
WHERE stored.day = %(day)s;

-- name: all_sources
-- The source topics of all days, each once.
SELECT DISTINCT source.key, source.value::uuid
FROM keys.day_row AS stored CROSS JOIN jsonb_each_text(stored.sources) AS source (key, value)
ORDER BY source.key, source.value::uuid;

-- name: renew_source
-- Let days have another topic under a name.
UPDATE keys.day_row AS stored
SET sources = jsonb_set(stored.sources, ARRAY[%(name)s::text], to_jsonb(%(topic_id)s::text))
WHERE stored.sources ->> %(name)s <> %(topic_id)s;

-- name: audit
-- Write down who did what with a key.
INSERT INTO keys.key_audit (day, event, reader, kind) VALUES (%(day)s, %(event)s, %(reader)s, %(kind)s);

-- name: destroy_expired
-- Destroy the keys whose time is over.
UPDATE keys.day_row
SET wrapped_key = NULL
WHERE wrapped_key IS NOT NULL AND destroy_after <= now()
RETURNING day;

-- name: rewrite_rows
-- Rewrite the table, so that destroyed keys are not left in free space of its file.
VACUUM (FULL) keys.day_row;

-- name: destroyed_days
-- Those of the given days that have no key any more.
SELECT stored.day FROM keys.day_row AS stored WHERE stored.day = ANY(%(days)s) AND stored.wrapped_key IS NULL;

-- name: key_ages
-- Every day with the time of its key.
SELECT
    stored.day,
    stored.wrapped_key IS NOT NULL,
    (extract(epoch FROM stored.made_at) * 1000000)::bigint,
    (extract(epoch FROM stored.destroy_after) * 1000000)::bigint,
    stored.destroy_after <= now()
FROM keys.day_row AS stored
ORDER BY stored.day;

-- name: make_month_key
-- Make the key of a month unless it is there. A past month gets its eight days from now on.
INSERT INTO keys.month_row (month, wrapped_key, made_at, destroy_after)
VALUES (
    %(month)s, %(wrapped_key)s, now(),
    greatest((%(month)s::date + interval '1 month')::timestamp AT TIME ZONE 'Europe/Amsterdam', now())
        + interval '192 hours'
)
ON CONFLICT (month) DO NOTHING
RETURNING month;

-- name: read_month_key
-- The key of a month, whoever made it.
SELECT stored.wrapped_key FROM keys.month_row AS stored WHERE stored.month = %(month)s;

-- name: destroy_expired_months
-- Destroy the keys of months whose time is over.
UPDATE keys.month_row
SET wrapped_key = NULL
WHERE wrapped_key IS NOT NULL AND destroy_after <= now()
RETURNING month;

-- name: destroy_all_months
-- Destroy the keys of all months, since nobody asks for them any more.
UPDATE keys.month_row
SET wrapped_key = NULL
WHERE wrapped_key IS NOT NULL
RETURNING month;

-- name: destroyed_months
-- Those of the given months that have no key any more.
SELECT stored.month
FROM keys.month_row AS stored
WHERE stored.month = ANY(%(months)s) AND stored.wrapped_key IS NULL;

-- name: rewrite_months
-- Rewrite the table, so that destroyed keys are not left in free space of its file.
VACUUM (FULL) keys.month_row;

-- name: month_ages
-- Every month with the time of its key.
SELECT
    stored.month,
    stored.wrapped_key IS NOT NULL,
    (extract(epoch FROM stored.made_at) * 1000000)::bigint,
    (extract(epoch FROM stored.destroy_after) * 1000000)::bigint,
    stored.destroy_after <= now()
FROM keys.month_row AS stored
ORDER BY stored.month;
