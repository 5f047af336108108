"""Actions of operators as messages of `duls.zone.action.v1`: what is sent, what is read, and what is refused.

```json
{"action_id": "0f0c…", "kind": "acknowledge", "alert_id": "5b1e…", "by": "j.jansen", "at": "2026-11-23T07:12:15Z"}
```

`kind` is acknowledge, snooze or resolve, about the alert `alert_id`; or silence or unsilence, about the zone
`zone_id`. snooze and silence have an `until`, silence may have a `from`, resolve must have a `note`.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from duls.errors import InvalidInputError
from duls.pipelines.alert_messages import EPOCH
from processors.overload.actions import Action, ActionKind
from processors.overload.document_fields import MAX_TEXT, is_storable
from sinks.overload_actions import SILENCE, ReceivedAction

Kind = Literal["acknowledge", "snooze", "resolve", "silence", "unsilence"]

ABOUT_ALERTS: Final = frozenset(ActionKind)
WITH_END: Final = frozenset({"snooze", "silence"})
LONGEST: Final = timedelta(days=366)


class ActionMessage(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One deed of one operator."""

    action_id: UUID
    kind: Kind
    by: str
    at: datetime
    alert_id: str | None = None
    zone_id: str | None = None
    note: str | None = None
    start: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None


_DECODER: Final = msgspec.json.Decoder(ActionMessage)


def encode_action(message: ActionMessage) -> bytes:
    """Return a message as it is sent.

    Raises:
        InvalidInputError: it would be refused.
    """
    problem = problem_of(message)
    if problem is not None:
        raise InvalidInputError(problem)
    return msgspec.json.encode(message)


def decode_action(value: bytes) -> ReceivedAction:
    """Return an action as it is written down.

    Raises:
        InvalidInputError: it is none, or lacks something; the sentence does not quote it.
    """
    try:
        message = _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text = f"the message is no action: {error}"
        raise InvalidInputError(text) from error
    problem = problem_of(message)
    if problem is not None:
        raise InvalidInputError(problem)
    return _received(message)


def problem_of(message: ActionMessage) -> str | None:
    """Return what keeps a message from being an action, None where nothing does."""
    is_about_alert = message.kind in ABOUT_ALERTS
    if (message.alert_id is not None) is not is_about_alert or (
        message.zone_id is None
    ) is not is_about_alert:
        needed = "alert_id and no zone_id" if is_about_alert else "zone_id and no alert_id"
        return f"{message.kind} needs {needed}"
    for name in ("by", "alert_id", "zone_id", "note"):
        text = getattr(message, name)
        if text is not None and not (is_storable(text) and len(text) <= MAX_TEXT):
            return f"{name} must be text of 1 to {MAX_TEXT} characters"
    if message.kind == "resolve" and message.note is None:
        return "resolve needs a note: why is it over?"
    return _time_problem(message)


def _time_problem(message: ActionMessage) -> str | None:
    """Return what is wrong with the times of a message."""
    times = {"at": message.at, "from": message.start, "until": message.until}
    for name, time in times.items():
        if time is not None and time.tzinfo is None:
            return f"{name} must have an offset, such as 2026-11-23T07:00:00+01:00"
    if (message.until is not None) is not (message.kind in WITH_END):
        return f"{message.kind} {'needs' if message.kind in WITH_END else 'takes no'} until"
    if message.start is not None and message.kind != SILENCE:
        return f"{message.kind} takes no from"
    if message.until is not None:
        start = message.start or message.at
        if not start < message.until <= start + LONGEST:
            return "until must be later, by a year at most"
    return None


def action_of(message: ActionMessage) -> Action | None:
    """Return what the engine is to do, None where it is about a zone."""
    if message.alert_id is None:
        return None
    return Action(
        kind=ActionKind(message.kind),
        alert_id=message.alert_id,
        by=message.by,
        at_us=microseconds(message.at),
        note=message.note,
        until_us=None if message.until is None else microseconds(message.until),
    )


def _received(message: ActionMessage) -> ReceivedAction:
    """Return a message as it is written down; the document is what the engine reads back."""
    done_us = microseconds(message.at)
    action = action_of(message)
    return ReceivedAction(
        action_id=message.action_id,
        kind=message.kind,
        alert_id=message.alert_id,
        zone_id=message.zone_id,
        done_by=message.by,
        done_us=done_us,
        note=message.note,
        from_us=microseconds(message.start or message.at),
        until_us=None if message.until is None else microseconds(message.until),
        document="{}" if action is None else msgspec.json.encode(action).decode(),
    )


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 UTC."""
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
