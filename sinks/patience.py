"""How long to go on trying while a database is away."""

import time
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from duls.errors import ServiceAwayError

FIRST_WAIT_S: Final = 0.05
LONGEST_WAIT_S: Final = 1.0  # a returned database is noticed within a second


def never() -> bool:
    """Return False: nobody asks to stop."""
    return False


class Patience(NamedTuple):
    """How long to try, and who may end the trying; the clock and the sleep are arguments for tests."""

    timeout_s: float
    should_stop: Callable[[], bool] = never
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def attempts(self, what: str) -> Iterator[int]:
        """Yield attempt numbers from 1 on, waiting longer before each, until the time is over.

        Raises:
            ServiceAwayError: the time is over, or stopping was asked for after a failed attempt.
        """
        end_s = self.clock() + self.timeout_s
        wait_s = FIRST_WAIT_S
        attempt = 1
        yield attempt
        while self.clock() + wait_s <= end_s and not self.should_stop():
            self.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            attempt += 1
            yield attempt
        message = f"{what}: gave up after {attempt} attempts; is the database running and reachable?"
        raise ServiceAwayError(message)
