"""Observations per second over the last seconds, from counts by minute of arrival."""

from collections import deque
from collections.abc import Mapping
from typing import Final

WINDOW_S: Final = 10.0

Counts = Mapping[tuple[str, int], int]
"""What was accepted so far, by feed and minute."""


class RateMeter:
    """Measures the rate of each feed; counts of a minute only grow."""

    def __init__(self) -> None:
        self._seen: Counts | None = None
        self._steps: deque[tuple[float, dict[str, int]]] = deque()

    def rates(self, now_s: float, counts: Counts) -> dict[str, float]:
        """Take the counts of now; return what came per second over the window, for feeds that had any."""
        self._steps.append((now_s, self._growth(counts)))
        self._seen = dict(counts)
        # the first step only marks where the window begins
        while len(self._steps) > 2 and now_s - self._steps[1][0] >= WINDOW_S:
            self._steps.popleft()
        length_s = now_s - self._steps[0][0]
        if length_s <= 0:
            return {}
        sums: dict[str, int] = {}
        for _, growth in list(self._steps)[1:]:
            for feed, count in growth.items():
                sums[feed] = sums.get(feed, 0) + count
        return {feed: count / length_s for feed, count in sums.items()}

    def _growth(self, counts: Counts) -> dict[str, int]:
        """Return by how much each feed grew since the counts before."""
        growth: dict[str, int] = {}
        if self._seen is not None:
            for key, count in counts.items():
                growth[key[0]] = growth.get(key[0], 0) + max(0, count - self._seen.get(key, 0))
        return growth
