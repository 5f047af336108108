"""The street plan: radial roads, rings, a grid of streets between them, and industrial estates outside."""

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.simulation.plane import Bend, bent, nominal_radius_m

CORDON_M: Final = 1_150.0  # nominal radius of the canal around the centre; few streets cross it
RADIALS: Final = 12
RINGS_M: Final = ((600.0, 24, 30.0), (1_320.0, 36, 50.0), (2_500.0, 72, 50.0), (4_500.0, 96, 90.0))
"""Nominal radius in m, nodes and speed in km/h of each ring road; the last is the motorway."""
RADIAL_ENDS_M: Final = (600.0, 7_000.0)
GRID_M: Final = 260.0
GRID_RADIUS_M: Final = 4_350.0
STREET_KMH: Final = 30.0
BRIDGE_SHARE: Final = 0.3  # of the streets that would cross the canal, those with a bridge
STREET_SHARE: Final = 0.85  # of the grid's streets, those that exist


class StreetPlan(NamedTuple):
    """Nodes and undirected streets, before they are numbered for lookups."""

    places_m: Float64Array  # shape (nodes, 2)
    ends: Int64Array  # shape (streets, 2), nodes
    kmh: Float64Array  # speed of each street
    is_depot: Int32Array  # 1 where the node is in an industrial estate


class _Part(NamedTuple):
    """Some of the nodes and streets, numbered from 0."""

    places_m: Float64Array
    ends: Int64Array
    kmh: Float64Array


def draw_streets(bend: Bend, rng: np.random.Generator) -> StreetPlan:
    """Draw the streets of the city."""
    main = _main_roads(bend)
    grid = _grid(bend, main.places_m, rng)
    estates = _estates(bend)
    links = (_links(grid.places_m, main.places_m, 240.0), _links(estates.places_m, main.places_m, 330.0))
    first_grid, first_estate = len(main.places_m), len(main.places_m) + len(grid.places_m)
    places_m = np.vstack((main.places_m, grid.places_m, estates.places_m))
    ends = np.vstack(
        (
            main.ends,
            grid.ends + first_grid,
            estates.ends + first_estate,
            links[0] + np.array([first_grid, 0]),
            links[1] + np.array([first_estate, 0]),
        )
    )
    slow = np.full(len(ends) - len(main.ends), STREET_KMH)
    kmh = np.concatenate((main.kmh, slow))
    is_depot = (np.arange(len(places_m)) >= first_estate).astype(np.int32)
    kept = _without_most_bridges(bend, places_m, ends, is_main=np.arange(len(ends)) < len(main.ends), rng=rng)
    return _connected(StreetPlan(places_m, ends[kept], kmh[kept], is_depot))


def _main_roads(bend: Bend) -> _Part:
    """Lay rings and radials; where they meet they share a node."""
    radii: list[Float64Array] = []
    angles: list[Float64Array] = []
    ends: list[Int64Array] = []
    kmh: list[Float64Array] = []
    first = 0
    for radius_m, nodes, ring_kmh in RINGS_M:
        radii.append(np.full(nodes, radius_m))
        angles.append(np.arange(nodes, dtype=np.float64) * (2.0 * math.pi / nodes))
        around = np.arange(nodes)
        ends.append(first + np.column_stack((around, (around + 1) % nodes)))
        kmh.append(np.full(nodes, ring_kmh))
        first += nodes
    along_m = _radial_radii_m()
    ring_m = [ring[0] for ring in RINGS_M]
    starts = np.concatenate(([0], np.cumsum([ring[1] for ring in RINGS_M])))
    for arm in range(RADIALS):
        chain = np.empty(along_m.size, np.int64)
        for step, radius_m in enumerate(along_m):
            if radius_m in ring_m:
                ring = ring_m.index(float(radius_m))
                chain[step] = starts[ring] + arm * RINGS_M[ring][1] // RADIALS
                continue
            radii.append(np.array([radius_m]))
            angles.append(np.array([arm * 2.0 * math.pi / RADIALS]))
            chain[step] = first
            first += 1
        ends.append(np.column_stack((chain[:-1], chain[1:])))
        kmh.append(np.where(along_m[:-1] < RINGS_M[2][0], 50.0, 70.0))
    places_m = bent(bend, np.concatenate(radii), np.concatenate(angles))
    return _Part(places_m, np.vstack(ends), np.concatenate(kmh))


