"""Source positions: records that are gone are written down as gaps, where they are none of another topic."""

from uuid import uuid4

import pytest

from duls.errors import TopicChangedError
from streams.raw_batch import PartitionPosition
from streams.source_positions import Gap
from tests.streams.source_positions.world import KEY, RAW, TOPIC_ID, US, World, metadata


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
