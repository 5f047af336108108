"""Positions of simulated vehicles: at every interval while driving, and when the ignition goes on or off.

A parked vehicle is silent, so a stop shows as two positions at one place with its time between them.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int64Array
from processors.jit import kernel
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from processors.simulation.day_plan import ONE_DAY, World
from processors.simulation.draws import MASK, draw
from processors.simulation.travel import TRAVELLER, Travellers, arrive, next_edge, place_at, wake

MAX_WINDOW_S: Final = 60.0  # offsets in a window are sorted as 16-bit milliseconds
SHORTEST_STOP_S: Final = 120.0
PHASE: Final = 12
NOISE: Final = 13
NOISE_DEG: Final = 5.0e-5  # about 3.5 m in latitude and 2 m in longitude


class _Cursor(NamedTuple):
    """How far each vehicle has sent."""

    travellers: Travellers
    next_ms: Int64Array  # when each vehicle sends next, or changes without sending
    phase_ms: Int64Array  # when, in each interval, each vehicle sends


def positions(
    city: SimulatedCity,
    start_us: int,
    end_us: int,
    interval_s: float,
    *,
    window_s: float = 1.0,
    vehicles: range | None = None,
) -> Iterator[SimulatedPositions]:
    """Yield the positions from *start_us* up to, not including, *end_us* in order of event time.

    Args:
        city: The city.
        start_us: First event time, microseconds since 1970 UTC.
        end_us: First event time that is not wanted.
        interval_s: Time between two positions of a driving vehicle.
        window_s: Event time that one batch covers, at most 60 s; the rows do not depend on it.
        vehicles: Only these vehicles, one after another, to share the work; else all.
    """
    numbers = range(city.vehicles) if vehicles is None else vehicles
    interval_ms = max(1, round(interval_s * 1_000))
    window_ms = round(min(window_s, MAX_WINDOW_S) * 1_000)
    low_ms, last_ms = -(-start_us // 1_000), -(-end_us // 1_000)
    cursor = _cursor(city.world, numbers, interval_ms, low_ms)
    passes = window_ms / 1_000.0 / SHORTEST_STOP_S + 2.0  # legs that can begin in a window, and as many ends
    capacity = int(len(numbers) * (window_ms / interval_ms + 1.0 + 2.0 * passes)) + 1
    rows = _empty_rows(capacity)
    while low_ms < last_ms:
        high_ms = min(low_ms + window_ms, last_ms)
        size = _send(city.world, cursor, numbers.start, high_ms, interval_ms, rows)
        yield _in_order(rows, size, low_ms)
        low_ms = high_ms


def _cursor(world: World, numbers: range, interval_ms: int, start_ms: int) -> _Cursor:
    """Place all vehicles just before *start_ms*."""
    count = len(numbers)
    cursor = _Cursor(np.zeros(count, TRAVELLER), np.empty(count, np.int64), np.empty(count, np.int64))
    place_at(world, cursor.travellers, numbers.start, start_ms)
    _first_moments(world, cursor, numbers.start, start_ms, interval_ms)
    return cursor


def _empty_rows(capacity: int) -> SimulatedPositions:
    """Return columns to be filled; `event_us` holds milliseconds until they are put in order."""
    return SimulatedPositions(
        vehicle=np.empty(capacity, np.int32),
        event_us=np.empty(capacity, np.int64),
        lat=np.empty(capacity, np.float64),
        lon=np.empty(capacity, np.float64),
        speed_kmh=np.empty(capacity, np.float32),
        heading_deg=np.empty(capacity, np.int16),
        vehicle_class=np.empty(capacity, np.uint8),
        fuel=np.empty(capacity, np.uint8),
        emission=np.empty(capacity, np.uint8),
    )


def _in_order(rows: SimulatedPositions, size: int, low_ms: int) -> SimulatedPositions:
    """Return a copy of the first *size* rows by event time, then vehicle."""
    offset_ms = (rows.event_us[:size] - low_ms).astype(np.uint16)
    order = np.argsort(offset_ms, kind="stable")  # radix sort; rows come by vehicle, and ties stay so
    ordered = SimulatedPositions._make(column[:size][order] for column in rows)
    return ordered._replace(event_us=ordered.event_us * 1_000)


@kernel
def _first_moments(
    world: World, cursor: _Cursor, first_vehicle: int, start_ms: int, interval_ms: int
) -> None:
    """Settle when each vehicle sends for the first time at or after *start_ms*."""
    for place in range(cursor.next_ms.size):
        row = cursor.travellers[place]
        phase_ms = draw(world.seed, first_vehicle + place, ONE_DAY, PHASE) % interval_ms
        cursor.phase_ms[place] = phase_ms
        if row["edge"] < 0:
            cursor.next_ms[place] = row["wake_ms"]
        else:
            regular_ms = _regular_after(start_ms - 1, phase_ms, interval_ms)
            cursor.next_ms[place] = min(regular_ms, row["leg_end_ms"])


@kernel
def _regular_after(time_ms: int, phase_ms: int, interval_ms: int) -> int:
    """Return the first regular sending time after *time_ms*."""
    return time_ms + interval_ms - (time_ms - phase_ms) % interval_ms


@kernel
def _send(
    world: World, cursor: _Cursor, first_vehicle: int, end_ms: int, interval_ms: int, rows: SimulatedPositions
) -> int:
    """Write all positions before *end_ms* that were not yet sent, by vehicle; return how many."""
    size = 0
    for place in range(cursor.next_ms.size):
        now_ms = int(cursor.next_ms[place])
        if now_ms >= end_ms:
            continue
        row = cursor.travellers[place]
        vehicle = first_vehicle + place
        while now_ms < end_ms:
            if row["edge"] >= 0:
                _write(world, row, vehicle, now_ms, rows, size)
                size += 1
                if now_ms == row["leg_end_ms"]:
                    arrive(world, row, vehicle)
            elif wake(world, row, vehicle):
                _write(world, row, vehicle, now_ms, rows, size)
                size += 1
            if row["edge"] < 0:
                now_ms = row["wake_ms"]
            else:
                regular_ms = _regular_after(now_ms, cursor.phase_ms[place], interval_ms)
                now_ms = min(regular_ms, row["leg_end_ms"])
        cursor.next_ms[place] = now_ms
    return size


@kernel
def _write(world: World, row: np.void, vehicle: int, now_ms: int, rows: SimulatedPositions, at: int) -> None:
    """Write the position of a vehicle on its leg at *now_ms*, going on along its edges."""
    roads = world.roads
    while row["edge_end_ms"] < now_ms:
        row["node"] = roads.edge_to[row["edge"]]
        next_edge(world, row)
    edge, node = row["edge"], row["node"]
    other = roads.edge_to[edge]
    share = (now_ms - row["edge_start_ms"]) / max(1, row["edge_end_ms"] - row["edge_start_ms"])
    rows.vehicle[at] = vehicle
    rows.event_us[at] = now_ms
    rows.lat[at] = _measured(roads.lat, node, other, share, draw(world.seed, vehicle, now_ms & MASK, NOISE))
    rows.lon[at] = _measured(
        roads.lon, node, other, share, draw(world.seed, vehicle, now_ms & MASK, NOISE + 1)
    )
    is_standing = now_ms in (row["leg_start_ms"], row["leg_end_ms"])
    rows.speed_kmh[at] = (
        0.0 if is_standing else int(10.0 * float(roads.edge_kmh[edge]) / row["slowness"] + 0.5) / 10.0
    )
    rows.heading_deg[at] = roads.edge_heading_deg[edge]
    rows.vehicle_class[at] = world.fleet.vehicle_class[row["habit"]]
    rows.fuel[at] = row["fuel"]
    rows.emission[at] = row["emission"]


@kernel
def _measured(degrees: Float64Array, node: int, other: int, share: float, bits: int) -> float:
    """Return a coordinate between two nodes as a receiver measures it, in millionths of a degree."""
    exact = degrees[node] + share * (degrees[other] - degrees[node])
    # four bytes together look normal; their sum lies between 0 and 1020
    total = (bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >> 24)
    return float(round((exact + (total - 510) / 148.0 * NOISE_DEG * 0.6) * 1e6) / 1e6)