def _radial_radii_m() -> Float64Array:
    """Return the nominal radii of the nodes of a radial road: about 200 m apart, and on every ring."""
    marks = [ring[0] for ring in RINGS_M] + [RADIAL_ENDS_M[1]]
    pieces = [
        np.linspace(low, high, round((high - low) / 200.0), endpoint=False) for low, high in pairwise(marks)
    ]
    return np.concatenate([*pieces, [RADIAL_ENDS_M[1]]])


def _grid(bend: Bend, main_m: Float64Array, rng: np.random.Generator) -> _Part:
    """Lay a jittered, turned grid that leaves room for the main roads."""
    half = int(GRID_RADIUS_M * 1.25 / GRID_M)
    column, row = (
        axis.ravel() for axis in np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1))
    )
    turn = rng.uniform(0.2, 0.6)
    east = GRID_M * (column * math.cos(turn) - row * math.sin(turn))
    north = GRID_M * (column * math.sin(turn) + row * math.cos(turn))
    places_m = np.column_stack((east, north)) + rng.normal(0.0, 0.1 * GRID_M, (column.size, 2))
    gap_m = np.hypot(*(places_m[:, None, :] - main_m[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    kept = np.flatnonzero((gap_m > 110.0) & (nominal_radius_m(bend, places_m) < GRID_RADIUS_M))
    number = np.full(column.size, -1)
    number[kept] = np.arange(kept.size)
    side = 2 * half + 1
    here = np.arange(column.size)
    pairs = np.vstack(
        (
            np.column_stack((here, here + 1))[column < half],
            np.column_stack((here, here + side))[row < half],
        )
    )
    pairs = pairs[rng.random(len(pairs)) < STREET_SHARE]
    ends = number[pairs]
    ends = ends[(ends >= 0).all(axis=1)]
    return _Part(places_m[kept], ends, np.full(len(ends), STREET_KMH))


def _estates(bend: Bend) -> _Part:
    """Lay an industrial estate of 3 by 4 nodes beside the outer end of each radial."""
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(3), np.arange(4)))
    places: list[Float64Array] = []
    ends: list[Int64Array] = []
    here = np.arange(12)
    block = np.vstack(
        (
            np.column_stack((here, here + 1))[column < 2],
            np.column_stack((here, here + 3))[row < 3],
        )
    )
    for arm in range(RADIALS):
        radius_m = np.asarray(5_400.0 + 190.0 * row + 120.0 * (arm % 3), np.float64)
        turn = arm * 2.0 * math.pi / RADIALS
        angle = np.asarray(turn + (170.0 + 180.0 * column) / radius_m, np.float64)
        places.append(bent(bend, radius_m, angle))
        ends.append(block + 12 * arm)
    return _Part(np.vstack(places), np.vstack(ends), np.empty(0))


def _links(from_m: Float64Array, to_m: Float64Array, reach_m: float) -> Int64Array:
    """Return a pair (from, to) for each place that has a main road within reach."""
    gap_m = np.hypot(*(from_m[:, None, :] - to_m[None, :, :]).transpose(2, 0, 1))
    nearest = gap_m.argmin(axis=1)
    near = np.flatnonzero(gap_m.min(axis=1) < reach_m)
    return np.column_stack((near, nearest[near]))


def _without_most_bridges(
    bend: Bend,
    places_m: Float64Array,
    ends: Int64Array,
    *,
    is_main: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Int64Array:
    """Return the streets that stay when most small ones across the canal are left out."""
    is_within = nominal_radius_m(bend, places_m) < CORDON_M
    crosses = is_within[ends[:, 0]] != is_within[ends[:, 1]]
    return np.flatnonzero(is_main | ~crosses | (rng.random(len(ends)) < BRIDGE_SHARE))


def _connected(plan: StreetPlan) -> StreetPlan:
    """Keep what can be reached from the first node, which lies on a ring."""
    reached = np.zeros(len(plan.places_m), np.bool_)
    reached[0] = True
    count = 0
    while count != (count := int(reached.sum())):
        touched = reached[plan.ends].any(axis=1)
        reached[plan.ends[touched]] = True
    number = np.cumsum(reached) - 1
    kept = reached[plan.ends].all(axis=1)
    return StreetPlan(plan.places_m[reached], number[plan.ends[kept]], plan.kmh[kept], plan.is_depot[reached])
