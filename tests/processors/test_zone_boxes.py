"""Boxes that meet in degrees meet as words, and those that are apart do not."""

from itertools import product
from random import Random
from typing import Final, NamedTuple

import numpy as np
import pytest

from processors.zone_boxes import SPAN, box_of_edge, box_of_link, boxes_meet
from processors.zone_index import Grid, column_of, row_of
from tests.processors.position_builders import COMPILED

WEST, SOUTH, SIDE_DEG = 5.12, 52.09, 0.02
FINE: Final = Grid(WEST, SOUTH, SPAN / SIDE_DEG, SPAN / SIDE_DEG, SPAN, SPAN)
STEP_DEG: Final = SIDE_DEG / SPAN
PAIRS: Final = 20_000 if COMPILED else 2_000


class Box(NamedTuple):
    """A box in degrees."""

    west: float
    south: float
    east: float
    north: float


def meet(edge: Box, link: Box) -> bool:
    """Tell what the words of two boxes tell."""
    word = box_of_edge(FINE, edge.east, edge.south, edge.west, edge.north)
    other = box_of_link(
        column_of(FINE, link.west),
        row_of(FINE, link.south),
        column_of(FINE, link.east),
        row_of(FINE, link.north),
    )
    # compiled code gives integers of Python, which would come back as signed ones where they are small
    return boxes_meet(np.uint64(word), np.uint64(other))


def meet_in_degrees(edge: Box, link: Box, margin: float = 0.0) -> bool:
    """Tell whether two boxes have a point in common, or are nearer than a margin."""
    return (
        edge.west - margin <= link.east
        and link.west - margin <= edge.east
        and edge.south - margin <= link.north
        and link.south - margin <= edge.north
    )


def random_box(rng: Random) -> Box:
    """Return a box of any size, often without width or height, sometimes beyond the grid."""
    sides = []
    for low in (WEST, SOUTH):
        first = low + rng.uniform(-0.2, 1.2) * SIDE_DEG
        size = rng.choice((0.0, STEP_DEG, 20 * STEP_DEG, SIDE_DEG)) * rng.random()
        sides.append((first, first + size))
    (west, east), (south, north) = sides
    return Box(west, south, east, north)


def beside(rng: Random, box: Box) -> Box:
    """Return a box that begins where another one ends, or a bit or a column before or after that."""
    other = random_box(rng)
    shift = rng.choice((0.0, STEP_DEG, -STEP_DEG))
    east, north = (
        float(np.nextafter(value, rng.choice((-np.inf, value, np.inf)))) for value in (box.west, box.south)
    )
    west = min(other.west, east - rng.random() * STEP_DEG)
    if rng.random() < 0.5:
        return Box(west + shift, other.south, east + shift, other.north)
    return Box(other.west, min(other.south, north) + shift, other.east, north + shift)


@pytest.mark.parametrize("seed", range(3))
def test_boxes_that_meet_in_degrees_meet_as_words(seed: int) -> None:
    """Also where they only touch; and where they are two columns apart within the grid, the words tell."""
    rng = Random(seed)
    met = apart = 0
    for number in range(PAIRS):
        edge = random_box(rng)
        link = beside(rng, edge) if number % 2 else random_box(rng)
        if meet_in_degrees(edge, link):
            met += 1
            assert meet(edge, link)
        elif not meet_in_degrees(*(_within(box) for box in (edge, link)), margin=2 * STEP_DEG):
            apart += 1
            assert not meet(edge, link)

    assert min(met, apart) > PAIRS / 40


def _within(box: Box) -> Box:
    """Return a box without what is beyond the grid, which stands at its edge."""
    return Box(
        *(
            min(max(value, low), low + SIDE_DEG)
            for value, low in zip(box, (WEST, SOUTH, WEST, SOUTH), strict=True)
        )
    )


def test_each_side_alone_keeps_boxes_apart() -> None:
    """West, east, south or north; nothing is borrowed from another side."""
    size = 4 * STEP_DEG
    for column, row in product((20, 1_000, SPAN // 2, SPAN - 20), repeat=2):
        west, south = WEST + column * STEP_DEG, SOUTH + row * STEP_DEG
        edge = Box(west, south, west + size, south + size)
        assert meet(edge, edge)
        for right, up in ((-10, 0), (10, 0), (0, -10), (0, 10)):
            west, south = WEST + (column + right) * STEP_DEG, SOUTH + (row + up) * STEP_DEG
            assert not meet(edge, Box(west, south, west + size, south + size))
