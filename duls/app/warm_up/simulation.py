"""Making ready what a simulated city runs."""

from typing import Final

from duls.local_midnights import local_midnights
from processors.simulation.city import SimulatedCity
from processors.simulation.detections import detections
from processors.simulation.positions import positions
from processors.units import US_PER_S
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions

START_US: Final = 1_767_225_600 * US_PER_S  # 1 January 2026; any time does


def warm_up_simulation() -> None:
    """Make what the simulated city runs ready."""
    city = SimulatedCity.build(1, vehicles=10, midnights_us=local_midnights())
    for rows in positions(city, START_US, START_US + US_PER_S, 1.0):
        encode_positions(rows)
    for seen in detections(city, START_US, START_US + US_PER_S):
        encode_detections(seen, city.cameras)
