"""The rules of rFMS 4, the interface of truck makers: answers to /vehiclepositions, /vehiclestatuses and /vehicles.

A whole answer is one record. The vehicle is its VIN, the time is that of the satellites, else that of the message.
`moreDataAvailable` and the times of the server are for who fetches the answers. Drivers, names and everything else
are not looked at. An answer of /vehicles tells what the VINs of later positions are.
"""

from collections.abc import Mapping
from typing import Any, Final

from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import class_of_type, zero_emission_of
from streams.decode.documents import type_error_of
from streams.decode.foreign_rows import Said, part_of, registered_row, row_of_said, text_of
from streams.decode.position_row import PositionRow, rejected_position

_ANSWERS: Final = {
    "vehiclePositionResponse": "vehiclePositions",
    "vehicleStatusResponse": "vehicleStatuses",
    "vehicleResponse": "vehicles",
}
_FUELS: Final = {
    **dict.fromkeys(("1", "01"), "petrol"),
    **dict.fromkeys(("4", "04"), "diesel"),
    **dict.fromkeys(("5", "05"), "lpg"),
    **dict.fromkeys(("6", "06"), "cng"),
    **dict.fromkeys(("8", "08"), "electric"),
    **dict.fromkeys(("13", "14", "15"), "hybrid"),
}
"""Fuels by their hexadecimal number (SAE J1939, SPN 5837), which makers send in place of a word."""


def is_rfms(content: Mapping[str, Any]) -> bool:
    """Tell whether an object is an answer."""
    return any(content.get(answer) is not None for answer in _ANSWERS)


def rows_of_rfms(content: Mapping[str, Any]) -> list[PositionRow]:
    """Return the rows of an answer, at least one."""
    answer = next((name for name in _ANSWERS if content.get(name) is not None), None)
    if answer is None:
        return [rejected_position(Outcome.MISSING_FIELD)]
    parts = part_of(content, answer).get(_ANSWERS[answer])
    if not isinstance(parts, list):
        return [rejected_position(Outcome.MISSING_FIELD if parts is None else type_error_of(parts))]
    return [_row_of_part(answer, part) for part in parts] or [rejected_position(Outcome.EMPTY)]


def _row_of_part(answer: str, part: object) -> PositionRow:
    """Return the row of one position, status or vehicle."""
    if not isinstance(part, dict):
        return rejected_position(type_error_of(part))
    if answer == "vehicleResponse":
        return registered_row(part.get("vin"), None, *_attributes_of(part))
    place = part_of(
        part if answer == "vehiclePositionResponse" else part_of(part, "snapshotData"), "gnssPosition"
    )
    time = place.get("positionDateTime")
    return row_of_said(
        Said(
            vehicle=part.get("vin"),
            time=part.get("createdDateTime") if time is None else time,
            lat=place.get("latitude"),
            lon=place.get("longitude"),
        )
    )


def _attributes_of(vehicle: Mapping[str, Any]) -> tuple[VehicleClass, ZeroEmission]:
    """Return class and emission; a vehicle of several fuels drives without emission when all of them do."""
    vehicle_class = class_of_type(text_of(vehicle.get("type")), 0.0)
    fuels = vehicle.get("possibleFuelType")
    words = [text_of(fuel) for fuel in fuels] if isinstance(fuels, list) else [text_of(fuels)]
    emission = text_of(vehicle.get("emissionLevel"))
    said = {zero_emission_of(vehicle_class, _FUELS.get(word.upper(), word), emission) for word in words}
    if said == {ZeroEmission.YES}:
        return vehicle_class, ZeroEmission.YES
    return vehicle_class, ZeroEmission.NO if ZeroEmission.NO in said else ZeroEmission.UNKNOWN
