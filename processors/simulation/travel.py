"""Vehicles under way: a small state per vehicle that follows its plan leg by leg and edge by edge.

The state is only a cursor: it can be set to any time, and every number in it is a function of the plan, so
that windows of any length see the same positions. A vehicle is parked (`edge` is -1) until `wake_ms`, or on
`edge`. All times are whole milliseconds.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.jit import kernel
from processors.simulation.day_plan import (
    NEVER_MS,
    World,
    break_ms,
    day_at,
    emission_of,
    end_ms,
    fuel_of,
    habit_of,
    home_of,
    leave_ms,
    slowness,
    start_ms,
    stop_node,
)

TRAVELLER: Final = np.dtype(
    [
        ("wake_ms", np.int64),  # when a parked vehicle leaves
        ("leg_start_ms", np.int64),
        ("leg_end_ms", np.int64),
        ("edge_start_ms", np.int64),
        ("edge_end_ms", np.int64),
        ("slowness", np.float64),  # of the leg
        ("day", np.int32),  # operating day
        ("node", np.int32),  # where it is parked, or where its edge begins
        ("target", np.int32),  # node at the end of the leg
        ("edge", np.int32),  # -1 while parked
        ("driven_ms", np.int32),  # free driving time of the leg up to the end of the edge
        ("stop", np.int16),  # stops made on this tour, or IDLE
        ("tour", np.int8),
        ("habit", np.uint8),
        ("fuel", np.uint8),
        ("emission", np.uint8),
    ],
    align=True,
)
"""80 bytes a vehicle."""

IDLE: Final = -1  # number of stops of a vehicle that stays at home until its next operating day

Travellers = NDArray[np.void]


@kernel
def place_at(world: World, travellers: Travellers, first_vehicle: int, time_ms: int) -> None:
    """Set each traveller to its last leg that begins before, and ends at or after, *time_ms*, or parked."""
    for place in range(travellers.size):
        vehicle = first_vehicle + place
        row = travellers[place]
        habit = habit_of(world, vehicle)
        row["habit"] = habit
        _begin_day(world, row, vehicle, day_at(world, habit, time_ms))
        while True:
            if row["edge"] < 0:
                if row["wake_ms"] >= time_ms:
                    break
                wake(world, row, vehicle)
            elif row["leg_end_ms"] >= time_ms:
                break
            else:
                arrive(world, row, vehicle)


@kernel
def wake(world: World, row: np.void, vehicle: int) -> bool:
    """Let a parked vehicle leave at its `wake_ms`; one that is idle that day begins its next day instead.

    Returns:
        Whether it leaves.
    """
    if row["stop"] == IDLE:
        _begin_day(world, row, vehicle, int(row["day"]) + 1)
        return False
    _depart(world, row, vehicle)
    return True


@kernel
def _depart(world: World, row: np.void, vehicle: int) -> None:
    """Begin the leg to the next stop, or home."""
    habit, day, tour, stop = int(row["habit"]), int(row["day"]), int(row["tour"]), int(row["stop"])
    now_ms, node = row["wake_ms"], row["node"]
    home = home_of(world, vehicle, habit)
    is_done = stop >= world.fleet.stops[habit] or now_ms >= end_ms(world, vehicle, habit, day, tour)
    target = home if stop > 0 and is_done else stop_node(world, vehicle, habit, day, tour, stop, node)
    slow = slowness(world, vehicle, habit, day, 128 * tour + stop, now_ms)
    row["target"] = target
    row["slowness"] = slow
    row["leg_start_ms"] = now_ms
    row["leg_end_ms"] = now_ms + max(1, int(world.roads.way_ms[target, node] * slow))
    row["edge_end_ms"] = now_ms
    row["driven_ms"] = 0
    row["edge"] = 0
    next_edge(world, row)


@kernel
def next_edge(world: World, row: np.void) -> None:
    """Go on to the next edge of the leg; the vehicle is at the node where it begins."""
    roads, node, target = world.roads, row["node"], row["target"]
    edge = roads.first_edge[node] + roads.way[target, node]
    driven_ms = row["driven_ms"] + roads.edge_ms[edge]
    row["edge"] = edge
    row["edge_start_ms"] = row["edge_end_ms"]
    row["driven_ms"] = driven_ms
    row["edge_end_ms"] = row["leg_start_ms"] + max(1, int(driven_ms * row["slowness"]))


@kernel
def arrive(world: World, row: np.void, vehicle: int) -> None:
    """Park a vehicle at the end of its leg and settle when it leaves again."""
    habit, day, tour, now_ms = int(row["habit"]), int(row["day"]), int(row["tour"]), int(row["leg_end_ms"])
    node = row["target"]
    row["node"] = node
    row["edge"] = -1
    if row["stop"] > 0 and node == home_of(world, vehicle, habit):
        row["tour"] = tour + 1
        row["stop"] = 0
        wake_ms = start_ms(world, vehicle, habit, day, tour + 1)
        if wake_ms == NEVER_MS or wake_ms <= now_ms:
            _begin_day(world, row, vehicle, day + 1)
        else:
            row["wake_ms"] = wake_ms
        return
    row["wake_ms"] = leave_ms(world, vehicle, habit, day, tour, int(row["stop"]), now_ms)
    row["stop"] += 1


@kernel
def _begin_day(world: World, row: np.void, vehicle: int, day: int) -> None:
    """Park a vehicle at home until its first tour of an operating day, or the next day if it has none."""
    habit = int(row["habit"])
    row["tour"] = 0
    row["stop"] = 0
    row["node"] = home_of(world, vehicle, habit)
    row["edge"] = -1
    row["day"] = day
    fuel = fuel_of(world, vehicle, habit, day)
    row["fuel"] = fuel
    row["emission"] = emission_of(world, vehicle, fuel)
    wake_ms = start_ms(world, vehicle, habit, day, 0)
    if wake_ms == NEVER_MS:
        wake_ms = world.midnights_ms[day + 1] + break_ms(world, habit)
        row["stop"] = IDLE
    row["wake_ms"] = wake_ms
