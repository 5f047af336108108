"""A mesh of bent rings and spokes: tiles made of it share their vertices exactly."""

import math
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array
from processors.simulation.plane import Bend, bent, degrees
from processors.simulation.streets import CORDON_M
from processors.zone_feature import Ring

SPOKES: Final = 96
MESH_RINGS_M: Final = (550.0, CORDON_M, 1_900.0, 2_800.0, 4_000.0, 5_400.0, 7_300.0)
CORDON: Final = 2  # number of the cordon's ring; ring 0 is the centre itself
OUTERMOST: Final = len(MESH_RINGS_M)


class Mesh(NamedTuple):
    """Vertices in (lon, lat) degrees."""

    centre: tuple[float, float]
    rings: Float64Array  # shape (rings, SPOKES, 2)


def draw_mesh(bend: Bend, rng: np.random.Generator) -> Mesh:
    """Draw the mesh, with some disorder so that no border is a perfect curve; the cordon stays smooth."""
    step = 2.0 * math.pi / SPOKES
    rings = np.empty((OUTERMOST, SPOKES, 2))
    for place, radius_m in enumerate(MESH_RINGS_M):
        wobble = 0.0 if place == CORDON - 1 else 1.0
        angle = (np.arange(SPOKES) + wobble * rng.uniform(-0.3, 0.3, SPOKES)) * step
        radii_m = radius_m * (1.0 + wobble * rng.uniform(-0.02, 0.02, SPOKES))
        rings[place] = degrees(bent(bend, radii_m, angle))
    centre = degrees(np.zeros((1, 2)))[0]
    return Mesh((float(centre[0]), float(centre[1])), rings)


def disc(mesh: Mesh, ring: int) -> Ring:
    """Return everything within a ring, numbered from 1."""
    return _closed([_vertex(mesh, ring, spoke) for spoke in range(SPOKES)])


def tile(mesh: Mesh, inner: int, outer: int, spokes: tuple[int, int]) -> Ring:
    """Return what lies between two rings (0 is the centre) and two spokes, with every vertex on its edge."""
    start, end = spokes
    points = [_vertex(mesh, outer, spoke) for spoke in range(start, end + 1)]
    points += [_vertex(mesh, ring, end) for ring in range(outer - 1, inner, -1)]
    if inner == 0:
        points.append(mesh.centre)
    else:
        points += [_vertex(mesh, inner, spoke) for spoke in range(end, start - 1, -1)]
    points += [_vertex(mesh, ring, start) for ring in range(inner + 1, outer)]
    return _closed(points)


def stepped(mesh: Mesh, inner: int, outer: int, spoke: int) -> Ring:
    """Return what lies within ring *inner* up to a spoke, and within ring *outer* beyond it."""
    return _closed(
        [_vertex(mesh, inner, place) for place in range(spoke + 1)]
        + [_vertex(mesh, outer, place) for place in range(spoke, SPOKES + 1)]
    )


def _vertex(mesh: Mesh, ring: int, spoke: int) -> tuple[float, float]:
    """Return a vertex; spokes go round."""
    lon, lat = mesh.rings[ring - 1, spoke % SPOKES]
    return float(lon), float(lat)


def _closed(points: list[tuple[float, float]]) -> Ring:
    """Return a ring through *points*, closed."""
    return (*points, points[0])
