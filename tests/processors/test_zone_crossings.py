"""The zones that a link crosses with both ends outside are those of the oracle."""

from collections.abc import Hashable, Mapping
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import Geometry, contains, crosses_zone
from processors.zone_crossings import CrossingScratch, Link, crossed_zones
from processors.zone_index import MARGIN_DEG, Grid
from processors.zone_lookup import lookup
from tests.processors.position_builders import COMPILED, large
from tests.processors.zone_builders import built, coordinates, hard_places, numbered
from zone_strategies import CENTRE, Place, random_zones, zone_worlds

LINKS: Final = 2_000 if COMPILED else 150


class Crossings:
    """The crossings of one world, asked for again and again."""

    def __init__(self, zones: Mapping[int, Geometry]) -> None:
        self.zones = zones
        self.index, self.zone_sets = built(zones)
        self.scratch = CrossingScratch(
            np.zeros(max(zones) + 1, np.int64), np.zeros(1, np.int64), np.zeros(len(zones), np.int32)
        )

    def found(self, a: Place, b: Place) -> list[int]:
        """Return the zones that the state finds."""
        a_set, b_set = lookup(self.index, self.zone_sets, *coordinates([a, b])).tolist()
        link = Link(*a, *b, a_set, b_set)
        count = crossed_zones(self.index.blocks, self.zone_sets.arrays(), self.scratch, link)
        return sorted(self.scratch.found[:count].tolist())

    def expected(self, a: Place, b: Place) -> list[int]:
        """Return the zones that the oracle finds."""
        return sorted(
            zone_no
            for zone_no, zone in self.zones.items()
            if crosses_zone(a, b, zone) and not contains(zone, *a) and not contains(zone, *b)
        )


@large
@given(zone_worlds(), st.randoms(use_true_random=False))
def test_links_cross_the_zones_that_the_oracle_finds(zones: dict[Hashable, Geometry], rng: Random) -> None:
    """Between corners, points on edges and any others, along edges too."""
    crossings = Crossings(numbered(zones))
    places = hard_places(rng, crossings.zones, 20)
    for a, b in zip(places[::2], places[1::2], strict=True):
        assert crossings.expected(a, b) == crossings.found(a, b)


@pytest.mark.parametrize("seed", range(5))
def test_many_links_cross_what_the_oracle_finds(seed: int) -> None:
    """Short ones within a cell, long ones over the world, and those that leave the box of all zones."""
    rng = Random(seed)
    crossings = Crossings(numbered(random_zones(rng, 30)))
    reached = 0
    for a in hard_places(rng, crossings.zones, LINKS):
        reach = rng.choice((1e-9, 1e-5, 1e-3, 0.02, 0.5))
        b = (a[0] + rng.uniform(-reach, reach), a[1] + rng.choice((0.0, rng.uniform(-reach, reach))))
        expected = crossings.expected(a, b)
        reached += len(expected)
        assert expected == crossings.found(a, b)

    assert reached > LINKS / 10


@pytest.mark.parametrize("seed", range(4))
def test_hard_links_cross_what_the_oracle_finds(seed: int) -> None:
    """Along edges, through corners, on the borders of blocks, from outside all zones, and of no length."""
    rng = Random(seed)
    crossings = Crossings(numbered(random_zones(rng, 30)))
    reached = 0
    for _ in range(LINKS):
        a, b = hard_link(rng, crossings)
        expected = crossings.expected(a, b)
        reached += len(expected)
        assert expected == crossings.found(a, b)

    assert crossings.index.blocks.grid.columns >= 8
    assert reached > LINKS / 10


