"""ClockStalled: a source partition without progress holds stream time for all, so it is named within 15 seconds."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from processors.source_clock import SourceClock

STALL_S: Final = 15.0


class StalledPartition(NamedTuple):
    """A source partition that nobody reads, or whose owner says nothing."""

    topic_id: bytes
    source: int
    partition: int


class _Heard(NamedTuple):
    arrival_us: int
    next_offset: int
    since_s: float


class ClockWatch:
    """Notes when each source partition moved last, by this machine's monotonic clock."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._heard: dict[StalledPartition, _Heard] = {}

    def look(self, clocks: Iterable[SourceClock]) -> list[StalledPartition]:
        """Return the source partitions that have not moved for STALL_S, ticks being moves too."""
        now_s = self._monotonic()
        stalled = []
        for clock in clocks:
            for partition in range(clock.known_partitions):
                key = StalledPartition(clock.topic_id, clock.source, partition)
                place = (int(clock.arrival_us[partition]), int(clock.next_offset[partition]))
                heard = self._heard.get(key)
                if heard is None or (heard.arrival_us, heard.next_offset) != place:
                    self._heard[key] = _Heard(*place, now_s)
                elif now_s - heard.since_s > STALL_S:
                    stalled.append(key)
        return stalled

    def forget(self) -> None:
        """Begin anew, as after an assignment."""
        self._heard.clear()
