"""What aggregate tells of itself: stream time, delays, late rows, and source partitions that hold stream time."""

from collections.abc import Callable, Iterable, Sequence

import structlog

from duls.metrics import Metrics
from duls.pipelines.clock_watch import ClockWatch, StalledPartition
from duls.pipelines.owned_partition import OwnedPartition
from processors.source_clock import SourceClock
from processors.vehicle_table import NEVER_US
from processors.vocabulary import SOURCES, Outcome, Source
from sinks.flush_parts import Flush

US_PER_S = 1_000_000
UNREGISTERED = Outcome.UNREGISTERED_CAMERA.name.lower()

log = structlog.get_logger()


class AggregateMetrics:
    """Sets the metrics of one aggregate process; the only place of it that reads a wall clock.

    Args:
        metrics: Of the process.
        clock: Seconds since 1970, for delays only.
        monotonic: Seconds, for waits.
    """

    def __init__(
        self, metrics: Metrics, *, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._told_us: dict[Source, int] = {}
        self._watch = ClockWatch(monotonic)
        self._stalled: set[StalledPartition] = set()

    def read(self, rows: int) -> None:
        """Tell of the rows of one message."""
        self._metrics.batch_rows.observe(rows)

    def owns(self, partitions: int) -> None:
        """Tell how many partitions this process owns; without any it knows no stream time."""
        self._metrics.owned_partitions.set(partitions)
        if not partitions:
            self._metrics.forget_stream_times()

    def restarted_reading(self, partition: int) -> None:
        """Tell of an observation partition that was assigned again, since nothing came of what it holds."""
        self._metrics.reading_restarts_total.inc()
        log.warning("nothing was read of an observation partition that holds messages", partition=partition)

    def replayed(self, seconds: float) -> None:
        """Tell how long a partition took from its assignment to the stored offset."""
        self._metrics.replay_seconds.observe(seconds)

    def made_snapshot(self, seconds: float) -> None:
        """Tell how long making a snapshot took."""
        self._metrics.snapshot_seconds.observe(seconds)

    def flushed(self, moved: Sequence[OwnedPartition], flush: Flush, seconds: float) -> None:
        """Tell of a flush that took so long."""
        self._metrics.flush_seconds.observe(seconds)
        for feed in flush.feed_minutes:
            self._metrics.late_total.labels(source=SOURCES[feed.source]).inc(feed.late)
        unregistered = sum(camera.detections for camera in flush.camera_rejections)
        self._metrics.dead_letters_total.labels(reason=UNREGISTERED).inc(unregistered)
        for source in Source:
            times = [time for owned in moved if (time := owned.state.stream_us(source)) is not None]
            if times:
                self._metrics.set_stream_time(SOURCES[source], min(times) / US_PER_S)
            self._tell_delay(source, moved)

    def _tell_delay(self, source: Source, moved: Sequence[OwnedPartition]) -> None:
        """Tell how long the newest row took from the broker to the database, once per row."""
        arrivals = (
            clock.last_arrival_us
            for owned in moved
            for clock in owned.state.clocks.values()
            if clock.source == source
        )
        newest_us = max(arrivals, default=NEVER_US)
        if newest_us > self._told_us.get(source, NEVER_US):
            self._told_us[source] = newest_us
            delay_s = max(self._clock() - newest_us / US_PER_S, 0.0)
            self._metrics.delay_seconds.labels(source=SOURCES[source]).observe(delay_s)

    def watch(self, clocks: Iterable[SourceClock]) -> None:
        """Tell of source partitions that hold stream time, and of those that move again."""
        self._tell_stalled(set(self._watch.look(clocks)))

    def watch_nothing(self) -> None:
        """Forget what was watched: there is nothing to read, or time stands still without harm."""
        self._watch.forget()
        self._tell_stalled(set())

    def _tell_stalled(self, stalled: set[StalledPartition]) -> None:
        """Tell what changed since the last look."""
        for key in stalled - self._stalled:
            self._gauge(key, 1)
            log.error("ClockStalled: nobody reads a source partition", **_named(key))
        for key in self._stalled - stalled:
            self._gauge(key, 0)
            log.info("a stalled source partition moves again, or is not watched", **_named(key))
        self._stalled = stalled

    def _gauge(self, key: StalledPartition, value: int) -> None:
        """Set the alert of a source partition."""
        self._metrics.clock_stalled.labels(SOURCES[key.source], str(key.partition)).set(value)


def _named(key: StalledPartition) -> dict[str, object]:
    """Return the name of a source partition for logs."""
    return {"source": SOURCES[key.source], "topic_id": key.topic_id.hex(), "partition": key.partition}
