"""Detections of the simulated vehicles as they pass the cameras of the cordon."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.jit import kernel
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedDetections
from processors.simulation.day_plan import World
from processors.simulation.draws import MASK, draw, fraction
from processors.simulation.travel import TRAVELLER, Travellers, arrive, next_edge, place_at, wake
from processors.vocabulary import Direction

SHORTEST_PASS_S: Final = 5.0  # no vehicle passes two cameras, or makes two stops, in less
MAX_WINDOW_S: Final = 60.0
READ: Final = 21
CONFIDENCE: Final = 22
LANE: Final = 23
IDENTITY: Final = 24
MISSED: Final = 0.04  # share of passages that no camera reads
MUTE: Final = 0.02  # share of detections without direction

_UNKNOWN: Final = int(Direction.UNKNOWN)


class _Passages(NamedTuple):
    """What a kernel needs of the cordon, and where it writes."""

    edge_camera: Int32Array
    edge_share: Float64Array
    edge_direction: UInt8Array
    rows: SimulatedDetections


def detections(
    city: SimulatedCity, start_us: int, end_us: int, *, window_s: float = 1.0, vehicles: range | None = None
) -> Iterator[SimulatedDetections]:
    """Yield the detections from *start_us* up to, not including, *end_us* in order of event time.

    They are of the same vehicles on the same ways as `positions`. A batch covers *window_s* of event time, at
    most 60 s; the rows do not depend on it.
    """
    numbers = range(city.vehicles) if vehicles is None else vehicles
    window_ms = round(min(window_s, MAX_WINDOW_S) * 1_000)
    low_ms, last_ms = -(-start_us // 1_000), -(-end_us // 1_000)
    travellers = np.zeros(len(numbers), TRAVELLER)
    next_ms = np.empty(len(numbers), np.int64)
    rows = _empty_rows(int(len(numbers) * (window_ms / 1_000.0 / SHORTEST_PASS_S + 2.0)) + 1)
    passages = _Passages(city.cordon.edge_camera, city.cordon.edge_share, city.cordon.edge_direction, rows)
    place_at(city.world, travellers, numbers.start, low_ms)
    _first_passages(city.world, travellers, next_ms, passages, low_ms)
    while low_ms < last_ms:
        high_ms = min(low_ms + window_ms, last_ms)
        size = _pass(city.world, travellers, next_ms, passages, numbers.start, high_ms)
        yield _in_order(city.world.seed, rows, size)
        low_ms = high_ms


def _empty_rows(capacity: int) -> SimulatedDetections:
    """Return columns to be filled; `event_us` holds milliseconds until they are put in order."""
    return SimulatedDetections(
        vehicle=np.empty(capacity, np.int32),
        event_us=np.empty(capacity, np.int64),
        camera=np.empty(capacity, np.int32),
        direction=np.empty(capacity, np.uint8),
        confidence=np.empty(capacity, np.float64),
        lane=np.empty(capacity, np.uint8),
        vehicle_class=np.empty(capacity, np.uint8),
        fuel=np.empty(capacity, np.uint8),
        observation_hi=np.empty(capacity, np.uint64),
        observation_lo=np.empty(capacity, np.uint64),
    )


def _in_order(seed: int, rows: SimulatedDetections, size: int) -> SimulatedDetections:
    """Return a copy of the first *size* rows by event time, then vehicle, with their observation ids."""
    order = np.argsort(rows.event_us[:size], kind="stable")
    ordered = SimulatedDetections._make(column[:size][order] for column in rows)
    high, low = _observation_ids(seed, ordered)
    return ordered._replace(event_us=ordered.event_us * 1_000, observation_hi=high, observation_lo=low)


def _observation_ids(seed: int, rows: SimulatedDetections) -> tuple[UInt64Array, UInt64Array]:
    """Return ids in the form of UUID version 4, unique by seed, vehicle, time and camera."""
    vehicle, event_ms = rows.vehicle.astype(np.uint64), rows.event_us.astype(np.uint64)
    city = np.uint64(draw(seed, 0, 0, IDENTITY) << 32)
    high = (
        city | (vehicle >> np.uint64(12) << np.uint64(16)) | np.uint64(0x4000) | (vehicle & np.uint64(0xFFF))
    )
    low = np.uint64(1 << 63) | (event_ms << np.uint64(16)) | rows.camera.astype(np.uint64)
    return high, low


@kernel
def _first_passages(
    world: World, travellers: Travellers, next_ms: Int64Array, passages: _Passages, start_ms: int
) -> None:
    """Settle when each vehicle passes a camera, parks or leaves for the first time at or after *start_ms*."""
    for place in range(travellers.size):
        row = travellers[place]
        moment_ms = row["wake_ms"] if row["edge"] < 0 else _next_passage(world, row, passages)
        while moment_ms < start_ms:
            moment_ms = _passage_after(world, row, passages)
        next_ms[place] = moment_ms


@kernel
def _pass(
    world: World,
    travellers: Travellers,
    next_ms: Int64Array,
    passages: _Passages,
    first_vehicle: int,
    end_ms: int,
) -> int:
    """Write all detections before *end_ms* that were not yet written, by vehicle; return how many."""
    size = 0
    for place in range(travellers.size):
        now_ms = int(next_ms[place])
        if now_ms >= end_ms:
            continue
        row = travellers[place]
        vehicle = first_vehicle + place
        while now_ms < end_ms:
            if row["edge"] < 0:
                wake(world, row, vehicle)
                now_ms = row["wake_ms"] if row["edge"] < 0 else _next_passage(world, row, passages)
            elif now_ms == row["leg_end_ms"]:
                arrive(world, row, vehicle)
                now_ms = row["wake_ms"]
            else:
                size += _write(world, row, vehicle, now_ms, passages, size)
                now_ms = _passage_after(world, row, passages)
        next_ms[place] = now_ms
    return size


@kernel
def _next_passage(world: World, row: np.void, passages: _Passages) -> int:
    """Go on to the first edge of the leg with a camera, from the present one; return when it is passed.

    Without any the vehicle is on its last edge, and the moment is the end of the leg.
    """
    while passages.edge_camera[row["edge"]] < 0:
        if row["edge_end_ms"] >= row["leg_end_ms"]:
            return int(row["leg_end_ms"])
        row["node"] = world.roads.edge_to[row["edge"]]
        next_edge(world, row)
    length_ms = row["edge_end_ms"] - row["edge_start_ms"]
    along_ms = min(int(passages.edge_share[row["edge"]] * length_ms), length_ms - 1)
    return int(row["edge_start_ms"] + along_ms)


@kernel
def _passage_after(world: World, row: np.void, passages: _Passages) -> int:
    """Leave the edge with the camera that was passed; return the next moment as `_next_passage` does."""
    if row["edge_end_ms"] >= row["leg_end_ms"]:
        return int(row["leg_end_ms"])
    row["node"] = world.roads.edge_to[row["edge"]]
    next_edge(world, row)
    return _next_passage(world, row, passages)


@kernel
def _write(world: World, row: np.void, vehicle: int, now_ms: int, passages: _Passages, at: int) -> int:
    """Write the detection of a passage, unless the camera missed it; return how many were written."""
    key = now_ms & MASK
    chance = fraction(world.seed, vehicle, key, READ)
    if chance < MISSED:
        return 0
    edge, rows = row["edge"], passages.rows
    blur = fraction(world.seed, vehicle, key, CONFIDENCE) ** 16
    rows.vehicle[at] = vehicle
    rows.event_us[at] = now_ms
    rows.camera[at] = passages.edge_camera[edge]
    rows.direction[at] = _UNKNOWN if chance > 1.0 - MUTE else passages.edge_direction[edge]
    rows.confidence[at] = int(99.0 - 60.0 * blur) / 100.0
    rows.lane[at] = 1 + (draw(world.seed, vehicle, key, LANE) & 1)
    rows.vehicle_class[at] = world.fleet.vehicle_class[row["habit"]]
    rows.fuel[at] = row["fuel"]
    return 1
