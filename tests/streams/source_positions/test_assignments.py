"""Source positions: where reading goes on after an assignment, what stops it, and what a release leaves."""

from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError

from duls.errors import ServiceAwayError, TopicChangedError
from streams.raw_batch import PartitionPosition
from streams.source_positions import SETTLE_S
from tests.streams.source_positions.world import KEY, NEVER_US, RAW, US, World, metadata


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
