"""Partial counts sent by a script, in place of the aggregate role: every load is known to the test."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec

from duls.pipelines.partial_counts import PartialCounts
from streams.clients import make_producer
from streams.topics import PARTIAL_TOPIC

SECOND_US: Final = 1_000_000

Loads = Mapping[str, int]


def partial(
    as_of_us: int, loads: Loads, *, offset: int, epoch: int = 1, arrival_us: int | None = None
) -> bytes:
    """Return a message that so many vans are in zones; *arrival_us* is that of the newest position, now by default."""
    return msgspec.json.encode(
        PartialCounts(
            partition=0,
            shard=0,
            shards=1,
            epoch=epoch,
            offset=offset,
            as_of_us=as_of_us,
            settling=False,
            zones=[(zone, "N1", "no", count, 0) for zone, count in loads.items() if count],
            fms_arrival_us=as_of_us if arrival_us is None else arrival_us,
        )
    )


class ZoneFeed:
    """A producer of partial counts of one observation partition."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._producer = make_producer(bootstrap_servers, {"linger.ms": 0, "log_level": 0})
        self.sent = 0

    def send(self, as_of_us: int, loads: Loads, *, epoch: int = 1, arrival_us: int | None = None) -> None:
        """Send counts of a stream time."""
        self.sent += 1
        value = partial(as_of_us, loads, offset=self.sent, epoch=epoch, arrival_us=arrival_us)
        self._producer.produce(PARTIAL_TOPIC, value, key=b"0,0")
        self._producer.flush()


class LiveFeed:
    """Sends the loads of now, five times a second, until the block ends; `loads` may be changed meanwhile."""

    def __init__(self, feed: ZoneFeed) -> None:
        self.loads: dict[str, int] = {}
        self.is_heard = True  # False: stream time goes on by ticks, and no position arrives
        self.is_sending = True
        self._feed = feed
        self._arrival_us = 0

    def _send(self) -> None:
        """Send once."""
        now_us = time.time_ns() // 1_000
        if self.is_heard:
            self._arrival_us = now_us
        if self.is_sending:
            self._feed.send(now_us, self.loads, arrival_us=self._arrival_us)

    @contextmanager
    def running(self) -> Iterator["LiveFeed"]:
        """Send until the block ends."""
        with repeating(self._send, 0.2):
            yield self


@contextmanager
def repeating(call: Callable[[], None], every_s: float) -> Iterator[None]:
    """Call again and again in a thread until the block ends."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_s):
            call()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
