"""The aggregate role: builds its clients and runs it; a process that is fenced drops everything and joins again."""

import os
import time
from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from duls.app.announcing import announce_settings, send_outbox
from duls.app.collector import PacedCollector
from duls.app.database_gauges import DatabaseGauges
from duls.app.failpoints import failpoint_from
from duls.app.housekeeping import Housekeeping
from duls.app.raw_topics import InputEnd, input_end, raw_topics
from duls.app.stopping import StopFlag, close_within
from duls.app.warm_up.aggregate import warm_up_aggregate
from duls.app.zone_index_files import ZoneIndexFiles, index_folder
from duls.config import Settings
from duls.errors import FencedError
from duls.loading import loading
from duls.local_midnights import local_midnights
from duls.metrics import FIGURES_SINK, Metrics
from duls.pipelines.aggregate import Aggregate, AggregateOptions
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.partition_loader import ObservationTopic
from duls.pipelines.worlds import VersionSource, Worlds
from sinks.connection import open_connection
from sinks.flow_store import FlowStore
from sinks.lasting_connection import LastingConnection
from sinks.migrate import require_current
from sinks.patience import Patience
from sinks.registry import (
    installation_id,
    load_cameras,
    load_settings,
    load_zones,
    zone_changes,
    zone_numbers,
)
from streams.clients import make_admin, make_consumer, make_producer
from streams.observation_messages import MAX_MESSAGE_BYTES
from streams.topic_watch import watch_topics
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    OBSERVATIONS_TOPIC,
    PARTIAL_TOPIC,
    TopicInfo,
    check_message_size,
    check_times,
    describe_topic,
)

PATIENCE_S: Final = 300.0  # how long the database may be away before the process ends

log = structlog.get_logger()


def aggregate_group(installation: UUID) -> str:
    """Return the consumer group of aggregate; it assigns partitions and is not the truth about progress."""
    return f"duls-aggregate-{installation}"


class AggregateBounds(NamedTuple):
    """Where a run begins and ends."""

    until_drained: bool = False  # ends once all input present at the start is in the database
    from_beginning: bool = False  # begins at the oldest record although figures exist


class _Setup:
    """What outlives a rejoin."""

    def __init__(self, settings: Settings, stop: StopFlag, metrics: Metrics, *, from_beginning: bool) -> None:
        require_current(settings.database_url)
        with loading():
            warm_up_aggregate()
        stop.install()
        self.settings = settings
        self.stop = stop
        self.metrics = metrics
        self.from_beginning = from_beginning
        self.admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
        trust = settings.kafka.trust_create_time
        self.raw_topics = raw_topics(self.admin, trust_create_time=trust)
        self.observations: TopicInfo = describe_topic(self.admin, OBSERVATIONS_TOPIC)
        check_times(self.observations, trust_create_time=trust)
        # the broker would refuse counts of zones again and again, and nobody waits for its answers
        check_message_size(describe_topic(self.admin, PARTIAL_TOPIC), 2 * MAX_MESSAGE_BYTES)
        self.watch = watch_topics(self.admin, {OBSERVATIONS_TOPIC: self.observations.topic_id})
        with open_connection(settings.database_url, application_name="duls aggregate") as connection:
            self.installation = installation_id(connection)
            announce_settings(connection, settings, self.observations.partitions)
        self.midnights_us = local_midnights()
        self.indexes = ZoneIndexFiles(index_folder(os.environ))


def run_aggregate(
    settings: Settings,
    stop: StopFlag,
    metrics: Metrics,
    bounds: AggregateBounds,
    *,
    tell_assigned: Callable[[bool], None],
) -> None:
    """Run aggregate until it is asked to stop, or all input present at the start is in the database."""
    setup = _Setup(settings, stop, metrics, from_beginning=bounds.from_beginning)
    target = input_end(setup.admin, setup.raw_topics) if bounds.until_drained else None
    with Housekeeping(settings), DatabaseGauges(settings.database_url, metrics):
        while not stop.is_set():
            try:
                _run_once(setup, target, tell_assigned)
            except FencedError as error:
                tell_assigned(False)
                metrics.fenced_total.inc()
                log.warning("fenced; joining again", reason=str(error))
            else:
                break
    if bounds.until_drained and not stop.is_set():
        _send_what_waits(settings)


