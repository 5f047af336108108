"""Source positions: silent partitions are ticked, and read anew where no tick comes back."""

from confluent_kafka import TopicPartition

from streams.source_positions import DEAF_TICKS, STUCK_S
from tests.streams.source_positions.world import KEY, RAW, US, World, metadata


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
