"""Held positions stand in two orders at once: by arrival in queues, by event in the list of their vehicle."""

from itertools import count
from random import Random
from typing import Final

import numpy as np
import pytest

from processors.reorder import (
    HELD_COUNT,
    HELD_TOP,
    NONE,
    SCAN_STEPS,
    HeldArrays,
    hold,
    link,
    new_held_arrays,
    next_due,
    precedes,
    release,
    unlink,
    with_held_room,
    with_partitions,
)
from processors.vehicle_table import FOREVER_US, VehicleArrays, new_vehicle_arrays, vehicle_of
from tests.processors.position_builders import COMPILED

STEPS: Final = 20_000 if COMPILED else 1_500
ORDER: Final = ("event_us", "arrival_us", "partition", "offset", "index")


class Store:
    """Held positions of some vehicles, and what they should be in plain lists."""

    def __init__(self, partitions: int, vehicles: int = 3) -> None:
        self.held: HeldArrays = new_held_arrays(partitions, capacity=1)
        self.arrays: VehicleArrays = new_vehicle_arrays(vehicles=vehicles)
        for number in range(vehicles):
            vehicle_of(self.arrays, np.uint64(number), np.uint64(number), 20_000)
        self.queues: list[list[int]] = [[] for _ in range(partitions)]
        self.lists: list[list[int]] = [[] for _ in range(vehicles)]
        self._offsets = count()

    def add(self, vehicle: int, event_us: int, *, arrival_us: int = 0, partition: int = 0) -> int:
        """Hold and link a position and return its place."""
        self.held = with_held_room(self.held, 1)
        place = int(hold(self.held, partition, arrival_us))
        row = self.held.rows[place]
        row["event_us"], row["vehicle"] = event_us, vehicle
        row["offset"], row["zone_set"] = next(self._offsets), place
        link(self.held, self.arrays, place)
        self.queues[partition].append(place)
        self.lists[vehicle].append(place)
        self.lists[vehicle].sort(key=self.key)
        return place

    def key(self, place: int) -> tuple[int, ...]:
        """Return what the list of a vehicle is ordered by."""
        return tuple(int(self.held.rows[place][name]) for name in ORDER)

    def take(self, partition: int) -> None:
        """Unlink and release the head of a queue."""
        place = self.queues[partition].pop(0)
        vehicle = int(self.held.rows[place]["vehicle"])
        unlink(self.held, self.arrays, place)
        release(self.held, partition)
        self.lists[vehicle].remove(place)

    def walked(self, vehicle: int) -> list[int]:
        """Return the list of a vehicle from its head to its tail, and check the way back."""
        places, place = [], int(self.arrays.vehicles[vehicle]["held_head"])
        while place != NONE:
            places.append(place)
            place = int(self.held.rows[place]["later"])
        back, place = [], int(self.arrays.vehicles[vehicle]["held_tail"])
        while place != NONE:
            back.append(place)
            place = int(self.held.rows[place]["earlier"])
        assert places == back[::-1]
        return places


def test_lists_are_in_event_order_after_any_holding_and_taking() -> None:
    """Few event times, so that arrival, partition and offset decide often."""
    rng = Random(1)
    store = Store(partitions=3)
    clock = 0
    for _ in range(STEPS):
        partition = rng.randrange(3)
        if rng.random() < 0.5 and store.queues[partition]:
            store.take(partition)
        elif store.held.counts[HELD_COUNT] < 40:
            clock += rng.randrange(2)
            store.add(rng.randrange(3), rng.randrange(15), arrival_us=clock, partition=partition)
        vehicle = rng.randrange(3)
        assert store.lists[vehicle] == store.walked(vehicle)

    assert store.held.counts[HELD_TOP] <= 40


