"""Source positions: where reading goes on after an assignment, and what makes it stop instead."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka import KafkaError, TopicPartition

from duls.errors import ServiceAwayError, TopicChangedError
from streams.raw_batch import PartitionPosition
from streams.source_positions import (
    DEAF_TICKS,
    SETTLE_S,
    STUCK_S,
    Gap,
    GapBook,
    PositionMetadata,
    SourcePositions,
)
from streams.topic_watch import TopicWatch
from tests.streams.client_fakes import FakeConsumer

RAW = "raw"
TOPIC_ID = bytes(range(16))
NEVER_US = -(1 << 62)
US = 1_000_000
KEY = (RAW, 0)


class World:
    """Positions over a fake consumer, a clock that stands until it is set, and what was called."""

    def __init__(self, partitions: int = 3) -> None:
        self.now_s = 100.0
        self.counted: dict[tuple[bytes, int], int] = {}
        self.gaps: list[Gap] = []
        self.releases = 0
        self.topic_ids = {RAW: UUID(bytes=TOPIC_ID)}  # as the broker tells them
        self.attached: list[TopicPartition] = []
        self.consumer = FakeConsumer()
        self.positions = SourcePositions(
            self.consumer,  # type: ignore[arg-type]  # the fake has the methods that are used
            {RAW: TOPIC_ID},
            {RAW: partitions},
            gaps=GapBook(
                self.gaps.append, lambda topic_id, partition: self.counted.get((topic_id, partition))
            ),
            watch=TopicWatch({RAW: UUID(bytes=TOPIC_ID)}, lambda _: self.topic_ids),
            before_release=self._release,
            attach=self.attached.extend,
            monotonic=lambda: self.now_s,
        )
        self.positions.subscribe()

    def _release(self) -> None:
        """Count the calls before a release, when positions are still known."""
        self.releases += 1
        assert self.positions.all()

    def commit(self, partition: int, offset: int, metadata: str | None) -> None:
        """Store an offset as an earlier owner did."""
        told = () if metadata is None else (metadata,)
        self.consumer.stored[RAW, partition] = TopicPartition(RAW, partition, offset, *told)

    def read(self, partition: int, next_offset: int, arrival_us: int) -> None:
        """Read up to an offset."""
        self.positions.move(RAW, {partition: PartitionPosition(next_offset, arrival_us, arrival_us)})


def metadata(topic_id: bytes = TOPIC_ID) -> str:
    """Return metadata of a position with an arrival and an event time."""
    return PositionMetadata.of(topic_id, PartitionPosition(0, 7 * US, 5 * US)).encode()


@pytest.fixture
def world() -> World:
    """Give three partitions, none of them assigned."""
    return World()


def test_a_partition_without_commit_is_read_from_its_beginning(world: World) -> None:
    """Without clocks, and without calling it a gap."""
    world.consumer.bounds[KEY] = (40, 90)

    world.consumer.give(KEY)

    assert {KEY: 40} == world.consumer.assigned
    assert {0: PartitionPosition(40, NEVER_US, NEVER_US)} == world.positions.of_topic(RAW)
    assert [] == world.gaps


def test_reading_goes_on_from_the_commit_with_its_clocks(world: World) -> None:
    """So that a successor computes the same arrivals."""
    world.consumer.bounds[KEY] = (40, 90)
    world.commit(0, 60, metadata())

    world.consumer.give(KEY)

    assert {KEY: 60} == world.consumer.assigned
    assert [(KEY, PartitionPosition(60, 7 * US, 5 * US))] == world.positions.all()


def test_metadata_may_be_missing(world: World) -> None:
    """The embedded broker drops it."""
    world.commit(0, 60, None)

    world.consumer.give(KEY)

    assert [(KEY, PartitionPosition(60, NEVER_US, NEVER_US))] == world.positions.all()


def test_a_topic_made_anew_is_refused(world: World) -> None:
    """Guard 3: its offsets mean other records."""
    world.commit(0, 60, metadata(bytes(16)))

    with pytest.raises(TopicChangedError, match="made anew"):
        world.consumer.give(KEY)

    assert {} == world.consumer.assigned


def test_a_topic_made_anew_since_the_start_is_refused_at_an_assignment(world: World) -> None:
    """Guard 3: the broker forgot what was committed of the old one, and the new one would be read under its id."""
    world.topic_ids = {RAW: uuid4()}

    with pytest.raises(TopicChangedError, match="made anew"):
        world.consumer.give(KEY)

    assert {} == world.consumer.assigned


def test_a_topic_made_anew_has_no_gap(world: World) -> None:
    """Guard 3: where the new one is shorter the broker misses an offset; nothing of the old one is gone unread."""
    world.consumer.give(KEY)
    world.read(0, 60, 9 * US)
    world.consumer.bounds[KEY] = (75, 90)
    world.topic_ids = {RAW: uuid4()}

    with pytest.raises(TopicChangedError, match="made anew"):
        world.positions.skip_gap(RAW, 0)

    assert [] == world.gaps


def test_records_gone_before_an_assignment_are_a_gap(world: World) -> None:
    """Guard 2: what was lost is written down, and reading goes on at the oldest record."""
    world.consumer.bounds[KEY] = (75, 90)
    world.commit(0, 60, metadata())

    world.consumer.give(KEY)

    assert [Gap(RAW, TOPIC_ID, 0, 60, 75)] == world.gaps
    assert {KEY: 75} == world.consumer.assigned
    assert [(KEY, PartitionPosition(75, 7 * US, 5 * US))] == world.positions.all()


@pytest.mark.parametrize(
    ("counted_to", "gaps"), [(None, []), (60, [Gap(RAW, TOPIC_ID, 0, 60, 75)]), (75, []), (80, [])]
)
def test_a_gap_is_known_where_the_group_was_forgotten(
    world: World, counted_to: int | None, gaps: list[Gap]
) -> None:
    """Guard 2, after a week away: the figures tell how far they are; what they have is read again for nothing."""
    world.consumer.bounds[KEY] = (75, 90)
    if counted_to is not None:
        world.counted[TOPIC_ID, 0] = counted_to

    world.consumer.give(KEY)

    assert gaps == world.gaps
    assert {KEY: 75} == world.consumer.assigned


def test_records_gone_while_reading_are_a_gap(world: World) -> None:
    """Guard 2: the same, when the broker says so in the middle."""
    world.consumer.give(KEY)
    world.read(0, 60, 9 * US)
    world.consumer.bounds[KEY] = (75, 90)

    world.positions.skip_gap(RAW, 0)

    assert [Gap(RAW, TOPIC_ID, 0, 60, 75)] == world.gaps
    assert {KEY: 75} == world.consumer.assigned
    assert [(KEY, PartitionPosition(75, 9 * US, 9 * US))] == world.positions.all()


def test_a_gap_that_is_none_any_more_is_not_written_down(world: World) -> None:
    """The error may be older than the last answer to it."""
    world.consumer.give(KEY)
    world.read(0, 60, 9 * US)
    world.consumer.bounds[KEY] = (60, 90)

    world.positions.skip_gap(RAW, 0)

    assert [] == world.gaps
    assert {KEY: 60} == world.consumer.assigned


def test_a_gap_of_a_partition_given_back_is_nothing(world: World) -> None:
    """Its next owner will find it."""
    world.positions.skip_gap(RAW, 0)

    assert ([], {}) == (world.gaps, world.consumer.assigned)


def test_a_topic_that_lost_what_was_read_is_refused(world: World) -> None:
    """New records would get the offsets of old ones, and be dropped as repeats in silence."""
    world.consumer.give(KEY)
    world.read(0, 60, 9 * US)
    world.consumer.bounds[KEY] = (0, 50)

    with pytest.raises(TopicChangedError, match="lost records"):
        world.positions.skip_gap(RAW, 0)

    assert [] == world.gaps


def test_more_partitions_than_at_the_start_are_refused(world: World) -> None:
    """Guard 9: stream time would not wait for them."""
    with pytest.raises(TopicChangedError, match="more partitions"):
        world.consumer.give((RAW, 3))


def test_a_broker_that_does_not_answer_is_away(world: World) -> None:
    """To begin at the beginning instead would be a jump."""
    world.consumer.is_away = True

    with pytest.raises(ServiceAwayError, match="where to go on"):
        world.consumer.give(KEY)


def test_an_offset_that_cannot_be_told_is_no_missing_one(world: World) -> None:
    """The broker may answer for some partitions only."""
    stored: Any = _Untold(RAW, 0, -1001, None, KafkaError(KafkaError.NOT_COORDINATOR))
    world.consumer.stored[KEY] = stored

    with pytest.raises(ServiceAwayError, match="where to go on"):
        world.consumer.give(KEY)


class _Untold:
    """An answer with an error, which the client's own type cannot be made with."""

    def __init__(self, *parts: Any) -> None:
        self.topic, self.partition, self.offset, self.metadata, self.error = parts


