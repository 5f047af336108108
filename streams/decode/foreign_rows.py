"""One row from what a message of another format says of one position: the rules that these formats share.

Of several faults of one row the first of this order is its reason: a missing field, a wrong type or a number that is
not finite, something that did not happen or was not measured, coordinates out of range, the time, the vehicle. What
is said of the vehicle beyond its identity is never a fault: a text of another type says nothing.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from processors.carrier_names import NOBODY
from processors.identity import home_identity_of, identity_of, plate_key_of
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.documents import is_number, type_error_of
from streams.decode.position_row import PositionRow, rejected_position
from streams.decode.times import NO_TIME, time_of_iso, time_of_number

MS_PER_S: Final = 1_000

KG: Final = {"kg": 1.0, "kilogram": 1.0, "t": 1_000.0, "ton": 1_000.0, "tonne": 1_000.0, "g": 0.001}


class Said(NamedTuple):
    """What a message says of one position; the first four may be anything, None where they are not there."""

    vehicle: object
    time: object  # text with an offset, or a number in milliseconds
    lat: object
    lon: object
    is_plate: bool = False  # the vehicle is a plate, of the home country where it names none
    refusal: Outcome | None = None  # why it is no observation although all of it can be read
    vehicle_class: VehicleClass = VehicleClass.UNKNOWN
    zero_emission: ZeroEmission = ZeroEmission.UNKNOWN
    carrier: int = NOBODY  # digest of its name


def row_of_said(said: Said) -> PositionRow:
    """Return the row of what is said."""
    if said.vehicle is None or said.time is None or said.lat is None or said.lon is None:
        return rejected_position(Outcome.MISSING_FIELD)
    if not isinstance(said.vehicle, str):
        return rejected_position(type_error_of(said.vehicle))
    if not isinstance(said.time, str) and not is_number(said.time):
        return rejected_position(type_error_of(said.time))
    for number in (said.lat, said.lon):
        if not is_number(number):
            return rejected_position(type_error_of(number))
    if said.refusal is not None:
        return rejected_position(said.refusal)
    return _row_of_typed(said)


def _row_of_typed(said: Said) -> PositionRow:
    """Return the row of what has the right types."""
    lat, lon, time = float(said.lat), float(said.lon), said.time  # type: ignore[arg-type] # they are numbers
    if abs(lat) > 90 or abs(lon) > 180:
        return rejected_position(Outcome.OUT_OF_RANGE)
    event_us = time_of_iso(time) if isinstance(time, str) else time_of_number(time)  # type: ignore[arg-type] # a number
    if event_us == NO_TIME:
        return rejected_position(Outcome.BAD_TIME)
    vehicle = str(said.vehicle)
    identity = home_identity_of(vehicle) if said.is_plate else identity_of(vehicle)
    if isinstance(identity, Outcome):
        return rejected_position(identity)
    plate = plate_key_of(identity)
    return PositionRow(
        Outcome.ACCEPTED,
        event_us,
        lat,
        lon,
        said.vehicle_class,
        said.zero_emission,
        plate,
        said.carrier,
        identity,
    )


def registered_row(
    reference: object, plate: object, vehicle_class: VehicleClass, zero_emission: ZeroEmission
) -> PositionRow:
    """Return the row of a message that tells what a reference, or else a plate, stands for."""
    name = plate if reference is None else reference
    if name is None:
        return rejected_position(Outcome.MISSING_FIELD)
    if not isinstance(name, str):
        return rejected_position(type_error_of(name))
    identity = home_identity_of(name) if reference is None else identity_of(name)
    if isinstance(identity, Outcome):
        return rejected_position(identity)
    spelled = home_identity_of(text_of(plate))
    key = 0 if isinstance(spelled, Outcome) else plate_key_of(spelled)
    return PositionRow(Outcome.REGISTERED, 0, 0.0, 0.0, vehicle_class, zero_emission, key, identity=identity)


def part_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object inside an object; what is no object has no fields."""
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def first_told(*spellings: object) -> object:
    """Return the first of the spellings of a field that is there; null means absent."""
    return next((field for field in spellings if field is not None), None)


def text_of(field: object) -> str:
    """Return a text; what is no text says nothing."""
    return field if isinstance(field, str) else ""


def kilograms_of(mass: Mapping[str, Any]) -> float:
    """Return a mass of value and unit in kilograms, 0 where it cannot be told."""
    value = mass.get("value")
    if not is_number(value):
        return 0.0
    return max(float(value) * KG.get(text_of(mass.get("unit")).lower(), 0.0), 0.0)
