"""The intake role: builds its clients and runs it until it is asked to stop or its input is drained."""

import hmac
import os
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from confluent_kafka.admin import AdminClient

from duls.app.announcing import announce_settings
from duls.app.camera_feed import CameraFeed
from duls.app.collector import PacedCollector
from duls.app.failpoints import failpoint_from
from duls.app.raw_topics import InputEnd, input_end, raw_topics
from duls.app.source_topics import formats_of, source_topics
from duls.app.stopping import StopFlag, close_within
from duls.app.warm_up.intake import warm_up_intake
from duls.config import Settings
from duls.loading import loading
from duls.local_midnights import local_midnights
from duls.metrics import FIGURES_SINK, KEYS_SINK, Metrics
from duls.pipelines.camera_teller import CameraTeller
from duls.pipelines.day_keys import DayKeys
from duls.pipelines.enrichment import KnownVehicles, Registers
from duls.pipelines.grant_keeper import GrantKeeper
from duls.pipelines.intake import (
    DrainTarget,
    Intake,
    IntakeOptions,
    Known,
    SourceTopic,
)
from duls.pipelines.month_keys import MonthKeys
from duls.pipelines.references import References
from duls.plate_files import read_registers, stamp_of
from processors.pseudonyms import HASH_KEY_BYTES
from processors.registrations import DEFAULT_CAPACITY, RegistrationBook
from processors.registrations import HASH_KEY_BYTES as REFERENCE_KEY_BYTES
from processors.vehicle_table import NEVER_US
from sinks.connection import open_connection
from sinks.flow_store import DataGap, FlowStore
from sinks.grants import GrantStore
from sinks.keys import KeyStore, require_keys
from sinks.lasting_connection import Tell
from sinks.master_key import read_master_key
from sinks.migrate import require_current
from sinks.month_keys import MonthKeyStore
from sinks.patience import Patience
from sinks.references import ReferenceStore
from sinks.registry import installation_id
from streams.admission import AdmissionRules
from streams.batch_reader import make_record_reader
from streams.clients import make_admin, make_consumer, make_gapless_producer
from streams.observation_messages import MAX_MESSAGE_BYTES
from streams.observation_sender import ObservationSender
from streams.source_positions import Gap, GapBook
from streams.topic_watch import TopicWatch, watch_topics
from streams.topics import OBSERVATIONS_TOPIC, TopicInfo, check_message_size, check_times, describe_topic

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
    tell_assigned: Callable[[bool], None],
) -> None:
    """Run intake until it is asked to stop, or its input at the start is sent."""
    require_current(settings.database_url)
    require_keys(settings.keys_url)
    with loading():
        warm_up_intake()
    stop.install()
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    topics = _topics(settings, admin)
    patience = Patience(PATIENCE_S, stop.is_overdue)
    with ExitStack() as stack:
        store = _key_store(settings, patience, metrics.tell_sink(KEYS_SINK))
        stack.callback(store.close)
        flow_store = stack.enter_context(
            FlowStore(settings.database_url, patience=patience, tell=metrics.tell_sink(FIGURES_SINK))
        )
        hash_key = secrets.token_bytes(HASH_KEY_BYTES)
        months = _month_keys(settings, stack, patience, metrics, hash_key)
        keys = DayKeys(
            store,
            partitions=topics.observations.partitions,
            sources={raw.name: raw.topic_id for raw in topics.raw},
            hash_key=hash_key,
            midnights_us=local_midnights(),
            months=months,
        )
        keys.require_topics()
        gaps = GapBook(
            _gap_recorder(metrics, flow_store),
            partial(flow_store.counted_to, topics.observations.topic_id),
        )
        folder = settings.registers_folder
        vehicles = KnownVehicles(
            Registers(partial(stamp_of, folder), partial(read_registers, folder)),
            _references(settings, stack, stop, metrics),
        )
        cameras = _cameras(settings, stack, patience, metrics, topics.observations.partitions)
        grants = _grants(settings, stack, patience, metrics)
        known = Known(vehicles, CameraTeller(cameras.register).tell, grants)
        watch = watch_topics(admin, {raw.name: raw.topic_id for raw in topics.raw})
        intake, close = _intake(settings, topics, stop, metrics, keys, gaps, watch, known)
        # closed first: it commits once more
        stack.callback(close_within, close)
        bounds = None
        if until_drained:
            target = _drain_target(settings, input_end(admin, topics.raw))
            bounds = _Bounds(target, lambda: input_end(admin, topics.raw).offsets)
        intake.subscribe()
        _loop(intake, stop, bounds, _Keys(keys, months), vehicles, tell_assigned)
        intake.finish()


