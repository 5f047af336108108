"""From changes of watches to rows and messages: what is stored of alerts, and who is told.

Alerts keep a revision that grows with every message about them, so that whoever reads messages twice, or late,
knows which holds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from duls.pipelines.alert_desk import AlertDesk, DeskChanges, Page
from duls.pipelines.alert_messages import AlertMessage, Text, alert_message, plain_json
from duls.pipelines.alert_reasons import EntryRates, reason_for, text_of, words_of
from processors.overload.reason import Reason
from processors.overload.rules import Measure
from processors.overload.watch import Alert, AlertState, Cause, Transition, Watch
from sinks.overload_parts import (
    AlertRow,
    DeliveryRow,
    EventRow,
    GoneWatch,
    HandledAction,
    OverloadFlush,
    PageRow,
    WatchRow,
)

CHANGED: Final = "changed"
RAISED: Final = "raised"
ACKNOWLEDGED: Final = "acknowledged"
ENDED: Final = "ended"
LOGGED: Final = frozenset({AlertState.RISING, AlertState.NO_DATA})
"""States that the log tells of even where no alert runs."""
NO_REASON: Final = Reason(
    measure=Measure.PRESENT,
    value=0,
    capacity=0,
    pct=None,
    classes={},
    silent=None,
    zero_emission_pct=None,
    entries_per_h=None,
    usual_entries_per_h=None,
    full_neighbours=(),
)


class Told(Struct, frozen=True):
    """What was told of an alert so far."""

    revision: int = 0
    paged_us: int | None = None
    message: str = ""
    reason: Reason = NO_REASON


class Channels(NamedTuple):
    """Where alerts go."""

    topic: str  # channel of the topic of alerts
    external: tuple[str, ...]  # channels that page people


class Telling(NamedTuple):
    """What a flush brings, apart from progress; and what was told, once it is stored."""

    flush: OverloadFlush
    messages: int  # about alerts


class AlertTeller:
    """Makes rows and messages of what changed at a desk.

    Args:
        desk: where alerts are.
        channels: where they go.
        shard_of: shard of a zone.
    """

    def __init__(self, desk: AlertDesk, channels: Channels, shard_of: Callable[[str], int]) -> None:
        self.told: dict[str, Told] = {}
        self.rates = EntryRates()
        self._desk = desk
        self._channels = channels
        self._shard_of = shard_of

    def telling(self, changes: DeskChanges, progress: OverloadFlush) -> OverloadFlush:
        """Return everything to store for *changes*, with the *progress* that belongs to them."""
        deliveries: list[DeliveryRow] = []
        alerts: dict[str, AlertRow] = {}
        for item in changes.told:
            if isinstance(item, Page):
                deliveries += self._page(item, alerts)
            elif item.alert is not None:
                deliveries += self._change(item, item.alert, alerts)
        for watch in changes.watches.values():
            if watch is not None and (alert := watch.running) is not None:
                alerts[alert.alert_id] = self._alert_row(watch, alert)
        return progress._replace(
            watches=[self._watch_row(watch) for watch in changes.watches.values() if watch is not None],
            gone=[GoneWatch(*key) for key, watch in changes.watches.items() if watch is None],
            alerts=list(alerts.values()),
            events=list(_events(changes.told)),
            pages=_last_pages(changes.told),
            deliveries=deliveries,
            handled=[HandledAction(*deed) for deed in changes.handled],
        )

    def _change(self, change: Transition, alert: Alert, alerts: dict[str, AlertRow]) -> list[DeliveryRow]:
        """Tell of a change of an alert."""
        told = self._told_with_reason(change, alert)
        zone = self._desk.zone(change.zone_id)
        name = change.zone_id if zone is None else zone.name
        message = alert_message(
            change,
            revision=told.revision + 1,
            zone_name=name,
            municipality=None if zone is None else zone.watched.municipality,
            text=text_of(self._desk.city.rules.get(change.rule_id), name),
            reason=told.reason,
            words=words_of(told.reason),
        )
        payload = plain_json(message)
        told = replace(told, revision=message.revision, message=payload)
        self.told[alert.alert_id] = told
        alerts[alert.alert_id] = _row_of_change(change, alert, message, told)
        shard = self._shard_of(change.zone_id)
        own = DeliveryRow(shard, self._channels.topic, change.zone_id, alert.alert_id, CHANGED, payload)
        if alert.until_us is not None:
            del self.told[alert.alert_id]
        event = _external_event(change, alert, told)
        if event is None:
            return [own]
        return [own, *self._external(change.zone_id, event, [alert.alert_id], [payload])]

    def _page(self, page: Page, alerts: dict[str, AlertRow]) -> list[DeliveryRow]:
        """Page somebody for alerts that were told of before."""
        known = [alert_id for alert_id in page.alert_ids if alert_id in self.told]
        for alert_id in known:
            self.told[alert_id] = replace(self.told[alert_id], paged_us=page.at_us)
            if alert_id in alerts:
                alerts[alert_id] = alerts[alert_id]._replace(paged_us=page.at_us)
            elif (watch := self._watch_of(page.zone_id, alert_id)) is not None and watch.alert is not None:
                alerts[alert_id] = self._alert_row(watch, watch.alert)
        if not known:
            return []
        return self._external(
            page.zone_id, RAISED, known, [self.told[alert_id].message for alert_id in known]
        )

    def _external(
        self, zone_id: str, event: str, alert_ids: Sequence[str], payloads: Sequence[str]
    ) -> list[DeliveryRow]:
        """Return one telling on every channel that pages people."""
        shard = self._shard_of(zone_id)
        payload = f"[{','.join(payloads)}]"
        return [
            DeliveryRow(shard, channel, zone_id, alert_ids[0], event, payload)
            for channel in self._channels.external
        ]

    def _watch_of(self, zone_id: str, alert_id: str) -> Watch | None:
        """Return the watch whose alert has an id."""
        state = self._desk.states.get(zone_id)
        watches = () if state is None else state.watches.values()
        return next((watch for watch in watches if watch.alert and watch.alert.alert_id == alert_id), None)

    def _told_with_reason(self, of: Transition | Watch, alert: Alert) -> Told:
        """Return what was told of an alert, its reason made anew of what was seen while it was too full."""
        told = self.told.get(alert.alert_id, Told())
        found = self._desk.seen.pop(alert.alert_id, None)
        if found is not None:
            limit, seen = found
        elif told.reason is NO_REASON and (held := self._desk.limit(of.zone_id, of.rule_id)) is not None:
            limit, seen = held, self._desk.observation(of.zone_id)  # it ran before this process did
        else:
            return told
        return replace(told, reason=reason_for(self._desk, of.zone_id, limit, seen, self.rates))

    def _alert_row(self, watch: Watch, alert: Alert) -> AlertRow:
        """Return the row of an alert of which there is nothing new to tell but its count."""
        told = self._told_with_reason(watch, alert)
        self.told[alert.alert_id] = told
        zone = self._desk.zone(watch.zone_id)
        name = watch.zone_id if zone is None else zone.name
        text = text_of(self._desk.city.rules.get(watch.rule_id), name)
        row = _row(alert, watch, told, text, words_of(told.reason))
        return row._replace(state=watch.state, value=watch.value, capacity=watch.capacity, pct=watch.pct)

    def _watch_row(self, watch: Watch) -> WatchRow:
        """Return the row of a watch."""
        limit = self._desk.limit(watch.zone_id, watch.rule_id)
        running = watch.running
        return WatchRow(
            zone_id=watch.zone_id,
            rule=watch.rule_id,
            shard=self._shard_of(watch.zone_id),
            state=watch.state,
            changed_us=watch.changed_us,
            measure=None if limit is None else limit.measure,
            classes=None if limit is None else ",".join(sorted(limit.classes)),
            severity=None if limit is None else limit.severity,
            value=watch.value,
            capacity=watch.capacity,
            raise_at=None if limit is None else limit.raise_at,
            clear_below=None if limit is None else limit.clear_below,
            probability_30=watch.probability_30,
            expected_us=watch.expected_us,
            muted=watch.muted,
            alert_id=None if running is None else running.alert_id,
            document=plain_json(watch),
        )


def _external_event(change: Transition, alert: Alert, told: Told) -> str | None:
    """Return what people who were paged are told of a change, None where they are told nothing."""
    if told.paged_us is None:
        return None
    if alert.until_us is not None:
        return ENDED
    return ACKNOWLEDGED if change.cause is Cause.ACKNOWLEDGED else None


def _row_of_change(change: Transition, alert: Alert, message: AlertMessage, told: Told) -> AlertRow:
    """Return the row of an alert after a change."""
    row = _row(alert, change, told, message.text, message.reason)
    return row._replace(state=change.after, value=change.value, capacity=change.capacity, pct=message.pct)


def _row(alert: Alert, of: Transition | Watch, told: Told, text: Text, words: Text) -> AlertRow:
    """Return the row of an alert, apart from its state and count."""
    return AlertRow(
        alert_id=alert.alert_id,
        zone_id=of.zone_id,
        rule=of.rule_id,
        state="",
        value=None,
        capacity=None,
        pct=None,
        since_us=alert.since_us,
        until_us=alert.until_us,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_us=alert.acknowledged_us,
        reason=words.nl,
        revision=told.revision,
        severity=alert.severity,
        raised_us=alert.raised_us,
        raised_value=alert.raised_value,
        peak_value=alert.peak_value,
        peak_us=alert.peak_us,
        muted=of.muted,
        note=alert.note,
        snoozed_by=alert.snoozed_by,
        snoozed_until_us=alert.snoozed_until_us or None,
        resolved_by=alert.resolved_by,
        end_cause=alert.end_cause,
        paged_us=told.paged_us,
        text_nl=text.nl,
        text_en=text.en,
        reason_en=words.en,
        reason_data=plain_json(told.reason),
        message=told.message,
    )


def _events(told: Iterable[Transition | Page]) -> Iterable[EventRow]:
    """Yield the lines of the log."""
    for change in told:
        if isinstance(change, Page) or (change.alert is None and not LOGGED & {change.before, change.after}):
            continue
        yield EventRow(
            zone_id=change.zone_id,
            rule=change.rule_id,
            alert_id=None if change.alert is None else change.alert.alert_id,
            at_us=change.at_us,
            state_before=change.before,
            state_after=change.after,
            cause=change.cause,
            value=change.value,
            capacity=change.capacity,
            done_by=change.by,
            note=change.note,
        )


def _last_pages(told: Iterable[Transition | Page]) -> list[PageRow]:
    """Return when each zone paged last, of those that did."""
    last = {item.zone_id: item.at_us for item in told if isinstance(item, Page)}
    return [PageRow(zone_id, at_us) for zone_id, at_us in last.items()]
