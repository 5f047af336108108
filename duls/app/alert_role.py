"""The alert role: builds its clients, claims shares of the zones, and watches them until it is asked to stop."""

import asyncio
import os
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final
from uuid import UUID

import structlog

from duls.app.alert_lease import Lease
from duls.app.alert_posting import (
    AlertmanagerPost,
    WebhookPost,
    webhook_secret,
    webhook_urls,
)
from duls.app.alert_run import AlertRun, Lane, RunParts
from duls.app.alert_world import AlertWorld
from duls.app.failpoints import failpoint_from
from duls.app.stopping import StopFlag, close_within
from duls.config import Settings
from duls.errors import FencedError, ServiceAwayError
from duls.local_midnights import local_midnights
from duls.metrics import FIGURES_SINK, Metrics
from duls.pipelines.alert_keeper import AlertKeeper, KeeperOptions
from duls.pipelines.alert_tellers import ChannelAwayError, PostTeller, Teller, TellerSetup, TopicTeller
from duls.pipelines.alert_telling import Channels
from duls.pipelines.deaf_watch import ANSWER_S
from processors.units import US_PER_S
from sinks.connection import open_connection
from sinks.flush_parts import OutboxMessage
from sinks.lasting_connection import LastingConnection
from sinks.migrate import require_current
from sinks.overload_actions import next_offset
from sinks.overload_claims import SHARDS
from sinks.overload_deliveries import ALERTMANAGER_CHANNEL, TOPIC_CHANNEL, Delivery
from sinks.overload_parts import ShardClaim
from sinks.overload_store import OverloadStore
from sinks.patience import Patience
from sinks.registry import installation_id
from streams.alert_streams import AlertStreams
from streams.clients import make_admin, make_alert_producer, make_producer
from streams.outbox_sender import OutboxSender
from streams.topic_positions import TopicBounds, told_end, topic_bounds
from streams.topic_reader import make_reader
from streams.topics import (
    ACTION_TOPIC,
    ALERT_TOPIC,
    OBSERVATIONS_TOPIC,
    PARTIAL_TOPIC,
    STATE_TOPIC,
    TopicInfo,
    describe_topic,
)

PATIENCE_S: Final = 300.0  # how long the database may be away before the process ends
LOOK_PATIENCE_S: Final = 2.0  # of what is tried again each second anyway
FLUSH_STATES_S: Final = 1.0
TELL_LAST_S: Final = 2.0
MS_PER_S: Final = 1_000

log = structlog.get_logger()


def alert_group(installation: UUID, worker_id: UUID) -> str:
    """Return the consumer group of one alert process; it has no other member, and nobody reads what it commits."""
    return f"duls-alert-{installation}-{worker_id}"


class _Setup:
    """What outlives a claim."""

    def __init__(self, settings: Settings, stop: StopFlag, metrics: Metrics) -> None:
        require_current(settings.database_url)
        stop.install()
        self.settings = settings
        self.stop = stop
        self.metrics = metrics
        self.worker_id = uuid.uuid4()
        kafka = settings.kafka
        self.admin = make_admin(kafka.bootstrap_servers, kafka.client)
        self.partials: TopicInfo = describe_topic(self.admin, PARTIAL_TOPIC)
        self.actions: TopicInfo = describe_topic(self.admin, ACTION_TOPIC)
        self.observation_partitions = describe_topic(self.admin, OBSERVATIONS_TOPIC).partitions
        with open_connection(settings.database_url, application_name="duls alert") as connection:
            self.installation = installation_id(connection)
        self.midnights_us = local_midnights()
        self.webhooks = webhook_urls(settings)
        self.secret = webhook_secret(settings.alert.webhook_secret_file) if self.webhooks else b""
        self.group = alert_group(self.installation, self.worker_id)

    def database(self, name: str, patience_s: float = PATIENCE_S) -> LastingConnection:
        """Return a connection for one thread."""
        patience = Patience(patience_s, self.stop.is_overdue)
        return LastingConnection(
            self.settings.database_url,
            application_name=f"duls alert {name}",
            patience=patience,
            tell=self.metrics.tell_sink(FIGURES_SINK),
        )

    @property
    def channels(self) -> Channels:
        """Return where alerts go."""
        posted = [ALERTMANAGER_CHANNEL] if self.settings.alert.alertmanager_url else []
        return Channels(TOPIC_CHANNEL, (*posted, *self.webhooks))


