-- Rules of overload alerts, and what besides counts the alert role needs to know.

-- name: newest_rules
-- The rules in force, no row before any were stored.
SELECT newest.version, newest.document::text, newest.stored_by, newest.note, core.microseconds(newest.created_at)
FROM core.alert_rule_version AS newest
ORDER BY newest.version DESC
LIMIT 1;

-- name: rules_of_version
-- Rules of a version.
SELECT known.version, known.document::text, known.stored_by, known.note, core.microseconds(known.created_at)
FROM core.alert_rule_version AS known
WHERE known.version = %(version)s;

-- name: add_rules
-- Store a version of the rules.
INSERT INTO core.alert_rule_version (version, document, changes, stored_by, note)
VALUES (%(version)s, %(document)s::jsonb, %(changes)s::jsonb, %(stored_by)s, %(note)s);

-- name: rule_log
-- Versions of the rules, newest first.
SELECT
    known.version, known.stored_by, known.note, core.microseconds(known.created_at), known.changes::text
FROM core.alert_rule_version AS known
ORDER BY known.version DESC
LIMIT %(limit)s;

-- name: news
-- Newest versions of rules and zones; 0 where there are none.
SELECT
    (SELECT coalesce(max(known.version), 0) FROM core.alert_rule_version AS known),
    (SELECT coalesce(max(known.version), 0) FROM core.zone_version AS known);

-- name: silences
-- Silences that are not over, or were over less than a day ago.
SELECT zone.zone_id, core.microseconds(silence.starts_at), core.microseconds(silence.ends_at)
FROM core.zone_silence AS silence
JOIN core.zone AS zone ON zone.zone_no = silence.zone_no
WHERE silence.ends_at > now() - interval '1 day'
ORDER BY zone.zone_id, silence.starts_at;

-- name: slot_entries
-- Entries of positions and of detections, by zone, class and slot.
SELECT
    zone.zone_id, core.microseconds(cell.slot_start), core.vehicle_class_name(cell.vehicle_class), cell.source,
    sum(cell.entries)::bigint
FROM core.flow_slot AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no
WHERE cell.slot_start = ANY(ARRAY[core.instant(%(last_us)s), core.instant(%(running_us)s)])
    AND cell.slot_s = %(slot_s)s
GROUP BY zone.zone_id, cell.slot_start, cell.vehicle_class, cell.source
HAVING sum(cell.entries) > 0;

-- name: hour_entries
-- Entries of positions and of detections in one hour, by zone and class.
SELECT
    zone.zone_id, core.vehicle_class_name(cell.vehicle_class), cell.source, sum(cell.entries)::bigint
FROM core.flow_hour AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no
WHERE cell.hour_start = core.instant(%(hour_us)s)
GROUP BY zone.zone_id, cell.vehicle_class, cell.source
HAVING sum(cell.entries) > 0;

-- name: slot_history
-- Slot cells of a period for a replay: dwell and entries of positions and of detections.
SELECT
    zone.zone_id, core.microseconds(cell.slot_start), cell.vehicle_class, cell.source, sum(cell.dwell_us)::bigint,
    sum(cell.entries)::bigint
FROM core.flow_slot AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no
WHERE cell.slot_start >= core.instant(%(from_us)s)
    AND cell.slot_start < core.instant(%(to_us)s)
    AND cell.slot_s = %(slot_s)s
GROUP BY zone.zone_id, cell.slot_start, cell.vehicle_class, cell.source;

-- name: hour_history
-- The same of hour cells.
SELECT
    zone.zone_id, core.microseconds(cell.hour_start), cell.vehicle_class, cell.source, sum(cell.dwell_us)::bigint,
    sum(cell.entries)::bigint
FROM core.flow_hour AS cell
JOIN core.zone AS zone ON zone.zone_no = cell.zone_no
WHERE cell.hour_start >= core.instant(%(from_us)s) AND cell.hour_start < core.instant(%(to_us)s)
GROUP BY zone.zone_id, cell.hour_start, cell.vehicle_class, cell.source;

-- name: slots_since
-- From when on slot cells are whole; no row where none were removed yet.
SELECT core.microseconds(kept.horizon) FROM core.retention_horizon AS kept WHERE kept.table_name = 'flow_slot';

-- name: slot_lengths
-- Lengths of the slots of a period, seconds.
SELECT DISTINCT cell.slot_s::integer
FROM core.flow_slot AS cell
WHERE cell.slot_start >= core.instant(%(from_us)s) AND cell.slot_start < core.instant(%(to_us)s)
ORDER BY 1;

-- name: heard_minutes
-- Minutes of a period in which a feed was heard.
SELECT core.microseconds(heard.minute)
FROM core.feed_minute AS heard
WHERE heard.minute >= core.instant(%(from_us)s)
    AND heard.minute < core.instant(%(to_us)s)
    AND heard.accepted > 0
GROUP BY heard.minute
ORDER BY heard.minute;
