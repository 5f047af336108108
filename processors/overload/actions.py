"""What operators do to alerts, as data that may come from a topic, more than once and in any order."""

from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from processors.overload.watch import (
    Alert,
    AlertState,
    Cause,
    Transition,
    Watch,
    ZoneState,
    changed,
    ended,
    transition_of,
)


class ActionKind(StrEnum):
    """What is done."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    RESOLVE = "resolve"


class Action(Struct, frozen=True, kw_only=True):
    """One deed of one operator."""

    kind: ActionKind
    alert_id: str
    by: str
    at_us: int
    note: str | None = None  # a reason is required to resolve
    until_us: int | None = None  # required to snooze


class Refusal(StrEnum):
    """Why an action changed nothing."""

    NO_SUCH_ALERT = "no_such_alert"
    """No running alert of the zone has this id: it is over, or never was."""
    ALREADY_DONE = "already_done"
    """The alert is acknowledged already, or was snoozed later than by this action."""
    NO_REASON = "no_reason"
    """Resolving by hand takes a reason."""
    NOT_LATER = "not_later"
    """A snooze must end after it begins."""


class ActionResult(NamedTuple):
    """The zone after an action."""

    state: ZoneState
    transitions: tuple[Transition, ...]
    refusal: Refusal | None


def act(state: ZoneState, action: Action) -> ActionResult:
    """Acknowledge, snooze or resolve the running alert of a zone that has the id of the action.

    The same action again changes nothing. What is told bears the stream time of the zone, for an alert ends by
    that clock; the alert keeps when the operator acted.
    """
    found = _running(state, action.alert_id)
    if found is None:
        return ActionResult(state, (), Refusal.NO_SUCH_ALERT)
    watch, alert = found
    refusal = _refusal(alert, action)
    if refusal is not None:
        return ActionResult(state, (), refusal)
    after, cause = _DEEDS[action.kind](watch, alert, action, state.as_of_us)
    told = transition_of(watch, after, cause, state.as_of_us, by=action.by, note=action.note)
    watches = {**state.watches, watch.rule_id: after}
    return ActionResult(replace(state, watches=watches), (told,), None)


def _running(state: ZoneState, alert_id: str) -> tuple[Watch, Alert] | None:
    """Return the running alert with an id, and its watch."""
    for watch in state.watches.values():
        if (alert := watch.running) is not None and alert.alert_id == alert_id:
            return watch, alert
    return None


def _refusal(alert: Alert, action: Action) -> Refusal | None:
    """Return why an action cannot be, None where it can."""
    match action.kind:
        case ActionKind.ACKNOWLEDGE if alert.acknowledged_by is not None:
            return Refusal.ALREADY_DONE
        case ActionKind.SNOOZE if action.until_us is None or action.until_us <= action.at_us:
            return Refusal.NOT_LATER
        case ActionKind.SNOOZE if alert.snoozed_us is not None and action.at_us <= alert.snoozed_us:
            return Refusal.ALREADY_DONE
        case ActionKind.RESOLVE if not (action.note or "").strip():
            return Refusal.NO_REASON
    return None


def _acknowledge(watch: Watch, alert: Alert, action: Action, now_us: int) -> tuple[Watch, Cause]:
    """Note who takes the alert on; without data or below the clear level the state stays as it is."""
    taken = replace(
        alert, acknowledged_by=action.by, acknowledged_us=action.at_us, note=action.note or alert.note
    )
    state = AlertState.ACKNOWLEDGED if watch.state is AlertState.FIRING else watch.state
    return changed(watch, now_us, state=state, alert=taken), Cause.ACKNOWLEDGED


def _snooze(watch: Watch, alert: Alert, action: Action, now_us: int) -> tuple[Watch, Cause]:
    """Tell nobody of the alert for a while; the engine unmutes it."""
    until_us = action.until_us or 0
    snoozed = replace(
        alert,
        snoozed_by=action.by,
        snoozed_us=action.at_us,
        snoozed_until_us=until_us,
        note=action.note or alert.note,
    )
    is_muted = watch.muted or now_us < until_us
    return changed(watch, now_us, state=watch.state, alert=snoozed, muted=is_muted), Cause.SNOOZED


def _resolve(watch: Watch, _alert: Alert, action: Action, now_us: int) -> tuple[Watch, Cause]:
    """End the alert; its watch does not fire again at once, see `engine`."""
    after = ended(watch, now_us, Cause.RESOLVED_BY_HAND, by=action.by, note=action.note)
    return after, Cause.RESOLVED_BY_HAND


_DEEDS: Final = {
    ActionKind.ACKNOWLEDGE: _acknowledge,
    ActionKind.SNOOZE: _snooze,
    ActionKind.RESOLVE: _resolve,
}
