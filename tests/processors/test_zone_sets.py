"""Every combination of zones has one number, told as tuples and as arrays alike."""

from hypothesis import given
from hypothesis import strategies as st

from processors.zone_sets import NO_ZONES, ZoneSets, set_contains

combinations = st.lists(st.lists(st.integers(1, 8), max_size=6), max_size=20)


@given(combinations)
def test_equal_combinations_have_equal_numbers(given_sets: list[list[int]]) -> None:
    """Whatever their order and repeats; numbers count up from the empty set."""
    zone_sets = ZoneSets()
    numbers = [zone_sets.number_of(zones) for zones in given_sets]
    distinct = list(dict.fromkeys([(), *(tuple(sorted(set(zones))) for zones in given_sets)]))

    assert [distinct.index(tuple(sorted(set(zones)))) for zones in given_sets] == numbers
    assert distinct == [zone_sets.zones_of(number) for number in range(len(zone_sets))]
    assert max(map(len, distinct)) == zone_sets.largest()


@given(combinations)
def test_arrays_tell_the_same_sets(given_sets: list[list[int]]) -> None:
    """Also those that were registered after the arrays were first asked for."""
    zone_sets = ZoneSets()
    for zones in given_sets:
        zone_sets.arrays()
        zone_sets.number_of(zones)
    arrays = zone_sets.arrays()

    for number in range(len(zone_sets)):
        told = arrays.zones[arrays.starts[number] : arrays.starts[number + 1]].tolist()
        assert list(zone_sets.zones_of(number)) == told
        assert [zone in told for zone in range(10)] == [
            set_contains(arrays, number, zone) for zone in range(10)
        ]


@given(combinations, st.frozensets(st.integers(1, 8)))
def test_sets_without_some_zones_are_registered(given_sets: list[list[int]], gone: frozenset[int]) -> None:
    """One number for each set that was known before, the same where nothing is left out."""
    zone_sets = ZoneSets()
    for zones in given_sets:
        zone_sets.number_of(zones)
    before = len(zone_sets)
    kept = zone_sets.without(gone)

    assert before == kept.size
    assert [
        tuple(zone for zone in zone_sets.zones_of(number) if zone not in gone) for number in range(before)
    ] == [zone_sets.zones_of(number) for number in kept.tolist()]


def test_outside_every_zone_is_set_0() -> None:
    """Before anything is registered."""
    zone_sets = ZoneSets()

    assert NO_ZONES == zone_sets.number_of([])
    assert 0 == zone_sets.largest()
    assert [0, 0] == zone_sets.arrays().starts.tolist()
