-- Overload alerts: the rules, who watches which zones, the state of every watch, what is told of it, and what operators did.
-- Stream time is kept as microseconds where only the alert role reads it, as timestamptz where people do.
-- depends: 0005.feeds 0008.views 0011.boards
CREATE TABLE core.alert_rule_version (
    version integer PRIMARY KEY,
    document jsonb NOT NULL,
    changes jsonb NOT NULL,
    stored_by text NOT NULL,
    note text,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE core.alert_rule_version IS 'Rule sets of overload alerts, whole; the newest is in force, the others are the audit log';
COMMENT ON COLUMN core.alert_rule_version.version IS 'From 1 on, without gaps';
COMMENT ON COLUMN core.alert_rule_version.document IS 'Rules and calendars, as duls rules load takes them';
COMMENT ON COLUMN core.alert_rule_version.changes IS 'What became of rules and calendars since the version before: added, changed or removed';
COMMENT ON COLUMN core.alert_rule_version.stored_by IS 'Who stored it';
COMMENT ON COLUMN core.alert_rule_version.note IS 'Why, in the words of that person';
COMMENT ON COLUMN core.alert_rule_version.created_at IS 'When';

CREATE TABLE core.alert_worker (
    worker_id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE core.alert_worker IS 'Alert processes that live; one that was not seen for the length of a lease counts as dead';
COMMENT ON COLUMN core.alert_worker.worker_id IS 'Random, made when the process starts';
COMMENT ON COLUMN core.alert_worker.seen_at IS 'When it was heard of last, by the clock of the database';

CREATE TABLE core.alert_shard (
    shard smallint PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    holder uuid,
    last_flush bigint NOT NULL DEFAULT 0,
    topic_id uuid,
    read_from bigint NOT NULL DEFAULT 0,
    next_offset bigint NOT NULL DEFAULT 0,
    as_of_us bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE core.alert_shard IS 'Shares of the zones, each watched by one process; number of rows is number of shards';
COMMENT ON COLUMN core.alert_shard.shard IS 'A hash of the zone id, modulo the number of shards';
COMMENT ON COLUMN core.alert_shard.epoch IS 'Raised by each claim; a flush under an older one changes nothing';
COMMENT ON COLUMN core.alert_shard.holder IS 'Process that watches these zones; null: nobody';
COMMENT ON COLUMN core.alert_shard.last_flush IS 'Number of the last flush of this epoch: tells whether a COMMIT without an answer took place';
COMMENT ON COLUMN core.alert_shard.topic_id IS 'Id of the topic of partial counts that the offsets speak of; null before the first flush';
COMMENT ON COLUMN core.alert_shard.read_from IS 'Offset of the oldest partial counts that still held at next_offset: reading goes on from here';
COMMENT ON COLUMN core.alert_shard.next_offset IS 'First offset of partial counts that the watches have not seen';
COMMENT ON COLUMN core.alert_shard.as_of_us IS 'Stream time that the watches stand at';
INSERT INTO core.alert_shard (shard) SELECT made.shard FROM generate_series(0, 15) AS made (shard);

CREATE TABLE core.alert_watch (
    zone_no integer NOT NULL REFERENCES core.zone,
    rule text NOT NULL,
    shard smallint NOT NULL REFERENCES core.alert_shard,
    state text NOT NULL,
    changed_at timestamptz NOT NULL,
    measure text,
    classes text[],
    severity text,
    value integer,
    capacity integer,
    raise_at integer,
    clear_below integer,
    probability_30 double precision,
    expected_at timestamptz,
    muted boolean NOT NULL,
    alert_id text,
    document jsonb NOT NULL,
    PRIMARY KEY (zone_no, rule)
) WITH (fillfactor = 50);
CREATE INDEX alert_watch_shard ON core.alert_watch (shard);
COMMENT ON TABLE core.alert_watch IS 'State of every rule in every zone that it is in force for: the truth that the alert role restarts from';
COMMENT ON COLUMN core.alert_watch.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert_watch.rule IS 'Rule';
COMMENT ON COLUMN core.alert_watch.shard IS 'Share of the zones that the zone is in';
COMMENT ON COLUMN core.alert_watch.state IS 'normal, rising, pending, firing, acknowledged, clearing, resolved or no_data';
COMMENT ON COLUMN core.alert_watch.changed_at IS 'Since when it is in this state';
COMMENT ON COLUMN core.alert_watch.measure IS 'What the rule counts; null where the rule is not in force any more';
COMMENT ON COLUMN core.alert_watch.classes IS 'Vehicle classes that it counts';
COMMENT ON COLUMN core.alert_watch.severity IS 'How bad it is when it fires';
COMMENT ON COLUMN core.alert_watch.value IS 'Count when the row was written last; null without data';
COMMENT ON COLUMN core.alert_watch.capacity IS 'Capacity in force';
COMMENT ON COLUMN core.alert_watch.raise_at IS 'Count from which the zone is too full';
COMMENT ON COLUMN core.alert_watch.clear_below IS 'Count below which that is over';
COMMENT ON COLUMN core.alert_watch.probability_30 IS 'Probability of reaching raise_at within half an hour, 0 to 1';
COMMENT ON COLUMN core.alert_watch.expected_at IS 'When it likely will be reached; null: not within half an hour';
COMMENT ON COLUMN core.alert_watch.muted IS 'Nobody is to be told: snoozed, or the zone is silenced';
COMMENT ON COLUMN core.alert_watch.alert_id IS 'The alert that runs; null where none does';
COMMENT ON COLUMN core.alert_watch.document IS 'The whole state, as the alert role reads it back';

ALTER TABLE core.alert
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,
    ADD COLUMN severity text,
    ADD COLUMN raised_at timestamptz,
    ADD COLUMN raised_value integer,
    ADD COLUMN peak_value integer,
    ADD COLUMN peak_at timestamptz,
    ADD COLUMN muted boolean NOT NULL DEFAULT false,
    ADD COLUMN note text,
    ADD COLUMN snoozed_by text,
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN resolved_by text,
    ADD COLUMN end_cause text,
    ADD COLUMN paged_at timestamptz,
    ADD COLUMN text_nl text,
    ADD COLUMN text_en text,
    ADD COLUMN reason_en text,
    ADD COLUMN reason_data jsonb,
    ADD COLUMN message text;
CREATE INDEX alert_running ON core.alert (zone_no, rule) WHERE until IS NULL;
CREATE INDEX alert_until ON core.alert (until);
CREATE INDEX alert_since ON core.alert (since);
COMMENT ON TABLE core.alert IS 'Overload alerts, running and over';
COMMENT ON COLUMN core.alert.revision IS 'Grows with every change that is told; of two messages about an alert the one with the larger revision holds';
COMMENT ON COLUMN core.alert.severity IS 'info, warning or critical';
COMMENT ON COLUMN core.alert.raised_at IS 'When it fired: since plus the minimum duration of the rule';
COMMENT ON COLUMN core.alert.raised_value IS 'Count then';
COMMENT ON COLUMN core.alert.peak_value IS 'Largest count so far';
COMMENT ON COLUMN core.alert.peak_at IS 'When that was';
COMMENT ON COLUMN core.alert.muted IS 'Nobody is to be told: snoozed, or the zone is silenced';
COMMENT ON COLUMN core.alert.note IS 'Of whoever acknowledged, snoozed or resolved it last';
COMMENT ON COLUMN core.alert.snoozed_by IS 'Who snoozed it';
COMMENT ON COLUMN core.alert.snoozed_until IS 'Until when';
COMMENT ON COLUMN core.alert.resolved_by IS 'Who ended it by hand';
COMMENT ON COLUMN core.alert.end_cause IS 'Why it ended; null while it lasts';
COMMENT ON COLUMN core.alert.paged_at IS 'When the page that told of it was due; null: nobody was paged for it';
COMMENT ON COLUMN core.alert.text_nl IS 'What is wrong, in Dutch';
COMMENT ON COLUMN core.alert.text_en IS 'The same in English';
COMMENT ON COLUMN core.alert.reason IS 'Why, in Dutch; names no class with fewer than three vehicles';
COMMENT ON COLUMN core.alert.reason_en IS 'The same in English';
COMMENT ON COLUMN core.alert.reason_data IS 'The same as data';
COMMENT ON COLUMN core.alert.message IS 'What was told of it last, as JSON';

CREATE TABLE core.alert_event (
    event_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    zone_no integer NOT NULL REFERENCES core.zone,
    rule text NOT NULL,
    alert_id text,
    at timestamptz NOT NULL,
    state_before text NOT NULL,
    state_after text NOT NULL,
    cause text NOT NULL,
    value integer,
    capacity integer,
    done_by text,
    note text
);
CREATE INDEX alert_event_alert ON core.alert_event (alert_id);
CREATE INDEX alert_event_zone ON core.alert_event (zone_no, at);
CREATE INDEX alert_event_at ON core.alert_event (at);
COMMENT ON TABLE core.alert_event IS 'Audit log: every change of an alert, of a forecast of one, and of knowing nothing';
COMMENT ON COLUMN core.alert_event.event_no IS 'Order of writing';
COMMENT ON COLUMN core.alert_event.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert_event.rule IS 'Rule';
COMMENT ON COLUMN core.alert_event.alert_id IS 'Alert that it is about; null where none ran';
COMMENT ON COLUMN core.alert_event.at IS 'Stream time';
COMMENT ON COLUMN core.alert_event.state_before IS 'State before';
COMMENT ON COLUMN core.alert_event.state_after IS 'State after; the same where only a snooze, a silence or a note changed';
COMMENT ON COLUMN core.alert_event.cause IS 'Why';
COMMENT ON COLUMN core.alert_event.value IS 'Count then; null without data';
COMMENT ON COLUMN core.alert_event.capacity IS 'Capacity then';
COMMENT ON COLUMN core.alert_event.done_by IS 'Operator who did it; null where the stream did';
COMMENT ON COLUMN core.alert_event.note IS 'In the words of that operator';

CREATE TABLE core.alert_action (
    action_id uuid PRIMARY KEY,
    kind text NOT NULL,
    alert_id text,
    zone_no integer REFERENCES core.zone,
    done_by text NOT NULL,
    done_at timestamptz NOT NULL,
    note text,
    until timestamptz,
    document jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    handled_at timestamptz,
    refusal text
);
CREATE INDEX alert_action_waiting ON core.alert_action (zone_no) WHERE handled_at IS NULL;
CREATE INDEX alert_action_done_at ON core.alert_action (done_at);
COMMENT ON TABLE core.alert_action IS 'Audit log: everything that operators did about alerts and zones, and what came of it';
COMMENT ON COLUMN core.alert_action.action_id IS 'Given by the sender: the same action again is the same row';
COMMENT ON COLUMN core.alert_action.kind IS 'acknowledge, snooze, resolve, silence or unsilence';
COMMENT ON COLUMN core.alert_action.alert_id IS 'Alert that it is about; null where it is about a zone';
COMMENT ON COLUMN core.alert_action.zone_no IS 'Zone; null where there is no such alert or zone';
COMMENT ON COLUMN core.alert_action.done_by IS 'Who';
COMMENT ON COLUMN core.alert_action.done_at IS 'When, by the clock of whoever took it from that person';
COMMENT ON COLUMN core.alert_action.note IS 'In the words of that person';
COMMENT ON COLUMN core.alert_action.until IS 'Until when the alert is snoozed or the zone is silenced';
COMMENT ON COLUMN core.alert_action.document IS 'The action, as the alert role reads it back';
COMMENT ON COLUMN core.alert_action.received_at IS 'When the alert role read it';
COMMENT ON COLUMN core.alert_action.handled_at IS 'When it took effect or was refused; null: it waits for the process that watches the zone';
COMMENT ON COLUMN core.alert_action.refusal IS 'Why it changed nothing; null where it did';

CREATE TABLE core.alert_action_offset (
    topic_id uuid PRIMARY KEY,
    next_offset bigint NOT NULL
);
COMMENT ON TABLE core.alert_action_offset IS 'How far the topic of actions was read into alert_action';
COMMENT ON COLUMN core.alert_action_offset.topic_id IS 'Id of the topic; a re-created topic has another one';
COMMENT ON COLUMN core.alert_action_offset.next_offset IS 'First offset that is not in alert_action';

CREATE TABLE core.zone_silence (
    silence_id uuid PRIMARY KEY,
    zone_no integer NOT NULL REFERENCES core.zone,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    silenced_by text NOT NULL,
    silenced_at timestamptz NOT NULL,
    note text,
    ended_by text
);
CREATE INDEX zone_silence_ends_at ON core.zone_silence (ends_at);
COMMENT ON TABLE core.zone_silence IS 'Planned works: alerts of these zones are kept and shown, and nobody is told';
COMMENT ON COLUMN core.zone_silence.silence_id IS 'Id of the action that silenced the zone';
COMMENT ON COLUMN core.zone_silence.zone_no IS 'Zone';
COMMENT ON COLUMN core.zone_silence.starts_at IS 'From when';
COMMENT ON COLUMN core.zone_silence.ends_at IS 'Until when; moved forward when it is ended early';
COMMENT ON COLUMN core.zone_silence.silenced_by IS 'Who';
COMMENT ON COLUMN core.zone_silence.silenced_at IS 'When that person did so';
COMMENT ON COLUMN core.zone_silence.note IS 'Why';
COMMENT ON COLUMN core.zone_silence.ended_by IS 'Who ended it early';

CREATE TABLE core.alert_page (
    zone_no integer PRIMARY KEY REFERENCES core.zone,
    paged_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE core.alert_page IS 'When somebody was paged for a zone last, so that it is once in ten minutes at most';
COMMENT ON COLUMN core.alert_page.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert_page.paged_at IS 'Stream time of that page';

CREATE TABLE core.alert_delivery (
    delivery_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard smallint NOT NULL REFERENCES core.alert_shard,
    channel text NOT NULL,
    zone_no integer NOT NULL REFERENCES core.zone,
    alert_id text NOT NULL,
    event text NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    last_error text,
    delivered_at timestamptz
);
CREATE INDEX alert_delivery_waiting ON core.alert_delivery (channel, shard, delivery_no) WHERE delivered_at IS NULL;
CREATE INDEX alert_delivery_delivered_at ON core.alert_delivery (delivered_at);
COMMENT ON TABLE core.alert_delivery IS 'Outbox of alerts: written with the change that it tells of, delivered at least once and in order per channel and zone';
COMMENT ON COLUMN core.alert_delivery.delivery_no IS 'Order of delivery';
COMMENT ON COLUMN core.alert_delivery.shard IS 'Share of the zones, whose holder delivers';
COMMENT ON COLUMN core.alert_delivery.channel IS 'topic, alertmanager, or the address of a webhook';
COMMENT ON COLUMN core.alert_delivery.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert_delivery.alert_id IS 'Alert';
COMMENT ON COLUMN core.alert_delivery.event IS 'What is told: changed (the topic), raised (a page), acknowledged or ended';
COMMENT ON COLUMN core.alert_delivery.payload IS 'The alert as JSON';
COMMENT ON COLUMN core.alert_delivery.created_at IS 'When it was written';
COMMENT ON COLUMN core.alert_delivery.due_at IS 'Not before this; later after each failure';
COMMENT ON COLUMN core.alert_delivery.attempts IS 'How often it was tried';
COMMENT ON COLUMN core.alert_delivery.last_error IS 'Why it failed last';
COMMENT ON COLUMN core.alert_delivery.delivered_at IS 'When it arrived; rows of the topic are removed then, for the topic keeps them';

CREATE TABLE core.alert_forecast (
    zone_no integer NOT NULL REFERENCES core.zone,
    series text NOT NULL,
    shard smallint NOT NULL REFERENCES core.alert_shard,
    learned_us bigint NOT NULL,
    profile bytea NOT NULL,
    weeks bytea NOT NULL,
    errors bytea NOT NULL,
    PRIMARY KEY (zone_no, series)
);
ALTER TABLE core.alert_forecast ALTER COLUMN profile SET STORAGE MAIN, ALTER COLUMN weeks SET STORAGE MAIN;
COMMENT ON TABLE core.alert_forecast IS 'What the forecast has learned of each count that rules judge';
COMMENT ON COLUMN core.alert_forecast.zone_no IS 'Zone';
COMMENT ON COLUMN core.alert_forecast.series IS 'Measure and classes';
COMMENT ON COLUMN core.alert_forecast.shard IS 'Share of the zones that the zone is in';
COMMENT ON COLUMN core.alert_forecast.learned_us IS 'End of the last step that was learned, stream time';
COMMENT ON COLUMN core.alert_forecast.profile IS 'Usual count by quarter of the local week, float64';
COMMENT ON COLUMN core.alert_forecast.weeks IS 'How many weeks made it up, float64';
COMMENT ON COLUMN core.alert_forecast.errors IS 'How far off forecasts were, float64';

CREATE OR REPLACE VIEW live.alert AS
SELECT
    alert.alert_id,
    zone.zone_id,
    alert.rule,
    alert.state,
    alert.value,
    alert.capacity,
    alert.pct,
    alert.since,
    alert.until,
    alert.acknowledged_by,
    alert.acknowledged_at,
    alert.reason,
    alert.severity,
    alert.raised_at,
    alert.peak_value,
    alert.peak_at,
    alert.muted,
    alert.note,
    alert.snoozed_by,
    alert.snoozed_until,
    alert.resolved_by,
    alert.end_cause,
    alert.paged_at,
    alert.text_nl,
    alert.text_en,
    alert.reason_en,
    alert.reason_data,
    alert.revision,
    alert.zone_no
FROM core.alert AS alert
JOIN core.zone AS zone ON zone.zone_no = alert.zone_no;
COMMENT ON VIEW live.alert IS 'Overload alerts, running (until is null) and over, for a year';
COMMENT ON COLUMN live.alert.state IS 'firing, acknowledged, clearing, resolved, or no_data where it runs and nothing is known';
COMMENT ON COLUMN live.alert.value IS 'Count that the rule judged; of an alert that runs at most a second old';
COMMENT ON COLUMN live.alert.reason IS 'Why, in Dutch';

CREATE VIEW live.zone_watch AS
SELECT
    zone.zone_id,
    watch.rule,
    watch.state,
    watch.changed_at,
    watch.measure,
    watch.classes,
    watch.severity,
    watch.value,
    watch.capacity,
    watch.raise_at,
    watch.clear_below,
    watch.probability_30,
    watch.expected_at,
    watch.muted,
    watch.alert_id,
    watch.zone_no
FROM core.alert_watch AS watch
JOIN core.zone AS zone ON zone.zone_no = watch.zone_no;
COMMENT ON VIEW live.zone_watch IS 'Every rule in every zone that it is in force for, and the state it is in';
COMMENT ON COLUMN live.zone_watch.value IS 'Count when the state changed last; counts of now are in live.zone_now';

CREATE VIEW live.alert_event AS
SELECT
    event.event_no,
    zone.zone_id,
    event.rule,
    event.alert_id,
    event.at,
    event.state_before,
    event.state_after,
    event.cause,
    event.value,
    event.capacity,
    event.done_by,
    event.note,
    event.zone_no
FROM core.alert_event AS event
JOIN core.zone AS zone ON zone.zone_no = event.zone_no;
COMMENT ON VIEW live.alert_event IS 'What became of alerts and watches, for a year';

CREATE VIEW live.alert_action AS
SELECT
    action.action_id,
    action.kind,
    action.alert_id,
    zone.zone_id,
    action.done_by,
    action.done_at,
    action.note,
    action.until,
    action.handled_at,
    action.refusal
FROM core.alert_action AS action
LEFT JOIN core.zone AS zone ON zone.zone_no = action.zone_no;
COMMENT ON VIEW live.alert_action IS 'What operators did about alerts and zones, for a year';

CREATE VIEW live.zone_silence AS
SELECT
    silence.silence_id,
    zone.zone_id,
    silence.starts_at,
    silence.ends_at,
    silence.silenced_by,
    silence.silenced_at,
    silence.note,
    silence.ended_by,
    silence.zone_no
FROM core.zone_silence AS silence
JOIN core.zone AS zone ON zone.zone_no = silence.zone_no;
COMMENT ON VIEW live.zone_silence IS 'Zones of whose alerts nobody is told, and when';

CREATE VIEW live.alert_rule AS
SELECT newest.version, newest.document, newest.stored_by, newest.note, newest.created_at
FROM core.alert_rule_version AS newest
ORDER BY newest.version DESC
LIMIT 1;
COMMENT ON VIEW live.alert_rule IS 'The rules in force; no row before any were loaded';

CREATE OR REPLACE VIEW live.zone_limit AS
SELECT
    zone.zone_id,
    zone.zone_no,
    coalesce(ruled.capacity, feature.capacity) AS capacity,
    coalesce(100 * ruled.clear_below / nullif(ruled.capacity, 0)::double precision, 80) AS busy_pct,
    coalesce(100 * ruled.raise_at / nullif(ruled.capacity, 0)::double precision, 90) AS full_pct
FROM core.zone_feature AS feature
JOIN core.zone AS zone ON zone.zone_no = feature.zone_no
LEFT JOIN LATERAL (
    -- The rule that judges what boards show: all vehicles that are present.
    SELECT watch.capacity, watch.clear_below, watch.raise_at
    FROM core.alert_watch AS watch
    WHERE watch.zone_no = feature.zone_no AND watch.measure = 'present' AND cardinality(watch.classes) = 9
    ORDER BY watch.raise_at, watch.rule
    LIMIT 1
) AS ruled ON true
WHERE feature.version = (SELECT max(newest.version) FROM core.zone_version AS newest);
COMMENT ON VIEW live.zone_limit IS 'From which share of its capacity a zone counts as busy and as full: the levels of the overload rule in force, else 80 and 90 percent of its own';
