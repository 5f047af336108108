"""A word says what was put into it."""

from hypothesis import given
from hypothesis import strategies as st

from processors.flow_cells import MAX_ZONE_NO
from processors.visited_zones import (
    MAX_WORDS,
    SLOT_BITS,
    following_of,
    slot_of,
    visited_word,
    with_slot,
    zone_of,
)

zone_numbers = st.integers(0, MAX_ZONE_NO)
places = st.integers(-1, MAX_WORDS - 1)
slots = st.integers(0, (1 << 30))
day_slots = st.integers(0, (1 << SLOT_BITS) - 1)


@given(zone_numbers, places, slots, day_slots, st.booleans())
def test_a_word_keeps_its_parts(zone_no: int, following: int, slot: int, later: int, is_past: bool) -> None:
    """Whatever the others are, and whatever slot it had before."""
    told = ~slot if is_past else slot
    word = with_slot(with_slot(visited_word(zone_no, following), ~12_345), told)

    assert word >= 0
    assert (zone_no, following, told) == (zone_of(word), following_of(word), slot_of(word, slot + later))
