"""Places are found a bounded number at a time, each once and in their order."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from duls.app.least_places import LeastPlaces, Place

PLACES = st.lists(
    st.builds(Place, st.sampled_from(["a", "b"]), st.integers(0, 2), st.integers(0, 9)), max_size=80
)


def in_turns(named: Sequence[Place], most: int) -> list[Place]:
    """Return all places that are named, as turns of so many find them."""
    found: list[Place] = []
    while True:
        places = LeastPlaces(found[-1] if found else None, most)
        for place in named:
            places.add(place)
            assert places.held <= 2 * most
        found += places.sorted()
        if len(places.sorted()) < most:
            return found


@given(PLACES, st.integers(1, 20))
def test_turns_find_every_place_once_in_order(named: list[Place], most: int) -> None:
    """However often and in whatever order they are named; never are more than twice as many held."""
    assert sorted(set(named)) == in_turns(named, most)
