"""When aggregate flushes: each `flush_s` at the latest, sooner where figures are new and there is time for it.

A pure rule over times that it is told; it reads no clock.
"""

from typing import Final

SOONEST_SHARE: Final = 0.2  # of `flush_s`, after which figures that are new may be stored
FLUSH_SHARE: Final = 0.25  # of the time that may go to transactions before `flush_s` is over
SLACK_SHARE: Final = 0.5  # of the time that reading must have waited for messages then


class FlushPace:
    """The times of the flushes of one process, in seconds of a monotonic clock.

    Args:
        flush_s: The longest time between the beginnings of two flushes.
    """

    def __init__(self, flush_s: float) -> None:
        self.soonest_s = 0.0  # before it none begins
        self.due_s = 0.0  # from then on one does, whatever there is
        self._flush_s = flush_s
        self._waited_s = 0.0  # for messages, since the last flush began
        self._began_s = 0.0

    @property
    def longest_wait_s(self) -> float:
        """Return how long reading may wait for messages, so that a flush is not late by more than its share."""
        return SOONEST_SHARE * self._flush_s

    def waited(self, seconds: float) -> None:
        """Note that reading waited for messages."""
        self._waited_s += seconds

    def next_s(self, now_s: float, *, is_news: bool) -> float:
        """Return when the next flush may begin, of which news would be part."""
        return min(self.due_s, self.soonest_s) if is_news and now_s < self.soonest_s else self.due_s

    def is_time(self, now_s: float, *, is_news: bool) -> bool:
        """Tell whether to flush now: it is due, or figures are new and reading keeps up with what comes."""
        has_slack = self._waited_s >= SLACK_SHARE * (now_s - self._began_s)
        return now_s >= self.due_s or (is_news and has_slack and now_s >= self.soonest_s)

    def flushed(self, began_s: float, ended_s: float) -> None:
        """Note that a flush is over; what it cost decides how soon the next one may begin."""
        rest_s = (ended_s - began_s) * (1 / FLUSH_SHARE - 1)
        self.soonest_s = max(began_s + SOONEST_SHARE * self._flush_s, ended_s + rest_s)
        self.due_s = began_s + self._flush_s
        self._began_s, self._waited_s = began_s, 0.0
