"""The table of vehicles of one observation partition: one record per pseudonym, found by hash.

A *vehicle* is a pseudonym, which lives for one local day. Records are rows of structured arrays, because a step
touches most fields of one vehicle and none of its neighbour. Places of removed vehicles are used again.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Int32Array, Int64Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel, prefetch
from processors.records import put_records

NONE: Final = -1
NEVER_US: Final = -(1 << 62)
FOREVER_US: Final = 1 << 62
NO_CLASS: Final = 255
UNCOUNTED: Final = -(1 << 31)  # in place of a slot: neither slot, hour nor day has counted the vehicle

VEHICLE: Final = np.dtype(
    [
        ("hi", "u8"),  # pseudonym, upper half
        ("lo", "u8"),  # pseudonym, lower half
        ("event_us", "i8"),  # last taken position, NEVER_US before the first
        ("lat", "f8"),
        ("lon", "f8"),
        ("newest_us", "i8"),  # newest accepted position, taken or not
        ("newest_lat", "f8"),
        ("newest_lon", "f8"),
        ("run_us", "i8"),  # running run that all open visits have in common, NEVER_US where they differ
        ("run_lat", "f8"),
        ("run_lon", "f8"),
        ("zone_set", "i4"),  # zones of the last taken position
        ("newest_set", "i4"),  # zones of the newest position
        ("day", "i4"),  # local day of the pseudonym
        ("zone_version", "i4"),  # version of the zones when the last position was taken
        ("held_head", "i4"),  # held positions in event order; next free place when not in use
        ("held_tail", "i4"),
        ("held_finger", "i4"),  # held position that was linked last
        ("visits", "i4"),  # first open visit
        ("visited", "i4"),  # first of the zones visited today
        ("slot", "i4"),  # slot that counted the vehicle in all open visits, UNCOUNTED where they differ
        ("carrier", "u4"),  # of the first taken position, 0 before it and where it names none
        ("vehicle_class", "u1"),  # of the first taken position, NO_CLASS before it
        ("zero_emission", "u1"),
        ("newest_class", "u1"),
        ("newest_emission", "u1"),
        ("in_use", "u1"),
    ],
    align=True,
)

VISITED_ZONE: Final = np.dtype(
    [
        ("zone_no", "i4"),
        ("slot", "i4"),  # slot that counted the vehicle last, as of the last visit that ended
        ("following", "i4"),  # next zone of the vehicle; next free place when not in use
    ],
    align=True,
)

VISIT: Final = np.dtype(
    [
        ("first_us", "i8"),  # first position inside
        ("run_us", "i8"),  # first position of the running run
        ("run_lat", "f8"),
        ("run_lon", "f8"),
        ("zone_no", "i4"),
        ("visited", "i4"),  # record of the zone among those visited today
        ("slot", "i4"),  # slot that counted the vehicle last; ~slot when only its hour and day still count
        ("following", "i4"),  # next open visit of the vehicle, by zone number; next free place when free
    ],
    align=True,
)

# places in `counts`
VEHICLES_TOP: Final = 0  # places used at any time
VEHICLES_FREE: Final = 1  # first free place below the top, or NONE
VEHICLES: Final = 2  # vehicles in use
VISITED_TOP: Final = 3
VISITED_FREE: Final = 4
VISITS_TOP: Final = 5
VISITS_FREE: Final = 6
OPEN_VISITS: Final = 7
VISITED: Final = 8
NEXT_EXPIRY_US: Final = 9  # no vehicle expires before; a lower bound
COUNTS: Final = 10


class VehicleArrays(NamedTuple):
    """Vehicles, the zones they visited today, their open visits, and the hash places that find them."""

    vehicles: NDArray[np.void]  # VEHICLE
    expires_us: Int64Array  # stream time beyond which the vehicle is silent for good or its day is over
    places: Int32Array  # hash table of vehicle rows, NONE where free; a power of two long
    visited: NDArray[np.void]  # VISITED_ZONE
    visits: NDArray[np.void]  # VISIT
    counts: Int64Array  # shape (COUNTS,)


def new_vehicle_arrays(
    vehicles: int = 1 << 10, visited: int = 1 << 11, visits: int = 1 << 10
) -> VehicleArrays:
    """Return empty tables with room for so many vehicles, visited zones and open visits."""
    counts = np.zeros(COUNTS, np.int64)
    counts[[VEHICLES_FREE, VISITED_FREE, VISITS_FREE]] = NONE
    counts[NEXT_EXPIRY_US] = FOREVER_US
    return VehicleArrays(
        np.zeros(vehicles, VEHICLE),
        np.full(vehicles, FOREVER_US, np.int64),
        np.full(2 << max(4, (vehicles - 1).bit_length()), NONE, np.int32),
        np.zeros(visited, VISITED_ZONE),
        np.zeros(visits, VISIT),
        counts,
    )


def with_room(arrays: VehicleArrays, *, vehicles: int, visited: int, visits: int) -> VehicleArrays:
    """Return the same tables with room for so many more vehicles, visited zones and open visits."""
    counts = arrays.counts
    need = (
        int(counts[VEHICLES]) + vehicles,
        int(counts[VISITED]) + visited,
        int(counts[OPEN_VISITS]) + visits,
    )
    have = (arrays.vehicles.size, arrays.visited.size, arrays.visits.size)
    if all(wanted <= size for wanted, size in zip(need, have, strict=True)):
        return arrays
    sizes = [max(size, 1 << (wanted - 1).bit_length()) for wanted, size in zip(need, have, strict=True)]
    grown = new_vehicle_arrays(*sizes)
    put_records(arrays.vehicles, grown.vehicles)
    grown.expires_us[: have[0]] = arrays.expires_us
    put_records(arrays.visited, grown.visited)
    put_records(arrays.visits, grown.visits)
    grown.counts[:] = counts
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
    _clear(arrays.vehicles[row], hi, lo, day)
    arrays.expires_us[row] = FOREVER_US
    return row


@inner_kernel
def look_for_vehicles(arrays: VehicleArrays, lo: UInt64Array) -> None:
    """Ask for the memory of vehicles by the lower halves of their pseudonyms: hash places first, then records."""
    for number in range(lo.size):
        prefetch(arrays.places, _home(arrays, lo[number]))
    for number in range(lo.size):
        row = arrays.places[_home(arrays, lo[number])]
        if row != NONE:
            prefetch(arrays.vehicles, row)


@inner_kernel
def _clear(vehicle: np.void, hi: np.uint64, lo: np.uint64, day: int) -> None:
    vehicle["hi"] = hi
    vehicle["lo"] = lo
    vehicle["day"] = day
    vehicle["event_us"] = NEVER_US
    vehicle["newest_us"] = NEVER_US
    vehicle["run_us"] = NEVER_US
    vehicle["slot"] = UNCOUNTED
    vehicle["zone_set"] = 0
    vehicle["newest_set"] = 0
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


@inner_kernel
def remove_vehicle(arrays: VehicleArrays, row: int) -> None:
    """Forget a vehicle and the zones it visited; its visits must be closed and its held positions gone."""
    vehicle = arrays.vehicles[row]
    node = vehicle["visited"]
    while node != NONE:
        following = arrays.visited[node]["following"]
        arrays.visited[node]["following"] = arrays.counts[VISITED_FREE]
        arrays.counts[VISITED_FREE] = node
        arrays.counts[VISITED] -= 1
        node = following
    _remove_place(arrays, row)
    vehicle["in_use"] = 0
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
def visited_zone(arrays: VehicleArrays, row: int, zone_no: int) -> int:
    """Return the record of a zone that a vehicle visits today, adding one when new. There must be room."""
    node = arrays.vehicles[row]["visited"]
    while node != NONE:
        if arrays.visited[node]["zone_no"] == zone_no:
            return node
        node = arrays.visited[node]["following"]
    node = arrays.counts[VISITED_FREE]
    if node == NONE:
        node = arrays.counts[VISITED_TOP]
        arrays.counts[VISITED_TOP] += 1
    else:
        arrays.counts[VISITED_FREE] = arrays.visited[node]["following"]
    arrays.counts[VISITED] += 1
    record = arrays.visited[node]
    record["zone_no"] = zone_no
    record["slot"] = UNCOUNTED
    record["following"] = arrays.vehicles[row]["visited"]
    arrays.vehicles[row]["visited"] = node
    return node


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
