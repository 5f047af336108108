"""A lookup answers what the rule over all edges of all zones answers, wherever the point lies."""

from collections.abc import Hashable
from itertools import pairwise
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import Geometry
from processors.zone_index import MAX_MASK_ZONES, MORE, STATE, column_of, row_of
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import NO_ZONES, ZoneSets
from tests.processors.position_builders import COMPILED, large
from tests.processors.zone_builders import built, contained, coordinates, hard_places, looked_up, numbered
from zone_strategies import CENTRE, Place, random_tiles, random_zones, zone_worlds

POINTS: Final = 3_000 if COMPILED else 300


@large
@given(zone_worlds(), st.randoms(use_true_random=False))
def test_points_are_in_the_zones_that_the_oracle_finds(zones: dict[Hashable, Geometry], rng: Random) -> None:
    """Corners, edges, level points and their neighbours by one bit, in worlds on a lattice."""
    numbers = numbered(zones)
    places = hard_places(rng, numbers, 60)

    assert contained(numbers, places) == looked_up(numbers, places)


@pytest.mark.parametrize("seed", range(8))
def test_many_points_in_many_zones_are_where_the_oracle_finds_them(seed: int) -> None:
    """Forty zones of all kinds."""
    rng = Random(seed)
    zones = numbered(random_zones(rng, 40))
    places = hard_places(rng, zones, POINTS)

    assert contained(zones, places) == looked_up(zones, places)


def test_a_point_on_an_edge_that_tiles_share_is_in_exactly_one_of_them() -> None:
    """Points computed on the slanted edges between four tiles."""
    rng = Random(3)
    tiles = random_tiles(rng, 4)
    zones = dict(enumerate(tiles, start=1))
    places: list[Place] = []
    for left, right in pairwise(tiles):
        shared = [corner for corner in left[0][0] if corner in right[0][0]]
        for low, high in pairwise(sorted(set(shared), key=lambda corner: corner[1])):
            for _ in range(POINTS // 10):
                along = rng.random()
                places.append(tuple(a + along * (b - a) for a, b in zip(low, high, strict=True)))
    found = looked_up(zones, places)

    assert contained(zones, places) == found
    assert {1} == {len(each) for each in found}


def stacked(count: int) -> dict[int, Geometry]:
    """Return slivers that all have their left edge within a micrometre, and reach apart."""
    lon, lat = CENTRE
    return {
        number: [[[(lon + number * 1e-11, lat), (lon + 0.001 * (number + 1), lat), (lon, lat + 0.001)]]]
        for number in range(1, count + 1)
    }


@pytest.mark.parametrize("count", [MAX_MASK_ZONES, MAX_MASK_ZONES + 1, 40, 70])
def test_a_cell_with_edges_of_many_zones_tells_them_apart(count: int) -> None:
    """As many zones as a table of masks holds, more, and more than a mask has bits."""
    zones = stacked(count)
    lon, lat = CENTRE
    rng = Random(4)
    places = [(lon + rng.uniform(-1, count) * 1e-11, lat + rng.uniform(0.0, 1e-5)) for _ in range(200)]
    places += [(lon + 0.0005 * number, lat + 1e-6) for number in range(count)]
    index, _ = built(zones)

    has_pages = bool((index.leaves.heads[:-1, STATE] >= MORE).any())
    assert has_pages == (count > MAX_MASK_ZONES)
    assert contained(zones, places) == looked_up(zones, places)


def test_combinations_met_before_are_answered_by_the_table() -> None:
    """A second lookup of the same points registers nothing and gives the same sets."""
    rng = Random(5)
    zones = numbered(random_zones(rng, 12))
    index, zone_sets = built(zones)
    points = coordinates(hard_places(rng, zones, 500))
    first = lookup(index, zone_sets, *points)
    known = len(zone_sets)

    assert first.tolist() == lookup(index, zone_sets, *points).tolist()
    assert known == len(zone_sets)


def test_points_outside_the_box_of_all_zones_are_in_none() -> None:
    """Far away, and just beyond each side."""
    zones: dict[int, Geometry] = {1: [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]]]}
    places = [
        (0.0, 0.0),
        (-180.0, -90.0),
        (180.0, 90.0),
        (5.05, 52.2),
        (5.05, 51.9),
        (4.9, 52.05),
        (5.2, 52.05),
    ]

    assert [()] * len(places) == looked_up(zones, places)


def test_without_zones_every_point_is_in_none() -> None:
    """The index of nothing answers, also with zones that have no edge."""
    assert [()] == looked_up({}, [(0.0, 0.0)])
    assert [()] == looked_up({1: []}, [(0.0, 0.5)])


def test_zones_without_area_contain_nothing_and_disturb_nothing() -> None:
    """A point, a line there and back, a level line."""
    zones: dict[int, Geometry] = {
        1: [[[(5.0, 52.0)]]],
        2: [[[(5.0, 52.0), (5.1, 52.1), (5.0, 52.0)]]],
        3: [[[(5.0, 52.05), (5.1, 52.05)]]],
        4: [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]]],
    }
    places = [(5.0, 52.0), (5.05, 52.05), (5.02, 52.05), (5.1, 52.1)]

    assert contained(zones, places) == looked_up(zones, places)
    assert contained({2: zones[2]}, places) == looked_up({2: zones[2]}, places)


def test_a_world_smaller_than_its_margin_is_looked_up_exactly() -> None:
    """A square of a nanodegree, where every cell touches every edge."""
    lon, lat = CENTRE
    side = 1e-9
    zones: dict[int, Geometry] = {
        1: [[[(lon, lat), (lon + side, lat), (lon + side, lat + side), (lon, lat + side)]]]
    }
    rng = Random(6)
    places = [(lon + rng.uniform(-2, 3) * side, lat + rng.uniform(-2, 3) * side) for _ in range(300)]

    assert contained(zones, places) == looked_up(zones, places)


def test_polygons_of_a_zone_that_overlap_do_not_cancel_out() -> None:
    """Rings of one polygon do, polygons of one zone do not."""
    square = [(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]
    zones: dict[int, Geometry] = {1: [[square], [square]], 2: [[square, square]]}

    assert [(1,)] == looked_up(zones, [(5.05, 52.05)])


def test_the_order_in_which_zones_are_given_does_not_matter() -> None:
    """Zone sets hold ascending numbers."""
    zones = numbered(random_zones(Random(7), 10))
    places = hard_places(Random(8), zones, 300)
    reverse = dict(reversed(zones.items()))

    assert looked_up(zones, places) == looked_up(reverse, places)


def test_an_index_shares_the_zone_sets_of_another_version() -> None:
    """Both versions tell the same set for the same zones."""
    zone_sets = ZoneSets()
    square = [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]]]
    versions = [
        build_zone_index([IndexedZone(no, square) for no in numbers], zone_sets)
        for numbers in ((1, 2), (2, 1))
    ]
    points = coordinates([(5.05, 52.05), (6.0, 52.0)])

    assert [zone_sets.number_of([1, 2]), NO_ZONES] == lookup(versions[0], zone_sets, *points).tolist()
    assert (
        lookup(versions[0], zone_sets, *points).tolist() == lookup(versions[1], zone_sets, *points).tolist()
    )


def test_rows_and_columns_are_clamped_to_the_grid() -> None:
    """Edges that reach over the margin stand in the outer rows and columns."""
    index, _ = built({1: [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1)]]]})

    assert (0, 0) == (column_of(index.grid, 0.0), row_of(index.grid, 0.0))
    assert (index.grid.columns - 1, index.grid.rows - 1) == (
        column_of(index.grid, 9.0),
        row_of(index.grid, 60.0),
    )