def test_the_next_due_position_is_the_one_that_arrived_first() -> None:
    """Of equal arrivals the one of the first partition; those that arrived too late are not due."""
    rng = Random(2)
    store = Store(partitions=4)
    for number in range(60):
        store.add(0, number, arrival_us=number // 4, partition=rng.randrange(4))
    order = []
    while (partition := int(next_due(store.held.head_us, 12))) != NONE:
        order.append((int(store.held.head_us[partition]), partition))
        store.take(partition)

    assert sorted(order) == order
    assert {*range(12)} == {arrival for arrival, _ in order}
    assert {12, 13, 14} == {int(store.held.rows[place]["arrival_us"]) for q in store.queues for place in q}


@pytest.mark.parametrize("events", [range(500), range(500, 0, -1), [*range(250, 500), *range(250)]])
def test_sorted_blocks_are_linked_with_one_step_each(events: range | list[int]) -> None:
    """In order, backward, or a block that precedes another one."""
    store = Store(partitions=1, vehicles=1)
    for event_us in events:
        store.add(0, event_us)

    assert store.lists[0] == store.walked(0)
    assert store.held.counts[SCAN_STEPS] <= len(events) + 250


def test_the_newest_position_follows_what_is_linked() -> None:
    """Of several at one time it is the one that will be taken first; earlier ones do not matter."""
    store = Store(partitions=3, vehicles=1)
    newest = []
    for event_us, arrival_us, partition in (
        (10, 5, 0),
        (9, 6, 0),
        (10, 6, 0),
        (10, 4, 1),
        (10, 4, 2),
        (11, 7, 0),
    ):
        store.add(0, event_us, arrival_us=arrival_us, partition=partition)
        newest.append(tuple(store.arrays.newest[0][["us", "zone_set"]].tolist()))

    assert [(10, 0), (10, 0), (10, 0), (10, 3), (10, 3), (11, 5)] == newest


def test_the_newest_position_is_the_taken_one_of_several_at_its_time() -> None:
    """A duplicate that arrives later, or from an earlier source partition, changes nothing."""
    store = Store(partitions=2, vehicles=1)
    vehicle = store.arrays.vehicles[0]
    store.add(0, 10, arrival_us=5, partition=1)
    store.take(1)
    vehicle["event_us"] = 10
    store.add(0, 10, arrival_us=5, partition=0)

    assert (10, 0) == tuple(store.arrays.newest[0][["us", "zone_set"]].tolist())


def test_new_partitions_have_empty_queues() -> None:
    """Nothing is due in them, and the others keep what they hold."""
    store = Store(partitions=1)
    store.add(0, 1, arrival_us=3)
    held = with_partitions(store.held, 3)

    assert 0 == next_due(held.head_us, FOREVER_US)
    assert [3, FOREVER_US, FOREVER_US] == held.head_us.tolist()
    assert with_partitions(held, 2) is held


@pytest.mark.parametrize("name", ORDER)
def test_positions_precede_by_event_arrival_partition_offset_and_index(name: str) -> None:
    """Each field decides where those before it are equal."""
    rows = new_held_arrays(1, capacity=2).rows
    for later in ORDER[ORDER.index(name) + 1 :]:
        rows[0][later], rows[1][later] = 9, 0
    rows[1][name] = 1

    assert precedes(rows[0], rows[1])
    assert not precedes(rows[1], rows[0])
    assert not precedes(rows[0], rows[0])


def test_nothing_of_what_went_is_kept_once_nothing_is_held() -> None:
    """A snapshot copies the places up to the top, so the top goes back to the first one."""
    store = Store(partitions=2)
    for place in range(6):
        store.add(place % 3, 100 + place, partition=place % 2)
    for partition in (0, 1, 0, 1, 0, 1):
        unlink(store.held, store.arrays, store.held.queue_head[partition])
        assert 6 == store.held.counts[HELD_TOP]
        release(store.held, partition)

    assert (0, NONE, 0) == tuple(store.held.counts[:3].tolist())
    assert 0 == store.add(1, 200)
