"""Watching what a peer tells while it runs: how many counts there are, and when each of a marker zone came."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from benchmarks.markers import Entry
from benchmarks.peer_forms import COUNTS_TOPIC
from benchmarks.raw_topic import PARTITIONS
from streams.clients import make_consumer

BEGUN: Final = 0.2
"""Share of what is to be counted after which a rate is taken: what comes before warms up."""

FETCH_WAIT_MS: Final = 10  # a count is seen at most so much later than it was there

Arrivals = Mapping[bytes, Sequence[float]]
"""When counts came, in seconds of the monotonic clock, by the key that names the zone."""


class Progress(NamedTuple):
    """How many counts had come at a moment, in seconds of the monotonic clock."""

    at_s: float
    counts: int


def capacity(seen: Sequence[Progress], counts: int, records: int) -> float:
    """Return how many records a second a peer works off at most.

    Args:
        seen: Its progress while it works off a topic that was full before, up to the end.
        counts: How many it has to tell of that topic.
        records: How many records the topic has.
    """
    first = next(each for each in seen if each.counts >= BEGUN * counts)
    last = next(each for each in seen if each.counts >= counts)
    return records * (last.counts - first.counts) / counts / (last.at_s - first.at_s)


def note_arrivals(entries: Sequence[Entry], keys: Mapping[str, bytes], arrivals: Arrivals) -> None:
    """Note in each entry when its count came: the first of a zone belongs to the first entry, and so on."""
    taken: dict[str, int] = {}
    for entry in entries:
        place = taken.get(entry.zone_id, 0)
        taken[entry.zone_id] = place + 1
        came = arrivals.get(keys[entry.zone_id], ())
        if place < len(came):
            entry.now_s = came[place]


class CountWatch:
    """Reads the topic of counts in a thread."""

    def __init__(self, bootstrap_servers: str, keys: Mapping[str, bytes]) -> None:
        self.arrivals: dict[bytes, list[float]] = {key: [] for key in keys.values()}
        self.counts = 0  # that have come, of all zones
        self.failures: list[str] = []
        self._reader: Consumer = make_consumer(
            bootstrap_servers, "duls-bench-counts", {"fetch.wait.max.ms": FETCH_WAIT_MS}
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        self._reader.close()

    def seen(self) -> int:
        """Return how many counts of marker zones have come."""
        return sum(map(len, self.arrivals.values()))

    def _run(self) -> None:
        """Read until the end."""
        self._reader.assign(
            [TopicPartition(COUNTS_TOPIC, number, OFFSET_BEGINNING) for number in range(PARTITIONS)]
        )
        while not self._stop.is_set():
            message = self._reader.poll(0.1)
            if message is None:
                continue
            if message.error() is not None:
                self.failures.append(str(message.error()))
                continue
            self.counts += 1
            came = self.arrivals.get(message.key() or b"")
            if came is not None:
                came.append(time.monotonic())
