"""A key table is a dictionary of 128-bit keys."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.key_table import (
    ABSENT,
    KeyTable,
    new_key_table,
    number_of_key,
    numbered_key,
    put_key,
    with_key_room,
)

halves = st.one_of(
    st.integers(0, 20), st.integers(0, 2**64 - 1), st.integers(0, 63).map(lambda bit: 1 << bit)
)


def number_in(table: KeyTable, hi: int, lo: int) -> int:
    """Return the number of a key given as plain integers."""
    return number_of_key(table, np.uint64(hi), np.uint64(lo))


@given(st.lists(st.tuples(halves, halves)), st.tuples(halves, halves))
def test_keys_have_the_number_that_they_were_put_in_with(
    pairs: list[tuple[int, int]], other: tuple[int, int]
) -> None:
    """The first number stays; a key that was never put in is absent."""
    table, expected = new_key_table(1), {}
    for number, pair in enumerate(pairs):
        table = with_key_room(table, 1)
        is_new = put_key(table, np.uint64(pair[0]), np.uint64(pair[1]), number)
        assert is_new == (pair not in expected)
        expected.setdefault(pair, number)

    assert expected == {pair: number_in(table, *pair) for pair in expected}
    assert expected.get(other, ABSENT) == number_in(table, *other)
    assert len(expected) == table.used[0]


@given(st.lists(st.tuples(halves, halves)))
def test_keys_are_numbered_in_the_order_in_which_they_come(pairs: list[tuple[int, int]]) -> None:
    """From 0 on; one that is known has its number still."""
    table, expected = new_key_table(1), {}
    for pair in pairs:
        table = with_key_room(table, 1)
        number = numbered_key(table, np.uint64(pair[0]), np.uint64(pair[1]))
        assert expected.setdefault(pair, len(expected)) == number

    assert len(expected) == table.used[0]


def test_marks_of_one_kind_and_many_buckets_are_told_apart() -> None:
    """Keys as detections make them: a zone and a vehicle above, a kind and a bucket below."""
    rng = Random(1)
    table, expected = new_key_table(1), set()
    for _ in range(3_000):
        pair = (rng.randrange(5) << 32 | rng.randrange(50), rng.choice((8, 12, 16)) << 58 | rng.randrange(20))
        table = with_key_room(table, 1)
        assert put_key(table, np.uint64(pair[0]), np.uint64(pair[1]), 0) == (pair not in expected)
        expected.add(pair)


def test_a_table_with_room_is_not_copied() -> None:
    """Half of the places stay free."""
    table = new_key_table(8)

    assert with_key_room(table, 8) is table
    assert with_key_room(table, 9).hi.size > table.hi.size
