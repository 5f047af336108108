"""What operators do to alerts, as data that may come from a topic, more than once and in any order."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from processors.overload.watch import Transition, ZoneState


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
    """The alert is that way already: acknowledged, or snoozed for as long."""
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
    """Acknowledge, snooze or resolve the running alert of a zone that has the id of the action."""
    raise NotImplementedError
