"""A small simulated city: its zones and cameras, and what its vehicles send in a span of time."""

from typing import Final, NamedTuple

import numpy as np

from duls.local_midnights import local_midnights
from processors.simulation.city import SimulatedCity
from processors.simulation.city_files import cameras_csv, zones_geojson
from processors.simulation.columns import SimulatedDetections, SimulatedPositions
from processors.simulation.detections import detections
from processors.simulation.positions import positions
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions
from tests.faults.installation import Installation

SEED: Final = 7
WINDOW_S: Final = 60.0


class Sent(NamedTuple):
    """What a vehicle or a camera sends: one row, as a record of its own."""

    vehicle: int
    event_us: int
    value: bytes


def small_city(vehicles: int) -> SimulatedCity:
    """Return a city of so many vehicles."""
    return SimulatedCity.build(SEED, vehicles=vehicles, midnights_us=local_midnights())


def prepare(installation: Installation, city: SimulatedCity) -> None:
    """Migrate an installation and load the zones and cameras of a city."""
    installation.prepare(zones_geojson(city), cameras_csv(city))


def positions_between(
    city: SimulatedCity, start_us: int, end_us: int, *, interval_s: float, shift_us: int = 0
) -> list[Sent]:
    """Return the positions of a span in the order of events, moved in time by whole milliseconds."""
    batches = list(positions(city, start_us, end_us, interval_s, window_s=WINDOW_S))
    columns = SimulatedPositions._make(np.concatenate(parts) for parts in zip(*batches, strict=True))
    columns = columns._replace(event_us=columns.event_us + shift_us)
    return _sent(columns.vehicle, columns.event_us, encode_positions(columns))


def detections_between(city: SimulatedCity, start_us: int, end_us: int, *, shift_us: int = 0) -> list[Sent]:
    """Return the detections of a span in the order of events, one an envelope."""
    batches = list(detections(city, start_us, end_us, window_s=WINDOW_S))
    columns = SimulatedDetections._make(np.concatenate(parts) for parts in zip(*batches, strict=True))
    columns = columns._replace(event_us=columns.event_us + shift_us)
    return _sent(columns.vehicle, columns.event_us, encode_detections(columns, city.cameras))


def _sent(
    vehicles: "np.ndarray[tuple[int], np.dtype[np.int32]]",
    times: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    values: list[bytes],
) -> list[Sent]:
    """Return columns as rows."""
    return [Sent(*row) for row in zip(vehicles.tolist(), times.tolist(), values, strict=True)]
