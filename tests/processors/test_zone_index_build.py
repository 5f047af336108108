"""What an index holds: answers where no edge is, border cells where one is, and a bounded grid."""

from random import Random

import numpy as np
import pytest

from naive import Geometry, contains
from processors.zone_edges import MIN_CELLS
from processors.zone_index import PARTS
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_sets import ZoneSets
from tests.processors.zone_builders import built, numbered
from zone_strategies import random_zones

SQUARE: Geometry = [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]]]


@pytest.mark.parametrize("seed", range(3))
def test_cells_without_edges_answer_for_all_their_points(seed: int) -> None:
    """The middle and the corners of such a cell are in the zones of its answer."""
    zones = numbered(random_zones(Random(seed), 8))
    index, zone_sets = built(zones)
    grid = index.grid
    plain = np.flatnonzero(index.answer[:-1] >= 0)
    for cell in Random(seed).sample(plain.tolist(), 300):
        row, column = divmod(cell, grid.columns)
        for right, up in ((0.5, 0.5), (0.001, 0.001), (0.999, 0.999)):
            lon = grid.west + (column + right) / grid.columns_per_deg
            lat = grid.south + (row + up) / grid.rows_per_deg
            expected = tuple(sorted(zone_no for zone_no, zone in zones.items() if contains(zone, lon, lat)))
            assert expected == zone_sets.zones_of(int(index.answer[cell]))


@pytest.mark.parametrize("seed", range(3))
def test_parts_without_edges_answer_for_all_their_points(seed: int) -> None:
    """As such cells do; the parts of border cells with edges are leaves."""
    zones = numbered(random_zones(Random(seed), 8))
    index, zone_sets = built(zones)
    grid = index.grid
    cells = np.flatnonzero(index.answer < 0)
    plain = np.flatnonzero(index.leaves.answer >= 0)
    for place in Random(seed).sample(plain.tolist(), 300):
        row, column = divmod(int(cells[place // PARTS**2]), grid.columns)
        part_row, part_column = divmod(place % PARTS**2, PARTS)
        for right, up in ((0.5, 0.5), (0.001, 0.001), (0.999, 0.999)):
            lon = grid.west + (column + (part_column + right) / PARTS) / grid.columns_per_deg
            lat = grid.south + (row + (part_row + up) / PARTS) / grid.rows_per_deg
            expected = tuple(sorted(zone_no for zone_no, zone in zones.items() if contains(zone, lon, lat)))
            assert expected == zone_sets.zones_of(int(index.leaves.answer[place]))


def test_a_leaf_holds_an_edge_that_tiles_share_once() -> None:
    """With the bits of both tiles; elsewhere an edge has one bit."""
    tile: Geometry = [[[(5.1, 52.0), (5.2, 52.0), (5.2, 52.1), (5.1, 52.1)]]]
    index, _ = built({1: SQUARE, 2: tile})
    both = (index.leaves.toggles & 3) == 3
    shared = index.leaves.edges[both]

    assert shared.size
    assert {(5.1, 52.0, 5.1, 52.1)} == {tuple(edge) for edge in shared.tolist()}


def test_most_cells_of_a_plain_zone_have_no_edge() -> None:
    """A square has edges in the outermost cells of its box only."""
    index, _ = built({1: SQUARE})
    grid = index.grid

    assert MIN_CELLS <= grid.rows * grid.columns
    assert 4 * (grid.rows - 1) == int((index.answer < 0).sum())


def test_an_open_ring_and_a_closed_one_are_the_same() -> None:
    """The edge without length that closes a ring is left out."""
    ring = SQUARE[0][0]
    index_open, _ = built({1: [[ring]]})
    index_closed, _ = built({1: [[[*ring, ring[0]]]]})

    assert index_open.leaves.edges.tolist() == index_closed.leaves.edges.tolist()
    assert index_open.answer.tolist() == index_closed.answer.tolist()


def test_edges_are_written_from_their_lower_end() -> None:
    """Of equal latitudes from the smaller longitude, however the ring is wound."""
    forward, _ = built({1: SQUARE})
    backward, _ = built({1: [[SQUARE[0][0][::-1]]]})

    for index in (forward, backward):
        x1, y1, x2, y2 = index.leaves.edges.T
        assert bool(((y1 < y2) | ((y1 == y2) & (x1 < x2))).all())


def test_zones_of_one_number_are_not_merged() -> None:
    """The index trusts its caller; two zones with one number are one zone of both shapes in sets."""
    zone_sets = ZoneSets()
    index = build_zone_index([IndexedZone(4, SQUARE), IndexedZone(4, SQUARE)], zone_sets)

    assert [4, 4] == index.zone_no.tolist()
    assert (4,) == zone_sets.zones_of(int(index.answer.max()))
