"""Records are copied with all of their fields, and nothing beside them."""

import numpy as np
import pytest

from processors.records import copy_of, put_records
from processors.reorder import HELD
from processors.vehicle_table import VEHICLE, VISIT, VISITED_ZONE


@pytest.mark.parametrize("kind", [VEHICLE, VISITED_ZONE, VISIT, HELD])
def test_records_are_copied_field_by_field(kind: np.dtype[np.void]) -> None:
    """What stands behind them stays; the copy is its own."""
    records, target = np.zeros(3, kind), np.zeros(5, kind)
    for place, name in enumerate(kind.names or ()):
        records[name] = np.arange(3) + place
        target[name] = 99
    copied = copy_of(records[:2])
    put_records(records, target)
    records[0] = records[2]

    for place, name in enumerate(kind.names or ()):
        assert [place, place + 1] == copied[name].tolist()
        assert [place, place + 1, place + 2, 99, 99] == target[name].tolist()


def test_no_records_are_copied_to_none() -> None:
    """As at the start of a partition."""
    put_records(np.zeros(0, VISIT), np.zeros(0, VISIT))
    assert 0 == copy_of(np.zeros(0, HELD)).size
