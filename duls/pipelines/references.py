"""What senders tell of vehicles completes the positions that refer to them, in every intake process."""

from typing import Final, Protocol

import structlog

from duls.errors import ServiceAwayError
from processors.columns import DecodedDetections, DecodedPositions
from processors.registrations import RegistrationBook, Registrations

REFRESH_S: Final = 5.0
AWAY_S: Final = (
    30.0  # between two attempts while the database is away, so that reading it never holds up the feed
)

log = structlog.get_logger()


class ReferenceStore(Protocol):
    """Where references are kept."""

    def keep(self, told: Registrations) -> None:
        """Store references; repeating it is harmless."""

    def news(self) -> Registrations:
        """Return what was told since this was asked last."""


class References:
    """The references of one intake process.

    What is learned is stored before the offsets of the messages that told it are committed, so nothing is lost; other
    processes hear of it within `REFRESH_S`.
    """

    def __init__(self, book: RegistrationBook, store: ReferenceStore) -> None:
        self._book = book
        self._store = store
        self._untold: list[Registrations] = []
        self._refresh_due_s = float("-inf")

    def complete(self, decoded: DecodedPositions | DecodedDetections) -> None:
        """Learn from the rows of a batch and complete the others, in place."""
        if not isinstance(decoded, DecodedPositions):
            return
        learned = self._book.learn(decoded)
        if learned.hash_hi.size:
            self._untold.append(learned)
        self._book.complete(decoded)

    def keep(self) -> bool:
        """Store what was learned; return whether all of it is, else the next call tries again."""
        try:
            while self._untold:
                self._store.keep(self._untold[0])
                del self._untold[0]
        except ServiceAwayError as away:
            log.warning("references of vehicles are not stored yet", reason=str(away))
        return not self._untold

    def refresh(self, now_s: float) -> None:
        """Hear of what other processes learned, when it is time; without a database what is known goes on to hold."""
        if now_s < self._refresh_due_s:
            return
        self._refresh_due_s = now_s + REFRESH_S
        try:
            self._book.load(self._store.news())
        except ServiceAwayError as away:
            self._refresh_due_s = now_s + AWAY_S
            log.warning("references of vehicles cannot be read", reason=str(away))
