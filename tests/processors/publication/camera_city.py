"""Simulated vehicles past the cameras of a small city, and the figures of zones and cameras, counted one by one."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from processors.columns import FIGURES
from processors.publication.carriers import CarrierRows
from processors.publication.day_cells import KINDS, DayCells
from processors.publication.detections import ViewCells

IN, OUT, UNKNOWN = 0, 1, 2
KIND = 10  # the one kind that is seen

OBSERVATIONS, VEHICLES, ENTRIES, EXITS = (
    FIGURES.index(name) for name in ("observations", "vehicles", "entries", "exits")
)


class CameraCity(NamedTuple):
    """Zones by kind, and what each view (a camera and a direction) means for them."""

    kinds: tuple[str, ...]
    movements: tuple[dict[int, int], ...]
    views: int


def border(*views: int) -> dict[int, int]:
    """Return cameras on a border: of each two views one sees what goes in, the other what goes out."""
    return {view: (IN, OUT)[number % 2] for number, view in enumerate(views)}


def within(*views: int) -> dict[int, int]:
    """Return cameras that stand in a zone and look at no border."""
    return dict.fromkeys(views, UNKNOWN)


CITIES = (
    # a town, a zone with rules and three gates, and a camera in it
    CameraCity(
        ("municipality", "zero_emission_zone"),
        (within(*range(8)), border(*range(6)) | within(6, 7)),
        8,
    ),
    # two neighbourhoods in a town, one of them with all of its border cameras: what goes in is all in one part
    CameraCity(
        ("municipality", "neighbourhood", "neighbourhood"),
        (border(0, 1, 2, 3) | within(4, 5, 6), within(0, 1, 2, 3), within(4, 5, 6)),
        7,
    ),
    # districts that share a gate of the zone with rules: they cross what goes in
    CameraCity(
        ("municipality", "environmental_zone", "district", "district", "district"),
        (
            within(*range(10)),
            border(0, 1, 2, 3, 4, 5),
            within(0, 1, 6),
            within(2, 3, 4, 5),
            border(7, 8) | within(9),
        ),
        10,
    ),
    # zones with one camera each, and one that no zone has
    CameraCity(
        ("municipality", "smart_zone", "smart_zone"), (within(0, 1, 2, 3), border(0, 1), border(2, 3)), 5
    ),
)


def passages(rng: Generator, city: CameraCity, vehicles: int, hours: int) -> NDArray[np.int64]:
    """Return how often each vehicle passes each view in each hour, shape (vehicles, views, hours)."""
    weights = rng.pareto(1.0, city.views) + 0.05
    weights /= weights.sum()
    often = rng.gamma(0.7, 1.5, (vehicles, 1, 1))
    daily = rng.pareto(2.0, hours) + 0.1
    rate = often * weights[None, :, None] * (daily / daily.mean())[None, None, :] * city.views / 4
    return rng.poisson(np.minimum(rate, 3.0))


def view_cells(passed: NDArray[np.int64]) -> ViewCells:
    """Return the figures of views."""
    cells = ViewCells(*(np.zeros((KINDS, *passed.shape[1:]), np.int64) for _ in range(2)))
    cells.passages[KIND] = passed.sum(axis=0)
    cells.vehicles[KIND] = (passed > 0).sum(axis=0)
    return cells


def zone_cells(city: CameraCity, passed: NDArray[np.int64]) -> DayCells:
    """Return the figures of all zones."""
    zones, hours = len(city.kinds), passed.shape[2]
    cells = DayCells(
        np.zeros((KINDS, zones, hours, len(FIGURES)), np.int64),
        np.zeros((KINDS, zones, len(FIGURES)), np.int64),
        np.ones(hours, np.bool_),
        *(CarrierRows(*(np.zeros(0, np.int64) for _ in range(3))) for _ in range(2)),
    )
    for zone, known in enumerate(city.movements):
        inside = passed[:, list(known)]
        cells.hours[KIND, zone, :, VEHICLES] = inside.any(axis=1).sum(axis=0)
        cells.days[KIND, zone, VEHICLES] = inside.any(axis=(1, 2)).sum()
        for place, of in ((OBSERVATIONS, None), (ENTRIES, IN), (EXITS, OUT)):
            counted = passed[:, [view for view, movement in known.items() if of in (None, movement)]]
            cells.hours[KIND, zone, :, place] = counted.sum(axis=(0, 1))
            cells.days[KIND, zone, place] = counted.sum()
    return cells