class _Topics(NamedTuple):
    """The topics that intake reads and writes, and the database that it writes for."""

    raw: list[TopicInfo]
    sources: list[SourceTopic]  # the raw topics, with their decoders
    observations: TopicInfo
    installation: UUID


def _topics(settings: Settings, admin: AdminClient) -> _Topics:
    """Return the topics, checked; announce the settings to the log."""
    trust = settings.kafka.trust_create_time
    raw = raw_topics(admin, trust_create_time=trust)
    observations = describe_topic(admin, OBSERVATIONS_TOPIC)
    check_times(observations, trust_create_time=trust)
    check_message_size(observations, 2 * MAX_MESSAGE_BYTES)
    with open_connection(settings.database_url, application_name="duls intake") as connection:
        installation = installation_id(connection)
        announce_settings(connection, settings, observations.partitions)
    return _Topics(raw, source_topics(raw, formats_of(settings)), observations, installation)


def _key_store(settings: Settings, patience: Patience, tell: Tell) -> KeyStore:
    """Return the keys database."""
    return KeyStore(
        settings.keys_url,
        read_master_key(settings.master_key_file),
        reader=f"intake {os.getpid()}",
        random_bytes=secrets.token_bytes,
        patience=patience,
        tell=tell,
    )


def _month_keys(
    settings: Settings, stack: ExitStack, patience: Patience, metrics: Metrics, hash_key: bytes
) -> MonthKeys | None:
    """Return the keys of months where they are asked for; where they are not, destroy those that there are."""
    store = MonthKeyStore(
        settings.keys_url,
        read_master_key(settings.master_key_file),
        reader=f"intake {os.getpid()}",
        random_bytes=secrets.token_bytes,
        patience=patience,
        tell=metrics.tell_sink(KEYS_SINK),
    )
    stack.callback(store.close)
    if settings.privacy.month_key:
        return MonthKeys(store, hash_key=hash_key, midnights_us=local_midnights())
    for month in store.destroy_all():
        log.info("the key of a month is destroyed, for months have none any more", month=month)
    store.close()
    return None


def _references(settings: Settings, stack: ExitStack, stop: StopFlag, metrics: Metrics) -> References:
    """Return the references of vehicles, with a connection of their own that does not wait for the database."""
    master_key = read_master_key(settings.master_key_file)
    hash_key = hmac.digest(master_key, b"duls: references of vehicles", "sha256")[:REFERENCE_KEY_BYTES]
    store = ReferenceStore(
        settings.database_url,
        most=DEFAULT_CAPACITY,
        patience=Patience(0.0, stop.is_overdue),
        tell=metrics.tell_sink(FIGURES_SINK),
    )
    stack.callback(store.close)
    return References(RegistrationBook(hash_key), store)


def _grants(settings: Settings, stack: ExitStack, patience: Patience, metrics: Metrics) -> GrantKeeper | None:
    """Return what withholds positions without a grant, where a purpose asks for grants."""
    purpose = settings.intake.purpose
    if not purpose:
        return None
    store = GrantStore(
        settings.database_url, purpose=purpose, patience=patience, tell=metrics.tell_sink(FIGURES_SINK)
    )
    stack.callback(store.close)
    return GrantKeeper(store.book)


def _cameras(
    settings: Settings, stack: ExitStack, patience: Patience, metrics: Metrics, partitions: int
) -> CameraFeed:
    """Return the registry of cameras, for what messages tell of them; it is closed with the stack."""
    cameras = CameraFeed(
        settings, partitions=partitions, patience=patience, tell=metrics.tell_sink(FIGURES_SINK)
    )
    stack.callback(cameras.close)
    return cameras


