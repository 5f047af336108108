-- Shards of zones, and the state of the rules in them.

-- name: see_worker
-- Say that this process lives.
INSERT INTO core.alert_worker AS stored (worker_id, seen_at)
VALUES (%(worker_id)s, clock_timestamp())
ON CONFLICT (worker_id) DO UPDATE SET seen_at = excluded.seen_at;

-- name: forget_dead_workers
-- Remove processes that were not heard of for the length of a lease, and those that were heard of later than now by
-- as much: the clock went back, and one that lives says so at its next look.
DELETE FROM core.alert_worker
WHERE abs(extract(epoch FROM clock_timestamp() - seen_at)) > %(lease_s)s;

-- name: forget_worker
-- Remove this process, which ends.
DELETE FROM core.alert_worker WHERE worker_id = %(worker_id)s;

-- name: workers
-- Processes that live, in an order that all agree on.
SELECT worker.worker_id FROM core.alert_worker AS worker ORDER BY worker.worker_id;

-- name: shards
-- Every shard and the living process that holds it, null where none does.
SELECT held.shard, held.epoch, worker.worker_id
FROM core.alert_shard AS held
LEFT JOIN core.alert_worker AS worker ON worker.worker_id = held.holder
ORDER BY held.shard;

-- name: claim_shards
-- Take shards over under a new epoch, the time as for partitions, and tell where each goes on.
UPDATE core.alert_shard AS held
SET epoch = greatest(held.epoch + 1, core.microseconds(clock_timestamp())), holder = %(worker_id)s, last_flush = 0
WHERE held.shard = ANY(%(shards)s)
RETURNING held.shard, held.epoch, held.topic_id, held.read_from, held.next_offset, held.as_of_us;

-- name: release_shards
-- Give shards back.
UPDATE core.alert_shard SET holder = NULL WHERE holder = %(worker_id)s AND shard = ANY(%(shards)s);

-- name: lock_shards
-- Wait for whoever writes these shards, then read whose they are.
SELECT held.shard, held.epoch, held.holder, held.last_flush
FROM core.alert_shard AS held
WHERE held.shard = ANY(%(shard)s)
ORDER BY held.shard
FOR UPDATE;

-- name: move_shards
-- Move shards by compare-and-set under our own epoch; the rows returned are those that moved.
UPDATE core.alert_shard AS held
SET topic_id = %(topic_id)s,
    read_from = given.read_from,
    next_offset = given.next_offset,
    as_of_us = given.as_of_us,
    last_flush = %(flush_no)s
FROM unnest(
    %(shard)s::smallint[], %(epoch)s::bigint[], %(expected_offset)s::bigint[],
    %(read_from)s::bigint[], %(next_offset)s::bigint[], %(as_of_us)s::bigint[]
) AS given (shard, epoch, expected_offset, read_from, next_offset, as_of_us)
WHERE held.shard = given.shard
    AND held.epoch = given.epoch
    AND held.holder = %(worker_id)s
    AND (held.next_offset = given.expected_offset OR held.topic_id IS DISTINCT FROM %(topic_id)s)
RETURNING held.shard;

-- name: set_watches
-- Replace the states of rules in zones.
INSERT INTO core.alert_watch AS stored (
    zone_no, rule, shard, state, changed_at, measure, classes, severity, value, capacity, raise_at, clear_below,
    probability_30, expected_at, muted, alert_id, document
)
SELECT
    zone.zone_no, given.rule, given.shard, given.state, core.instant(given.changed_us), given.measure,
    string_to_array(given.classes, ','), given.severity, given.value, given.capacity, given.raise_at,
    given.clear_below, given.probability_30, core.instant(given.expected_us), given.muted, given.alert_id,
    given.document::jsonb
FROM unnest(
    %(zone_id)s::text[], %(rule)s::text[], %(shard)s::smallint[], %(state)s::text[], %(changed_us)s::bigint[],
    %(measure)s::text[], %(classes)s::text[], %(severity)s::text[], %(value)s::integer[], %(capacity)s::integer[],
    %(raise_at)s::integer[], %(clear_below)s::integer[], %(probability_30)s::double precision[],
    %(expected_us)s::bigint[], %(muted)s::boolean[], %(alert_id)s::text[], %(document)s::text[]
) AS given (
    zone_id, rule, shard, state, changed_us, measure, classes, severity, value, capacity, raise_at, clear_below,
    probability_30, expected_us, muted, alert_id, document
)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY zone.zone_no, given.rule
ON CONFLICT (zone_no, rule) DO UPDATE SET
    shard = excluded.shard,
    state = excluded.state,
    changed_at = excluded.changed_at,
    measure = excluded.measure,
    classes = excluded.classes,
    severity = excluded.severity,
    value = excluded.value,
    capacity = excluded.capacity,
    raise_at = excluded.raise_at,
    clear_below = excluded.clear_below,
    probability_30 = excluded.probability_30,
    expected_at = excluded.expected_at,
    muted = excluded.muted,
    alert_id = excluded.alert_id,
    document = excluded.document;

