"""What operators may do over HTTP, as plain values; how it is done is given by whoever builds the application."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

DeedKind = Literal["acknowledge", "snooze", "resolve", "silence", "unsilence"]
RuleMode = Literal["replace", "merge"]


class Deed(NamedTuple):
    """What an operator wants done about an alert or a zone."""

    kind: DeedKind
    by: str
    alert_id: str | None = None
    zone_id: str | None = None
    note: str | None = None
    start: datetime | None = None  # of a silence; None: at once
    until: datetime | None = None  # of a snooze or a silence


class DeedOutcome(NamedTuple):
    """What came of a deed."""

    is_handled: bool  # False: it waits in its topic for an alert process
    refusal: str | None = None  # why it changed nothing


class AlertDeeds(Protocol):
    """Does what operators want."""

    def do(self, deed: Deed, action_id: UUID, at: datetime) -> DeedOutcome:
        """Send a deed, and wait a moment for what comes of it; the same id again is the same deed.

        Raises:
            InvalidInputError: it lacks something; nothing was sent.
            ServiceAwayError: the broker does not take it.
        """


class RulesInForce(NamedTuple):
    """The rules of overload alerts."""

    version: int  # 0: none were ever stored
    document: Mapping[str, Any]


class RulesChange(NamedTuple):
    """What became of rules that were put."""

    version: int
    is_new: bool  # False: they say what the newest version says
    changes: Mapping[str, str]
    warnings: Sequence[str]


class RuleLogLine(NamedTuple):
    """Who stored a version of the rules."""

    version: int
    stored_by: str
    stored_at: datetime
    note: str | None
    changes: Mapping[str, str]


class RuleWish(NamedTuple):
    """Rules that somebody wants in force."""

    document: Any
    by: str
    mode: RuleMode
    after: int | None = None  # the version that they were made from; None: whatever it is
    note: str | None = None


class RuleBook(Protocol):
    """Keeps the rules of overload alerts."""

    def current(self) -> RulesInForce:
        """Return the rules in force."""

    def put(self, wish: RuleWish) -> RulesChange:
        """Put rules in force.

        Raises:
            RulesRefusedError: they are none; nothing was changed.
            RefusedError: another version came in between.
        """

    def log(self, limit: int) -> list[RuleLogLine]:
        """Return who changed the rules, newest first."""
