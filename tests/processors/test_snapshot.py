"""A state put away and taken up again goes on as if nothing had happened."""

from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given

from naive import Settings
from naive_examples import IN, T0, ZONES, row
from processors.snapshot import TABLES, restore, snapshot_of
from processors.source_clock import Mark
from processors.vocabulary import Source
from processors.zone_sets import ZoneSets
from tests.processors.log_builders import (
    TOPICS,
    FastPartition,
    Marks,
    ObservationLog,
    Rows,
    frozen,
    random_log,
)
from tests.processors.position_builders import COMPILED, ZoneBook, seeds

SEEDS: Final = range(30 if COMPILED else 6)


def other_zone_sets(rng: Random) -> ZoneSets:
    """Return a registry in which other sets have the low numbers, as in a process with another past."""
    zone_sets = ZoneSets()
    for _ in range(rng.randint(1, 12)):
        zone_sets.number_of(rng.sample(range(2, 20), rng.randint(1, 4)))
    return zone_sets


def partition_of(log: ObservationLog) -> FastPartition:
    """Return the state at the beginning of a log."""
    return FastPartition(log.settings, ZoneBook(log.zones), log.registry)


def assert_same(expected: FastPartition, told: FastPartition) -> None:
    """Fail unless two partitions tell the same."""
    assert expected.cells() == told.cells()
    assert expected.carriers() == told.carriers()
    assert expected.totals.feeds == told.totals.feeds
    assert expected.zone_now() == told.zone_now()
    assert expected.state.cursors() == told.state.cursors()
    assert expected.state.versions == told.state.versions
    assert expected.state.positions.open_visits == told.state.positions.open_visits
    assert expected.rejected == told.rejected


@given(seeds)
def test_a_process_that_goes_on_from_a_snapshot_ends_alike(seed: int) -> None:
    """At any place of a log, and again later, with zone sets that are numbered in another way each time."""
    rng = Random(seed)
    log = random_log(rng, changes=True, repeats=True)
    unbroken, broken = partition_of(log), partition_of(log)
    for message in log.messages:
        unbroken.read(message)
        broken.read(message)
        if rng.random() < 0.15:
            broken = broken.restarted(other_zone_sets(rng))

    assert_same(unbroken, broken)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restart_after_every_message_changes_nothing(seed: int) -> None:
    """Tables that were cut to what they hold grow again."""
    log = random_log(Random(seed), changes=True)
    unbroken, broken = partition_of(log), partition_of(log)
    for message in log.messages:
        unbroken.read(message)
        broken.read(message)
        broken = broken.restarted()

    assert_same(unbroken, broken)


def test_a_restored_state_does_not_follow_the_snapshot() -> None:
    """The snapshot of another state shares its tables; what is made of it has its own."""
    log = random_log(Random(1))
    fast = partition_of(log)
    half = len(log.messages) // 2
    for message in log.messages[:half]:
        fast.read(message)
    other = FastPartition(fast.settings, fast.book, fast.registry)
    restore(other.state, snapshot_of(fast.state))
    before = {name: array.tobytes() for name, array in snapshot_of(other.state).arrays.items()}
    for message in log.messages[half:]:
        fast.read(message)

    assert before == {name: array.tobytes() for name, array in snapshot_of(other.state).arrays.items()}


def test_a_restored_state_has_the_snapshot_that_it_was_made_of() -> None:
    """Nothing is lost or made up on the way."""
    log = random_log(Random(2), changes=True)
    fast = partition_of(log)
    for message in log.messages[:-1]:
        fast.read(message)
    first = frozen(snapshot_of(fast.state))
    other = FastPartition(fast.settings, fast.book, fast.registry)
    restore(other.state, first)
    second = snapshot_of(other.state)

    assert first.versions == second.versions
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        assert array.dtype == second.arrays[name].dtype
        assert np.array_equal(array, second.arrays[name]), name


def test_held_detections_of_a_version_without_months_are_read() -> None:
    """They are of nobody whom a month knows; the state goes on as it would have."""
    log = random_log(Random(5))
    fast = partition_of(log)
    for message in log.messages:
        if isinstance(message, Rows):
            fast.read(message)
    held = fast.state.detections.held
    assert held
    fast.state.detections.held = [part._replace(visitor=np.zeros_like(part.visitor)) for part in held]
    now = frozen(snapshot_of(fast.state))
    old = now._replace(arrays={name: part for name, part in now.arrays.items() if "visitor" not in name})
    other = FastPartition(fast.settings, fast.book, fast.registry)

    restore(other.state, old)

    assert len(now.arrays) > len(old.arrays)
    again = snapshot_of(other.state).arrays
    for name, array in now.arrays.items():
        assert array.dtype == again[name].dtype
        assert array.tolist() == again[name].tolist(), name


def test_the_snapshot_of_a_new_partition_is_the_beginning() -> None:
    """Nothing was read, and the first row is new."""
    fast = FastPartition(Settings(), ZoneBook(ZONES), {}).restarted()

    assert [] == fast.state.cursors()
    fast.read(Rows(Source.FMS, (row(0, IN),)))
    fast.read(Marks((Mark(TOPICS[Source.FMS], Source.FMS, 1, 0, 10**9, T0 + 10**7),)))
    assert 1 == fast.state.positions.open_visits


def test_arrays_of_records_are_named() -> None:
    """Their layout is part of the format; all others are plain arrays."""
    log = random_log(Random(4))
    fast = partition_of(log)
    for message in log.messages:
        fast.read(message)
    arrays = snapshot_of(fast.state).arrays

    assert TABLES == {name: array.dtype for name, array in arrays.items() if array.dtype.names}
    assert all(array.dtype != np.object_ for array in arrays.values())


def test_topics_keep_their_clocks() -> None:
    """Stream time, newest event and arrival, and the number of partitions."""
    fast = FastPartition(Settings(), ZoneBook(ZONES), {})
    fast.read(Rows(Source.FMS, (row(5, IN),)))
    fast.read(Marks((Mark(TOPICS[Source.FMS], Source.FMS, 2, 1, 3, T0),)))
    fast.read(Marks((Mark(TOPICS[Source.ANPR], Source.ANPR, 1, 0, 3, T0 + 1),)))
    clocks = fast.restarted().state.clocks

    assert fast.state.clocks.keys() == clocks.keys()
    for topic, clock in fast.state.clocks.items():
        for name, value in vars(clock).items():
            assert np.array_equal(value, getattr(clocks[topic], name)), name
