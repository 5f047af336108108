"""Mean and largest counts by minute of stream time, for the last five minutes: what the forecast learns from.

A count holds until the next one. A mean weighs each count by how long it held; where nothing was known for half of a
minute, or of five of them, there is none.
"""

from typing import Final

import numpy as np

from processors.columns import Float64Array
from processors.units import MINUTE_US

MINUTES: Final = 5
LEAST_KNOWN_US: Final = MINUTE_US // 2
LEAST_MINUTES: Final = 3


class CountMinutes:
    """Counts of series, which are numbered from 0 on; lists, since counts come one by one."""

    def __init__(self) -> None:
        self.end_us = 0  # of the running minute, 0 before the first
        self._values: list[int | None] = []
        self._since_us: list[int] = []
        self._areas: list[float] = []  # count times microseconds
        self._known_us: list[int] = []
        self._peaks: list[float] = []
        self._means = np.empty((0, MINUTES))  # newest first
        self._largest = np.empty((0, MINUTES))

    def add_series(self) -> int:
        """Add a series of which nothing is known; return its number."""
        self._values.append(None)
        self._since_us.append(0)
        self._areas.append(0.0)
        self._known_us.append(0)
        self._peaks.append(np.nan)
        nothing = np.full((1, MINUTES), np.nan)
        self._means = np.concatenate((self._means, nothing))
        self._largest = np.concatenate((self._largest, nothing))
        return len(self._values) - 1

    def note(self, series: int, value: int | None, now_us: int) -> None:
        """Take in the count of a series, None where it is not known."""
        if value == self._values[series]:
            return
        self._extend(series, now_us)
        self._values[series] = value
        if value is not None and not value <= self._peaks[series]:  # NaN: none yet
            self._peaks[series] = value

    def close(self, now_us: int) -> bool:
        """End the running minute where it is over at *now_us*; return whether it was.

        Where more than a minute was missed, the last minutes are forgotten.
        """
        if now_us < self.end_us:
            return False
        is_first, missed_us = self.end_us == 0, now_us - self.end_us
        if not is_first:
            self._push(self.end_us)
        self.end_us = (now_us // MINUTE_US + 1) * MINUTE_US
        if missed_us >= MINUTE_US:
            self._means[:], self._largest[:] = np.nan, np.nan
            self._begin(now_us)
        return not is_first

    def means(self) -> Float64Array:
        """Return the mean count of each series over the last five minutes, NaN where it is not known."""
        known = np.isfinite(self._means)
        minutes = known.sum(axis=1)
        total = np.where(known, self._means, 0.0).sum(axis=1)
        return np.where(minutes >= LEAST_MINUTES, total / np.maximum(minutes, 1), np.nan)

    def peaks(self) -> Float64Array:
        """Return the largest count of each series in the last five minutes, NaN where the mean is not known."""
        largest = np.where(np.isfinite(self._largest), self._largest, -1.0).max(axis=1)
        return np.where(np.isfinite(self.means()), largest, np.nan)

    def keep(self, series: list[int]) -> None:
        """Keep some series, which are numbered anew in this order."""
        for name in ("_values", "_since_us", "_areas", "_known_us", "_peaks"):
            held = getattr(self, name)
            setattr(self, name, [held[number] for number in series])
        self._means, self._largest = self._means[series], self._largest[series]

    def _extend(self, series: int, now_us: int) -> None:
        """Let the count of a series have held until *now_us*."""
        value = self._values[series]
        if value is not None:
            held_us = now_us - self._since_us[series]
            self._areas[series] += value * held_us
            self._known_us[series] += held_us
        self._since_us[series] = now_us

    def _push(self, end_us: int) -> None:
        """Put the running minute before the others, and begin the next."""
        for series in range(len(self._values)):
            self._extend(series, end_us)
        known_us = np.array(self._known_us, np.float64)
        mean = np.divide(
            np.array(self._areas),
            known_us,
            out=np.full(known_us.size, np.nan),
            where=known_us >= LEAST_KNOWN_US,
        )
        self._means = np.concatenate((mean[:, None], self._means[:, :-1]), axis=1)
        peaks = np.where(np.isfinite(mean), np.array(self._peaks, np.float64), np.nan)
        self._largest = np.concatenate((peaks[:, None], self._largest[:, :-1]), axis=1)
        self._begin(end_us)

    def _begin(self, start_us: int) -> None:
        """Begin a minute."""
        count = len(self._values)
        self._since_us = [start_us] * count
        self._areas = [0.0] * count
        self._known_us = [0] * count
        self._peaks = [np.nan if value is None else float(value) for value in self._values]