def test_a_release_is_committed_before_anything_is_forgotten(world: World) -> None:
    """What was read and sent would else be read again by the next owner."""
    world.consumer.give(KEY, (RAW, 1))

    world.consumer.take(KEY)

    assert 1 == world.releases
    assert [1] == list(world.positions.of_topic(RAW))
    assert {(RAW, 1): 0} == world.consumer.assigned


def test_a_loss_is_not_committed(world: World) -> None:
    """Somebody else owns them by now."""
    world.consumer.give(KEY)

    world.consumer.lose(KEY)

    assert 0 == world.releases
    assert ([], {}) == (world.positions.all(), world.consumer.assigned)


def test_a_partition_that_comes_back_begins_at_its_commit(world: World) -> None:
    """Nothing is remembered of the time before."""
    world.consumer.give(KEY)
    world.read(0, 60, 9 * US)
    world.positions.committed(world.positions.all())
    world.consumer.lose(KEY)
    world.commit(0, 50, metadata())

    world.consumer.give(KEY)

    assert [(KEY, PartitionPosition(50, 7 * US, 5 * US))] == world.positions.uncommitted()


def test_only_what_moved_is_uncommitted(world: World) -> None:
    """A commit costs the broker a write."""
    world.consumer.give(KEY, (RAW, 1))
    world.positions.committed(world.positions.all())

    world.read(1, 5, US)

    assert [((RAW, 1), PartitionPosition(5, US, US))] == world.positions.uncommitted()


