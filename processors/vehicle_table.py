"""The table of vehicles of one observation partition: one record per pseudonym, found by hash.

A *vehicle* is a pseudonym, which lives for one local day. Records are rows of structured arrays, because a step
touches most fields of one vehicle and none of its neighbour. Places of removed vehicles are used again.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Int32Array, Int64Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel, prefetch
from processors.records import new_records, with_record_room
from processors.visited_zones import FREE_ZONE, LINE_ZONES, VISITED_LINE, clear_line, place_in_line
from processors.vocabulary import ZERO_EMISSIONS
from processors.zone_sets import NO_ZONES

NONE: Final = -1
NEVER_US: Final = -(1 << 62)
FOREVER_US: Final = 1 << 62
NO_CLASS: Final = 255
DAY_MASK: Final = 0xFFFF
EMISSIONS: Final = len(ZERO_EMISSIONS)
UNCOUNTED: Final = -(1 << 31)  # in place of a slot: neither slot, hour nor day has counted the vehicle

VEHICLE: Final = np.dtype(
    [
        ("hi", "u8"),  # pseudonym, upper half
        ("lo", "u8"),  # pseudonym, lower half
        ("event_us", "i8"),  # last taken position, NEVER_US before the first
        ("lat", "f8"),
        ("lon", "f8"),
        ("run_us", "i8"),  # running run that all open visits have in common, NEVER_US where they differ
        ("run_lat", "f8"),
        ("run_lon", "f8"),
        ("zone_set", "i4"),  # zones of the last taken position
        ("day", "i4"),  # local day of the pseudonym
        ("zone_version", "i4"),  # version of the zones when the last position was taken
        ("held_head", "i4"),  # held positions in event order; next free place when not in use
        ("held_tail", "i4"),
        ("held_finger", "i4"),  # held position that was linked last
        ("visits", "i4"),  # first open visit
        ("visited", "i4"),  # first line of the zones visited today
        ("slot", "i4"),  # slot that counted the vehicle in all open visits, UNCOUNTED where they differ
        ("carrier", "u4"),  # of the first taken position, 0 before it and where it names none
        ("vehicle_class", "u1"),  # of the first taken position, NO_CLASS before it
        ("zero_emission", "u1"),
        ("in_use", "u1"),
    ],
    align=True,
)

NEWEST: Final = np.dtype(
    [
        ("us", "i8"),  # newest accepted position, taken or not
        ("zone_set", "i4"),  # its zones, NO_ZONES when the vehicle is not in use
        ("day", "u2"),  # low bits of the local day of the pseudonym
        ("group", "u1"),  # class and emission of the first taken position, of the newest one before it
    ],
    align=True,
)
"""What is asked of every vehicle several times a second, apart from what only a step of the vehicle needs."""

VISIT: Final = np.dtype(
    [
        ("first_us", "i8"),  # first position inside
        ("run_us", "i8"),  # first position of the running run
        ("run_lat", "f8"),
        ("run_lon", "f8"),
        ("zone_no", "i4"),
        ("visited", "i4"),  # place of the zone among those visited today
        ("slot", "i4"),  # slot that counted the vehicle last; ~slot when only its hour and day still count
        ("following", "i4"),  # next open visit of the vehicle, by zone number; next free place when free
    ],
    align=True,
)

# places in `counts`
VEHICLES_TOP: Final = 0  # places used at any time
VEHICLES_FREE: Final = 1  # first free place below the top, or NONE
VEHICLES: Final = 2  # vehicles in use
LINES_TOP: Final = 3
LINES_FREE: Final = 4
VISITS_TOP: Final = 5
VISITS_FREE: Final = 6
OPEN_VISITS: Final = 7
VISITED: Final = 8  # zones visited today, of all vehicles
NEXT_EXPIRY_US: Final = 9  # no vehicle expires before; a lower bound
LINES: Final = 10  # of visited zones in use
COUNTS: Final = 11


class VehicleArrays(NamedTuple):
    """Vehicles, the zones they visited today, their open visits, and the hash places that find them."""

    vehicles: NDArray[np.void]  # VEHICLE
    newest: NDArray[np.void]  # NEWEST, by row of the vehicle
    expires_us: Int64Array  # stream time beyond which the vehicle is silent for good or its day is over
    places: Int32Array  # hash table of vehicle rows, NONE where free; a power of two long
    visited: NDArray[np.void]  # VISITED_LINE
    visits: NDArray[np.void]  # VISIT
    counts: Int64Array  # shape (COUNTS,)


def new_vehicle_arrays(vehicles: int = 1 << 10, lines: int = 1 << 10, visits: int = 1 << 10) -> VehicleArrays:
    """Return empty tables with room for so many vehicles, lines of visited zones and open visits."""
    counts = np.zeros(COUNTS, np.int64)
    counts[[VEHICLES_FREE, LINES_FREE, VISITS_FREE]] = NONE
    counts[NEXT_EXPIRY_US] = FOREVER_US
    return VehicleArrays(
        new_records(vehicles, VEHICLE),
        new_records(vehicles, NEWEST),
        new_records(vehicles, np.dtype(np.int64)),
        _no_places(vehicles),
        new_records(lines, VISITED_LINE),
        new_records(visits, VISIT),
        counts,
    )


def _no_places(vehicles: int) -> Int32Array:
    """Return a hash table without rows, at least half of it free with so many."""
    return np.full(2 << max(4, (vehicles - 1).bit_length()), NONE, np.int32)


def with_room(arrays: VehicleArrays, *, vehicles: int, visited: int, visits: int) -> VehicleArrays:
    """Return the same tables with room for so many more vehicles, visited zones and open visits."""
    counts = arrays.counts
    arrays = _with_vehicle_room(arrays, int(counts[VEHICLES]) + vehicles)
    # as many lines as zones: each may be the first one of a vehicle
    longer = with_record_room(arrays.visited, int(counts[LINES_TOP]), int(counts[LINES]) + visited)
    more = with_record_room(arrays.visits, int(counts[VISITS_TOP]), int(counts[OPEN_VISITS]) + visits)
    if longer is arrays.visited and more is arrays.visits:
        return arrays
    return arrays._replace(visited=longer, visits=more)


def _with_vehicle_room(arrays: VehicleArrays, need: int) -> VehicleArrays:
    """Return the same tables with room for so many vehicles."""
    if need <= arrays.vehicles.size:
        return arrays
    top = int(arrays.counts[VEHICLES_TOP])
    grown = arrays._replace(
        vehicles=with_record_room(arrays.vehicles, top, need),
        newest=with_record_room(arrays.newest, top, need),
        expires_us=with_record_room(arrays.expires_us, top, need),
    )
    grown = grown._replace(places=_no_places(grown.vehicles.size))
    rehash(grown)
    return grown


@lean_kernel
def rehash(arrays: VehicleArrays) -> None:
    """Fill the hash places from the vehicles in use."""
    arrays.places[:] = NONE
    for row in range(arrays.counts[VEHICLES_TOP]):
        vehicle = arrays.vehicles[row]
        if vehicle["in_use"]:
            arrays.places[_free_place(arrays, vehicle["lo"])] = row


@inner_kernel
def _home(arrays: VehicleArrays, lo: np.uint64) -> np.int64:
    # pseudonyms are uniform, so their low bits are a hash
    return np.int64(lo & np.uint64(arrays.places.size - 1))


@inner_kernel
def _free_place(arrays: VehicleArrays, lo: np.uint64) -> np.int64:
    mask = arrays.places.size - 1
    place = _home(arrays, lo)
    while arrays.places[place] != NONE:
        place = (place + 1) & mask
    return place


@inner_kernel
def vehicle_of(arrays: VehicleArrays, hi: np.uint64, lo: np.uint64, day: int) -> int:
    """Return the row of a pseudonym, adding a vehicle without positions when new. There must be room."""
    mask = arrays.places.size - 1
    place = _home(arrays, lo)
    while arrays.places[place] != NONE:
        row = arrays.places[place]
        if arrays.vehicles[row]["lo"] == lo and arrays.vehicles[row]["hi"] == hi:
            return row
        place = (place + 1) & mask
    row = arrays.counts[VEHICLES_FREE]
    if row == NONE:
        row = arrays.counts[VEHICLES_TOP]
        arrays.counts[VEHICLES_TOP] += 1
    else:
        arrays.counts[VEHICLES_FREE] = arrays.vehicles[row]["held_head"]
    arrays.counts[VEHICLES] += 1
    arrays.places[place] = row
    _clear(arrays, row, hi, lo, day)
    return row


@inner_kernel
def now_group(vehicle_class: int, zero_emission: int) -> int:
    """Return the group that a vehicle is counted in now."""
    return vehicle_class * EMISSIONS + zero_emission


@inner_kernel
def look_for_vehicles(arrays: VehicleArrays, lo: UInt64Array) -> None:
    """Ask for the memory of vehicles by the lower halves of their pseudonyms: hash places first, then records."""
    for number in range(lo.size):
        prefetch(arrays.places, _home(arrays, lo[number]))
    for number in range(lo.size):
        row = arrays.places[_home(arrays, lo[number])]
        if row != NONE:
            prefetch(arrays.vehicles, row)
            prefetch(arrays.newest, row)


@inner_kernel
def _clear(arrays: VehicleArrays, row: int, hi: np.uint64, lo: np.uint64, day: int) -> None:
    vehicle, newest = arrays.vehicles[row], arrays.newest[row]
    vehicle["hi"] = hi
    vehicle["lo"] = lo
    vehicle["day"] = day
    vehicle["event_us"] = NEVER_US
    vehicle["run_us"] = NEVER_US
    vehicle["slot"] = UNCOUNTED
    vehicle["zone_set"] = 0
    vehicle["zone_version"] = 0
    vehicle["held_head"] = NONE
    vehicle["held_tail"] = NONE
    vehicle["held_finger"] = NONE
    vehicle["visits"] = NONE
    vehicle["visited"] = NONE
    vehicle["carrier"] = 0
    vehicle["vehicle_class"] = NO_CLASS
    vehicle["zero_emission"] = NO_CLASS
    vehicle["in_use"] = 1
    newest["us"] = NEVER_US
    newest["zone_set"] = NO_ZONES
    newest["day"] = day & DAY_MASK
    arrays.expires_us[row] = FOREVER_US


@inner_kernel
def remove_vehicle(arrays: VehicleArrays, row: int) -> None:
    """Forget a vehicle and the zones it visited; its visits must be closed and its held positions gone."""
    vehicle = arrays.vehicles[row]
    line = vehicle["visited"]
    while line != NONE:
        record = arrays.visited[line]
        arrays.counts[VISITED] -= place_in_line(arrays.visited, line, FREE_ZONE)
        arrays.counts[LINES] -= 1
        clear_line(arrays.visited, line)
        following = record["following"]
        record["following"] = arrays.counts[LINES_FREE]
        arrays.counts[LINES_FREE] = line
        line = following
    _remove_place(arrays, row)
    vehicle["in_use"] = 0
    arrays.newest[row]["zone_set"] = NO_ZONES
    vehicle["held_head"] = arrays.counts[VEHICLES_FREE]
    arrays.counts[VEHICLES_FREE] = row
    arrays.counts[VEHICLES] -= 1
    arrays.expires_us[row] = FOREVER_US


@inner_kernel
def _remove_place(arrays: VehicleArrays, row: int) -> None:
    """Free the hash place of a vehicle, moving later ones of its run back (Knuth 6.4, algorithm R)."""
    mask = arrays.places.size - 1
    place = _home(arrays, arrays.vehicles[row]["lo"])
    while arrays.places[place] != row:
        place = (place + 1) & mask
    gap = place
    while True:
        place = (place + 1) & mask
        other = arrays.places[place]
        if other == NONE:
            break
        home = _home(arrays, arrays.vehicles[other]["lo"])
        if ((place - home) & mask) >= ((place - gap) & mask):
            arrays.places[gap] = other
            gap = place
    arrays.places[gap] = NONE


@inner_kernel
def find_visited(arrays: VehicleArrays, row: int, zone_no: int) -> int:
    """Return the place of a zone among those that a vehicle visited today, or NONE."""
    line = arrays.vehicles[row]["visited"]
    while line != NONE:
        number = place_in_line(arrays.visited, line, zone_no)
        if number < LINE_ZONES:
            return line * LINE_ZONES + number
        line = arrays.visited[line]["following"]
    return NONE


@inner_kernel
def add_visited(arrays: VehicleArrays, row: int, zone_no: int) -> int:
    """Add a zone to those that a vehicle visited today and return its place. There must be room."""
    line = arrays.vehicles[row]["visited"]
    number = LINE_ZONES if line == NONE else place_in_line(arrays.visited, line, FREE_ZONE)
    if number == LINE_ZONES:
        line = _new_line(arrays, line)
        arrays.vehicles[row]["visited"] = line
        number = 0
    arrays.visited[line]["zone_no"][number] = zone_no
    arrays.counts[VISITED] += 1
    return line * LINE_ZONES + number


@inner_kernel
def _new_line(arrays: VehicleArrays, following: int) -> int:
    """Return a line without zones, that another one follows. There must be room."""
    line = arrays.counts[LINES_FREE]
    if line == NONE:
        line = arrays.counts[LINES_TOP]
        arrays.counts[LINES_TOP] += 1
        clear_line(arrays.visited, line)
    else:
        arrays.counts[LINES_FREE] = arrays.visited[line]["following"]
    arrays.counts[LINES] += 1
    arrays.visited[line]["following"] = following
    return line


@inner_kernel
def open_visit(arrays: VehicleArrays) -> int:
    """Return a free visit record. There must be room."""
    visit = arrays.counts[VISITS_FREE]
    if visit == NONE:
        visit = arrays.counts[VISITS_TOP]
        arrays.counts[VISITS_TOP] += 1
    else:
        arrays.counts[VISITS_FREE] = arrays.visits[visit]["following"]
    arrays.counts[OPEN_VISITS] += 1
    return visit


@inner_kernel
def free_visit(arrays: VehicleArrays, visit: int) -> None:
    """Give a visit record back."""
    arrays.visits[visit]["following"] = arrays.counts[VISITS_FREE]
    arrays.counts[VISITS_FREE] = visit
    arrays.counts[OPEN_VISITS] -= 1