-- name: remove_watches
-- Remove rules that are not in force in zones any more.
DELETE FROM core.alert_watch AS stored
USING unnest(%(zone_id)s::text[], %(rule)s::text[]) AS given (zone_id, rule)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
WHERE stored.zone_no = zone.zone_no AND stored.rule = given.rule;

-- name: set_alerts
-- Replace alerts.
INSERT INTO core.alert AS stored (
    alert_id, zone_no, rule, state, value, capacity, pct, since, until, acknowledged_by, acknowledged_at, reason,
    revision, severity, raised_at, raised_value, peak_value, peak_at, muted, note, snoozed_by, snoozed_until,
    resolved_by, end_cause, paged_at, text_nl, text_en, reason_en, reason_data, message
)
SELECT
    given.alert_id, zone.zone_no, given.rule, given.state, given.value, given.capacity, given.pct,
    core.instant(given.since_us), core.instant(given.until_us), given.acknowledged_by,
    core.instant(given.acknowledged_us), given.reason, given.revision, given.severity,
    core.instant(given.raised_us), given.raised_value, given.peak_value, core.instant(given.peak_us), given.muted,
    given.note, given.snoozed_by, core.instant(given.snoozed_until_us), given.resolved_by, given.end_cause,
    core.instant(given.paged_us), given.text_nl, given.text_en, given.reason_en, given.reason_data::jsonb,
    given.message
FROM unnest(
    %(alert_id)s::text[], %(zone_id)s::text[], %(rule)s::text[], %(state)s::text[], %(value)s::integer[],
    %(capacity)s::integer[], %(pct)s::double precision[], %(since_us)s::bigint[], %(until_us)s::bigint[],
    %(acknowledged_by)s::text[], %(acknowledged_us)s::bigint[], %(reason)s::text[], %(revision)s::bigint[],
    %(severity)s::text[], %(raised_us)s::bigint[], %(raised_value)s::integer[], %(peak_value)s::integer[],
    %(peak_us)s::bigint[], %(muted)s::boolean[], %(note)s::text[], %(snoozed_by)s::text[],
    %(snoozed_until_us)s::bigint[], %(resolved_by)s::text[], %(end_cause)s::text[], %(paged_us)s::bigint[],
    %(text_nl)s::text[], %(text_en)s::text[], %(reason_en)s::text[], %(reason_data)s::text[], %(message)s::text[]
) AS given (
    alert_id, zone_id, rule, state, value, capacity, pct, since_us, until_us, acknowledged_by, acknowledged_us,
    reason, revision, severity, raised_us, raised_value, peak_value, peak_us, muted, note, snoozed_by,
    snoozed_until_us, resolved_by, end_cause, paged_us, text_nl, text_en, reason_en, reason_data, message
)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY given.alert_id
ON CONFLICT (alert_id) DO UPDATE SET
    state = excluded.state,
    value = excluded.value,
    capacity = excluded.capacity,
    pct = excluded.pct,
    until = excluded.until,
    acknowledged_by = excluded.acknowledged_by,
    acknowledged_at = excluded.acknowledged_at,
    reason = excluded.reason,
    revision = excluded.revision,
    severity = excluded.severity,
    peak_value = excluded.peak_value,
    peak_at = excluded.peak_at,
    muted = excluded.muted,
    note = excluded.note,
    snoozed_by = excluded.snoozed_by,
    snoozed_until = excluded.snoozed_until,
    resolved_by = excluded.resolved_by,
    end_cause = excluded.end_cause,
    paged_at = excluded.paged_at,
    text_nl = excluded.text_nl,
    text_en = excluded.text_en,
    reason_en = excluded.reason_en,
    reason_data = excluded.reason_data,
    message = excluded.message;

-- name: add_events
-- Add lines to the log of alerts, in their order.
INSERT INTO core.alert_event (
    zone_no, rule, alert_id, at, state_before, state_after, cause, value, capacity, done_by, note
)
SELECT
    zone.zone_no, given.rule, given.alert_id, core.instant(given.at_us), given.state_before, given.state_after,
    given.cause, given.value, given.capacity, given.done_by, given.note