def run_alert(
    settings: Settings, stop: StopFlag, metrics: Metrics, *, tell_assigned: Callable[[bool], None]
) -> None:
    """Watch zones until stopping is asked for."""
    setup = _Setup(settings, stop, metrics)
    asyncio.run(_main(setup, tell_assigned))
    _forget_group(setup)


async def _main(setup: _Setup, tell_assigned: Callable[[bool], None]) -> None:
    """Claim and watch again and again, whenever the work is to be shared anew."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_reader(setup.stop.fileno(), ending.set)

    def share_anew() -> None:
        loop.call_soon_threadsafe(ending.set)

    lease = Lease(
        setup.database("lease", LOOK_PATIENCE_S),
        setup.worker_id,
        setup.settings.alert.lease_s,
        share_anew,
    )
    tellers = _tellers(setup, lease.is_valid)
    with ExitStack() as stack:
        parts = _run_parts(setup, lease.is_valid, tellers, stack)
        stack.enter_context(lease)
        for teller in tellers:
            teller.start()
        held: list[int] = []
        try:
            while not setup.stop.is_set():
                ending.clear()
                if setup.stop.is_set():
                    break
                claims = await parts.store_lane.run(
                    lease.claim, lambda: parts.store.claim(setup.settings.alert.lease_s)
                )
                held = [claim.shard for claim in claims]
                log.info("watching", shards=held)
                try:
                    await _watch(setup, parts, claims, ending, lambda: tell_assigned(True))
                except FencedError as error:
                    tell_assigned(False)
                    setup.metrics.fenced_total.inc()
                    log.warning("fenced; joining again", reason=str(error))
        finally:
            loop.remove_reader(setup.stop.fileno())
            await loop.run_in_executor(None, _end_tellers, tellers)
            parts.state_producer.flush(FLUSH_STATES_S)
            await parts.store_lane.run(close_within, lambda: parts.store.leave(held))


async def _watch(
    setup: _Setup,
    parts: RunParts,
    claims: Sequence[ShardClaim],
    ending: asyncio.Event,
    on_ready: Callable[[], None],
) -> None:
    """Watch the zones of some shards until *ending* is set."""
    if not claims:
        on_ready()
        await ending.wait()
        return
    starts = await parts.action_lane.run(_starts, setup, parts, claims)
    stored = await parts.store_lane.run(parts.store.load, [claim.shard for claim in claims])
    await parts.world_lane.run(parts.world.look)
    settings = setup.settings
    keeper = AlertKeeper(
        claims,
        starts[PARTIAL_TOPIC],
        parts.world.city,
        stored,
        KeeperOptions(
            shards=SHARDS,
            partitions=setup.observation_partitions,
            topic_id=setup.partials.topic_id,
            channels=setup.channels,
            feed_lost_us=round(settings.alert.feed_lost_s * US_PER_S),
            page_interval_us=round(settings.alert.page_interval_s * US_PER_S),
            is_event_clock=settings.figures.clock == "event",
        ),
    )
    await AlertRun(parts, keeper).run(
        lambda handlers: AlertStreams(
            settings.kafka.bootstrap_servers,
            settings.kafka.client,
            setup.group,
            starts=starts,
            handlers=handlers,
        ),
        ending,
        on_ready,
    )


def _starts(setup: _Setup, parts: RunParts, claims: Sequence[ShardClaim]) -> dict[str, int]:
    """Return where each topic is read from."""
    kafka = setup.settings.kafka
    reader = make_reader(kafka.bootstrap_servers, kafka.client)
    try:
        since_ms = round((time.time() - setup.settings.alert.catch_up_s) * MS_PER_S)
        counts = topic_bounds(reader, PARTIAL_TOPIC, since_ms)
        actions = topic_bounds(reader, ACTION_TOPIC, 0)
    finally:
        close_within(reader.close)
    stored = parts.actions.run("read the offset of actions", lambda c: next_offset(c, setup.actions.topic_id))
    known = [claim for claim in claims if claim.topic_id == setup.partials.topic_id]
    return {
        PARTIAL_TOPIC: _first_counts(known, counts),
        ACTION_TOPIC: actions.oldest if stored is None else min(max(stored, actions.oldest), actions.end),
    }


def _first_counts(known: Sequence[ShardClaim], counts: TopicBounds) -> int:
    """Return where partial counts are read from: where they still held, not too far back; what is new begins now."""
    first = min((claim.read_from for claim in known), default=counts.end)
    start = min(max(first, counts.oldest, counts.since), counts.end)
    if start > first:
        log.warning("what was missed is too old to be judged", messages=start - first)
    return start


def _run_parts(
    setup: _Setup, may_speak: Callable[[], bool], tellers: Sequence[Teller], stack: ExitStack
) -> RunParts:
    """Build what outlives a run; it is closed with the stack."""
    kafka = setup.settings.kafka
    lanes = [Lane(name) for name in ("alert store", "alert look", "alert actions", "alert hearing")]
    store = OverloadStore(
        setup.settings.database_url,
        setup.worker_id,
        patience=Patience(PATIENCE_S, setup.stop.is_overdue),
        failpoint=failpoint_from(os.environ),
        tell=setup.metrics.tell_sink(FIGURES_SINK),
    )
    world = AlertWorld(setup.database("look", LOOK_PATIENCE_S), setup.midnights_us)
    actions = setup.database("actions")
    for close in (store.close, world.close, actions.close, *(lane.close for lane in lanes)):
        stack.callback(close)
    return RunParts(
        store=store,
        store_lane=lanes[0],
        world=world,
        world_lane=lanes[1],
        actions=actions,
        action_lane=lanes[2],
        action_topic_id=setup.actions.topic_id,
        end_of=lambda topic: told_end(setup.admin, topic, ANSWER_S),
        hearing_lane=lanes[3],
        state_producer=make_producer(kafka.bootstrap_servers, kafka.client),
        state_topic=STATE_TOPIC,
        tellers=tellers,
        may_speak=may_speak,
        metrics=setup.metrics,
        feed_lost_s=setup.settings.alert.feed_lost_s,
    )


def _tellers(setup: _Setup, is_ours: Callable[[], bool]) -> list[Teller]:
    """Build what tells of alerts, one for each channel."""
    alert = setup.settings.alert
    shared = TellerSetup(setup.worker_id, is_ours, alert.retry_max_s, setup.metrics)
    tellers: list[Teller] = [
        TopicTeller(TOPIC_CHANNEL, setup.database("topic"), shared, _topic_send(setup)),
    ]
    if alert.alertmanager_url:
        post = AlertmanagerPost(alert.alertmanager_url, alert.alertmanager_resend_s)
        tellers.append(
            PostTeller(
                ALERTMANAGER_CHANNEL,
                setup.database("alertmanager"),
                shared,
                post,
                again=lambda connection: post.again(connection, setup.worker_id),
                again_s=alert.alertmanager_resend_s,
            )
        )
    tellers += [
        PostTeller(url, setup.database("webhook"), shared, WebhookPost(url, setup.secret))
        for url in setup.webhooks
    ]
    return tellers


def _topic_send(setup: _Setup) -> Callable[[Sequence[Delivery]], None]:
    """Return what sends to the topic of alerts; after a failure with a new producer."""
    kafka, lease_s = setup.settings.kafka, setup.settings.alert.lease_s

    def sender() -> OutboxSender:
        producer = make_alert_producer(kafka.bootstrap_servers, kafka.client, lease_s=lease_s)
        return OutboxSender(producer, should_give_up=setup.stop.is_overdue)

    current = [sender()]

    def send(deliveries: Sequence[Delivery]) -> None:
        messages = [
            OutboxMessage(ALERT_TOPIC, delivery.alert_id.encode(), delivery.payload.encode())
            for delivery in deliveries
        ]
        try:
            current[0].send(messages)
        except ServiceAwayError as error:
            current[0] = sender()
            raise ChannelAwayError(str(error)) from error

    return send


def _end_tellers(tellers: Sequence[Teller]) -> None:
    """Let every channel tell once more."""
    end_s = time.monotonic() + TELL_LAST_S
    for teller in tellers:
        teller.stop(max(0.0, end_s - time.monotonic()))


def _forget_group(setup: _Setup) -> None:
    """Remove the group of this process, which nobody will join again; the broker would do so after days."""
    futures = setup.admin.delete_consumer_groups([setup.group], request_timeout=2.0)
    for future in futures.values():
        if (error := future.exception(timeout=3.0)) is not None:
            log.debug("the group stays for a while", reason=str(error))
