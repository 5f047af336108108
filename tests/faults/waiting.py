"""Waiting for a condition with a deadline, while something else is looked after."""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.1

Found = TypeVar("Found")


def nothing() -> None:
    """Look after nothing."""


def wait_until(
    condition: Callable[[], Found | None],
    what: str,
    *,
    deadline_s: float,
    tend: Callable[[], object] = nothing,
    poll_s: float = POLL_S,
) -> Found:
    """Return the first true answer of *condition*, asking every *poll_s* seconds.

    Args:
        condition: what to wait for.
        what: said when it does not happen.
        deadline_s: how long to wait at most, in seconds.
        tend: called between two questions, such as the restarting of processes that died.
        poll_s: seconds between two questions.
    """
    end_s = time.monotonic() + deadline_s
    while not (found := condition()):
        tend()
        if time.monotonic() > end_s:
            message = f"not within {deadline_s:.0f} s: {what}"
            raise AssertionError(message)
        time.sleep(poll_s)
    return found


def measured_s(action: Callable[[], object]) -> float:
    """Return how long *action* took, in seconds."""
    begin_s = time.monotonic()
    action()
    return time.monotonic() - begin_s
