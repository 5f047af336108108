"""Guard 15: a source partition that holds stream time is named within 15 seconds, and no other one is."""

import pytest

from duls.pipelines.clock_watch import AHEAD_US, BLIND_S, STALL_S, ClockWatch, StalledPartition
from processors.source_clock import Mark, SourceClock

FMS_ID, ANPR_ID = b"f" * 16, b"a" * 16
START_US = 1_795_000_000_000_000


class World:
    """A watch over one source topic of two partitions, looked at each second."""

    def __init__(self) -> None:
        self.now_s = 50.0
        self.watch = ClockWatch(lambda: self.now_s)
        self.clock = SourceClock(FMS_ID, 0)
        self.move(0, 1)
        self.move(1, 1)

    def move(self, partition: int, offset: int, ahead_us: int = 0) -> None:
        """Move a partition, by one microsecond of arrival per offset."""
        self.clock.progress(Mark(FMS_ID, 0, 2, partition, offset, START_US + offset + ahead_us))

    def look(self, seconds: float) -> list[StalledPartition]:
        """Look each second for so long, and return what is said at the end."""
        found = self.watch.look([self.clock])
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s = min(self.now_s + 1.0, end_s)
            found = self.watch.look([self.clock])
        return found


def test_a_partition_that_stands_still_is_named_after_fifteen_seconds() -> None:
    """Not before; the others move."""
    world = World()
    found = []
    for offset in range(2, 20):
        world.move(0, offset)
        found.append(world.look(1.0))

    assert [[]] * 15 + [[StalledPartition(FMS_ID, 0, 1)]] * 3 == found
    assert STALL_S == 15.0


def test_a_partition_that_moves_again_is_not_named() -> None:
    """A tick is a move."""
    world = World()
    assert 2 == len(world.look(20.0))

    world.move(1, 2)

    assert [StalledPartition(FMS_ID, 0, 0)] == world.look(1.0)


def test_a_partition_that_was_never_heard_of_is_named() -> None:
    """The topic has it, and nobody reads it."""
    world = World()
    world.clock = SourceClock(FMS_ID, 0)
    world.move(0, 1)

    assert StalledPartition(FMS_ID, 0, 1) in world.look(20.0)


@pytest.mark.parametrize(("ahead_us", "named"), [(AHEAD_US - 10, 2), (AHEAD_US + 10, 1)])
def test_a_partition_far_ahead_is_paused_and_no_stall(ahead_us: int, named: int) -> None:
    """It holds no time, and its owner reads it when the others have caught up."""
    world = World()
    world.move(0, 2, ahead_us)

    assert named == len(world.look(20.0))


def test_nothing_is_said_after_a_flush_that_waited() -> None:
    """Whoever did not read cannot say that nothing came."""
    world = World()
    world.look(1.0)

    world.now_s += STALL_S + BLIND_S

    assert [] == world.watch.look([world.clock])
    assert [] == world.look(STALL_S - 1.0)


def test_each_source_is_watched() -> None:
    """Stream time is kept apart for both."""
    world = World()
    detections = SourceClock(ANPR_ID, 1)
    detections.progress(Mark(ANPR_ID, 1, 1, 0, 1, START_US))
    for _ in range(20):
        world.now_s += 1.0
        found = world.watch.look([world.clock, detections])

    assert {(FMS_ID, 0), (FMS_ID, 1), (ANPR_ID, 0)} == {(key.topic_id, key.partition) for key in found}


def test_forgetting_begins_anew() -> None:
    """As with nothing to read."""
    world = World()
    world.look(20.0)

    world.watch.forget()

    assert [] == world.look(1.0)


def test_a_topic_that_is_over_is_no_stall() -> None:
    """Nobody reads it, and it holds nothing back."""
    world = World()

    world.clock.end()

    assert [] == world.look(20.0)
