"""What gives no messages although it holds some: a client that stands still says nothing of it.

Intake appends ticks and sees whether they come back. Aggregate and alert, which append nothing, ask the broker where a
log ends that has been silent.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Final, Generic, TypeVar

from duls.errors import ServiceAwayError

EVERY_S: Final = 10.0
"""Between two looks; who is deaf was silent from one to the next, with messages left all the while."""

ANSWER_S: Final = 1.0  # to wait for the broker
MOST_FAILURES: Final = 2  # of a look: where the broker is away, reading need not wait for each log

Log = TypeVar("Log", bound=Hashable)


class DeafWatch(Generic[Log]):
    """Finds logs that are not read any more: partitions by number, or topics of one partition by name.

    Args:
        end_of: Returns where a log ends, within `ANSWER_S`, or raises ServiceAwayError.
    """

    def __init__(self, end_of: Callable[[Log], int]) -> None:
        self._end_of = end_of
        self._due_s = 0.0
        self._looks = 0
        self._seen: dict[Log, int] = {}  # where each was read to at the last look
        self._left: dict[Log, int] = {}  # the same, of those that held messages then

    def begin_anew(self) -> None:
        """Forget what was seen: the client had more to give than was taken, so some partitions wait for their turn.

        They give their messages one after another, not side by side. Assigning one of them again would put it behind
        all others, and so it would be silent for ever.
        """
        self._seen, self._left = {}, {}

    def find(self, positions: Mapping[Log, int], now_s: float) -> list[Log]:
        """Return the logs that did not move between two looks although messages were left at the first.

        Args:
            positions: Of all logs that this process reads, the next offset of each.
            now_s: Of the monotonic clock.
        """
        if now_s < self._due_s:
            return []
        self._due_s = now_s + EVERY_S
        self._looks += 1
        silent = [log for log, position in positions.items() if self._seen.get(log) == position]
        deaf = [log for log in silent if self._left.get(log) == positions[log]]
        self._seen = dict(positions)
        asked = [log for log in silent if log not in deaf]
        first = self._looks % max(1, len(asked))  # another one each time, since few may fail
        self._left = self._with_messages_left({log: positions[log] for log in asked[first:] + asked[:first]})
        return deaf

    def _with_messages_left(self, silent: Mapping[Log, int]) -> dict[Log, int]:
        """Return where those logs are read to that go on there, as far as brokers tell."""
        left = {}
        failures = 0
        for log, position in silent.items():
            try:
                end = self._end_of(log)
            except ServiceAwayError:
                # its broker is away, so that nobody can read it; others tell of that
                failures += 1
                if failures == MOST_FAILURES:
                    break
            else:
                if end > position:
                    left[log] = position
        return left
