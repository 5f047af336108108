"""A fleet of which every vehicle reports, without the streets of the simulated city: what 1.2 million vehicles cost.

The vehicles report in turn, each once per interval, and drift by some ten metres a second through the box of the
city's zones. Drawing them costs next to nothing, so that a load of millions fits beside what is measured.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.city_records import SEED
from processors.columns import Float64Array
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from processors.units import US_PER_S

SPEED_DEG_S: Final = 1e-4  # about ten metres of latitude
TURN_S: Final = 600.0  # after so long a vehicle drives back


def fleet(
    city: SimulatedCity, vehicles: int, start_us: int, end_us: int, interval_s: float, *, window_s: float
) -> Iterator[SimulatedPositions]:
    """Yield the positions of each window of time, in order of event time."""
    rng = np.random.default_rng(SEED)
    corners = np.array([point for zone in city.zones for ring in zone.polygons[0] for point in ring])
    low, high = corners.min(axis=0), corners.max(axis=0)
    home = low + (high - low) * rng.random((vehicles, 2))
    heading = rng.random(vehicles) * 2 * np.pi
    sent = 0
    for window_us in range(start_us, end_us, round(window_s * US_PER_S)):
        passed_s = (window_us - start_us) / US_PER_S + window_s
        due = round(passed_s * vehicles / interval_s)
        number = np.arange(sent, due)
        vehicle = (number % vehicles).astype(np.int32)
        event_us = start_us + (number * (interval_s / vehicles * US_PER_S)).astype(np.int64) // 1000 * 1000
        away = _drift((event_us - start_us) / US_PER_S)
        yield SimulatedPositions(
            vehicle=vehicle,
            event_us=event_us,
            lat=np.round(home[vehicle, 1] + away * np.sin(heading[vehicle]), 6),
            lon=np.round(home[vehicle, 0] + away * np.cos(heading[vehicle]), 6),
            speed_kmh=np.full(number.size, 36.0, np.float32),
            heading_deg=np.zeros(number.size, np.int16),
            vehicle_class=(vehicle % 3).astype(np.uint8),
            fuel=(vehicle % 2).astype(np.uint8),
            emission=(vehicle % 2).astype(np.uint8),
        )
        sent = due


def _drift(passed_s: Float64Array) -> Float64Array:
    """Return how far from home vehicles are, in degrees: away, and back."""
    phase = passed_s % (2 * TURN_S)
    return SPEED_DEG_S * np.minimum(phase, 2 * TURN_S - phase)
