-- Alerts as operators see them.

-- name: alerts
-- Alerts that run, the newest first; where asked also those that are over.
SELECT
    alert.alert_id, alert.zone_id, alert.rule, alert.severity, alert.state, alert.value, alert.capacity, alert.pct,
    alert.since, alert.until, alert.acknowledged_by, alert.acknowledged_at, alert.snoozed_until, alert.muted,
    alert.text_nl, alert.text_en, alert.reason, alert.reason_en
FROM live.alert AS alert
WHERE (%(is_all)s OR alert.until IS NULL)
    AND (%(zone_id)s::text IS NULL OR alert.zone_id = %(zone_id)s)
ORDER BY alert.until IS NOT NULL, alert.since DESC, alert.alert_id
LIMIT %(limit)s;
