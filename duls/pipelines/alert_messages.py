"""What is told of alerts and zones, as JSON: on `duls.zone.alert.v1` and `duls.zone.state.v1`, and to webhooks."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from processors.overload.observation import ZoneRow
from processors.overload.reason import Reason
from processors.overload.watch import AlertState, Transition, Watch

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
WORST_FIRST: Final = (
    AlertState.FIRING,
    AlertState.ACKNOWLEDGED,
    AlertState.CLEARING,
    AlertState.NO_DATA,
    AlertState.PENDING,
    AlertState.RISING,
    AlertState.RESOLVED,
    AlertState.NORMAL,
)


class Text(msgspec.Struct, frozen=True):
    """The same in two languages."""

    nl: str
    en: str


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """An alert after a change; of two messages with one id that with the larger revision holds."""

    alert_id: str
    revision: int
    zone_id: str
    zone_name: str
    municipality: str | None
    rule: str
    severity: str
    state: str
    cause: str  # of this message
    at: str
    since: str
    raised: str
    until: str | None
    value: int | None
    capacity: int | None
    pct: float | None
    raised_value: int
    peak_value: int
    peak_at: str
    acknowledged_by: str | None
    acknowledged_at: str | None
    snoozed_by: str | None
    snoozed_until: str | None
    resolved_by: str | None
    end_cause: str | None
    muted: bool
    note: str | None
    text: Text
    reason: Text
    reason_data: Reason


class WatchMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in a zone."""

    rule: str
    state: str
    since: str  # in this state
    value: int | None
    capacity: int | None
    pct: float | None
    alert_id: str | None
    muted: bool
    probability_15: float | None
    probability_30: float | None
    expected_at: str | None


class CountMessage(msgspec.Struct, frozen=True):
    """Vehicles of one class and emission in a zone."""

    vehicle_class: str
    zero_emission: str
    present: int
    silent: int


class ZoneMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A zone now; of two messages about one zone that with the larger (epoch, offset) holds."""

    zone_id: str
    epoch: int
    offset: int
    as_of: str
    feed: str  # ok or lost
    settling: bool
    state: str | None  # the worst of its rules, null where none is in force
    present: int | None  # null where the feed is lost
    silent: int | None
    counts: list[CountMessage]
    rules: list[WatchMessage]


def time_text(time_us: int) -> str:
    """Return a time as RFC 3339, to the microsecond."""
    return (EPOCH + timedelta(microseconds=time_us)).isoformat().replace("+00:00", "Z")


def _maybe_time(time_us: int | None) -> str | None:
    """Return a time as text, None where there is none."""
    return None if time_us is None else time_text(time_us)


def alert_message(
    change: Transition,
    *,
    revision: int,
    zone_name: str,
    municipality: str | None,
    text: Text,
    reason: Reason,
    words: Text,
) -> AlertMessage:
    """Return what is told of a change of an alert.

    Args:
        change: with the alert.
        revision: larger than that of every message about the alert before.
        zone_name: for people.
        municipality: CBS code of the zone.
        text: what is wrong.
        reason: what makes it up.
        words: the same for people.
    """
    alert = change.alert
    if alert is None:
        message = f"no alert in a change of rule {change.rule_id!r} in zone {change.zone_id!r}"
        raise ValueError(message)
    return AlertMessage(
        alert_id=alert.alert_id,
        revision=revision,
        zone_id=change.zone_id,
        zone_name=zone_name,
        municipality=municipality,
        rule=change.rule_id,
        severity=alert.severity,
        state=change.after,
        cause=change.cause,
        at=time_text(change.at_us),
        since=time_text(alert.since_us),
        raised=time_text(alert.raised_us),
        until=_maybe_time(alert.until_us),
        value=change.value,
        capacity=change.capacity,
        pct=percentage(change.value, change.capacity),
        raised_value=alert.raised_value,
        peak_value=alert.peak_value,
        peak_at=time_text(alert.peak_us),
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=_maybe_time(alert.acknowledged_us),
        snoozed_by=alert.snoozed_by,
        snoozed_until=_maybe_time(alert.snoozed_until_us or None),
        resolved_by=alert.resolved_by,
        end_cause=alert.end_cause,
        muted=change.muted,
        note=alert.note,
        text=text,
        reason=words,
        reason_data=reason,
    )


def zone_message(
    zone_id: str,
    watches: Mapping[str, Watch],
    rows: Iterable[ZoneRow],
    *,
    place: tuple[int, int],
    as_of_us: int,
    is_lost: bool,
    is_settling: bool,
) -> ZoneMessage:
    """Return what is told of a zone; *place* is the epoch of its shard and the offset of the counts."""
    counts = [] if is_lost else [CountMessage(*row) for row in rows]
    return ZoneMessage(
        zone_id=zone_id,
        epoch=place[0],
        offset=place[1],
        as_of=time_text(as_of_us),
        feed="lost" if is_lost else "ok",
        settling=is_settling,
        state=worst_state(watch.state for watch in watches.values()),
        present=None if is_lost else sum(row.present for row in counts),
        silent=None if is_lost else sum(row.silent for row in counts),
        counts=counts,
        rules=[_watch_message(watch) for watch in watches.values()],
    )


def worst_state(states: Iterable[AlertState]) -> AlertState | None:
    """Return the state that people must know of first, None where there is none."""
    found = set(states)
    return next((state for state in WORST_FIRST if state in found), None)


def _watch_message(watch: Watch) -> WatchMessage:
    """Return what is told of a rule in a zone."""
    running = watch.running
    return WatchMessage(
        rule=watch.rule_id,
        state=watch.state,
        since=time_text(watch.changed_us),
        value=watch.value,
        capacity=watch.capacity,
        pct=watch.pct,
        alert_id=None if running is None else running.alert_id,
        muted=watch.muted,
        probability_15=watch.probability_15,
        probability_30=watch.probability_30,
        expected_at=_maybe_time(watch.expected_us),
    )


def percentage(value: int | None, capacity: int | None) -> float | None:
    """Return a count as a percentage of a capacity, None where either is missing or nothing is allowed."""
    return None if value is None or not capacity else 100.0 * value / capacity


def plain_json(value: Any) -> str:
    """Return a value as JSON text."""
    return msgspec.json.encode(value).decode()
