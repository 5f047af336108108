"""What a vehicle does on a day: each answer is a pure function of (seed, vehicle, day).

An operating day runs from `BREAK_MS` after one local midnight to as long after the next: at noon for vehicles
that work at night, at two o'clock for all others. No tour crosses its end, so days are independent.
"""

from typing import Final, NamedTuple

from processors.columns import Int64Array
from processors.jit import kernel
from processors.simulation.draws import bell, draw, fraction
from processors.simulation.fleet import DIESEL, ELECTRICITY, PETROL, ZERO_EMISSION_START_DAY, Fleet
from processors.simulation.roads import RoadGraph
from processors.vocabulary import VehicleClass

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000.0
BREAK_MS: Final = 7_200_000
NIGHT_BREAK_MS: Final = 43_200_000
NIGHT_H: Final = 20.0  # who starts later works at night

NEVER_MS: Final = 1 << 62
ONE_DAY: Final = -1  # stands for the day in questions whose answer is the same every day

# questions about a vehicle on a day; those about a stop add its number
HABIT: Final = 1
HOME: Final = 2
ACTIVE: Final = 3
START: Final = 4
END: Final = 5
EVENING: Final = 6
EVENING_START: Final = 7
IN_CENTRE: Final = 8
ROUND: Final = 9
POWER: Final = 10
STANDARD: Final = 11
STOP_PLACE: Final = 1_000
STOP_TIME: Final = 2_000
TRAFFIC: Final = 3_000
PASS: Final = 100  # added for the second tour

_L: Final = int(VehicleClass.L)
_M1: Final = int(VehicleClass.M1)
_M1_PETROL_SHARE: Final = 0.8


class World(NamedTuple):
    """Everything that the plans of all vehicles are computed from."""

    seed: int
    roads: RoadGraph
    fleet: Fleet
    midnights_ms: Int64Array  # UTC time of each local midnight since 1970-01-01


@kernel
def habit_of(world: World, vehicle: int) -> int:
    """Return the number of the vehicle's habit."""
    return int(world.fleet.habit_of_draw[draw(world.seed, vehicle, ONE_DAY, HABIT) & 1023])


@kernel
def home_of(world: World, vehicle: int, habit: int) -> int:
    """Return the node where a vehicle stays overnight."""
    bits = draw(world.seed, vehicle, ONE_DAY, HOME)
    if world.fleet.starts_at_depot[habit]:
        return int(world.fleet.depot_nodes[bits % world.fleet.depot_nodes.size])
    return bits % world.roads.lat.size


@kernel
def break_ms(world: World, habit: int) -> int:
    """Return when after local midnight one operating day ends and the next begins."""
    return NIGHT_BREAK_MS if world.fleet.start_h[habit] > NIGHT_H else BREAK_MS


@kernel
def day_at(world: World, habit: int, time_ms: int) -> int:
    """Return the operating day of a time."""
    since_ms = time_ms - break_ms(world, habit)
    day = since_ms // DAY_MS - 1  # a local midnight is at most two hours before that of UTC
    while world.midnights_ms[day + 1] <= since_ms:
        day += 1
    return day


@kernel
def clock_ms(world: World, day: int, hour: float) -> int:
    """Return the time at which clocks show *hour* on a day; hours before three are not asked for."""
    length_ms = world.midnights_ms[day + 1] - world.midnights_ms[day]
    return int(world.midnights_ms[day] + int(hour * HOUR_MS) + length_ms - DAY_MS)


@kernel
def start_ms(world: World, vehicle: int, habit: int, day: int, tour: int) -> int:
    """Return when a vehicle leaves home for its first or second tour, `NEVER_MS` if it does not."""
    fleet = world.fleet
    if fraction(world.seed, vehicle, day, ACTIVE) >= fleet.active[habit, (day + 3) % 7]:
        return NEVER_MS
    if tour == 0:
        hour = fleet.start_h[habit] + fleet.start_spread_h[habit] * bell(world.seed, vehicle, day, START)
        return clock_ms(world, day, max(3.0, hour))
    if tour == 1 and fraction(world.seed, vehicle, day, EVENING) < fleet.evening[habit]:
        return clock_ms(world, day, 18.6 + 2.0 * fraction(world.seed, vehicle, day, EVENING_START))
    return NEVER_MS


