"""Families of zones: what lies in what, and what is left out because it crosses."""

import numpy as np
import pytest

from processors.publication.zone_family import Family, family_of_sets, family_of_shapes
from processors.zone_feature import ZoneFeature


def box(name: str, kind: str, west: float, south: float, east: float, north: float) -> ZoneFeature:
    """Return a rectangular zone."""
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return ZoneFeature(name, name, kind, None, None, 1.0, ((ring,),))


def around(family: Family, zones: list[ZoneFeature]) -> dict[str, str | None]:
    """Return the zone around each zone of a family, by name."""
    names = [zones[member].name for member in family.members]
    return {
        name: None if parent < 0 else names[parent] for name, parent in zip(names, family.parent, strict=True)
    }


TOWN = [
    box("west", "neighbourhood", 0, 0, 1, 1),
    box("town", "municipality", 0, 0, 2, 1),
    box("east", "neighbourhood", 1, 0, 2, 1),
    box("bay", "loading_zone", 0.1, 0.1, 0.2, 0.2),
]


def test_zones_are_in_the_smallest_one_around_them() -> None:
    """A loading bay in a neighbourhood in a town."""
    family = family_of_shapes(TOWN)

    assert {"town": None, "west": "town", "east": "town", "bay": "west"} == around(family, TOWN)
    assert () == family.guests


def test_a_town_that_its_neighbourhoods_fill_has_nothing_of_its_own() -> None:
    """A neighbourhood with a loading bay in it has."""
    family = family_of_shapes(TOWN)

    own = {TOWN[member].name: bool(has) for member, has in zip(family.members, family.has_own, strict=True)}
    assert {"town": False, "west": True, "east": True, "bay": True} == own


def test_the_walk_comes_to_each_zone_before_those_inside_it() -> None:
    """And those inside follow at once."""
    family = family_of_shapes(TOWN)

    for zone, (parent, end) in enumerate(zip(family.parent, family.end, strict=True)):
        assert parent < zone < end
        assert all(zone <= family.parent[inner] for inner in range(zone + 1, end))


@pytest.mark.parametrize(("kind", "left_out"), [("zero_emission_zone", "east"), ("hub", "across")])
def test_of_zones_that_cross_the_one_of_lower_rank_is_left_out(kind: str, left_out: str) -> None:
    """A zone for which rules hold goes before a neighbourhood."""
    across = box("across", kind, 1.5, 0, 2, 1.5)
    zones = [TOWN[0], TOWN[2], across]

    family = family_of_shapes(zones)

    assert [left_out] == [zones[guest].name for guest in family.guests]


def test_borders_drawn_by_hand_may_differ_a_little() -> None:
    """Less than a hundredth of the smaller one is no crossing."""
    zones = [TOWN[1], box("west", "neighbourhood", -0.005, 0, 1.005, 1), TOWN[2]]

    family = family_of_shapes(zones)

    assert {"town": None, "west": "town", "east": "town"} == around(family, zones)


def test_one_of_two_zones_with_one_shape_is_inside_the_other() -> None:
    """So one total is not told apart from itself."""
    zones = [TOWN[0], box("same", "hub", 0, 0, 1, 1)]

    family = family_of_shapes(zones)

    assert {"west": None, "same": "west"} == around(family, zones)
    assert [False, True] == family.has_own.tolist()


def test_of_sets_the_one_of_lower_rank_that_crosses_is_left_out() -> None:
    """All four of them, two, and two of which one is among the first two: that one names what it crosses."""
    members = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]], np.float64)

    family = family_of_sets([0, 1, 2], members)

    assert [0, 1] == family.members.tolist()
    assert [-1, 0] == family.parent.tolist()
    assert [True, True] == family.has_own.tolist()
    assert ((2,), (1,)) == (family.guests, family.crossed)
