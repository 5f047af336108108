"""One run of the alert role: from a claim of shards until the process ends or others share the work anew."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec
import structlog
from confluent_kafka import Producer

from duls.app.alert_world import AlertWorld, Look
from duls.errors import DulsError, InvalidInputError, ServiceAwayError
from duls.metrics import Metrics
from duls.pipelines.alert_actions import decode_action
from duls.pipelines.alert_keeper import AlertKeeper
from duls.pipelines.deaf_watch import EVERY_S, DeafWatch
from processors.overload.actions import Action
from processors.overload.watch import AlertState
from processors.units import US_PER_S
from sinks.lasting_connection import LastingConnection
from sinks.overload_actions import ActionStatus, ReceivedAction, move_offset, receive
from sinks.overload_parts import OverloadFlush
from sinks.overload_store import OverloadStore
from streams.alert_streams import AlertStreams, StreamMessage
from streams.topics import ACTION_TOPIC, PARTIAL_TOPIC

FLUSH_S: Final = 1.0  # what is urgent is stored at once
# a flush of 2,000 changes takes a second; one of 60,000, of a storm that was missed, took longer than a transaction may
MOST_UNSTORED: Final = 2_000
LOOK_S: Final = 1.0
RATES_S: Final = 5.0
PUBLISH_S: Final = 0.1
ZONE_S: Final = 1.0  # between two messages about a zone whose state stays
START_S: Final = 60.0
STOP_DEAF_S: Final = 15.0  # to end streams that stand still

Result = TypeVar("Result")

log = structlog.get_logger()


class Wakeable(Protocol):
    """Something that tells of alerts."""

    def wake(self) -> None:
        """Say that there is something to tell."""


class Lane:
    """A thread for what waits for the database, one thing after the other."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Call in the thread of the lane, after what was asked before."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *arguments)

    def close(self) -> None:
        """Take nothing more; what is under way may end by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class RunParts(NamedTuple):
    """What outlives a run."""

    store: OverloadStore
    store_lane: Lane
    world: AlertWorld
    world_lane: Lane
    actions: LastingConnection
    action_lane: Lane
    action_topic_id: UUID
    end_of: Callable[[str], int]  # of a topic, as the broker tells it; see `DeafWatch`
    hearing_lane: Lane
    state_producer: Producer
    state_topic: str
    tellers: Sequence[Wakeable]
    may_speak: Callable[[], bool]
    metrics: Metrics
    feed_lost_s: float


class AlertRun:
    """Watches zones with a keeper; see `run`."""

    def __init__(self, parts: RunParts, keeper: AlertKeeper) -> None:
        self._parts = parts
        self._keeper = keeper
        self._news = asyncio.Event()
        self._look_now = asyncio.Event()
        self._stored = asyncio.Event()
        self._is_ending = False
        self._is_deaf = False
        self._judged_s = time.monotonic()
        self._rates_due_s = 0.0
        self._silences = Look(None, {}).silences
        self._published_s: dict[str, float] = {}

    async def run(
        self,
        make_streams: Callable[[dict[str, Callable[[StreamMessage], Awaitable[None]]]], AlertStreams],
        ending: asyncio.Event,
        on_ready: Callable[[], None],
    ) -> None:
        """Watch until *ending* is set or nothing comes any more although there is more, then store everything.

        Raises:
            FencedError: another process took over; nothing more is stored.
            ServiceAwayError: the broker or the database stayed away.
        """
        streams = make_streams({PARTIAL_TOPIC: self._on_counts, ACTION_TOPIC: self._on_action})
        await self._look()
        await _started(streams, ending)
        on_ready()
        ended = asyncio.ensure_future(ending.wait())
        loops = [
            asyncio.ensure_future(loop)
            for loop in (
                self._flush_loop(),
                self._look_loop(),
                self._publish_loop(),
                self._hear_loop(streams.waiting_positions),
            )
        ]
        try:
            watched: set[asyncio.Future[Any]] = {ended, streams.failed, *loops}
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            await self._end(streams)
            for done in (streams.failed, *loops):
                if done.done():
                    done.result()
            await self._finish(loops)
        finally:
            for task in (ended, *loops):
                task.cancel()
            await asyncio.gather(ended, *loops, return_exceptions=True)
            if not streams.failed.done():
                streams.failed.cancel()

    async def _end(self, streams: AlertStreams) -> None:
        """End reading.

        Raises:
            ServiceAwayError: the streams stood still, and do not even end.
        """
        try:
            async with asyncio.timeout(STOP_DEAF_S if self._is_deaf else None):
                await streams.stop()
        except TimeoutError as error:
            message = f"the alert role cannot read any more: its streams did not end in {STOP_DEAF_S:g} s"
            raise ServiceAwayError(message) from error

    async def _finish(self, loops: Sequence["asyncio.Future[None]"]) -> None:
        """Let a flush that is under way end, then store the rest."""
        self._is_ending = True
        self._news.set()
        await loops[0]
        self._keeper.finish()
        await self._flush()
        self._publish(everything=True)

    async def _on_counts(self, message: StreamMessage) -> None:
        """Take in partial counts."""
        if message.value is None:
            return
        keeper, metrics = self._keeper, self._parts.metrics
        before = keeper.stale_messages
        try:
            if keeper.take(message.value, message.offset, message.told_us):
                self._judged_s = time.monotonic()
        except msgspec.DecodeError as error:
            metrics.alert_bad_messages_total.labels(PARTIAL_TOPIC).inc()
            log.warning("partial counts cannot be read", offset=message.offset, reason=str(error))
        metrics.alert_stale_total.inc(keeper.stale_messages - before)
        if keeper.desk.is_urgent:
            self._news.set()
        while keeper.desk.waiting > MOST_UNSTORED:
            self._stored.clear()
            await self._stored.wait()  # the broker keeps what comes meanwhile
            self._judged_s = time.monotonic()

    async def _on_action(self, message: StreamMessage) -> None:
        """Take in what an operator does."""
        parts = self._parts
        place = (parts.action_topic_id, message.offset + 1)
        try:
            action = decode_action(message.value or b"")
        except InvalidInputError as error:
            parts.metrics.alert_bad_messages_total.labels(ACTION_TOPIC).inc()
            log.warning("an action cannot be read", offset=message.offset, reason=str(error))
            await parts.action_lane.run(
                lambda: parts.actions.run("skip an action", lambda c: move_offset(c, *place))
            )
            return
        status = await parts.action_lane.run(
            lambda: parts.actions.run("write an action down", lambda c: receive(c, action, place))
        )
        self._act(action, status)

    def _act(self, action: ReceivedAction, status: ActionStatus) -> None:
        """Let an action take effect, where it waits for us."""
        if status.handled_us is not None:
            self._look_now.set()  # a silence is in force already
            self._parts.metrics.alert_actions_total.labels(status.refusal or "done").inc()
        elif status.zone_id is not None and self._keeper.watches_zone(status.zone_id):
            deed = msgspec.json.decode(action.document, type=Action)
            self._keeper.act(action.action_id, status.zone_id, deed)
            self._news.set()

    async def _flush_loop(self) -> None:
        """Store what changed: at once where somebody waits for it, else each second."""
        while not self._is_ending:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), FLUSH_S)
            self._news.clear()
            await self._flush()

    async def _flush(self) -> None:
        """Store what changed."""
        if not self._keeper.has_news:
            return
        parts, as_of_us = self._keeper.flush(), self._keeper.sums.as_of_us
        begun_s = time.monotonic()
        await self._parts.store_lane.run(self._parts.store.flush, parts)
        self._stored.set()
        if parts.deliveries:
            for teller in self._parts.tellers:
                teller.wake()
        self._count(parts, time.monotonic() - begun_s, time.time() - as_of_us / US_PER_S)

    def _count(self, parts: OverloadFlush, flush_s: float, delay_s: float) -> None:
        """Count what was stored."""
        metrics = self._parts.metrics
        metrics.alert_flush_seconds.observe(flush_s)
        if parts.deliveries:
            metrics.alert_delay_seconds.observe(max(0.0, delay_s))
        for event in parts.events:
            metrics.alert_changes_total.labels(event.state_after).inc()
        for handled in parts.handled:
            metrics.alert_actions_total.labels(handled.refusal or "done").inc()

    async def _look_loop(self) -> None:
        """See each second whether rules, zones or silences changed, and whether messages still come."""
        while not self._is_ending:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), LOOK_S)
            self._look_now.clear()
            try:
                await self._look()
                await self._look_at_entries()
            except ServiceAwayError as error:
                # the flush waits for the same database, and decides how long
                log.warning("rules cannot be looked at", reason=str(error))
            self._look_at_clock()
            self._tell_states()

    async def _look(self) -> None:
        """Go over to other rules, zones or silences."""
        found = await self._parts.world_lane.run(self._parts.world.look)
        if found.city is not None:
            self._keeper.change_city(found.city)
        if found.silences != self._silences:
            self._silences = found.silences
            self._keeper.change_silences(self._silences)

    async def _hear_loop(self, positions: Callable[[], Mapping[str, int]]) -> None:
        """End once a topic goes on of which nothing comes any more: reading is begun anew then."""
        watch = DeafWatch(self._parts.end_of)
        while not self._is_ending:
            deaf = await self._parts.hearing_lane.run(watch.find, positions(), time.monotonic())
            if deaf:
                log.warning("nothing comes any more although there is more; reading begins anew", topics=deaf)
                self._parts.metrics.reading_restarts_total.inc()
                self._is_deaf = True
                return
            await asyncio.sleep(EVERY_S)

    async def _look_at_entries(self) -> None:
        """Read entries every few seconds, once it is known what time it is and there are rules."""
        now_s, as_of_us = time.monotonic(), self._keeper.sums.as_of_us
        if now_s < self._rates_due_s or not as_of_us or not self._keeper.desk.city.rules:
            return
        self._rates_due_s = now_s + RATES_S
        self._keeper.change_rates(await self._parts.world_lane.run(self._parts.world.rates, as_of_us))

    def _look_at_clock(self) -> None:
        """Say that nothing is known where no counts come any more."""
        is_held = self._keeper.desk.waiting > MOST_UNSTORED  # we do not read; that says nothing of the feed
        if not is_held and time.monotonic() - self._judged_s > self._parts.feed_lost_s:
            self._keeper.lose_everything(int(time.time() * US_PER_S))
            if self._keeper.desk.is_urgent:
                self._news.set()

    def _tell_states(self) -> None:
        """Set the gauges."""
        desk, metrics = self._keeper.desk, self._parts.metrics
        counts = dict.fromkeys(AlertState, 0)
        for state in desk.states.values():
            for watch in state.watches.values():
                counts[watch.state] += 1
        for name, count in counts.items():
            metrics.alert_watches.labels(name).set(count)
        metrics.alert_zones.set(len(desk.states))
        metrics.alert_feed_lost.set(desk.loss.fms)

    async def _publish_loop(self) -> None:
        """Tell of zones: at once where a state changed, else each second."""
        while not self._is_ending:
            await asyncio.sleep(PUBLISH_S)
            self._publish()

    def _publish(self, *, everything: bool = False) -> None:
        """Send the messages that are due about zones, while we may speak for them."""
        parts, desk, now_s = self._parts, self._keeper.desk, time.monotonic()
        if not parts.may_speak():
            return
        due = [
            zone_id
            for zone_id in desk.outdated
            if everything
            or zone_id in desk.in_haste
            or now_s - self._published_s.get(zone_id, -ZONE_S) >= ZONE_S
        ]
        for message in self._keeper.zone_messages(due):
            with suppress(BufferError):  # the broker is away; newer messages replace these
                value = msgspec.json.encode(message)
                parts.state_producer.produce(parts.state_topic, value, key=message.zone_id)
            self._published_s[message.zone_id] = now_s
        desk.outdated.difference_update(due)
        desk.in_haste.difference_update(due)
        parts.state_producer.poll(0)


async def _started(streams: AlertStreams, ending: asyncio.Event) -> None:
    """Start the streams, unless the end comes first.

    Raises:
        ServiceAwayError: the broker does not let us read.
    """
    starting = asyncio.ensure_future(streams.start())
    ended = asyncio.ensure_future(ending.wait())
    awaited: set[asyncio.Future[Any]] = {starting, ended, streams.failed}
    try:
        done, _ = await asyncio.wait(awaited, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (starting, ended):
            task.cancel()
        await asyncio.gather(starting, ended, return_exceptions=True)
    failure = next((task.exception() for task in (streams.failed, starting) if task in done), None)
    if isinstance(failure, DulsError):
        raise failure
    if failure is not None or not done:
        what = "no answer" if failure is None else type(failure).__name__
        message = f"the alert role cannot begin to read ({what}): is the broker running and reachable?"
        raise ServiceAwayError(message) from failure
