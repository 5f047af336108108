"""Who drives: vehicle classes, how each kind of vehicle spends its day, and what it runs on."""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, UInt8Array
from processors.vocabulary import VehicleClass

ELECTRICITY: Final = 0
DIESEL: Final = 1
PETROL: Final = 2
FUELS: Final = ("electricity", "diesel", "petrol")

EMISSIONS: Final = ("zero", "euro6", "euro5", "euro4")
"""Emission standards by code; the first is that of electric vehicles."""

ZERO_EMISSION_START_DAY: Final = 20_089  # 2025-01-01: the first zero-emission zones


class Habit(NamedTuple):
    """How a kind of vehicle spends an active day. Hours are local clock hours, beyond 24 the next day."""

    share: float  # of the fleet
    vehicle_class: VehicleClass
    start_h: float
    start_spread_h: float
    end_h: float  # from here on it goes home after the stop
    end_spread_h: float
    stops: int  # at most, per tour
    stop_min_s: float
    stop_max_s: float
    reach: int  # how many nodes along the curve a round spreads to either side
    centre: float  # chance that the round is in the centre
    evening: float  # chance of a second tour in the evening
    weekend: float  # chance of being active on a Saturday; a third of it on a Sunday
    is_commuter: bool  # one stop that lasts until the end of the day, at the same place each day
    starts_at_depot: bool
    zero_emission_2025: float  # share on the first day of 2025
    zero_emission_growth: float  # share per year


_C = VehicleClass
HABITS: Final = (
    # share, class, start ± h, end ± h, stops of s to s, reach, centre, evening, weekend, commuter, depot, ZE
    Habit(0.22, _C.N1, 7.75, 0.35, 17.65, 0.35, 90, 150, 900, 30, 0.5, 0.10, 0.45, False, True, 0.14, 0.06),
    Habit(0.15, _C.N1, 7.7, 0.4, 17.6, 0.4, 40, 420, 900, 120, 0.4, 0.05, 0.15, False, True, 0.06, 0.05),
    Habit(0.08, _C.N2, 7.2, 0.9, 17.3, 0.8, 40, 420, 900, 120, 0.5, 0.0, 0.25, False, True, 0.05, 0.04),
    Habit(0.07, _C.N3, 6.9, 1.1, 16.8, 1.0, 30, 600, 900, 250, 0.3, 0.0, 0.25, False, True, 0.02, 0.03),
    Habit(0.01, _C.N2, 3.8, 0.5, 9.5, 0.5, 12, 180, 900, 200, 0.6, 0.0, 0.6, False, True, 0.05, 0.04),
    Habit(0.012, _C.N3, 21.6, 0.8, 25.1, 0.4, 30, 240, 900, 500, 0.2, 0.0, 0.3, False, True, 0.02, 0.03),
    Habit(0.018, _C.N1, 21.8, 0.8, 25.2, 0.4, 40, 180, 900, 300, 0.4, 0.0, 0.4, False, True, 0.08, 0.06),
    Habit(0.31, _C.M1, 7.95, 0.3, 17.3, 0.3, 1, 600, 900, 200, 0.5, 0.25, 0.1, True, False, 0.08, 0.04),
    Habit(0.07, _C.M1, 13.0, 2.6, 23.0, 0.3, 2, 900, 4_500, 150, 0.6, 0.2, 0.9, False, False, 0.08, 0.04),
    Habit(0.03, _C.L, 9.3, 1.0, 19.5, 1.4, 80, 120, 600, 25, 0.9, 0.1, 0.8, False, False, 0.70, 0.05),
    Habit(0.005, _C.M2, 7.2, 0.7, 18.0, 1.0, 80, 120, 600, 400, 0.4, 0.0, 0.6, False, True, 0.10, 0.05),
    Habit(0.005, _C.M3, 7.0, 0.7, 19.0, 1.5, 80, 120, 600, 500, 0.4, 0.0, 0.7, False, True, 0.20, 0.06),
    Habit(0.02, _C.OTHER, 8.2, 0.8, 16.3, 0.8, 20, 600, 900, 120, 0.4, 0.0, 0.05, False, True, 0.03, 0.03),
)


class Fleet(NamedTuple):
    """The habits as arrays that kernels read, one entry per habit unless said otherwise."""

    habit_of_draw: UInt8Array  # habit by ten random bits
    vehicle_class: UInt8Array
    start_h: Float64Array
    start_spread_h: Float64Array
    end_h: Float64Array
    end_spread_h: Float64Array
    stops: Int32Array
    stop_min_s: Float64Array
    stop_max_s: Float64Array
    reach: Int32Array
    centre: Float64Array
    evening: Float64Array
    active: Float64Array  # shape (habits, 7): chance of being active, Monday first
    is_commuter: UInt8Array
    starts_at_depot: UInt8Array
    zero_emission_2025: Float64Array
    zero_emission_growth: Float64Array
    centre_nodes: Int32Array  # nodes within the environmental zone, more than once where stops are frequent
    depot_nodes: Int32Array  # nodes in industrial estates


def build_fleet(centre_nodes: Int32Array, depot_nodes: Int32Array) -> Fleet:
    """Turn the habits into arrays."""
    shares = np.array([habit.share for habit in HABITS])
    ends = np.cumsum(shares / shares.sum()) * 1024.0
    active = [[0.93] * 5 + [habit.weekend, habit.weekend / 3.0] for habit in HABITS]

    def column(name: str) -> Float64Array:
        return np.array([float(getattr(habit, name)) for habit in HABITS])

    return Fleet(
        habit_of_draw=np.searchsorted(ends, np.arange(1024), side="right").astype(np.uint8),
        vehicle_class=column("vehicle_class").astype(np.uint8),
        start_h=column("start_h"),
        start_spread_h=column("start_spread_h"),
        end_h=column("end_h"),
        end_spread_h=column("end_spread_h"),
        stops=column("stops").astype(np.int32),
        stop_min_s=column("stop_min_s"),
        stop_max_s=column("stop_max_s"),
        reach=column("reach").astype(np.int32),
        centre=column("centre"),
        evening=column("evening"),
        active=np.array(active),
        is_commuter=column("is_commuter").astype(np.uint8),
        starts_at_depot=column("starts_at_depot").astype(np.uint8),
        zero_emission_2025=column("zero_emission_2025"),
        zero_emission_growth=column("zero_emission_growth"),
        centre_nodes=centre_nodes,
        depot_nodes=depot_nodes,
    )
