"""Source positions: partitions far ahead of the others are paused until those have caught up."""

from collections.abc import Callable
from typing import Any

import pytest

from streams.source_positions import STUCK_S
from tests.streams.client_fakes import FakeConsumer
from tests.streams.source_positions.world import KEY, RAW, US, World


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
