-- What operators do about alerts and zones.

-- name: next_offset
-- First offset of the topic of actions that was not read.
SELECT stored.next_offset FROM core.alert_action_offset AS stored WHERE stored.topic_id = %(topic_id)s;

-- name: move_offset
-- Note how far the topic of actions was read.
INSERT INTO core.alert_action_offset AS stored (topic_id, next_offset)
VALUES (%(topic_id)s, %(next_offset)s)
ON CONFLICT (topic_id) DO UPDATE SET next_offset = greatest(stored.next_offset, excluded.next_offset);

-- name: add_action
-- Write an action down, unless it is there; zone and refusal follow from the alert or zone that it names.
INSERT INTO core.alert_action (
    action_id, kind, alert_id, zone_no, done_by, done_at, note, until, document, handled_at, refusal
)
SELECT
    %(action_id)s, %(kind)s, %(alert_id)s::text, coalesce(alert.zone_no, zone.zone_no), %(done_by)s,
    core.instant(%(done_us)s), %(note)s, core.instant(%(until_us)s), %(document)s::jsonb,
    CASE WHEN judged.refusal IS NOT NULL THEN now() END, judged.refusal
FROM (VALUES (%(alert_id)s::text, %(zone_id)s::text)) AS given (alert_id, zone_id)
LEFT JOIN core.alert AS alert ON alert.alert_id = given.alert_id
LEFT JOIN core.zone AS zone ON zone.zone_id = given.zone_id
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN given.alert_id IS NOT NULL AND (alert.alert_id IS NULL OR alert.until IS NOT NULL) THEN 'no_such_alert'
        WHEN given.alert_id IS NULL AND zone.zone_no IS NULL THEN 'no_such_zone'
    END AS refusal
) AS judged
ON CONFLICT (action_id) DO NOTHING;

-- name: action
-- What came of an action.
SELECT action.action_id, zone.zone_id, action.kind, core.microseconds(action.handled_at), action.refusal
FROM core.alert_action AS action
LEFT JOIN core.zone AS zone ON zone.zone_no = action.zone_no
WHERE action.action_id = %(action_id)s;

-- name: add_silence
-- Silence a zone.
INSERT INTO core.zone_silence (silence_id, zone_no, starts_at, ends_at, silenced_by, silenced_at, note)
SELECT
    %(action_id)s, zone.zone_no, core.instant(%(from_us)s), core.instant(%(until_us)s), %(done_by)s,
    core.instant(%(done_us)s), %(note)s
FROM core.zone AS zone
WHERE zone.zone_id = %(zone_id)s
ON CONFLICT (silence_id) DO NOTHING;

-- name: end_silences
-- End the silences of a zone that run or are to come; one that has not begun never does.
UPDATE core.zone_silence AS silence
SET ends_at = greatest(silence.starts_at, core.instant(%(done_us)s)), ended_by = %(done_by)s
FROM core.zone AS zone
WHERE zone.zone_no = silence.zone_no
    AND zone.zone_id = %(zone_id)s
    AND silence.ends_at > core.instant(%(done_us)s);

-- name: handle
-- Note that an action took effect, or why not.
UPDATE core.alert_action AS action
SET handled_at = now(), refusal = %(refusal)s
WHERE action.action_id = %(action_id)s AND action.handled_at IS NULL;
