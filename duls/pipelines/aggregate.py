"""Aggregate: observations in, figures in the database; exactly once, whatever was killed in between.

Every owned partition is a state that is a pure function of its log. A flush moves the stored offsets from the
expected value to the new one under our epoch and brings, in the same transaction, everything that the rows below
the new offsets add. A process that lost a partition moves no offset, so it drops everything and joins again. Before a
flush the broker is asked whether the topic is still the one that the offsets speak of.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from duls.errors import FencedError, RefusedError, ServiceAwayError
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.deaf_watch import ANSWER_S, DeafWatch
from duls.pipelines.flush_build import FlushPlan, plan_flush
from duls.pipelines.flush_pace import FlushPace
from duls.pipelines.message_taker import MessageTaker
from duls.pipelines.owned_partition import OwnedPartition, snapshots_due
from duls.pipelines.partial_sender import PartialSender
from duls.pipelines.partition_loader import ObservationTopic, PartitionLoader, end_replay
from duls.pipelines.worlds import Worlds
from processors.columns import Int64Array
from sinks.flow_store import FlowStore
from sinks.flush_parts import Snapshot
from streams.observation_headers import envelope_of
from streams.received import Received, place_of, received
from streams.topic_reader import end_of
from streams.topic_watch import PATIENT_ANSWER_S, TopicWatch

SETTLE_S: Final = 5.0  # a cooperative rebalance gives nothing first, partitions in its second round
_MS_PER_S: Final = 1_000


class AggregateOptions(NamedTuple):
    """How aggregate paces itself and what it is bound to."""

    topic: ObservationTopic
    partial_topic: str
    dead_letter_topic: str
    installation: bytes
    flush_s: float = 1.0  # between two transactions at most
    partial_s: float = 0.2
    snapshot_replay_s: float = 5.0
    batch_messages: int = 64
    consume_s: float = 0.05
    clock: str = "arrival"
    with_carriers: bool = True  # whether publication asks for vehicles by carrier
    from_beginning: bool = False  # explicit: begin at the oldest record although figures exist


class Aggregate:
    """One aggregate process; owns the observation partitions that the group gives it.

    Any error that leaves one of its methods leaves the ledgers without what they should hold, so the only thing to
    do then is `abandon`, close the consumer, and begin anew from what is stored.
    """

    def __init__(
        self,
        consumer: Consumer,
        store: FlowStore,
        worlds: Worlds,
        options: AggregateOptions,
        *,
        watch: TopicWatch,
        partial_producer: Producer,
        midnights_us: Int64Array,
        monotonic: Callable[[], float],
        metrics: AggregateMetrics,
    ) -> None:
        self.owned: dict[int, OwnedPartition] = {}
        self.assigned_s: float | None = None  # when the group gave an assignment last; None once it is lost
        self._consumer = consumer
        self._store = store
        self._worlds = worlds
        self._options = options
        self._watch = watch
        self._partials = PartialSender(
            partial_producer,
            options.partial_topic,
            options.partial_s,
            zone_id=worlds.zone_id,
            midnights_us=midnights_us,
        )
        self._midnights_us = midnights_us
        self._monotonic = monotonic
        self._metrics = metrics
        self._loader = PartitionLoader(
            store, worlds, options.topic, midnights_us, from_beginning=options.from_beginning
        )
        self._taker = MessageTaker(worlds, metrics)
        self._pace = FlushPace(options.flush_s)
        self._deaf_watch = DeafWatch(self._end_of)

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            [self._options.topic.name],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def step(self) -> int:
        """Read what is there, take it in, and flush when it is time; return the number of messages."""
        started_s = self._monotonic()
        messages = self._consumer.consume(self._options.batch_messages, self._wait_s(started_s))
        self._pace.waited(self._monotonic() - started_s)
        for message in messages:
            error = message.error()
            if error is not None:
                self._read_error(error, message)
            else:
                self._read(received(message))
        now_s = self._monotonic()
        is_flush_due = self._pace.is_time(now_s, is_news=self._is_news())
        if is_flush_due or self._partials.due_s <= now_s:
            self._hold_gathered()
        self._partials.send_due(self.owned.values(), now_s)
        if is_flush_due:
            if (moved := self._moved()) and self._watch.confirm():  # else everything waits, in memory
                self._store_moved(moved, with_snapshots=False)
            self._pace.flushed(now_s, self._monotonic())
            self._watch_clocks()
        if len(messages) == self._options.batch_messages:
            self._deaf_watch.begin_anew()
        self._listen_again(now_s)
        return len(messages)

    def _wait_s(self, now_s: float) -> float:
        """Return how long to wait for messages: until something else is due, within the millisecond.

        The client waits for whole milliseconds, so anything less would be no wait, again and again until it is due.
        """
        due_s = min(self._partials.due_s, self._pace.next_s(now_s, is_news=self._is_news()))
        longest_s = min(self._options.consume_s, self._pace.longest_wait_s)
        wait_s = min(longest_s, max(0.0, due_s - now_s))
        return math.ceil(wait_s * _MS_PER_S) / _MS_PER_S

    def _is_news(self) -> bool:
        """Tell whether there are figures to store, or only time has passed."""
        return self._taker.has_news or any(owned.gathered for owned in self.owned.values())

    def _hold_gathered(self) -> None:
        """Let all states hold the positions that wait for them."""
        for owned in self.owned.values():
            started_s = self._monotonic()
            self._taker.hold(owned)
            owned.work_s += self._monotonic() - started_s

    def _watch_clocks(self) -> None:
        """Tell of source partitions that hold stream time; the event clock stands still without harm."""
        reading = [owned for _, owned in sorted(self.owned.items()) if not owned.is_replaying]
        if self._options.clock == "event" or not reading:
            self._metrics.watch_nothing()
        else:
            # progress goes to every observation partition, so one of them tells of all
            self._metrics.watch(reading[0].state.clocks.values())

    def _listen_again(self, now_s: float) -> None:
        """Assign again the partitions that the client does not read any more, from where they are read."""
        positions = {owned.number: owned.read_offset for owned in self.owned.values()}
        for number in self._deaf_watch.find(positions, now_s):
            place = TopicPartition(self._options.topic.name, number, positions[number])
            self._consumer.incremental_unassign([place])
            self._consumer.incremental_assign([place])
            self._consumer.resume([place])
            self._metrics.restarted_reading(number)

    def _end_of(self, partition: int) -> int:
        """Return where an observation partition ends, as the broker tells it."""
        return end_of(self._consumer, self._options.topic.name, partition, ANSWER_S)

    def _read_error(self, error: KafkaError, message: Message) -> None:
        """Stop at what does not pass by itself."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 the client has no public name for it
            self._watch.require(PATIENT_ANSWER_S)
            text = (
                f"observation partition {place_of(message)[1]} does not hold offset {message.offset()} any more: "
                "aggregate was away longer than the topic keeps; `duls run aggregate --from-beginning` goes on from "
                "the oldest record, writing down the gap"
            )
            raise RefusedError(text)
        if error.fatal() or not error.retriable():
            text = f"reading {self._options.topic.name} failed: {error.str()}"
            raise ServiceAwayError(text)

    def _read(self, message: Received) -> None:
        """Take one message in, unless it was read before or belongs to somebody else."""
        owned = self.owned.get(message.partition)
        if owned is None or message.offset < owned.read_offset:
            return
        if owned.is_replaying and message.offset >= owned.replay_until:
            # offsets may have gaps, so the replay can end between two messages
            self._note_read(owned, owned.replay_until)
        started_s = self._monotonic()
        envelope = envelope_of(message.headers, self._options.installation)
        if envelope is not None and message.value is not None:
            self._taker.take(owned, envelope, message.value)
        owned.work_s += self._monotonic() - started_s
        self._note_read(owned, message.offset + 1)

    def _note_read(self, owned: OwnedPartition, offset: int) -> None:
        """Note how far a partition is read; at the end of its replay, check its state: from there on its rows count."""
        if not owned.is_replaying or offset < owned.replay_until:
            owned.read_offset = offset
            return
        self._taker.hold(owned)
        owned.read_offset = offset
        end_replay(owned, self._store)
        self._metrics.replayed(self._monotonic() - owned.assigned_s)
        if not any(other.is_replaying for other in self.owned.values()):
            self._taker.forget_replayed()

    def flush(self, *, with_snapshots: bool = False) -> None:
        """Bring everything since the last flush to the database in one transaction.

        Raises:
            TopicChangedError: The observation topic was made anew; nothing is stored.
            ServiceAwayError: The broker does not say whether it was.
        """
        self._hold_gathered()
        moved = self._moved(with_snapshots=with_snapshots)
        if moved:
            self._watch.require()
            self._store_moved(moved, with_snapshots=with_snapshots)

    def _moved(self, *, with_snapshots: bool = False) -> list[OwnedPartition]:
        """Return the partitions of which there is something to store."""
        return [
            owned
            for _, owned in sorted(self.owned.items())
            if owned.has_moved or (with_snapshots and owned.has_news_for_a_snapshot)
        ]

    def _store_moved(self, moved: Sequence[OwnedPartition], *, with_snapshots: bool) -> None:
        """Bring everything since the last flush to the database; the topic is that of the start."""
        started_s = self._monotonic()
        unstored = self._taker.unstored()
        due = moved if with_snapshots else snapshots_due(moved, started_s, self._options.snapshot_replay_s)
        plan = plan_flush(
            moved,
            {
                slot_s: ledger.drain(slot_s=slot_s, midnights_us=self._midnights_us)
                for slot_s, ledger in unstored.ledgers.items()
            },
            unstored.rejected,
            dead_letter_topic=self._options.dead_letter_topic,
            with_carriers=self._options.with_carriers,
            snapshot_of=lambda owned: self._snapshot(owned) if owned in due else None,
        )
        self._store.flush(plan.flush)
        self._flushed(moved, plan)
        self._metrics.flushed(moved, plan.flush, self._monotonic() - started_s)

    def _snapshot(self, owned: OwnedPartition) -> Snapshot:
        """Return the state of a partition as bytes, telling how long that took."""
        started_s = self._monotonic()
        snapshot = owned.snapshot()
        self._metrics.made_snapshot(self._monotonic() - started_s)
        return snapshot

    def _flushed(self, moved: Sequence[OwnedPartition], plan: FlushPlan) -> None:
        """Note what the database holds now."""
        self._taker.stored()
        now_s = self._monotonic()
        snapshots = {snapshot.partition for snapshot in plan.flush.snapshots}
        for owned in moved:
            owned.stored_offset = owned.read_offset
            owned.lost_visits = 0
            owned.stored_now = plan.now.get(owned.number, owned.stored_now)
            if owned.number in snapshots:
                owned.has_snapshot = True
                owned.snapshot_offset = owned.read_offset
                owned.snapshot_s = now_s
                owned.work_s = 0.0

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Claim what the group gives, and read on where its states stand."""
        self.assigned_s = now_s = self._monotonic()
        self._watch.require(PATIENT_ANSWER_S)
        loaded = self._loader.load(consumer, [given.partition for given in partitions]) if partitions else []
        for owned in loaded:
            owned.assigned_s = owned.snapshot_s = now_s
            self.owned[owned.number] = owned
        self._metrics.owns(len(self.owned))
        consumer.incremental_assign(
            [TopicPartition(self._options.topic.name, owned.number, owned.read_offset) for owned in loaded]
        )

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Store what was read of partitions before the group gives them to others."""
        # with snapshots: the next owner then starts at once
        self.flush(with_snapshots=True)
        for given in partitions:
            self.owned.pop(given.partition, None)
        self._metrics.owns(len(self.owned))
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Drop partitions that others own by now.

        Raises:
            FencedError: Something that was read of them is not stored, and cannot be any more.
        """
        consumer.incremental_unassign(partitions)
        self.assigned_s = None  # the group has to speak again
        if not self.owned:
            return  # abandoned, or nothing was ours: there is nothing to lose
        text = f"the group took partitions {[given.partition for given in partitions]} from this process"
        raise FencedError(text)

    @property
    def is_settled(self) -> bool:
        """Tell whether the group has spoken: there are partitions, or there were none for a while."""
        if self.assigned_s is None:
            return False
        return bool(self.owned) or self._monotonic() - self.assigned_s > SETTLE_S

    def has_taken(self, ends: Mapping[bytes, Mapping[int, int]]) -> bool:
        """Tell whether every owned partition has taken all input below the ends, by topic id and partition."""
        return self.is_settled and all(
            not owned.is_replaying and owned.state.has_taken(topic_id, offsets)
            for owned in self.owned.values()
            for topic_id, offsets in ends.items()
        )

    def has_read(self, ends: Mapping[bytes, Mapping[int, int]]) -> bool:
        """Tell whether every owned partition has read all input below the ends, taken or held."""
        return self.is_settled and all(
            not owned.is_replaying and owned.state.has_read(topic_id, offsets)
            for owned in self.owned.values()
            for topic_id, offsets in ends.items()
        )

    def abandon(self) -> None:
        """Forget everything that is not stored: after an error, closing the consumer must not flush a part of it."""
        self.owned = {}
        self._metrics.owns(0)
        self._taker.abandon()

    def drain(self) -> None:
        """Take everything that is held, and store it with a snapshot, since the log does not tell of it."""
        for owned in self.owned.values():
            self._taker.drain(owned)
        self.flush(with_snapshots=True)

    def finish(self) -> None:
        """Flush with snapshots; the caller closes the consumer."""
        self.flush(with_snapshots=True)
