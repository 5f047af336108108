"""ClockStalled: a source partition without progress holds stream time for all, so it is named within 15 seconds."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from processors.source_clock import SourceClock
from processors.units import US_PER_S
from processors.vehicle_table import FOREVER_US

STALL_S: Final = 15.0
BLIND_S: Final = 5.0  # after so long without a look, as in a flush that waited, nothing can be said
AHEAD_US: Final = 60 * US_PER_S  # intake pauses partitions that are farther ahead of the slowest


class StalledPartition(NamedTuple):
    """A source partition that nobody reads, or whose owner says nothing."""

    topic_id: bytes
    source: int
    partition: int


class _Heard(NamedTuple):
    """Where a source partition stood, and since when."""

    arrival_us: int
    next_offset: int
    since_s: float


class ClockWatch:
    """Notes when each source partition moved last, by this machine's monotonic clock.

    A partition far ahead of the slowest one holds no time and is paused by intake, so its standing still is no stall.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._heard: dict[StalledPartition, _Heard] = {}
        self._looked_s = monotonic()

    def look(self, clocks: Iterable[SourceClock]) -> list[StalledPartition]:
        """Return the source partitions that have not moved for STALL_S, ticks being moves too."""
        now_s = self._monotonic()
        if now_s - self._looked_s > BLIND_S:
            self.forget()
        self._looked_s = now_s
        stalled = []
        for clock in clocks:
            if clock.is_over:
                continue
            paused_us = int(clock.arrival_us.min(initial=FOREVER_US)) + AHEAD_US
            for partition in range(clock.known_partitions):
                key = StalledPartition(clock.topic_id, clock.source, partition)
                place = (int(clock.arrival_us[partition]), int(clock.next_offset[partition]))
                heard = self._heard.get(key)
                if heard is None or (heard.arrival_us, heard.next_offset) != place:
                    self._heard[key] = _Heard(*place, now_s)
                elif now_s - heard.since_s > STALL_S and place[0] <= paused_us:
                    stalled.append(key)
        return stalled

    def forget(self) -> None:
        """Begin anew, as after an assignment."""
        self._heard.clear()
