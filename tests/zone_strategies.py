"""Random zones, and points where point-in-zone goes wrong first.

Corners lie on a lattice, so that zones share vertices, edges, latitudes and longitudes; points lie on corners
and edges often. Each `random_*` function takes a `random.Random`: a seeded one, or that of Hypothesis.
"""

from collections.abc import Hashable, Mapping
from itertools import pairwise
from random import Random
from typing import Final

from hypothesis import strategies as st

from naive import Geometry

LATTICE_DEG: Final = 0.0005  # 56 m in latitude, 34 m in longitude
CENTRE: Final = (5.12, 52.09)
HALF_SIDE: Final = 20  # lattice steps from the centre to the border of the world

Place = tuple[float, float]  # lon, lat
Ring = list[Place]
Zones = Mapping[Hashable, Geometry]


def lattice(column: int, row: int) -> Place:
    """Return a lattice point."""
    return (CENTRE[0] + column * LATTICE_DEG, CENTRE[1] + row * LATTICE_DEG)


def _corner(rng: Random) -> Place:
    """Return a random lattice point of the world."""
    return lattice(rng.randint(-HALF_SIDE, HALF_SIDE), rng.randint(-HALF_SIDE, HALF_SIDE))


def _rectangle(column: int, row: int, width: int, height: int) -> Ring:
    """Return a closed rectangular ring on the lattice."""
    corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
    return [lattice(column + right, row + up) for right, up in corners]


def random_rectangle(rng: Random) -> Ring:
    """Return a rectangle of up to half the world."""
    column, row = rng.randint(-HALF_SIDE, HALF_SIDE - 1), rng.randint(-HALF_SIDE, HALF_SIDE - 1)
    return _rectangle(column, row, rng.randint(1, HALF_SIDE), rng.randint(1, HALF_SIDE))


def random_triangle(rng: Random) -> Ring:
    """Return a triangle, left open; it may have no area."""
    return [_corner(rng) for _ in range(3)]


def random_holed(rng: Random) -> list[Ring]:
    """Return a rectangle with a rectangular hole, wound either way."""
    column, row = rng.randint(-HALF_SIDE, 0), rng.randint(-HALF_SIDE, 0)
    width, height = rng.randint(4, HALF_SIDE), rng.randint(4, HALF_SIDE)
    hole = _rectangle(column + 1, row + 1, rng.randint(1, width - 2), rng.randint(1, height - 2))
    return [_rectangle(column, row, width, height), hole[::-1] if rng.random() < 0.5 else hole]


def random_tiles(rng: Random, count: int) -> list[Geometry]:
    """Return zones that tile a strip: neighbours share a broken line with the same vertices."""
    row, column = rng.randint(-HALF_SIDE, 0), -HALF_SIDE
    cuts = []
    for _ in range(count + 1):
        cuts.append([lattice(column + rng.randint(-1, 1), row + 6 * level) for level in range(3)])
        column += rng.randint(3, 6)
    pairs = pairwise(cuts)
    return [[[[left[0], *right, *reversed(left)]]] for left, right in pairs]


def random_zones(rng: Random, count: int = 6) -> dict[Hashable, Geometry]:
    """Return about *count* zones that overlap, have holes, tile, or consist of several polygons."""
    geometries: list[Geometry] = []
    while len(geometries) < count:
        kind = rng.randrange(5)
        if kind == 0:
            geometries.append([[random_rectangle(rng)]])
        elif kind == 1:
            geometries.append([[random_triangle(rng)]])
        elif kind == 2:
            geometries.append([random_holed(rng)])
        elif kind == 3:
            geometries.append([[random_rectangle(rng)], [random_triangle(rng)]])
        else:
            geometries.extend(random_tiles(rng, 3))
    return {f"zone-{number}": geometry for number, geometry in enumerate(geometries)}


def random_place(rng: Random, zones: Zones) -> Place:
    """Return a corner of a zone, a point on an edge or level with a corner, or any other point."""
    kind = rng.randrange(6)
    if kind < 4 and zones:
        ring = rng.choice(rng.choice(zones[rng.choice(sorted(zones, key=str))]))
        number = rng.randrange(len(ring))
        corner, before = ring[number], ring[number - 1]
        if kind == 0:
            return (corner[0], corner[1])
        if kind == 1:
            return (corner[0] + rng.uniform(-0.01, 0.01), corner[1])
        along = 0.5 if kind == 2 else rng.random()
        return (before[0] + along * (corner[0] - before[0]), before[1] + along * (corner[1] - before[1]))
    if kind == 4:
        return _corner(rng)
    side = HALF_SIDE * LATTICE_DEG
    return (CENTRE[0] + rng.uniform(-side, side), CENTRE[1] + rng.uniform(-side, side))


def changed_zones(rng: Random, zones: Zones) -> dict[Hashable, Geometry]:
    """Return zones of which some are gone, some have another geometry, and perhaps one is new."""
    other = random_zones(rng, len(zones))
    kept = {zone_id: geometry for zone_id, geometry in zones.items() if rng.random() < 0.9}
    changed = {zone_id: other[zone_id] for zone_id in kept if rng.random() < 0.3 and zone_id in other}
    new = {f"new-{rng.randrange(3)}": [[random_rectangle(rng)]]} if rng.random() < 0.5 else {}
    return {**kept, **changed, **new}


@st.composite
def zone_worlds(draw: st.DrawFn, *, max_zones: int = 6) -> dict[Hashable, Geometry]:
    """Draw a small world of zones."""
    return random_zones(draw(st.randoms(use_true_random=False)), draw(st.integers(1, max_zones)))
