"""Records are copied with all of their fields, and nothing beside them."""

import numpy as np
import pytest

from processors.records import MAPPED_BYTES, copy_of, new_records, put_records, with_record_room
from processors.reorder import HELD
from processors.vehicle_table import NEWEST, VEHICLE, VISIT


@pytest.mark.parametrize("kind", [VEHICLE, NEWEST, VISIT, HELD])
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


@pytest.mark.parametrize("count", [0, 5, MAPPED_BYTES // VISIT.itemsize + 1])
def test_room_keeps_what_is_used_and_nothing_else(count: int) -> None:
    """On the heap and mapped; a table with room stays."""
    records = new_records(max(count, 1), VISIT)
    records["first_us"] = np.arange(records.size) + 7
    bigger = with_record_room(records, count, 2 * count + 2)

    assert records is with_record_room(records, count, records.size)
    assert bigger.size >= 2 * count + 2
    assert bigger.flags.writeable
    assert bigger.flags.aligned
    assert (np.arange(count) + 7).tolist() == bigger["first_us"][:count].tolist()
    assert not bigger["first_us"][count:].any()