def test_a_silent_partition_is_ticked_once_a_while(world: World) -> None:
    """Once it is read to its end; each tick counts its wait anew."""
    world.consumer.bounds = {KEY: (0, 5), (RAW, 1): (0, 5)}
    world.consumer.give(KEY, (RAW, 1))
    world.read(0, 5, US)
    world.read(1, 4, US)

    assert [] == world.positions.silent(world.now_s + 0.9, 1.0)
    assert [KEY] == world.positions.silent(world.now_s + 1.0, 1.0)
    assert [] == world.positions.silent(world.now_s + 1.9, 1.0)
    assert [KEY] == world.positions.silent(world.now_s + 2.0, 1.0)


def test_an_empty_partition_is_ticked(world: World) -> None:
    """Stream time needs to hear of every partition."""
    world.consumer.give(KEY)

    assert [KEY] == world.positions.silent(world.now_s + 1.0, 1.0)


def test_what_the_broker_appended_meanwhile_is_read_first(world: World) -> None:
    """The end is the largest one heard of: between two answers it may look smaller."""
    world.consumer.give(KEY)
    world.consumer.bounds[KEY] = (0, 8)
    assert [] == world.positions.silent(world.now_s + 1.0, 1.0)
    world.consumer.bounds[KEY] = (-1001, -1001)

    assert [] == world.positions.silent(world.now_s + 1.0, 1.0)


def test_marks_of_transactions_are_not_waited_for(world: World) -> None:
    """They take offsets and are never given out, so the end would not be reached; a tick behind them is."""
    world.consumer.bounds[KEY] = (0, 6)
    world.consumer.give(KEY)
    world.read(0, 5, US)  # the mark stands at 5

    world.now_s += STUCK_S + 0.1

    assert [KEY] == world.positions.silent(world.now_s, 1.0)


def tick(world: World, count: int) -> None:
    """Let so many ticks be asked for."""
    for _ in range(count):
        world.now_s += 1.0
        world.positions.silent(world.now_s, 1.0)


def test_a_partition_whose_ticks_do_not_come_back_is_assigned_again(world: World) -> None:
    """A client that stands still, whatever the reason, says nothing of it."""
    world.commit(0, 60, metadata())
    world.consumer.give(KEY)
    world.consumer.assigned.clear()
    world.attached.clear()

    tick(world, DEAF_TICKS - 1)
    assert [] == world.positions.listen_again()
    tick(world, 1)
    assert [KEY] == world.positions.listen_again()

    assert {KEY: 60} == world.consumer.assigned
    assert [TopicPartition(RAW, 0, 60)] == world.attached
    assert [] == world.positions.listen_again()


def test_a_tick_that_comes_back_is_enough(world: World) -> None:
    """They are counted in a row."""
    world.consumer.give(KEY)
    tick(world, DEAF_TICKS - 1)

    world.read(0, 1, US)
    tick(world, 1)

    assert [] == world.positions.listen_again()