def _gap_recorder(metrics: Metrics, store: FlowStore) -> Callable[[Gap], None]:
    """Return what tells of records that were gone, and writes them down."""

    def record_gap(gap: Gap) -> None:
        metrics.offset_gap_total.inc()
        log.error(
            "records were gone before they were read",
            topic=gap.topic,
            partition=gap.partition,
            from_offset=gap.from_offset,
            to_offset=gap.to_offset,
        )
        store.record_gap(DataGap(UUID(bytes=gap.topic_id), gap.partition, gap.from_offset, gap.to_offset))

    return record_gap


def _intake(
    settings: Settings,
    topics: _Topics,
    stop: StopFlag,
    metrics: Metrics,
    keys: DayKeys,
    gaps: GapBook,
    watch: TopicWatch,
    known: Known,
) -> tuple[Intake, Callable[[], None]]:
    """Return intake with clients of its own, and what closes its consumer."""
    bootstrap, client = settings.kafka.bootstrap_servers, settings.kafka.client
    consumer = make_consumer(bootstrap, intake_group(topics.installation), client)
    reader = make_record_reader(consumer)
    sender = ObservationSender(
        make_gapless_producer(bootstrap, client),
        topic=OBSERVATIONS_TOPIC,
        partitions=topics.observations.partitions,
        installation=topics.installation.bytes,
        should_give_up=stop.is_overdue,
    )
    intake = Intake(
        consumer,
        reader,
        sender,
        topics.sources,
        AdmissionRules(settings.figures.clock, local_midnights(), keys.key_of),
        IntakeOptions(
            batch_messages=settings.intake.batch_messages,
            progress_s=settings.intake.progress_ms / 1_000,
            commit_s=settings.intake.commit_ms / 1_000,
            clock=settings.figures.clock,
        ),
        monotonic=time.monotonic,
        metrics=metrics,
        failpoint=failpoint_from(os.environ),
        gaps=gaps,
        watch=watch,
        known=known,
    )

    def close() -> None:
        reader.close()
        consumer.close()

    return intake, close


def _drain_target(settings: Settings, end: InputEnd) -> DrainTarget:
    """Return where a bounded run ends: with the arrival clock, stream time must pass the newest arrival and reorder."""
    if settings.figures.clock == "event":
        return DrainTarget(end.offsets, NEVER_US)
    newest_us = end.arrival_us if end.arrival_us != NEVER_US else time.time_ns() // 1_000
    return DrainTarget(end.offsets, newest_us + round(settings.figures.reorder_s * 1_000_000))


class _Keys(NamedTuple):
    """The keys that intake looks after."""

    days: DayKeys
    months: MonthKeys | None

    def maintain(self, now_us: int) -> None:
        """Make the next ones, destroy what is over, and tell of it."""
        for day in self.days.maintain(now_us):
            log.info("the key of a day is destroyed", day=day)
        for month in () if self.months is None else self.months.maintain(now_us):
            log.info("the key of a month is destroyed", month=month)


class _Bounds(NamedTuple):
    """Where a bounded run ends."""

    target: DrainTarget
    ends: Callable[[], dict[tuple[str, int], int]]  # of the raw partitions, asked of the broker


def _loop(
    intake: Intake,
    stop: StopFlag,
    bounds: _Bounds | None,
    keys: _Keys,
    vehicles: KnownVehicles,
    tell_assigned: Callable[[bool], None],
) -> None:
    """Go on until asked to stop, or the bounds are reached and no tick is left unread.

    A tick behind the last progress would be input that nobody takes: an aggregate that starts later waits for it.
    """
    target = None if bounds is None else bounds.target
    has_ticks = True
    collector = PacedCollector()
    maintenance_due_s = 0.0
    while not stop.is_set():
        vehicles.refresh(time.monotonic())
        intake.step()
        collector.pace(time.monotonic())
        tell_assigned(intake.positions.is_settled)
        if time.monotonic() >= maintenance_due_s:
            maintenance_due_s = time.monotonic() + MAINTENANCE_S
            keys.maintain(time.time_ns() // 1_000)
        if bounds is not None and target is not None and intake.has_reached(target):
            if not has_ticks:
                return
            has_ticks = False
            intake.stop_ticks()
            target = DrainTarget(bounds.ends(), NEVER_US)
