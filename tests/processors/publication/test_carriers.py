"""The carrier rule: three carriers, none above half, and those nobody names may all be of the largest."""

import numpy as np
import pytest

from processors.publication.carriers import UNKNOWN_CARRIER, CarrierRows, tell_of_no_carrier


@pytest.mark.parametrize(
    ("carriers", "vehicles", "expected"),
    [
        ({1: 5, 2: 3, 3: 2}, 10, True),
        ({1: 6, 2: 2, 3: 2}, 10, False),
        ({1: 5, 2: 5}, 10, False),
        ({1: 4, 2: 3, 3: 2, UNKNOWN_CARRIER: 1}, 10, True),
        ({1: 4, 2: 2, 3: 2, UNKNOWN_CARRIER: 2}, 10, False),
        ({1: 4, 2: 2, 3: 2}, 10, False),  # two of which nothing is known at all
        ({UNKNOWN_CARRIER: 10}, 10, False),
        ({}, 10, False),
        ({}, 0, False),
    ],
)
def test_a_cell_needs_three_carriers_and_none_above_half(
    carriers: dict[int, int], vehicles: int, expected: bool
) -> None:
    """Of ten vehicles."""
    rows = CarrierRows(
        np.zeros(len(carriers), np.int64),
        np.array(list(carriers), np.int64),
        np.array(list(carriers.values()), np.int64),
    )

    assert [expected] == tell_of_no_carrier(rows, np.array([vehicles]), carriers=3).tolist()


def test_rows_of_one_carrier_and_cell_add_up() -> None:
    """They come from several observation partitions, in any order."""
    rows = CarrierRows(np.array([1, 0, 1, 1, 1]), np.array([7, 7, 8, 9, 7]), np.array([4, 9, 3, 2, 3]))

    assert [False, False] == tell_of_no_carrier(rows, np.array([9, 12]), carriers=3).tolist()
    assert [False, True] == tell_of_no_carrier(
        rows._replace(vehicles=np.array([3, 9, 4, 2, 3])), np.array([9, 12]), carriers=3
    ).tolist()


def test_a_city_may_decide_that_the_rule_does_not_hold() -> None:
    """Where no sender names carriers."""
    rows = CarrierRows(*(np.zeros(0, np.int64) for _ in range(3)))

    assert [True, True] == tell_of_no_carrier(rows, np.array([0, 10]), carriers=0).tolist()
