"""What is sent: positions of the simulated city as canonical JSON, some of them out of order."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from duls.local_midnights import local_midnights
from processors.calendar import US_PER_S, local_day
from processors.columns import Int64Array
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from processors.simulation.positions import positions
from streams.encode_positions import encode_positions

SEED: Final = 7
MORNING_S: Final = 9 * 3_600  # of a local day: the fleet is out
DISORDER: Final = 0.02  # share of the positions that come after later ones of their vehicle
DELAY_S: Final = (10.0, 60.0)  # how much later, in event time
CHUNK_ROWS: Final = 50_000
SIMULATED_US: Final = 1_795_500_000 * US_PER_S  # a Tuesday in November 2026


class Chunk(NamedTuple):
    """Records in the order of sending."""

    values: list[bytes]
    vehicle: list[int]


def build_city(vehicles: int) -> SimulatedCity:
    """Return the city of all measurements, with 400 zones."""
    return SimulatedCity.build(SEED, vehicles=vehicles, midnights_us=local_midnights())


def morning_us() -> int:
    """Return the simulated moment that measurements start from, microseconds since 1970."""
    midnights_us = local_midnights()
    return int(midnights_us[int(local_day(SIMULATED_US, midnights_us))]) + MORNING_S * US_PER_S


def simulate(city: SimulatedCity, records: int, *, interval_s: float, end_us: int) -> SimulatedPositions:
    """Return the last positions of a morning, its times moved so that the newest is at *end_us*.

    Two in a hundred stand later than event time says, behind later positions of the same vehicle.
    """
    parts: list[SimulatedPositions] = []
    size = 0
    start_us = morning_us()
    for part in positions(city, start_us, start_us + 12 * 3_600 * US_PER_S, interval_s, window_s=10.0):
        parts.append(part)
        size += part.vehicle.size
        if size >= records:
            break
    rows = SimulatedPositions._make(np.concatenate(columns)[:records] for columns in zip(*parts, strict=True))
    order = np.argsort(_sending_us(rows.event_us), kind="stable")
    rows = SimulatedPositions._make(column[order] for column in rows)
    return rows._replace(event_us=rows.event_us - rows.event_us.max() + end_us)


def _sending_us(event_us: Int64Array) -> Int64Array:
    """Return when each position is sent, in event time."""
    rng = np.random.default_rng(SEED)
    delayed = rng.random(event_us.size) < DISORDER
    delay_us = rng.uniform(*DELAY_S, event_us.size) * US_PER_S
    return event_us + np.where(delayed, delay_us, 0.0).astype(np.int64)


def encoded(rows: SimulatedPositions) -> Iterator[Chunk]:
    """Yield positions as JSON of about 138 bytes: what the vehicle is, when and where, speed, heading and class."""
    for first in range(0, rows.vehicle.size, CHUNK_ROWS):
        part = SimulatedPositions._make(column[first : first + CHUNK_ROWS] for column in rows)
        values = [value[: value.index(b',"fuel"')] + b"}" for value in encode_positions(part)]
        yield Chunk(values, part.vehicle.tolist())