def two_partitions(
    world: World, first_us: int, second_us: int, *, ends: tuple[int, int] = (100, 100)
) -> None:
    """Assign two partitions and read both to offset 10."""
    world.consumer.bounds = {KEY: (0, ends[0]), (RAW, 1): (0, ends[1])}
    world.consumer.give(KEY, (RAW, 1))
    world.read(0, 10, first_us)
    world.read(1, 10, second_us)


@pytest.mark.parametrize("clock", ["arrival", "event"])
@pytest.mark.parametrize(("ahead_us", "paused"), [(60 * US, set()), (60 * US + 1, {(RAW, 1)})])
def test_a_partition_far_ahead_is_paused(world: World, clock: str, ahead_us: int, paused: set[Any]) -> None:
    """By more than the skew that aggregate shall hold in memory."""
    two_partitions(world, 0, ahead_us)

    world.positions.balance(clock, 60 * US)

    assert paused == world.consumer.paused


def test_a_paused_partition_goes_on_when_the_others_have_caught_up(world: World) -> None:
    """And is not ticked before: it has not been silent, it was not listened to."""
    two_partitions(world, 0, 61 * US)
    world.positions.balance("arrival", 60 * US)
    assert [] == [key for key in world.positions.silent(world.now_s + 9.0, 1.0) if key == (RAW, 1)]
    world.now_s += 9.0

    world.read(0, 20, 30 * US)
    world.positions.balance("arrival", 60 * US)

    assert set() == world.consumer.paused
    assert [] == [key for key in world.positions.silent(world.now_s, 1.0) if key == (RAW, 1)]


def test_a_partition_that_was_read_to_its_end_pauses_nobody(world: World) -> None:
    """It has nothing that the others could wait for."""
    two_partitions(world, 0, 500 * US, ends=(10, 100))

    world.positions.balance("arrival", 60 * US)

    assert set() == world.consumer.paused


def test_an_empty_partition_pauses_nobody(world: World) -> None:
    """It has no time at all; else everyone would wait for it for ever."""
    world.consumer.bounds = {KEY: (0, 0), (RAW, 1): (0, 100)}
    world.consumer.give(KEY, (RAW, 1))
    world.read(1, 10, 500 * US)

    world.positions.balance("event", 60 * US)

    assert set() == world.consumer.paused


def test_a_partition_whose_rest_never_comes_pauses_nobody_for_long(world: World) -> None:
    """Marks of transactions look like records that are still to be read."""
    two_partitions(world, 0, 500 * US, ends=(11, 100))
    world.positions.balance("event", 60 * US)
    assert {(RAW, 1)} == world.consumer.paused

    world.now_s += STUCK_S + 0.1
    world.positions.balance("event", 60 * US)

    assert set() == world.consumer.paused


@pytest.mark.parametrize("goes", [FakeConsumer.take, FakeConsumer.lose])
def test_a_pause_ends_with_the_assignment(world: World, goes: Callable[..., None]) -> None:
    """The client keeps it when the group gives the partition again, and would then never read it."""
    two_partitions(world, 0, 61 * US)
    world.positions.balance("arrival", 60 * US)
    goes(world.consumer, (RAW, 1))
    assert {(RAW, 1)} == world.consumer.paused

    world.consumer.give((RAW, 1))
    assert set() == world.consumer.paused

    world.read(1, 20, 61 * US)
    world.positions.balance("arrival", 60 * US)
    assert {(RAW, 1)} == world.consumer.paused


def test_the_group_has_spoken_when_it_gave_something_or_nothing_for_a_while(world: World) -> None:
    """The first round of a cooperative rebalance gives nothing, the second one partitions."""
    assert not world.positions.is_settled
    world.consumer.give()
    assert not world.positions.is_settled

    world.now_s += SETTLE_S + 0.1

    assert world.positions.is_settled


def test_a_member_that_lost_its_partitions_is_settled_once_the_group_speaks_again(world: World) -> None:
    """That it has none is not what the group gave it, however long ago it did."""
    world.consumer.give(KEY)
    world.now_s += SETTLE_S + 0.1
    world.consumer.lose(KEY)
    world.now_s += SETTLE_S + 0.1
    assert not world.positions.is_settled

    world.consumer.give()
    world.now_s += SETTLE_S + 0.1

    assert world.positions.is_settled


def test_partitions_settle_at_once(world: World) -> None:
    """There is something to do."""
    world.consumer.give(KEY)

    assert world.positions.is_settled
