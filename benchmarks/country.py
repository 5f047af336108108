"""A country of zones: neighbourhoods that tile it with ragged shared borders, and larger zones that lie over them."""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array
from processors.zone_feature import Polygon
from processors.zone_index_build import IndexedZone

SEED: Final = 7
WEST: Final = 3.4  # degrees; the box is about that of the Netherlands
SOUTH: Final = 50.8
WIDTH: Final = 3.8
HEIGHT: Final = 2.7
RAGGED: Final = (
    0.12  # of the side of a neighbourhood: how far a vertex of a border lies beside the straight line
)
TOWNS: Final = 60
TOWN_SHARE: Final = 0.9  # of city-like points


class Country(NamedTuple):
    """Zones by number, and how many vertices they have."""

    zones: list[IndexedZone]
    vertices: int


def build_country(neighbourhoods: int, vertices_per_side: int = 14, over: int = 400) -> Country:
    """Return about so many neighbourhoods, and *over* larger zones across their borders.

    Args:
        neighbourhoods: The tiling, rounded to a whole grid.
        vertices_per_side: Of a border between two neighbourhoods, which both have vertex for vertex.
        over: Zones that overlap the tiling.
    """
    rng = np.random.default_rng(SEED)
    columns = round((neighbourhoods * WIDTH / HEIGHT) ** 0.5)
    rows = round(neighbourhoods / columns)
    side = min(WIDTH / columns, HEIGHT / rows)
    x, y = np.meshgrid(
        np.linspace(WEST, WEST + WIDTH, columns + 1), np.linspace(SOUTH, SOUTH + HEIGHT, rows + 1)
    )
    nodes = np.stack([x, y], axis=-1) + rng.uniform(-0.2, 0.2, (rows + 1, columns + 1, 2)) * side
    across = _borders(nodes[:, :-1], nodes[:, 1:], vertices_per_side, side, rng)
    along = _borders(nodes[:-1], nodes[1:], vertices_per_side, side, rng)
    rings = [
        _ring(across[row, column], along[row, column + 1], across[row + 1, column], along[row, column])
        for row in range(rows)
        for column in range(columns)
    ]
    rings += [_round(rng, side * 3, 4 * vertices_per_side) for _ in range(over)]
    zones = [IndexedZone(number + 1, (ring_polygon(ring),)) for number, ring in enumerate(rings)]
    return Country(zones, sum(len(ring) - 1 for ring in rings))


def uniform_points(count: int) -> tuple[Float64Array, Float64Array]:
    """Return points all over the country."""
    rng = np.random.default_rng(SEED + 1)
    return WEST + WIDTH * rng.random(count), SOUTH + HEIGHT * rng.random(count)


def city_points(count: int) -> tuple[Float64Array, Float64Array]:
    """Return points most of which lie in and around towns."""
    rng = np.random.default_rng(SEED + 2)
    lon, lat = uniform_points(count)
    town = rng.integers(0, TOWNS, count)
    is_town = rng.random(count) < TOWN_SHARE
    centre_lon, centre_lat = uniform_points(TOWNS)
    lon = np.where(is_town, centre_lon[town] + rng.normal(0.0, 0.04, count), lon)
    lat = np.where(is_town, centre_lat[town] + rng.normal(0.0, 0.025, count), lat)
    return lon, lat


def ring_polygon(ring: Float64Array) -> Polygon:
    """Return a polygon of one ring."""
    return (tuple((float(lon), float(lat)) for lon, lat in ring),)


def _borders(
    start: Float64Array, end: Float64Array, vertices: int, side: float, rng: np.random.Generator
) -> Float64Array:
    """Return ragged lines between nodes, shape (rows, columns, vertices + 1, 2); ends are the nodes."""
    share = np.linspace(0.0, 1.0, vertices + 1)[:, None]
    line = start[:, :, None] + (end - start)[:, :, None] * share
    line[:, :, 1:-1] += rng.uniform(-RAGGED, RAGGED, line[:, :, 1:-1].shape) * side / vertices * 3
    return line


def _ring(south: Float64Array, east: Float64Array, north: Float64Array, west: Float64Array) -> Float64Array:
    """Return the closed ring of four borders."""
    return np.concatenate([south[:-1], east[:-1], north[::-1][:-1], west[::-1]])


def _round(rng: np.random.Generator, radius: float, vertices: int) -> Float64Array:
    """Return a closed ring that bulges around a point."""
    angle = np.linspace(0.0, 2 * np.pi, vertices + 1)
    bulge = radius * (1.0 + 0.3 * np.sin(3 * angle + rng.uniform(0, 2 * np.pi)))
    lon = rng.uniform(WEST, WEST + WIDTH) + bulge * np.cos(angle)
    lat = rng.uniform(SOUTH, SOUTH + HEIGHT) + 0.6 * bulge * np.sin(angle)
    ring = np.stack([lon, lat], axis=-1)
    ring[-1] = ring[0]
    return ring
