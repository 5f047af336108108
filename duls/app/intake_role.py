"""The intake role: builds its clients and runs it until it is asked to stop or its input is drained."""

import os
import secrets
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from duls.app.announcing import announce_settings
from duls.app.collector import PacedCollector
from duls.app.failpoints import failpoint_from
from duls.app.source_topics import input_end, source_topics, topic_ids
from duls.app.stopping import StopFlag, close_within
from duls.app.warm_up import warm_up_intake
from duls.config import Settings
from duls.local_midnights import local_midnights
from duls.metrics import Metrics
from duls.pipelines.day_keys import DayKeys
from duls.pipelines.intake import DrainTarget, Intake, IntakeOptions
from processors.vehicle_table import NEVER_US
from sinks.connection import open_connection
from sinks.flow_store import DataGap, FlowStore
from sinks.keys import KeyStore
from sinks.master_key import read_master_key
from sinks.migrate import require_current
from sinks.patience import Patience
from sinks.registry import installation_id
from streams.admission import AdmissionRules
from streams.clients import make_admin, make_consumer, make_gapless_producer
from streams.observation_messages import MAX_MESSAGE_BYTES
from streams.observation_sender import ObservationSender
from streams.source_positions import Gap
from streams.topics import OBSERVATIONS_TOPIC, check_message_size, check_times, describe_topic

PATIENCE_S: Final = 300.0  # how long a database may be away before the process ends
MAINTENANCE_S: Final = 600.0

log = structlog.get_logger()


def intake_group(installation: UUID) -> str:
    """Return the consumer group of intake; a database made anew reads the raw topics from their beginning."""
    return f"duls-intake-{installation}"


def run_intake(
    settings: Settings,
    stop: StopFlag,
    metrics: Metrics,
    *,
    until_drained: bool,
    on_ready: Callable[[], None],
) -> None:
    """Run intake until it is asked to stop, or its input at the start is sent."""
    require_current(settings.database_url)
    warm_up_intake()
    bootstrap, client = settings.kafka.bootstrap_servers, settings.kafka.client
    admin = make_admin(bootstrap, client)
    trust = settings.kafka.trust_create_time
    sources = source_topics(admin, trust_create_time=trust)
    observations = describe_topic(admin, OBSERVATIONS_TOPIC)
    check_times(observations, trust_create_time=trust)
    check_message_size(observations, 2 * MAX_MESSAGE_BYTES)
    with open_connection(settings.database_url, application_name="duls intake") as connection:
        installation = installation_id(connection)
        announce_settings(connection, settings, observations.partitions)
    midnights_us = local_midnights()
    store = KeyStore(
        settings.keys_url,
        read_master_key(settings.master_key_file),
        reader=f"intake {os.getpid()}",
        random_bytes=secrets.token_bytes,
        patience=Patience(PATIENCE_S, stop.is_overdue),
    )
    keys = DayKeys(
        store,
        partitions=observations.partitions,
        sources=topic_ids(sources),
        hash_key=secrets.token_bytes(16),
        midnights_us=midnights_us,
    )
    flow_store = FlowStore(settings.database_url, patience=Patience(PATIENCE_S, stop.is_overdue))
    consumer = make_consumer(bootstrap, intake_group(installation), client)
    sender = ObservationSender(
        make_gapless_producer(bootstrap, client),
        topic=OBSERVATIONS_TOPIC,
        partitions=observations.partitions,
        installation=installation.bytes,
        should_give_up=stop.is_overdue,
    )

    def record_gap(gap: Gap) -> None:
        metrics.offset_gap_total.inc()
        log.error(
            "records were gone before they were read",
            topic=gap.topic,
            partition=gap.partition,
            from_offset=gap.from_offset,
            to_offset=gap.to_offset,
        )
        flow_store.record_gap(
            DataGap(UUID(bytes=gap.topic_id), gap.partition, gap.from_offset, gap.to_offset)
        )

    intake = Intake(
        consumer,
        sender,
        sources,
        AdmissionRules(settings.figures.clock, midnights_us, keys.key_of),
        IntakeOptions(
            batch_messages=settings.intake.batch_messages,
            progress_s=settings.intake.progress_ms / 1_000,
            commit_s=settings.intake.commit_ms / 1_000,
            clock=settings.figures.clock,
        ),
        monotonic=time.monotonic,
        metrics=metrics,
        failpoint=failpoint_from(os.environ),
        record_gap=record_gap,
    )
    target = None
    if until_drained:
        target = _drain_target(
            settings, input_end(admin, sources).offsets, input_end(admin, sources).arrival_us
        )
    try:
        intake.subscribe()
        _loop(intake, stop, target, keys, on_ready)
        intake.finish()
    finally:
        close_within(consumer.close)
        flow_store.close()
        store.close()


def _drain_target(settings: Settings, offsets: dict[tuple[str, int], int], arrival_us: int) -> DrainTarget:
    """Return where a bounded run ends: with the arrival clock, stream time must pass the newest arrival and reorder."""
    if settings.figures.clock == "event":
        return DrainTarget(offsets, NEVER_US)
    newest_us = arrival_us if arrival_us != NEVER_US else time.time_ns() // 1_000
    return DrainTarget(offsets, newest_us + round(settings.figures.reorder_s * 1_000_000))


def _loop(
    intake: Intake,
    stop: StopFlag,
    target: DrainTarget | None,
    keys: DayKeys,
    on_ready: Callable[[], None],
) -> None:
    ready = False
    collector = PacedCollector()
    maintenance_due_s = 0.0
    while not stop.is_set():
        intake.step()
        collector.pace(time.monotonic())
        if intake.positions.is_settled and not ready:
            ready = True
            on_ready()
        if time.monotonic() >= maintenance_due_s:
            maintenance_due_s = time.monotonic() + MAINTENANCE_S
            for day in keys.maintain(time.time_ns() // 1_000):
                log.info("the key of a day is destroyed", day=day)
        if target is not None and intake.has_reached(target):
            return
