"""A scripted overload: vans that come to one place, stay, and leave, on top of whatever the city does.

They come one after the other, evenly over the time of filling, and leave in the same order and pace. While there,
each sends at every interval; when it leaves it sends once from elsewhere. Everything follows from the script.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array
from processors.simulation.columns import SimulatedPositions
from processors.simulation.draws import mixed
from processors.simulation.fleet import DIESEL
from processors.vocabulary import VehicleClass

ELSEWHERE_DEG: Final = 0.2  # of latitude to the north: outside of every zone of the city
SCATTER_DEG: Final = 4.0e-5  # a few metres
EURO6: Final = 1
NORTH_DEG: Final = 0


class Crowd(NamedTuple):
    """When how many vans come where. Times are microseconds, whole milliseconds."""

    lon: float
    lat: float
    vehicles: int
    first_vehicle: int  # number of the first; no other vehicle has it
    begin_us: int  # since 1970 UTC
    fill_us: int  # until all are there, and again until all have left
    hold_us: int  # how long all are there
    every_us: int | None = None  # it happens again after so long, not before it is over; None: once

    @property
    def length_us(self) -> int:
        """Return how long it lasts."""
        return 2 * self.fill_us + self.hold_us


class _Sent(NamedTuple):
    """One position."""

    event_us: int
    vehicle: int
    is_there: bool


def crowd_positions(crowd: Crowd, low_us: int, high_us: int, interval_us: int) -> SimulatedPositions:
    """Return what a crowd sends from *low_us* up to, not including, *high_us*, in order of event time.

    Rows do not depend on how time is cut.
    """
    sent = sorted(
        found
        for begin_us in _begins(crowd, low_us, high_us)
        for place in range(crowd.vehicles)
        for found in _of_vehicle(crowd, begin_us, place, low_us, high_us, interval_us)
    )
    count = len(sent)
    vehicle = np.array([found.vehicle for found in sent], np.int32)
    event_us = np.array([found.event_us for found in sent], np.int64)
    away_deg = np.array([0.0 if found.is_there else ELSEWHERE_DEG for found in sent])
    return SimulatedPositions(
        vehicle=vehicle,
        event_us=event_us,
        lat=np.round(crowd.lat + away_deg + _scatter(sent, 1), 6),
        lon=np.round(crowd.lon + _scatter(sent, 2), 6),
        speed_kmh=np.zeros(count, np.float32),
        heading_deg=np.full(count, NORTH_DEG, np.int16),
        vehicle_class=np.full(count, VehicleClass.N1, np.uint8),
        fuel=np.full(count, DIESEL, np.uint8),
        emission=np.full(count, EURO6, np.uint8),
    )


def merged(first: SimulatedPositions, second: SimulatedPositions) -> SimulatedPositions:
    """Return the rows of both in order of event time."""
    both = SimulatedPositions._make(
        np.concatenate([one, other]) for one, other in zip(first, second, strict=True)
    )
    order = np.argsort(both.event_us, kind="stable")  # ties: the first goes first
    return SimulatedPositions._make(column[order] for column in both)


def _begins(crowd: Crowd, low_us: int, high_us: int) -> Iterator[int]:
    """Yield the beginnings of what may send in a window."""
    if crowd.every_us is None:
        yield crowd.begin_us
        return
    every_us = max(crowd.every_us, crowd.length_us + 1)
    first = max(0, (low_us - crowd.begin_us - crowd.length_us) // every_us)
    last = (high_us - 1 - crowd.begin_us) // every_us
    for number in range(first, last + 1):
        yield crowd.begin_us + number * every_us


def _of_vehicle(
    crowd: Crowd, begin_us: int, place: int, low_us: int, high_us: int, interval_us: int
) -> Iterator[_Sent]:
    """Yield what one van sends in a window."""
    delay_us = place * crowd.fill_us // max(1, crowd.vehicles) // 1_000 * 1_000
    comes_us = begin_us + delay_us
    leaves_us = comes_us + crowd.fill_us + crowd.hold_us
    vehicle = crowd.first_vehicle + place
    first = max(0, -(-(low_us - comes_us) // interval_us))
    for event_us in range(comes_us + first * interval_us, min(leaves_us, high_us), interval_us):
        yield _Sent(event_us, vehicle, is_there=True)
    if low_us <= leaves_us < high_us:
        yield _Sent(leaves_us, vehicle, is_there=False)


def _scatter(sent: list[_Sent], axis: int) -> Float64Array:
    """Return how far receivers are off, degrees."""
    bits = np.array(
        [mixed(found.vehicle * 7 + axis + (found.event_us // 1_000) * 31) & 1023 for found in sent]
    )
    off: Float64Array = (bits / 1023.0 - 0.5) * 2.0 * SCATTER_DEG
    return off