FROM unnest(
    %(zone_id)s::text[], %(rule)s::text[], %(alert_id)s::text[], %(at_us)s::bigint[], %(state_before)s::text[],
    %(state_after)s::text[], %(cause)s::text[], %(value)s::integer[], %(capacity)s::integer[], %(done_by)s::text[],
    %(note)s::text[]
) WITH ORDINALITY AS given (
    zone_id, rule, alert_id, at_us, state_before, state_after, cause, value, capacity, done_by, note, place
)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY given.place;

-- name: set_pages
-- Note when somebody was paged for zones last.
INSERT INTO core.alert_page AS stored (zone_no, paged_at)
SELECT zone.zone_no, core.instant(given.paged_us)
FROM unnest(%(zone_id)s::text[], %(paged_us)s::bigint[]) AS given (zone_id, paged_us)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY zone.zone_no
ON CONFLICT (zone_no) DO UPDATE SET paged_at = excluded.paged_at;

-- name: add_deliveries
-- Add what is to be told, in its order.
INSERT INTO core.alert_delivery (shard, channel, zone_no, alert_id, event, payload)
SELECT given.shard, given.channel, zone.zone_no, given.alert_id, given.event, given.payload
FROM unnest(
    %(shard)s::smallint[], %(channel)s::text[], %(zone_id)s::text[], %(alert_id)s::text[], %(event)s::text[],
    %(payload)s::text[]
) WITH ORDINALITY AS given (shard, channel, zone_id, alert_id, event, payload, place)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY given.place;

-- name: handle_actions
-- Note what came of actions.
UPDATE core.alert_action AS action
SET handled_at = now(), refusal = given.refusal
FROM unnest(%(action_id)s::uuid[], %(refusal)s::text[]) AS given (action_id, refusal)
WHERE action.action_id = given.action_id AND action.handled_at IS NULL;

-- name: set_forecasts
-- Replace what was learned of counts.
INSERT INTO core.alert_forecast AS stored (zone_no, series, shard, learned_us, profile, weeks, errors)
SELECT
    zone.zone_no, given.series, given.shard, given.learned_us, given.profile, given.weeks, given.errors
FROM unnest(
    %(zone_id)s::text[], %(series)s::text[], %(shard)s::smallint[], %(learned_us)s::bigint[], %(profile)s::bytea[],
    %(weeks)s::bytea[], %(errors)s::bytea[]
) AS given (zone_id, series, shard, learned_us, profile, weeks, errors)
JOIN core.zone AS zone ON zone.zone_id = given.zone_id
ORDER BY zone.zone_no, given.series
ON CONFLICT (zone_no, series) DO UPDATE SET
    shard = excluded.shard,
    learned_us = excluded.learned_us,
    profile = excluded.profile,
    weeks = excluded.weeks,
    errors = excluded.errors;

-- name: remove_forecasts
-- Forget what was learned of counts that no rule asks for.
DELETE FROM core.alert_forecast AS stored
USING core.zone AS zone, unnest(%(zone_id)s::text[], %(series)s::text[]) AS given (zone_id, series)
WHERE zone.zone_id = given.zone_id AND stored.zone_no = zone.zone_no AND stored.series = given.series;

-- name: stored_watches
-- Watches of shards.
SELECT zone.zone_id, stored.document::text
FROM core.alert_watch AS stored
JOIN core.zone AS zone ON zone.zone_no = stored.zone_no
WHERE stored.shard = ANY(%(shards)s)
ORDER BY zone.zone_id, stored.rule;

-- name: running_alerts
-- What is known of the alerts that run in shards.
SELECT alert.alert_id, alert.revision, core.microseconds(alert.paged_at), coalesce(alert.message, '')
FROM core.alert_watch AS stored
JOIN core.alert AS alert ON alert.alert_id = stored.alert_id
WHERE stored.shard = ANY(%(shards)s);

-- name: stored_pages
-- When somebody was paged for zones last.
SELECT zone.zone_id, core.microseconds(page.paged_at)
FROM core.alert_page AS page
JOIN core.zone AS zone ON zone.zone_no = page.zone_no;

-- name: waiting_actions
-- Actions that nobody has handled.
SELECT action.action_id, zone.zone_id, action.document::text
FROM core.alert_action AS action
JOIN core.zone AS zone ON zone.zone_no = action.zone_no
WHERE action.handled_at IS NULL
ORDER BY action.done_at, action.action_id;

-- name: stored_forecasts
-- What was learned of counts of zones of shards.
SELECT
    zone.zone_id, stored.series, stored.shard, stored.learned_us, stored.profile, stored.weeks, stored.errors
FROM core.alert_forecast AS stored
JOIN core.zone AS zone ON zone.zone_no = stored.zone_no
WHERE stored.shard = ANY(%(shards)s)
ORDER BY zone.zone_id, stored.series;
