"""The table of vehicles finds, adds and forgets like a dictionary, and uses its places again."""

from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.vehicle_table import (
    COUNTS,
    LINES_TOP,
    NEVER_US,
    NO_CLASS,
    NONE,
    OPEN_VISITS,
    VEHICLES,
    VEHICLES_TOP,
    VISITED,
    VISITS_TOP,
    VehicleArrays,
    add_visited,
    find_visited,
    free_visit,
    new_vehicle_arrays,
    open_visit,
    rehash,
    remove_vehicle,
    vehicle_of,
    with_room,
)
from processors.visited_zones import LINE_ZONES, put_slot, slot_at
from processors.zone_sets import NO_ZONES
from tests.processors.position_builders import COMPILED

DAY: Final = 20_000
STEPS: Final = 20_000 if COMPILED else 2_000


def found(arrays: VehicleArrays, hi: int, lo: int) -> int:
    """Return the row of a pseudonym given as plain integers."""
    return int(vehicle_of(arrays, np.uint64(hi), np.uint64(lo), DAY))


def with_one_more(arrays: VehicleArrays) -> VehicleArrays:
    """Return the tables with room for one more of everything."""
    return with_room(arrays, vehicles=1, visited=1, visits=1)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.booleans()), max_size=80))
def test_vehicles_are_found_after_any_adding_and_removing(steps: list[tuple[int, int, bool]]) -> None:
    """Pseudonyms whose low bits are equal share a run of the hash table, around its end too."""
    arrays, rows = new_vehicle_arrays(vehicles=1, lines=1, visits=1), {}
    for low, high, removes in steps:
        pseudonym = (high, 62 + low % 4 + (low << 32))
        if removes and pseudonym in rows:
            remove_vehicle(arrays, rows.pop(pseudonym))
        elif not removes:
            arrays = with_one_more(arrays)
            row = found(arrays, *pseudonym)
            assert rows.setdefault(pseudonym, row) == row
        assert rows == {each: found(arrays, *each) for each in rows}
        assert len(rows) == arrays.counts[VEHICLES] == len(set(rows.values()))


def test_thousands_of_additions_and_removals_keep_the_table_a_dictionary() -> None:
    """With pseudonyms in few buckets, so that runs are long."""
    rng = Random(1)
    arrays, rows = new_vehicle_arrays(vehicles=16, lines=16, visits=16), {}
    for _ in range(STEPS):
        pseudonym = (rng.randrange(3), rng.randrange(12) << 60 | rng.randrange(8))
        if pseudonym in rows and rng.random() < 0.5:
            remove_vehicle(arrays, rows.pop(pseudonym))
        else:
            arrays = with_one_more(arrays)
            rows[pseudonym] = found(arrays, *pseudonym)
        other = rng.choice(list(rows)) if rows else pseudonym
        assert rows.get(other, NONE) == (found(arrays, *other) if rows else NONE)

    assert sorted(rows.values()) == np.flatnonzero(arrays.vehicles["in_use"]).tolist()
    assert len(rows) == int((arrays.places != NONE).sum())
    assert arrays.counts[VEHICLES_TOP] <= 3 * 12 * 8


def test_a_vehicle_in_a_used_place_is_as_new() -> None:
    """Nothing of the vehicle before shows."""
    arrays = new_vehicle_arrays()
    first = found(arrays, 1, 1)
    arrays.vehicles[first]["event_us"] = 5
    arrays.vehicles[first]["vehicle_class"] = 3
    add_visited(arrays, first, 9)
    remove_vehicle(arrays, first)
    second, newest = arrays.vehicles[found(arrays, 2, 2)], arrays.newest[found(arrays, 2, 2)]

    assert first == found(arrays, 2, 2)
    assert (NEVER_US, NO_CLASS, NONE, NONE) == tuple(
        second[name] for name in ("event_us", "vehicle_class", "visited", "visits")
    )
    assert (NEVER_US, NO_ZONES, DAY) == tuple(newest[name] for name in ("us", "zone_set", "day"))
    assert (2, 2, DAY, 1) == tuple(second[name] for name in ("hi", "lo", "day", "in_use"))
    assert 0 == arrays.counts[VISITED]


def test_zones_visited_by_vehicles_are_found_and_used_again() -> None:
    """A random history of visits and forgotten vehicles, against dictionaries."""
    rng = Random(2)
    arrays = new_vehicle_arrays(vehicles=2, lines=1, visits=1)
    nodes: dict[int, dict[int, int]] = {}
    for _ in range(STEPS // 4):
        pseudonym = rng.randrange(6)
        arrays = with_one_more(arrays)
        row = found(arrays, 0, pseudonym)
        mine = nodes.setdefault(pseudonym, {})
        zone_no = rng.randrange(3 * LINE_ZONES)
        node = int(find_visited(arrays, row, zone_no))
        assert mine.get(zone_no, NONE) == node
        if node == NONE:
            node = int(add_visited(arrays, row, zone_no))
            put_slot(arrays.visited, node, 100 + zone_no)
        assert 100 + zone_no == slot_at(arrays.visited, node, 100 + rng.randrange(30, 1_000))
        mine[zone_no] = node
        if rng.random() < 0.05:
            remove_vehicle(arrays, row)
            del nodes[pseudonym]
    taken = [node for mine in nodes.values() for node in mine.values()]

    assert len(taken) == len(set(taken)) == arrays.counts[VISITED]
    assert arrays.counts[LINES_TOP] <= 6 * 3


def test_visits_are_given_and_taken_back() -> None:
    """Each open visit has a record of its own."""
    rng = Random(3)
    arrays, opened = new_vehicle_arrays(visits=1), []
    for _ in range(STEPS // 4):
        if opened and rng.random() < 0.5:
            free_visit(arrays, opened.pop(rng.randrange(len(opened))))
        elif len(opened) < 20:
            arrays = with_one_more(arrays)
            opened.append(int(open_visit(arrays)))
        assert len(opened) == len(set(opened)) == arrays.counts[OPEN_VISITS]

    assert arrays.counts[VISITS_TOP] <= 20


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 1_000])
def test_room_for_any_number_is_enough(count: int) -> None:
    """So many vehicles fit without growing again, and half of the hash places stay free."""
    arrays = with_room(new_vehicle_arrays(vehicles=1), vehicles=count, visited=count, visits=count)
    rows = [found(arrays, number, number) for number in range(count)]

    assert list(range(count)) == rows
    assert arrays.vehicles.size >= count
    assert arrays.places.size >= 2 * count
    assert with_room(arrays, vehicles=0, visited=count, visits=count) is arrays


def test_hash_places_can_be_made_again_from_the_vehicles() -> None:
    """As after a snapshot; vehicles that were removed are not found."""
    arrays = new_vehicle_arrays(vehicles=16)
    rows = {number: found(arrays, number, number << 4) for number in range(10)}
    remove_vehicle(arrays, rows.pop(4))
    rehash(arrays)

    assert rows == {number: found(arrays, number, number << 4) for number in rows}
    assert COUNTS == arrays.counts.size
    assert 9 == arrays.counts[VEHICLES]
