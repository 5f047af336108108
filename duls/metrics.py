"""What DULS counts and measures of itself, for Prometheus, on one registry per process."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

PREFIX: Final = "duls"
FIGURES_SINK: Final = "figures"
KEYS_SINK: Final = "keys"
"""The databases, as metrics name them."""
DELAY_BUCKETS_S: Final = (0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200)
"""From the goals for latency, through reorder, to the allowed lateness."""
STEP_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ROWS_BUCKETS: Final = (1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000)


class Metric(NamedTuple):
    """One line of the reference."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class Metrics:
    """All metrics of one process; `reference` lists them.

    Args:
        version: of the program.
        clock: seconds since 1970; ages are taken against it when somebody reads them.
        role: what the process does; every process has all metrics, so this tells which of them it can know.
    """

    def __init__(self, *, version: str, clock: Callable[[], float], role: str = "") -> None:
        self.registry = CollectorRegistry()
        self.reference: list[Metric] = []
        self._clock = clock
        self._stream_time_s: dict[str, float] = {}
        self._loaded_zones: set[str] = set()
        self._sinks_away: set[str] = set()
        self._make_intake()
        self._make_aggregate()
        self._make_alert()
        self._make_sinks()
        self._make_api()
        build = self._gauge(
            "build_info", "Always 1; the labels are the version and the role.", "version", "role"
        )
        build.labels(version, role).set(1)
        ProcessCollector(namespace=PREFIX, registry=self.registry)

    def set_stream_time(self, source: str, stream_time_s: float) -> None:
        """Note the stream time of a feed, in seconds since 1970; its age grows by itself."""
        self._stream_time_s[source] = stream_time_s
        age = self.stream_time_age_seconds.labels(source)
        age.set_function(lambda: self._clock() - self._stream_time_s[source])

    def forget_stream_times(self) -> None:
        """Tell no ages any more: this process owns nothing, and another one tells them."""
        self.stream_time_age_seconds.clear()

    def set_zone_loads(self, loads: Mapping[str, float]) -> None:
        """Set the loads of zones; those that are not given are not told any more."""
        for zone_id in self._loaded_zones - loads.keys():
            self.zone_load_ratio.remove(zone_id)
        for zone_id, load in loads.items():
            self.zone_load_ratio.labels(zone_id).set(load)
        self._loaded_zones = set(loads)

    def watch_pool(self, stats: Callable[[], Mapping[str, int]]) -> None:
        """Tell of a pool of connections whenever somebody reads; *stats* as psycopg_pool gives them."""

        def stat(name: str) -> float:
            """Return a figure of the pool; those that are 0 may be left out."""
            return stats().get(name, 0)

        busy, idle = (self.pool_connections.labels(state) for state in ("busy", "idle"))
        busy.set_function(lambda: stat("pool_size") - stat("pool_available"))
        idle.set_function(lambda: stat("pool_available"))
        self.pool_connections_max.set_function(lambda: stat("pool_max"))
        self.pool_waiting.set_function(lambda: stat("requests_waiting"))

    def tell_sink(self, sink: str) -> Callable[[bool], None]:
        """Return what takes, of each attempt, whether a database answered; it counts as up until the first."""
        up, failures = self.sink_up.labels(sink), self.sink_failures_total.labels(sink)
        up.set(1)

        def tell(answered: bool) -> None:  # noqa: FBT001  # a callback with one argument
            """Take the outcome of one attempt."""
            up.set(answered)
            if answered:
                self._sinks_away.discard(sink)
            else:
                self._sinks_away.add(sink)
                failures.inc()

        return tell

    def sinks_away(self) -> list[str]:
        """Return the databases whose last attempt failed, ordered; any thread may ask."""
        return sorted(self._sinks_away.copy())

    def exposition(self) -> bytes:
        """Return all values in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _make_intake(self) -> None:
        """Make what intake counts."""
        self.observations_total = self._counter(
            "observations_total", "Rows read, by what became of them at intake.", "source", "outcome"
        )
        self.dead_letters_total = self._counter("dead_letters_total", "Rows rejected, by reason.", "reason")
        self.repeated_hour_total = self._counter(
            "repeated_hour_total",
            "Detections with a local time of the hour that comes twice in autumn, by how it was read.",
            "reading",
        )
        self.offset_gap_total = self._counter(
            "offset_gap_total",
            "Gaps: runs of records that were gone before they were read, and written down.",
        )
        self.reading_restarts_total = self._counter(
            "reading_restarts_total",
            "Partitions assigned again, or streams begun anew, since the client gave nothing of what they held.",
        )
        self.commit_failures_total = self._counter(
            "commit_failures_total", "Commits of source offsets that failed; their input is read again."
        )
        self.intake_commit_seconds = self._histogram(
            "intake_commit_seconds", "Wait for acknowledgements and commit of source offsets.", STEP_BUCKETS_S
        )
        self.batch_rows = self._histogram(
            "batch_rows", "Rows of positions that are held together.", ROWS_BUCKETS
        )

    def _make_aggregate(self) -> None:
        """Make what aggregate counts."""
        self.delay_seconds = self._histogram(
            "delay_seconds", "Time from arrival at the broker to the database.", DELAY_BUCKETS_S, "source"
        )
        self.stream_time_age_seconds = self._gauge(
            "stream_time_age_seconds", "How far stream time lies behind the clock of this machine.", "source"
        )
        self.clock_stalled = self._gauge(
            "clock_stalled",
            "1 where a source partition made no progress for 15 s and holds stream time.",
            "source",
            "partition",
        )
        self.flush_seconds = self._histogram("flush_seconds", "Length of a flush.", STEP_BUCKETS_S)
        self.fenced_total = self._counter("fenced_total", "Flushes refused: another process took over.")
        self.owned_partitions = self._gauge(
            "owned_partitions", "Observation partitions that this process owns, being replayed or not."
        )
        self.late_total = self._counter(
            "late_total", "Rows later than the allowed lateness, in no figure.", "source"
        )
        self.snapshot_seconds = self._histogram(
            "snapshot_seconds", "Time to make a snapshot.", STEP_BUCKETS_S
        )
        self.replay_seconds = self._histogram(
            "replay_seconds", "Time to load a snapshot and replay to the stored offset.", STEP_BUCKETS_S
        )

    def _make_alert(self) -> None:
        """Make what the alert role counts."""
        self.alert_zones = self._gauge("alert_zones", "Zones that this process watches.")
        self.alert_watches = self._gauge(
            "alert_watches", "Rules in zones that this process watches, by their state.", "state"
        )
        self.alert_feed_lost = self._gauge(
            "alert_feed_lost", "1 where nothing is known of the zones that this process watches."
        )
        self.alert_changes_total = self._counter(
            "alert_changes_total",
            "Changes of alerts and of what is known, by the state that they led to.",
            "state",
        )
        self.alert_delay_seconds = self._histogram(
            "alert_delay_seconds",
            "Time from stream time to the database, of changes of alerts.",
            DELAY_BUCKETS_S,
        )
        self.alert_flush_seconds = self._histogram(
            "alert_flush_seconds", "Length of a transaction of the alert role.", STEP_BUCKETS_S
        )
        self.alert_stale_total = self._counter(
            "alert_stale_total", "Zone counts refused: a newer owner of the partition has told since."
        )
        self.alert_bad_messages_total = self._counter(
            "alert_bad_messages_total", "Messages that the alert role cannot read, by topic.", "topic"
        )
        self.alert_actions_total = self._counter(
            "alert_actions_total",
            "Actions of operators that took effect or were refused, and why.",
            "outcome",
        )
        self.alert_deliveries_total = self._counter(
            "alert_deliveries_total", "Attempts to tell somebody of alerts.", "channel", "outcome"
        )
        self.alert_waiting = self._gauge(
            "alert_waiting", "What waits to be told of alerts, by channel.", "channel"
        )

    def _make_sinks(self) -> None:
        """Make what is told of the databases, and read from them."""
        self.sink_up = self._gauge(
            "sink_up",
            "1 where the last attempt to reach the database succeeded, 0 while it is tried again.",
            "sink",
        )
        self.sink_failures_total = self._counter(
            "sink_failures_total",
            "Attempts to reach the database that failed, which are repeated, or were without an answer for 5 s.",
            "sink",
        )
        self.zone_load_ratio = self._gauge(
            "zone_load_ratio",
            "Vehicles present by capacity, of the 500 zones with the largest capacity.",
            "zone",
        )
        self.database_bytes = self._gauge("database_bytes", "Size of the figures database.")
        self.outbox_messages = self._gauge("outbox_messages", "Messages that wait to be sent to Kafka.")
        self.outbox_age_seconds = self._gauge("outbox_age_seconds", "Age of the oldest message that waits.")

    def _make_api(self) -> None:
        """Make what the API counts."""
        self.http_requests_total = self._counter(
            "http_requests_total",
            "Requests answered, by route; status 0 where the client went away before.",
            *("method", "route", "status"),
        )
        self.http_request_seconds = self._histogram(
            "http_request_seconds",
            "Time from a request's headers to the end of its answer.",
            STEP_BUCKETS_S,
            "route",
        )
        self.http_requests_open = self._gauge("http_requests_open", "Requests being answered now.")
        self.pool_connections = self._gauge("pool_connections", "Database connections of the API.", "state")
        self.pool_connections_max = self._gauge("pool_connections_max", "Most connections of the API.")
        self.pool_waiting = self._gauge("pool_waiting", "Requests that wait for a database connection.")
        self.uploads_total = self._counter(
            "uploads_total", "Uploads of suppliers, taken or not and why.", "feed", "outcome"
        )
        self.upload_bytes_total = self._counter(
            "upload_bytes_total", "Bytes of uploads that were taken, as they came.", "feed"
        )
        self.event_streams_open = self._gauge("event_streams_open", "Streams of live figures open now.")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        """Make a counter."""
        self._refer(name, "counter", labels, meaning)
        return Counter(f"{PREFIX}_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        """Make a gauge."""
        self._refer(name, "gauge", labels, meaning)
        return Gauge(f"{PREFIX}_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        """Make a histogram."""
        self._refer(name, "histogram", labels, meaning)
        return Histogram(f"{PREFIX}_{name}", meaning, labels, buckets=buckets, registry=self.registry)

    def _refer(self, name: str, kind: str, labels: tuple[str, ...], meaning: str) -> None:
        """Add a line to the reference."""
        self.reference.append(Metric(f"{PREFIX}_{name}", kind, labels, meaning))