def hard_link(rng: Random, crossings: Crossings) -> tuple[Place, Place]:
    """Return a link of any length and direction."""
    a, b, corner = hard_places(rng, crossings.zones, 3)
    reach = 10.0 ** rng.uniform(-13, 0)
    match rng.randrange(7):
        case 0:  # along an edge, within it or beyond its ends
            zone = rng.choice(sorted(crossings.zones))
            ring = rng.choice(rng.choice(crossings.zones[zone]))
            number = rng.randrange(len(ring))
            a, b = (_between(ring[number - 1], ring[number], rng.uniform(-1, 2)) for _ in range(2))
        case 1:  # through a corner
            a = (corner[0] + rng.uniform(-reach, reach), corner[1] + rng.uniform(-reach, reach))
            b = _between(a, corner, rng.uniform(1, 3))
        case 2:  # on or beside the borders of blocks, up or across
            a, b = (_at_border(rng, crossings.index.blocks.grid, place) for place in (a, b))
            a, b = rng.choice(((a, b), (a, (a[0], b[1])), (a, (b[0], a[1]))))
        case 3:  # with an end far outside the box of all zones, or both
            a = (a[0] + rng.choice((-1.0, 1.0)), a[1] + rng.uniform(-1, 1))
            b = rng.choice((b, (b[0] + rng.uniform(-1, 1), b[1] + rng.choice((-1.0, 1.0)))))
        case 4:
            b = a
        case 5:  # level or upright
            b = rng.choice(((a[0] + reach, a[1]), (a[0], a[1] - reach)))
        case _:
            b = (a[0] + rng.uniform(-reach, reach), a[1] + rng.uniform(-reach, reach))
    return rng.choice(((a, b), (b, a)))


def _between(a: Place, b: Place, along: float) -> Place:
    """Return a point of the line through two points: the first one at 0, the second one at 1."""
    return a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])


def _at_border(rng: Random, blocks: Grid, place: Place) -> Place:
    """Return the corner of blocks next to a point, moved by a bit or by about the margin."""
    lon = blocks.west + round((place[0] - blocks.west) * blocks.columns_per_deg) / blocks.columns_per_deg
    lat = blocks.south + round((place[1] - blocks.south) * blocks.rows_per_deg) / blocks.rows_per_deg
    step = rng.choice((0.0, 1e-15, MARGIN_DEG, 1.01 * MARGIN_DEG, 2 * MARGIN_DEG))
    return lon + rng.choice((-step, step)), lat + rng.choice((-step, step))


def test_a_link_from_side_to_side_crosses_a_zone_once() -> None:
    """Each zone is found once, however many of its edges and cells the link meets."""
    lon, lat = CENTRE
    comb = [(lon + 0.001 * number, lat + (0.002 if number % 2 else 0.0)) for number in range(20)]
    crossings = Crossings({9: [[[*comb, (lon + 0.019, lat - 0.001), (lon, lat - 0.001)]]]})

    assert [9] == crossings.found((lon - 0.01, lat + 0.001), (lon + 0.03, lat + 0.001))


def test_a_link_with_an_end_inside_does_not_cross_that_zone() -> None:
    """Coming, leaving and moving within are no crossings."""
    lon, lat = CENTRE
    square = [(lon, lat), (lon + 0.01, lat), (lon + 0.01, lat + 0.01), (lon, lat + 0.01)]
    crossings = Crossings({1: [[square]]})
    inside, outside = (lon + 0.005, lat + 0.005), (lon - 0.005, lat + 0.005)

    assert [] == crossings.found(inside, outside) == crossings.found(outside, inside)
    assert [] == crossings.found(inside, inside)
    assert [1] == crossings.found(outside, (lon + 0.02, lat + 0.005))


def test_a_link_far_from_all_zones_crosses_none() -> None:
    """Also where it is level with them."""
    lon, lat = CENTRE
    crossings = Crossings({1: [[[(lon, lat), (lon + 0.01, lat), (lon, lat + 0.01)]]]})

    assert [] == crossings.found((lon + 1.0, lat), (lon + 2.0, lat + 0.005))
    assert [] == crossings.found((lon, lat + 1.0), (lon, lat + 2.0))
    assert [1] == crossings.found((lon - 50.0, lat + 0.001), (lon + 50.0, lat + 0.001))
