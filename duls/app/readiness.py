"""Whether a role has its share of the work, as /readyz says it."""

import time
from collections.abc import Callable
from typing import Final

import structlog

STILL_S: Final = 30.0
"""After so long without a word a role that speaks in each of its steps stands still: it waits for a broker that is
away, and then does not hear of its assignment either."""

log = structlog.get_logger()


class Readiness:
    """What the group of a role has said last; told by the role, read by the threads that answer /readyz.

    Args:
        role: its name.
        speaks_always: whether it tells in each of its steps, so that its silence says something.
        monotonic: seconds.
    """

    def __init__(
        self, role: str, *, speaks_always: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._role = role
        self._speaks_always = speaks_always
        self._monotonic = monotonic
        self._told_s = monotonic()
        self._is_assigned = False
        self._was_assigned = False  # at any time

    def tell(self, is_assigned: bool) -> None:  # noqa: FBT001  # a callback with one argument
        """Take whether the group has given the role its share, which may be nothing; repeating it changes nothing."""
        if is_assigned and not self._is_assigned:
            log.info("ready", role=self._role)
        elif self._is_assigned and not is_assigned:
            log.warning("not ready any more: the assignment is lost", role=self._role)
        self._is_assigned = is_assigned
        self._was_assigned |= is_assigned
        self._told_s = self._monotonic()

    def reasons(self) -> list[str]:
        """Return why the role does not work, nothing where it does."""
        if self._is_assigned:
            silent_s = self._monotonic() - self._told_s
            is_still = self._speaks_always and silent_s > STILL_S
            return [f"{self._role} stands still for {silent_s:.0f} s"] if is_still else []
        return [f"{self._role} has no assignment {'any more' if self._was_assigned else 'yet'}"]
