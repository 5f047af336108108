"""One reader for all who look: it follows the live tables and publishes what it reads."""

import asyncio
import time
from datetime import timedelta
from typing import Final

import psycopg
import structlog

from duls.api.live_hub import LiveHub, Zones
from duls.api.rate_meter import RateMeter
from duls.errors import ServiceAwayError
from duls.local_midnights import ZONE
from sinks.connection import Connection, first_line
from sinks.live_now import LiveReading, read_live
from sinks.reading import Reader, ReadRole
from sinks.zone_shapes import read_zone_shapes, read_zones_mark

READ_S: Final = 0.5  # between two readings
MARK_S: Final = 5.0  # between two looks whether the zones changed
SETTLING: Final = timedelta(minutes=5)  # after local midnight, see semantics of `present`

log = structlog.get_logger()


class LiveFollower:
    """Reads as operators may, and tells a hub.

    Args:
        hub: what is told.
        reader: of the database.
    """

    def __init__(self, hub: LiveHub, reader: Reader) -> None:
        self._hub = hub
        self._reader = reader
        self._meter = RateMeter()
        self._zones = Zones()
        self._marked_s = float("-inf")

    async def follow(self, stopping: asyncio.Event) -> None:
        """Read again and again until stopping is asked for, then wake everyone."""
        while not stopping.is_set():
            begun_s = time.monotonic()
            await self.read()
            try:
                await asyncio.wait_for(stopping.wait(), max(0.0, begun_s + READ_S - time.monotonic()))
            except TimeoutError:
                continue
        self._hub.wake()

    async def read(self) -> None:
        """Read once and publish; a database that is away is told, too."""
        try:
            reading = await asyncio.to_thread(self._reading)
        except (ServiceAwayError, psycopg.Error) as error:  # away, not migrated yet, or without its grants
            if self._hub.lose():
                log.warning("the live figures cannot be read", reason=first_line(error))
            return
        if self._hub.state.head.database_since is not None:
            log.info("the live figures can be read again")
        rates = self._meter.rates(time.monotonic(), reading.accepted_by_minute)
        self._hub.publish(reading, rates, settling=self._is_settling(), zones=self._zones)

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

    def _is_settling(self) -> bool:
        """Tell whether local midnight was a short while ago."""
        local = self._hub.now().astimezone(ZONE)
        return local - local.replace(hour=0, minute=0, second=0, microsecond=0) < SETTLING
