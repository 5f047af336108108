-- Slots of the past hours for the time slider of the live page. Only positions tell how many vehicles were inside.

-- name: slot_length
-- Length of the newest slot in seconds; no row before there is one.
SELECT slot_s FROM live.zone_flow WHERE source = 'fms' ORDER BY slot_start DESC LIMIT 1;

-- name: slot
-- Mean number present, entries and exits of every zone in one slot.
SELECT
    zone_id,
    sum(dwell_s) / max(slot_s) AS present,
    sum(entries)::bigint AS entries,
    sum(exits)::bigint AS exits
FROM live.zone_flow
WHERE source = 'fms' AND slot_start = %(start)s AND slot_s = %(slot_s)s
GROUP BY zone_id;

-- name: series
-- Mean number present in zones together, in each slot that has any figure of any zone.
WITH asked AS (
    SELECT zone_id
    FROM live.zone
    WHERE (zone_id = %(zone)s OR kind = %(kind)s)
        AND (%(municipalities)s::text[] IS NULL OR municipality = ANY(%(municipalities)s))
),
slot AS (
    SELECT step.slot_start
    FROM generate_series(
        %(from)s::timestamptz, %(to)s::timestamptz - make_interval(secs => %(slot_s)s), make_interval(secs => %(slot_s)s)
    ) AS step (slot_start)
    WHERE EXISTS (
        SELECT 1 FROM live.zone_flow AS any_cell
        WHERE any_cell.slot_start = step.slot_start AND any_cell.slot_s = %(slot_s)s AND any_cell.source = 'fms'
    )
),
counted AS (
    SELECT flow.slot_start, sum(flow.dwell_s) / %(slot_s)s AS present
    FROM live.zone_flow AS flow
    JOIN asked ON asked.zone_id = flow.zone_id
    WHERE flow.source = 'fms'
        AND flow.slot_s = %(slot_s)s
        AND flow.slot_start >= %(from)s
        AND flow.slot_start < %(to)s
    GROUP BY flow.slot_start
)
SELECT slot.slot_start, coalesce(counted.present, 0)::double precision
FROM slot
LEFT JOIN counted ON counted.slot_start = slot.slot_start
ORDER BY slot.slot_start;
