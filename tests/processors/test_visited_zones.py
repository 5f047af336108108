"""A line of visited zones says what was put into it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.flow_cells import MAX_ZONE_NO
from processors.visited_zones import (
    FREE_ZONE,
    LINE_ZONES,
    SLOT_BITS,
    VISITED_LINE,
    place_in_line,
    put_slot,
    slot_at,
)

zone_numbers = st.integers(0, MAX_ZONE_NO)
slots = st.integers(0, (1 << 30))
day_slots = st.integers(0, (1 << SLOT_BITS) - 1)


def test_a_line_is_one_of_the_cache() -> None:
    """What a lookup reads comes with one read of memory."""
    assert 64 == VISITED_LINE.itemsize


@given(st.lists(zone_numbers, min_size=1, max_size=LINE_ZONES, unique=True), st.data())
def test_a_zone_is_found_where_it_stands(zones: list[int], data: st.DataObject) -> None:
    """And free places behind the last one."""
    lines = np.zeros(2, VISITED_LINE)
    lines[1]["zone_no"] = [*zones, *[FREE_ZONE] * (LINE_ZONES - len(zones))]
    number = data.draw(st.integers(0, len(zones) - 1))

    assert number == place_in_line(lines, 1, zones[number])
    assert len(zones) == place_in_line(lines, 1, FREE_ZONE)
    assert LINE_ZONES == place_in_line(lines, 1, MAX_ZONE_NO + 1)


@given(slots, day_slots, st.booleans(), st.integers(0, 2 * LINE_ZONES - 1))
def test_a_place_keeps_its_slot(slot: int, later: int, is_past: bool, place: int) -> None:
    """Whatever slot it had before, and nothing else changes."""
    told = ~slot if is_past else slot
    lines = np.zeros(2, VISITED_LINE)
    put_slot(lines, place, ~12_345)
    put_slot(lines, place, told)

    assert told == slot_at(lines, place, slot + later)
    assert int((lines["mark"] != 0).sum()) <= 1
    assert not lines["zone_no"].any()