@kernel
def end_ms(world: World, vehicle: int, habit: int, day: int, tour: int) -> int:
    """Return the time from which a vehicle goes home after its stop."""
    if tour == 1:
        return clock_ms(world, day, 21.5)
    fleet = world.fleet
    hour = fleet.end_h[habit] + fleet.end_spread_h[habit] * bell(world.seed, vehicle, day, END)
    return clock_ms(world, day, hour)


@kernel
def stop_node(world: World, vehicle: int, habit: int, day: int, tour: int, stop: int, node: int) -> int:
    """Return where a stop of a tour is, never *node*, where the vehicle stands."""
    fleet = world.fleet
    nodes = world.roads.lat.size
    round_day = ONE_DAY if fleet.is_commuter[habit] and tour == 0 else day
    bits = draw(world.seed, vehicle, round_day, ROUND + PASS * tour)
    if fraction(world.seed, vehicle, round_day, IN_CENTRE + PASS * tour) < fleet.centre[habit]:
        middle = fleet.centre_nodes[bits % fleet.centre_nodes.size]
    else:
        middle = bits % nodes
    reach = int(fleet.reach[habit])
    aside = draw(world.seed, vehicle, round_day, STOP_PLACE + PASS * tour + stop) % (2 * reach + 1) - reach
    place = (middle + aside) % nodes
    return int(place if place != node else (place + 1) % nodes)


@kernel
def leave_ms(world: World, vehicle: int, habit: int, day: int, tour: int, stop: int, now_ms: int) -> int:
    """Return when a vehicle leaves the stop that it reached at *now_ms*."""
    fleet = world.fleet
    if fleet.is_commuter[habit] and tour == 0:
        return max(now_ms + 600_000, end_ms(world, vehicle, habit, day, tour))
    share = fraction(world.seed, vehicle, day, STOP_TIME + PASS * tour + stop)
    shortest_s, longest_s = fleet.stop_min_s[habit], fleet.stop_max_s[habit]
    return now_ms + int((shortest_s + (longest_s - shortest_s) * share) * 1_000.0)


@kernel
def slowness(world: World, vehicle: int, habit: int, day: int, leg: int, now_ms: int) -> float:
    """Return how many times longer than on an empty road a leg takes that begins at *now_ms*."""
    hour = (now_ms - world.midnights_ms[day]) / HOUR_MS
    morning, evening = hour - 8.0, hour - 17.0
    rush = 0.0
    if abs(morning) < 2.0:
        rush = 0.7 * (1.0 - 0.25 * morning * morning)
    if abs(evening) < 2.0:
        rush = 0.7 * (1.0 - 0.25 * evening * evening)
    heavy = 0.15 if world.fleet.vehicle_class[habit] in (4, 5) else 0.0  # N2, N3
    return 1.15 + rush + heavy + 0.3 * fraction(world.seed, vehicle, day, TRAFFIC + leg)


@kernel
def fuel_of(world: World, vehicle: int, habit: int, day: int) -> int:
    """Return the fuel code of a vehicle on a day: once electric it stays so, and more become so each year."""
    years = (day - ZERO_EMISSION_START_DAY) / 365.25
    share = world.fleet.zero_emission_2025[habit] + years * world.fleet.zero_emission_growth[habit]
    if fraction(world.seed, vehicle, ONE_DAY, POWER) < share:
        return ELECTRICITY
    vehicle_class = world.fleet.vehicle_class[habit]
    if vehicle_class == _L:
        return PETROL
    is_petrol = fraction(world.seed, vehicle, ONE_DAY, STANDARD + PASS) < _M1_PETROL_SHARE
    return PETROL if vehicle_class == _M1 and is_petrol else DIESEL


@kernel
def emission_of(world: World, vehicle: int, fuel: int) -> int:
    """Return the emission code of a vehicle that runs on *fuel*."""
    if fuel == ELECTRICITY:
        return 0
    share = fraction(world.seed, vehicle, ONE_DAY, STANDARD)
    if share < 0.7:
        return 1
    return 2 if share < 0.92 else 3
