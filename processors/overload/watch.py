"""The state of one rule over one zone, the alert that it raised, and what changes of it are told.

All are plain data: `msgspec.to_builtins` and `msgspec.convert` (or `msgspec.json`) bring them to a database row
and back. Times are stream time in microseconds since 1970 UTC.
"""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from processors.overload.rules import Severity


class AlertState(StrEnum):
    """Where a watch is."""

    NORMAL = "normal"
    """Below the raise level."""
    RISING = "rising"
    """Below it, and likely above it within half an hour."""
    PENDING = "pending"
    """At or above the raise level, not yet for long enough."""
    FIRING = "firing"
    """Too full: the alert runs."""
    ACKNOWLEDGED = "acknowledged"
    """The same, and an operator has taken it on."""
    CLEARING = "clearing"
    """The alert runs and the count is below the clear level, not yet for long enough."""
    RESOLVED = "resolved"
    """The alert is over, until stream time moves on; ended by hand, until the count was below the clear level or an
    hour has gone by."""
    NO_DATA = "no_data"
    """Nothing is known: the feed is lost, or nothing was seen yet. An alert that ran goes on running."""


RUNNING: Final = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.CLEARING})
"""States that only a watch with a running alert has."""


class Cause(StrEnum):
    """Why something changed."""

    VALUE = "value"
    """The count, for long enough."""
    FORECAST = "forecast"
    """The probability of reaching the raise level."""
    FEED_LOST = "feed_lost"
    FEED_BACK = "feed_back"
    """There is data, again or for the first time."""
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED_BY_HAND = "resolved_by_hand"
    REARMED = "rearmed"
    """After an end by hand the watch may fire again."""
    MUTED = "muted"
    """Planned works silence the zone from now on."""
    UNMUTED = "unmuted"
    """A snooze or silence is over while the alert still runs: time to tell of it again."""
    NOT_IN_FORCE = "not_in_force"
    """The time of the rule is over, or a more specific rule took its place."""
    RULE_REMOVED = "rule_removed"
    """The rule set has no such rule for this zone any more."""


class Alert(Struct, frozen=True, kw_only=True):
    """An overload from its beginning to its end."""

    alert_id: str
    since_us: int  # too full without a break since then
    raised_us: int  # when it fired
    severity: Severity
    raised_value: int
    peak_value: int
    peak_us: int
    acknowledged_by: str | None = None
    acknowledged_us: int | None = None
    note: str | None = None  # of whoever acknowledged, snoozed or resolved it last
    snoozed_by: str | None = None
    snoozed_us: int | None = None  # when it was snoozed last
    snoozed_until_us: int = 0  # 0: not snoozed
    until_us: int | None = None  # its end, None while it runs
    end_cause: Cause | None = None
    resolved_by: str | None = None  # who ended it by hand


class Watch(Struct, frozen=True, kw_only=True):
    """One rule over one zone: a database row per (zone, rule)."""

    zone_id: str
    rule_id: str
    state: AlertState = AlertState.NO_DATA
    changed_us: int  # since when it is in this state
    value: int | None = None  # last count, None where there is no data
    capacity: int | None = None
    above_since_us: int | None = None  # pending: when it got there; None: that is to be seen anew
    below_since_us: int | None = None  # clearing: likewise
    alert: Alert | None = None  # the running one; or the last one, while it keeps the watch from firing again
    muted: bool = False  # nobody is to be told: snoozed, or the zone is silenced
    probability_15: float | None = None  # of reaching the raise level within a quarter of an hour
    probability_30: float | None = None  # and within half an hour
    expected_us: int | None = None  # when it likely will; None: not within half an hour

    @property
    def running(self) -> Alert | None:
        """Return the alert that runs, also while there is no data, None where none does."""
        alert = self.alert
        return alert if alert is not None and alert.until_us is None else None

    @property
    def pct(self) -> float | None:
        """Return the count as a percentage of the capacity, None where either is missing or nothing is allowed."""
        return None if self.value is None or not self.capacity else 100.0 * self.value / self.capacity


class ZoneState(Struct, frozen=True):
    """All watches of a zone by rule id, at one stream time."""

    zone_id: str
    as_of_us: int = 0  # newest stream time seen; what is older is refused
    watches: Mapping[str, Watch] = {}


class Transition(Struct, frozen=True, kw_only=True):
    """A change of a watch that somebody may want to know of."""

    zone_id: str
    rule_id: str
    at_us: int
    before: AlertState
    after: AlertState  # equal to `before` where only a snooze, a silence or a note changed
    cause: Cause
    alert: Alert | None  # the running alert, or the one that this change ended, as it is now
    value: int | None
    capacity: int | None
    muted: bool
    by: str | None = None  # the operator
    note: str | None = None
    expected_us: int | None = None  # rising: when the raise level will likely be reached


def alert_id(zone_id: str, rule_id: str, since_us: int) -> str:
    """Return the id of an alert: 32 hexadecimal digits that are the same wherever and whenever it is asked."""
    text = "\0".join((zone_id, rule_id, str(since_us)))  # no id holds a NUL
    return blake2b(text.encode(), digest_size=16).hexdigest()


def state_of(alert: Alert) -> AlertState:
    """Return the state of a watch whose alert runs at a count that does not clear."""
    return AlertState.FIRING if alert.acknowledged_by is None else AlertState.ACKNOWLEDGED


def changed(watch: Watch, now_us: int, *, state: AlertState, **fields: object) -> Watch:
    """Return the watch in a state and with other fields, the same object where that is what it was.

    A watch is not in a state since before it was in the last one, whatever clock told of that.
    """
    changed_us = watch.changed_us if state is watch.state else max(now_us, watch.changed_us)
    after = replace(watch, state=state, changed_us=changed_us, **fields)
    return watch if after == watch else after


def ended(
    watch: Watch, now_us: int, cause: Cause, *, by: str | None = None, note: str | None = None
) -> Watch:
    """Return the watch with its running alert at an end."""
    if (alert := watch.running) is None:
        message = f"no alert of rule {watch.rule_id!r} runs in zone {watch.zone_id!r}"
        raise ValueError(message)
    until_us = max(now_us, alert.raised_us)
    alert = replace(
        alert, until_us=until_us, end_cause=cause, resolved_by=by, note=alert.note if note is None else note
    )
    return changed(watch, now_us, state=AlertState.RESOLVED, below_since_us=None, alert=alert)


def transition_of(
    before: Watch, after: Watch, cause: Cause, now_us: int, *, by: str | None = None, note: str | None = None
) -> Transition:
    """Return what is told of a change."""
    return Transition(
        zone_id=after.zone_id,
        rule_id=after.rule_id,
        at_us=max(now_us, before.changed_us),
        before=before.state,
        after=after.state,
        cause=cause,
        alert=after.alert if before.running is not None else after.running,
        value=after.value,
        capacity=after.capacity,
        muted=after.muted,
        by=by,
        note=note,
        expected_us=after.expected_us,
    )
