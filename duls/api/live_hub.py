"""One reader for all who look: it follows the live tables, and wakes every stream when something changed."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import psycopg
import structlog

from duls.api.live_state import Head, LiveState
from duls.api.rate_meter import RateMeter
from duls.errors import ServiceAwayError
from duls.local_midnights import ZONE
from sinks.connection import Connection, first_line
from sinks.live_now import LiveReading, milliseconds, read_live
from sinks.reading import Reader, ReadRole
from sinks.zone_shapes import ZoneShape, read_zone_shapes, read_zones_mark

READ_S: Final = 0.5  # between two readings
MARK_S: Final = 5.0  # between two looks whether the zones changed
SETTLING: Final = timedelta(minutes=5)  # after local midnight, see semantics of `present`

log = structlog.get_logger()


class Zones(NamedTuple):
    """The zones that the counts are of."""

    version: str = ""  # changes with them
    shapes: Sequence[ZoneShape] = ()
    municipalities: Mapping[str, str | None] = {}


class LiveHub:
    """The state of now, and the wait for the next one; used from one event loop.

    Args:
        state: what is told to streams.
        reader: of the database.
        clock: the time.
    """

    def __init__(self, state: LiveState, reader: Reader, clock: Callable[[], datetime]) -> None:
        self.state = state
        self.streams = 0  # open ones
        self._reader = reader
        self._clock = clock
        self._meter = RateMeter()
        self._woken = asyncio.Event()
        self._zones = Zones()
        self._marked_s = float("-inf")

    @property
    def zones(self) -> Zones:
        """The zones that the counts are of."""
        return self._zones

    def now_ms(self) -> int:
        """Return the time as milliseconds since 1970."""
        return milliseconds(self._clock())

    async def follow(self, stopping: asyncio.Event) -> None:
        """Read again and again until stopping is asked for, then wake everyone."""
        while not stopping.is_set():
            begun_s = time.monotonic()
            await self._read()
            try:
                await asyncio.wait_for(stopping.wait(), max(0.0, begun_s + READ_S - time.monotonic()))
            except TimeoutError:
                continue
        self._wake()

    async def changed(self, step: int, timeout_s: float) -> None:
        """Wait until there is a newer step than *step*, at most so long."""
        if self.state.step == step:
            try:
                await asyncio.wait_for(self._woken.wait(), timeout_s)
            except TimeoutError:
                return

    async def _read(self) -> None:
        """Read once; a database that is away changes the head only."""
        try:
            reading = await asyncio.to_thread(self._reading)
        except (ServiceAwayError, psycopg.Error) as error:  # away, not migrated yet, or without its grants
            self._lose(error)
            return
        if self.state.head.database_since is not None:
            log.info("the database answers again")
        rates = self._meter.rates(time.monotonic(), reading.accepted_by_minute)
        head = Head(reading.as_of, None, self._is_settling(), self._zones.version)
        if self.state.take(reading, rates, head, self._zones.municipalities):
            self._wake()

    def _reading(self) -> LiveReading:
        """Read everything, in a thread."""
        with self._reader.transaction(ReadRole.OPERATOR) as connection:
            self._look_at_zones(connection)
            return read_live(connection)

    def _look_at_zones(self, connection: Connection) -> None:
        """Read the shapes again where the zones changed."""
        if time.monotonic() - self._marked_s < MARK_S:
            return
        version = read_zones_mark(connection)
        if version != self._zones.version:
            shapes = read_zone_shapes(connection)
            self._zones = Zones(version, shapes, {shape.zone_id: shape.municipality for shape in shapes})
        self._marked_s = time.monotonic()

    def _lose(self, error: Exception) -> None:
        """Tell that the database does not answer."""
        if self.state.head.database_since is None:
            log.warning("the live figures cannot be read", reason=first_line(error))
            if self.state.tell(self.state.head._replace(database_since=self.now_ms())):
                self._wake()

    def _is_settling(self) -> bool:
        """Tell whether local midnight was a short while ago."""
        local = self._clock().astimezone(ZONE)
        return local - local.replace(hour=0, minute=0, second=0, microsecond=0) < SETTLING

    def _wake(self) -> None:
        """Wake everyone who waits for this step."""
        self._woken.set()
        self._woken = asyncio.Event()
