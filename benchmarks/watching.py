"""Watching running roles: what is seen in the database and when, their memory, and how far they lag."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
import psycopg

from benchmarks.markers import Entry, MarkerSender, note_flow, note_now
from benchmarks.processes import rss_mib

NOW_EVERY_S: Final = 0.025  # a row is seen at most so much later than it was there
FLOW_EVERY_S: Final = 0.1
SAMPLE_EVERY_S: Final = 1.0
LAG_QUERY: Final = (
    "SELECT extract(epoch FROM now() - min(stream_time))::double precision "
    "FROM core.feed_clock WHERE source = 0"
)


class Sample(msgspec.Struct, frozen=True):
    """The state of the roles at one moment."""

    at_s: float  # since the load began
    lag_s: float  # stream time of positions behind the clock of the database
    rss_mib: dict[str, float]  # by role


class Watch:
    """Sends markers and watches for them, until stopped; every watcher has a thread and a connection of its own."""

    def __init__(self, url: str, sender: MarkerSender, pids: Mapping[str, int]) -> None:
        self.samples: list[Sample] = []
        self.failures: list[BaseException] = []
        self._url = url
        self._sender = sender
        self._pids = dict(pids)
        self._stop = threading.Event()
        self._start_s = 0.0

    @property
    def entries(self) -> list[Entry]:
        """Return what was sent so far."""
        return self._sender.entries

    def run(self, start_s: float, duration_s: float, is_alive: Callable[[], bool]) -> None:
        """Watch from *start_s* (monotonic) for a while, then until everything sent was seen or 15 s have passed."""
        self._start_s = start_s
        watchers = [
            threading.Thread(target=self._repeat, args=(every_s, act))
            for every_s, act in (
                (NOW_EVERY_S, lambda connection: note_now(connection, list(self.entries))),
                (FLOW_EVERY_S, lambda connection: note_flow(connection, list(self.entries))),
                (SAMPLE_EVERY_S, self._sample),
            )
        ]
        for watcher in watchers:
            watcher.start()
        end_s = start_s + duration_s
        while time.monotonic() < end_s and is_alive() and not self.failures:
            self._sender.send_due(start_s, time.monotonic())
            time.sleep(0.005)
        while time.monotonic() < end_s + 15.0 and not self.failures and not self._all_seen():
            time.sleep(0.1)
        self._stop.set()
        for watcher in watchers:
            watcher.join()

    def _all_seen(self) -> bool:
        """Tell whether every entry was seen in both places."""
        return all(entry.now_s is not None and entry.flow_s is not None for entry in self.entries)

    def _repeat(self, every_s: float, act: Callable[[psycopg.Connection], None]) -> None:
        """Act again and again, at most each *every_s*."""
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                while not self._stop.wait(every_s):
                    act(connection)
        except psycopg.Error as error:
            self.failures.append(error)

    def _sample(self, connection: psycopg.Connection) -> None:
        """Note memory and lag."""
        row = connection.execute(LAG_QUERY).fetchone()
        lag_s = float(row[0]) if row and row[0] is not None else float("nan")
        memory = {role: rss_mib(pid) for role, pid in self._pids.items()}
        self.samples.append(Sample(time.monotonic() - self._start_s, lag_s, memory))
