"""The state that all streams tell of, and the wait for its next step."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from duls.api.live_state import Head, LiveState
from sinks.live_now import LiveReading, milliseconds
from sinks.zone_shapes import ZoneShape


class Zones(NamedTuple):
    """The zones that the counts are of."""

    version: str = ""  # changes with them
    shapes: Sequence[ZoneShape] = ()
    municipalities: Mapping[str, str | None] = {}


class LiveHub:
    """Where the one reader of the process and its many streams meet; used from one event loop.

    Args:
        name: of its state, in the ids of events.
        clock: the time.
    """

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self.state = LiveState(name)
        self.zones = Zones()
        self.streams = 0  # open ones
        self.streams_of: Counter[str] = Counter()  # the same by the id of their token
        self._clock = clock
        self._woken = asyncio.Event()

    def now(self) -> datetime:
        """Return the time."""
        return self._clock()

    def now_ms(self) -> int:
        """Return the time as milliseconds since 1970."""
        return milliseconds(self._clock())

    def publish(
        self, reading: LiveReading, rates: Mapping[str, float], *, settling: bool, zones: Zones
    ) -> None:
        """Take a reading, and wake everyone where something changed."""
        self.zones = zones
        head = Head(reading.as_of, None, settling, zones.version)
        if self.state.take(reading, rates, head, zones.municipalities):
            self.wake()

    def lose(self) -> bool:
        """Tell that the database does not answer; return whether it did until now."""
        if self.state.head.database_since is not None:
            return False
        self.state.tell(self.state.head._replace(database_since=self.now_ms()))
        self.wake()
        return True

    def wake(self) -> None:
        """Wake everyone who waits for this step."""
        self._woken.set()
        self._woken = asyncio.Event()

    async def changed(self, step: int, timeout_s: float) -> None:
        """Wait until there is a newer step than *step*, at most so long."""
        if self.state.step == step:
            try:
                await asyncio.wait_for(self._woken.wait(), timeout_s)
            except TimeoutError:
                return
