"""Deeds that are kept in place of being sent."""

from datetime import datetime
from uuid import UUID

from duls.api.deeds import Deed, DeedOutcome


class FakeDeeds:
    """Keeps deeds; answers with `outcome`, or raises `failure`."""

    def __init__(self) -> None:
        self.done: list[tuple[Deed, UUID]] = []
        self.outcome = DeedOutcome(is_handled=True)
        self.failure: Exception | None = None

    def do(self, deed: Deed, action_id: UUID, at: datetime) -> DeedOutcome:
        """Keep a deed."""
        assert at.tzinfo is not None
        self.done.append((deed, action_id))
        if self.failure is not None:
            raise self.failure
        return self.outcome

    def forget(self) -> None:
        """Begin anew."""
        self.done.clear()
        self.outcome, self.failure = DeedOutcome(is_handled=True), None
