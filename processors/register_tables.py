"""Joining what registers know of plates to decoded rows, before plates become pseudonyms.

Class and emission are filled in where the record leaves them unknown; what a record says itself wins. The traits of a
row are for goods vehicles and for cars that a company holds. A plate that no register knows leaves all as it is.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import (
    DecodedDetections,
    DecodedPositions,
    Int64Array,
    UInt8Array,
    UInt32Array,
    UInt64Array,
)
from processors.jit import lean_kernel
from processors.key_table import ABSENT, KeyTable, new_key_table, number_of_key, put_key
from processors.plate_table import KNOWN, attributes_of, new_plate_table
from processors.vehicle_traits import HOLDER_PLACE, PERMIT, TRAITS_PLACE
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_REGISTERED: Final = int(Outcome.REGISTERED)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_CAR: Final = int(VehicleClass.M1)
_UNKNOWN_EMISSION: Final = int(ZeroEmission.UNKNOWN)
_CLASS_MASK: Final = 15
_EMISSION_PLACE: Final = 4
_EMISSION_MASK: Final = 3
_KNOWN_MASK: Final = KNOWN - 1
_NOTHING: Final = np.uint64(0)


class Permits(NamedTuple):
    """Permits sorted by plate, then by beginning; those of several zones stand beside each other."""

    firsts: KeyTable  # key of a plate, of any country, in the lower half → its first permit
    plate: Int64Array  # key of the plate of each permit
    from_us: Int64Array  # first moment, microseconds since 1970 UTC
    until_us: Int64Array  # first moment after it


class RegisterTables(NamedTuple):
    """What registers know, by plate."""

    vehicles: UInt64Array  # plate table, see `processors.plate_table`
    holders: UInt64Array  # the same, of companies
    permits: Permits


def no_registers() -> RegisterTables:
    """Return registers that know no plate."""
    none = np.empty(0, np.int64)
    return RegisterTables(new_plate_table(0), new_plate_table(0), permits_of(none, none, none))


def permits_of(plate: Int64Array, from_us: Int64Array, until_us: Int64Array) -> Permits:
    """Return permits that are sorted by plate, with what finds those of a plate."""
    firsts = new_key_table(max(plate.size, 1))
    _note_firsts(firsts, plate)
    return Permits(firsts, plate, from_us, until_us)


@lean_kernel
def _note_firsts(firsts: KeyTable, plate: Int64Array) -> None:
    """Note the first permit of each plate."""
    for permit in range(plate.size):
        put_key(firsts, _NOTHING, np.uint64(plate[permit]), permit)


def complete_rows(tables: RegisterTables, decoded: DecodedPositions | DecodedDetections) -> UInt32Array:
    """Fill in what rows leave unknown of vehicles that registers know, in place; return the traits of all rows."""
    rows = decoded.outcome.size
    traits = np.zeros(rows, np.uint32)
    vehicle, holder = np.empty(rows, np.int64), np.empty(rows, np.int64)
    with np.errstate(over="ignore"):  # hashes wrap on purpose; without compilation numpy would warn
        attributes_of(tables.vehicles, decoded.plate, vehicle)
        attributes_of(tables.holders, decoded.plate, holder)
    _complete(decoded.outcome, vehicle, holder, decoded.vehicle_class, decoded.zero_emission, traits)
    if tables.permits.plate.size:
        _mark_permits(tables.permits, decoded.outcome, decoded.plate, decoded.event_us, traits)
    return traits


@lean_kernel
def _complete(
    outcome: UInt8Array,
    vehicle: Int64Array,
    holder: Int64Array,
    vehicle_class: UInt8Array,
    zero_emission: UInt8Array,
    traits: UInt32Array,
) -> None:
    """Fill in class and emission, and write the traits of vehicle and holder."""
    for row in range(outcome.size):
        if outcome[row] not in (_ACCEPTED, _REGISTERED):
            continue
        known = vehicle[row] & _KNOWN_MASK
        if vehicle[row] != 0:
            if vehicle_class[row] == _UNKNOWN_CLASS:
                vehicle_class[row] = known & _CLASS_MASK
            if zero_emission[row] == _UNKNOWN_EMISSION:
                zero_emission[row] = (known >> _EMISSION_PLACE) & _EMISSION_MASK
        if vehicle_class[row] == _CAR:
            zero_emission[row] = _UNKNOWN_EMISSION
        if outcome[row] == _ACCEPTED:
            held = (holder[row] & _KNOWN_MASK) << HOLDER_PLACE
            traits[row] = (known >> TRAITS_PLACE) | held


@lean_kernel
def _mark_permits(
    permits: Permits, outcome: UInt8Array, plate: Int64Array, event_us: Int64Array, traits: UInt32Array
) -> None:
    """Mark accepted rows whose vehicle has a permit at the time of the row."""
    for row in range(outcome.size):
        if outcome[row] != _ACCEPTED or plate[row] == 0:
            continue
        first = number_of_key(permits.firsts, _NOTHING, np.uint64(plate[row]))
        if first == ABSENT:
            continue
        while first < permits.plate.size and permits.plate[first] == plate[row]:
            if permits.from_us[first] <= event_us[row] < permits.until_us[first]:
                traits[row] |= PERMIT
                break
            first += 1
