"""Whether a role has its share of the work, as /readyz says it."""

import structlog

log = structlog.get_logger()


class Readiness:
    """What the group of a role has said last; told by the role, read by the threads that answer /readyz."""

    def __init__(self, role: str) -> None:
        self._role = role
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

    def reasons(self) -> list[str]:
        """Return why the role does not work, nothing where it does."""
        if self._is_assigned:
            return []
        return [f"{self._role} has no assignment {'any more' if self._was_assigned else 'yet'}"]
