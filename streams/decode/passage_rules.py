"""The rules of Amsterdam passages, version 2: one passage an object, the plate already a hash.

`rijrichting` tells whether the vehicle drove towards the camera (`NAAR`, its front plate was read) or away from it
(`VAN`); it stands in the camera or beside it. Reliabilities go from 0 to 1000. The hash is an identity like any other
and becomes a pseudonym. What passages say of their camera is read by `told_cameras`.
"""

from collections.abc import Mapping
from typing import Any, Final

from processors.identity import MAX_IDENTITY_BYTES
from processors.names import camera_uuid, observation_uuid
from processors.vehicle_class import class_by_rule
from processors.vocabulary import Direction, Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import zero_emission_of
from streams.decode.detection_row import DetectionRow, rejected_detection
from streams.decode.documents import is_number, type_error_of
from streams.decode.foreign_rows import first_told, part_of, text_of
from streams.decode.times import NO_TIME, time_of_iso

_DIRECTIONS: Final = {"NAAR": Direction.OBVERSE, "VAN": Direction.REVERSE}
_RELIABLE: Final = 1_000


def is_passage(content: Mapping[str, Any]) -> bool:
    """Tell whether an object is a passage."""
    return content.get("voertuig") is not None and content.get("camera") is not None


def row_of_passage(passage: Mapping[str, Any]) -> DetectionRow:
    """Return the row of a passage."""
    camera, vehicle = part_of(passage, "camera"), part_of(passage, "voertuig")
    plate = part_of(vehicle, "kenteken")
    required = (passage.get("id"), camera.get("id"), passage.get("timestamp"), plate.get("kentekenHash"))
    if None in required:
        return rejected_detection(Outcome.MISSING_FIELD)
    for text in required:
        if not isinstance(text, str):
            return rejected_detection(type_error_of(text))
    reliability = _reliability(passage, plate)
    if not is_number(reliability):
        return rejected_detection(type_error_of(reliability))
    observation, camera_name, time, hashed = (text_of(text).strip() for text in required)
    event_us = time_of_iso(time)
    if event_us == NO_TIME:
        return rejected_detection(Outcome.BAD_TIME)
    identity = hashed_identity(text_of(plate.get("landcode")), hashed)
    if isinstance(identity, Outcome):
        return rejected_detection(identity)
    if not observation or not camera_name:
        return rejected_detection(Outcome.BAD_IDENTIFIER)
    if not 0 <= reliability <= _RELIABLE:
        return rejected_detection(Outcome.OUT_OF_RANGE)
    direction = text_of(first_told(camera.get("rijrichting"), passage.get("rijrichting"))).upper()
    vehicle_class, zero_emission = _attributes_of(vehicle)
    return DetectionRow(
        Outcome.ACCEPTED,
        event_us,
        camera_uuid(camera_name).int,
        observation_uuid(observation).int,
        _DIRECTIONS.get(direction, Direction.UNKNOWN),
        reliability / _RELIABLE,
        identity,
        vehicle_class,
        zero_emission,
        said_of_camera=camera,
    )


def hashed_identity(country: str, hashed: str) -> bytes | Outcome:
    """Return the identity of a plate that came as a hash, or why it has none."""
    try:
        identity = f"hash:{country.strip().upper()}:{hashed}".encode()
    except UnicodeEncodeError:  # half of a surrogate pair, from an escape
        return Outcome.BAD_VEHICLE
    if not hashed:
        return Outcome.BAD_VEHICLE
    return identity if len(identity) <= MAX_IDENTITY_BYTES else Outcome.TOO_LONG


def _reliability(passage: Mapping[str, Any], plate: Mapping[str, Any]) -> object:
    """Return how sure the reading of the plate is; it is sure where nothing is said."""
    for part in (part_of(plate, "betrouwbaarheid"), part_of(passage, "betrouwbaarheid")):
        if part.get("kentekenBetrouwbaarheid") is not None:
            return part["kentekenBetrouwbaarheid"]
    return _RELIABLE


def _attributes_of(vehicle: Mapping[str, Any]) -> tuple[VehicleClass, ZeroEmission]:
    """Return class and emission; a vehicle of several fuels drives without emission when all of them do."""
    mass = vehicle.get("toegestaneMaximumMassaVoertuig")
    vehicle_class = class_by_rule(
        category=text_of(vehicle.get("europeseVoertuigcategorie")),
        kind=text_of(vehicle.get("voertuigSoort")),
        gross_kg=max(float(mass), 0.0) if is_number(mass) else 0.0,
    )
    fuels = vehicle.get("brandstoffen")
    listed = [fuel for fuel in fuels if isinstance(fuel, dict)] if isinstance(fuels, list) else []
    words = [text_of(first_told(fuel.get("naam"), fuel.get("brandstof"))) for fuel in listed]
    return vehicle_class, emission_of_fuels(vehicle_class, words)


def emission_of_fuels(vehicle_class: VehicleClass, words: list[str], emission: str = "") -> ZeroEmission:
    """Return whether a vehicle of some fuels drives without emission: when all of them do."""
    said = {zero_emission_of(vehicle_class, word.strip(), emission) for word in words}
    if said == {ZeroEmission.YES}:
        return ZeroEmission.YES
    return ZeroEmission.NO if ZeroEmission.NO in said else ZeroEmission.UNKNOWN