def _send_what_waits(settings: Settings) -> None:
    """Bring the last dead letters to the broker, where nobody else may come to do it."""
    with open_connection(settings.database_url, application_name="duls aggregate") as connection:
        send_outbox(connection, settings)


def _run_once(setup: _Setup, target: InputEnd | None, tell_assigned: Callable[[bool], None]) -> None:
    """Join the group, run until told to stop or drained, and leave in order."""
    settings, stop = setup.settings, setup.stop
    bootstrap, client = settings.kafka.bootstrap_servers, settings.kafka.client
    consumer = make_consumer(bootstrap, aggregate_group(setup.installation), client)
    producer = make_producer(bootstrap, client)
    patience = Patience(PATIENCE_S, stop.is_overdue)
    versions = LastingConnection(
        settings.database_url,
        application_name="duls aggregate versions",
        patience=patience,
        tell=setup.metrics.tell_sink(FIGURES_SINK),
    )
    store = FlowStore(
        settings.database_url,
        patience=patience,
        failpoint=failpoint_from(os.environ),
        tell=setup.metrics.tell_sink(FIGURES_SINK),
    )
    aggregate = Aggregate(
        consumer,
        store,
        Worlds(_version_source(versions), setup.indexes.index),
        _options(setup),
        watch=setup.watch,
        partial_producer=producer,
        midnights_us=setup.midnights_us,
        monotonic=time.monotonic,
        metrics=AggregateMetrics(setup.metrics, clock=time.time, monotonic=time.monotonic),
    )
    try:
        aggregate.subscribe()
        _loop(aggregate, setup, target, tell_assigned)
    except BaseException:
        aggregate.abandon()
        raise
    finally:
        close_within(consumer.close)
        producer.flush(1.0)
        store.close()
        versions.close()


def _options(setup: _Setup) -> AggregateOptions:
    """Return how aggregate is bound to topics and how it paces itself."""
    settings = setup.settings
    return AggregateOptions(
        topic=ObservationTopic(
            OBSERVATIONS_TOPIC, setup.observations.topic_id, setup.observations.partitions
        ),
        partial_topic=PARTIAL_TOPIC,
        dead_letter_topic=DEAD_DETECTIONS_TOPIC,
        installation=setup.installation.bytes,
        flush_s=settings.aggregate.flush_ms / 1_000,
        snapshot_replay_s=settings.aggregate.snapshot_replay_s,
        clock=settings.figures.clock,
        with_carriers=settings.publication.carriers > 0,
        from_beginning=setup.from_beginning,
    )


def _version_source(database: LastingConnection) -> VersionSource:
    """Return where versions are read, through a connection that comes back after a loss."""
    return VersionSource(
        zones=lambda version: database.run("load zones", lambda c: load_zones(c, version)),
        zone_changes=lambda version: database.run(
            "load changes of zones", lambda c: zone_changes(c, version)
        ),
        cameras=lambda version: database.run("load cameras", lambda c: load_cameras(c, version)),
        settings=lambda version: database.run("load settings", lambda c: load_settings(c, version)),
        zone_numbers=lambda: database.run("load zone numbers", zone_numbers),
    )


def _loop(
    aggregate: Aggregate, setup: _Setup, target: InputEnd | None, tell_assigned: Callable[[bool], None]
) -> None:
    """Step until stopped or drained, then store everything with snapshots."""
    ends: dict[bytes, dict[int, int]] = {}
    is_event_clock = setup.settings.figures.clock == "event"
    if target is not None:
        ids = {raw.name: raw.topic_id.bytes for raw in setup.raw_topics}
        for (topic, partition), end in target.offsets.items():
            ends.setdefault(ids[topic], {})[partition] = end
    collector = PacedCollector()
    while not setup.stop.is_set():
        aggregate.step()
        collector.pace(time.monotonic())
        tell_assigned(aggregate.is_settled)
        if target is not None and is_event_clock and aggregate.has_read(ends):
            aggregate.drain()
            break
        if target is not None and aggregate.has_taken(ends):
            break
    aggregate.finish()
