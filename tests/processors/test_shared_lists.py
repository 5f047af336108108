"""Equal lists, and only they, get the same group."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.shared_lists import Lists, group_lists

short_lists = st.lists(st.lists(st.integers(-3, 3), max_size=3), max_size=40)


def as_lists(lists: list[list[int]]) -> Lists:
    """Return lists as arrays."""
    ends = np.cumsum([0, *(len(each) for each in lists)], dtype=np.int64)
    return Lists(ends, np.array([value for each in lists for value in each], np.int32))


@given(short_lists)
def test_lists_are_grouped_as_a_dictionary_groups_them(lists: list[list[int]]) -> None:
    """In the order in which groups are met, with the first list of each as its example."""
    numbers: dict[tuple[int, ...], int] = {}
    expected = [numbers.setdefault(tuple(each), len(numbers)) for each in lists]
    group, example = group_lists(as_lists(lists))

    assert expected == group.tolist()
    assert list(numbers) == [tuple(lists[place]) for place in example.tolist()]


def test_many_lists_do_not_overflow_the_table() -> None:
    """Every one differs, and numbers reach over all bits."""
    lists = [[number * 7_919_317, -number] for number in range(271)]
    group, example = group_lists(as_lists(lists))

    assert list(range(271)) == group.tolist() == example.tolist()
