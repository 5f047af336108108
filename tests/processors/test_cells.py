"""A cell table counts like a dictionary, whatever the keys and however often it grows."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from processors.cells import (
    CellTable,
    cell_of,
    drain,
    grown,
    is_full,
    new_cell_table,
    with_cell_room,
    with_spare,
)

keys = st.one_of(st.integers(0, 50), st.integers(0, 2**62), st.integers(0, 40).map(lambda bit: 1 << bit))


def added(table: CellTable, key: int, amount: int) -> CellTable:
    """Add to a cell, growing the table first when it is full."""
    if is_full(table):
        table = grown(table)
    table.values[cell_of(table, key), 1] += amount
    return table


@given(st.lists(st.tuples(keys, st.integers(-5, 5))), st.integers(0, 3))
def test_amounts_add_up_by_key(pairs: list[tuple[int, int]], spare: int) -> None:
    """Drained in ascending order of keys; cells that were touched remain, also with zeros."""
    table = new_cell_table(1, 2, spare=spare)
    expected: Counter[int] = Counter()
    for key, amount in pairs:
        table = added(table, key, amount)
        expected[key] += amount
    drained, values = drain(table)

    assert sorted(expected) == drained.tolist()
    assert [[0, expected[key]] for key in sorted(expected)] == values.tolist()


def test_a_drained_table_is_empty_and_can_be_filled_again() -> None:
    """Nothing of the first filling shows in the second one."""
    table = new_cell_table(4, 2, spare=1)
    for key in range(5):
        table = added(table, key, 1)
    drain(table)
    assert ([], []) == tuple(part.tolist() for part in drain(table))

    table = added(table, 3, 7)
    assert ([3], [[0, 7]]) == tuple(part.tolist() for part in drain(table))


def test_a_table_is_full_while_its_spare_keys_still_fit() -> None:
    """Half of the places stay free, so that every search ends."""
    table = new_cell_table(5, 1, spare=3)
    while not is_full(table):
        cell_of(table, int(table.used[0]))

    assert table.used[0] + 3 <= table.keys.size // 2 + 1
    assert not is_full(grown(table))


def test_room_and_spare_make_a_table_grow_as_far_as_they_need() -> None:
    """The cells stay the same."""
    table = new_cell_table(1, 1, spare=0)
    for key in range(6):
        table.values[cell_of(table, key), 0] = key
    roomy = with_cell_room(table, 100)
    spared = with_spare(table, 100)

    assert roomy.used[1] - roomy.used[0] >= 100
    assert not is_full(spared)
    assert spared.keys.size // 2 - spared.used[0] >= 100
    assert [[key] for key in range(6)] == drain(roomy)[1].tolist() == drain(spared)[1].tolist()


def test_a_table_with_enough_room_stays_as_it_is() -> None:
    """Reserving twice costs nothing."""
    table = new_cell_table(100, 1, spare=10)

    assert with_cell_room(table, 100) is table
    assert with_spare(table, 10) is table


def test_keys_that_meet_in_one_place_are_told_apart() -> None:
    """A thousand keys of neighbouring zones and slots, as flow cells have them."""
    rng = Random(1)
    expected: Counter[int] = Counter()
    table = new_cell_table(16, 2, spare=4)
    for _ in range(5_000):
        key = (rng.randrange(30) << 38) | (rng.randrange(4) << 34) | (5_900_000 + rng.randrange(10))
        table = added(table, key, 1)
        expected[key] += 1

    assert sorted(expected) == drain(table)[0].tolist()
