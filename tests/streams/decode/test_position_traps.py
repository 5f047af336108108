"""What real senders of positions do that no schema says, each with what becomes of it."""

import json
from typing import Any, Final, NamedTuple

import pytest

from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.positions import decode_positions

UUID: Final = "0c9e7d52-2b7e-4f0e-8f6e-1d2a3b4c5d6e"
NOON: Final = "2026-11-23T11:00:00Z"
NOON_US: Final = 1_795_431_600_000_000
OTM: Final[dict[str, Any]] = {
    "eventType": "locationUpdateEvent",
    "creationDate": NOON,
    "lifecycle": "actual",
    "vehicle": {"associationType": "inline", "entity": {"licensePlate": "VB-123-K"}},
    "geoReference": {"type": "latLonPointGeoReference", "lat": 52.0907, "lon": 5.1214},
}
FORWARDED: Final[dict[str, Any]] = {
    "position": {
        "deviceId": 10,
        "fixTime": NOON,
        "valid": True,
        "outdated": False,
        "latitude": 52.0907,
        "longitude": 5.1214,
        "speed": 16.7,
    },
    "device": {"id": 10, "uniqueId": "359633100458590"},
}
RFMS: Final[dict[str, Any]] = {
    "vin": "YV2E4C3A5VB180691",
    "createdDateTime": NOON,
    "gnssPosition": {"latitude": 52.0907, "longitude": 5.1214, "positionDateTime": NOON},
}
GTFS: Final[dict[str, Any]] = {
    "vehicle": {"id": "bus-4711"},
    "position": {"latitude": 52.0907, "longitude": 5.1214},
    "timestamp": NOON_US // 1_000_000,
}
GONE: Final = object()


class Found(NamedTuple):
    """What became of a message of one position."""

    outcome: Outcome
    identity: str = ""
    place: tuple[float, float] = (52.0907, 5.1214)
    event_us: int = NOON_US
    what: tuple[VehicleClass, ZeroEmission] = (VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN)


def otm(**changes: Any) -> dict[str, Any]:
    """Return an event with some fields changed."""
    return {name: field for name, field in (OTM | changes).items() if field is not GONE}


def inline(**entity: Any) -> dict[str, Any]:
    """Return an event of an inline vehicle."""
    return otm(vehicle={"associationType": "inline", "entity": entity})


def forwarded(**changes: Any) -> dict[str, Any]:
    """Return a forwarded position with some fields of it changed."""
    position = {name: field for name, field in (FORWARDED["position"] | changes).items() if field is not GONE}
    return {**FORWARDED, "position": position}


def rfms(**changes: Any) -> dict[str, Any]:
    """Return an answer with one position."""
    return {"vehiclePositionResponse": {"vehiclePositions": [RFMS | changes]}}


def gtfs(**changes: Any) -> dict[str, Any]:
    """Return a feed of one vehicle."""
    return {"header": {"timestamp": 0}, "entity": [{"id": "1", "vehicle": GTFS | changes}]}


PLATE: Final = Found(Outcome.ACCEPTED, "plate:NL:VB123K")
IMEI: Final = Found(Outcome.ACCEPTED, "id::359633100458590")
VIN: Final = Found(Outcome.ACCEPTED, "id::YV2E4C3A5VB180691")
BUS: Final = Found(Outcome.ACCEPTED, "id::bus-4711")
DIESEL_TRUCK: Final = (VehicleClass.N3, ZeroEmission.NO)


def refused(reason: Outcome) -> Found:
    """Return what becomes of a message that is refused."""
    return Found(reason)


TRAPS: Final[dict[str, tuple[dict[str, Any], Found]]] = {
    "OTM: the profile leaves out eventType": (otm(eventType=GONE), PLATE),
    "OTM: the enum of references has no suffix": (otm(eventType="locationUpdate"), PLATE),
    "OTM: an event of another type": (otm(eventType="startMovingEvent"), refused(Outcome.UNKNOWN_MESSAGE)),
    "OTM: scanEvent is in no version": (otm(eventType="scanEvent"), refused(Outcome.UNKNOWN_MESSAGE)),
    "OTM: unit kmh of the profile": (
        otm(geoReference={"lat": 52.0907, "lon": 5.1214, "speed": {"value": 31, "unit": "kmh"}}),
        PLATE,
    ),
    "OTM: unit km/h of the schema": (
        otm(geoReference={"lat": 52.0907, "lon": 5.1214, "speed": {"value": 31, "unit": "km/h"}}),
        PLATE,
    ),
    "OTM: a speed that is no number": (
        otm(geoReference={"lat": 52.0907, "lon": 5.1214, "speed": {"value": "fast"}}),
        PLATE,
    ),
    "OTM: null in the name before": (
        otm(vehicle={"uuid": UUID, "entity": {"licensePlate": None, "id": None}}),
        Found(Outcome.ACCEPTED, f"id::{UUID}"),
    ),
    "OTM: null for the entity": (
        otm(vehicle={"uuid": UUID, "entity": None}),
        Found(Outcome.ACCEPTED, f"id::{UUID}"),
    ),
    "OTM: coordinates exchanged": (otm(geoReference={"lat": 5.1214, "lon": 52.0907}), PLATE),
    "OTM: far abroad is not exchanged": (
        otm(geoReference={"lat": 40.4, "lon": -3.7}),
        PLATE._replace(place=(40.4, -3.7)),
    ),
    "OTM: a place that is no point": (
        otm(
            geoReference={"type": "Feature", "geometry": {"type": "Point", "coordinates": [5.1214, 52.0907]}}
        ),
        refused(Outcome.MISSING_FIELD),
    ),
    "OTM: planned, not driven": (otm(lifecycle="planned"), refused(Outcome.NOT_ACTUAL)),
    "OTM: projected, not driven": (otm(lifecycle="projected"), refused(Outcome.NOT_ACTUAL)),
    "OTM: realized is as good as actual": (otm(lifecycle="realized"), PLATE),
    "OTM: no lifecycle": (otm(lifecycle=GONE), PLATE),
    "OTM: epoch milliseconds": (otm(creationDate=NOON_US // 1_000), PLATE),
    "OTM: an offset without its colon": (otm(creationDate="2026-11-23T12:00:00+0100"), PLATE),
    "OTM: a local time without offset": (otm(creationDate="2026-11-23T12:00:00"), refused(Outcome.BAD_TIME)),
    "OTM: no time at all": (otm(creationDate=GONE), refused(Outcome.MISSING_FIELD)),
    "OTM: a referenced vehicle": (
        otm(vehicle={"associationType": "reference", "uuid": UUID, "entityType": "vehicle"}),
        Found(Outcome.ACCEPTED, f"id::{UUID}"),
    ),
    "OTM: an inline vehicle with id and plate goes by its plate": (
        inline(id=UUID, licensePlate="VB-123-K"),
        PLATE,
    ),
    "OTM: an inline vehicle without plate goes by its id": (
        inline(id=UUID),
        Found(Outcome.ACCEPTED, f"id::{UUID}"),
    ),
    "OTM: a plate that names its country": (
        inline(licensePlate="D:B-AB 12"),
        Found(Outcome.ACCEPTED, "plate:D:BAB12"),
    ),
    "OTM: a vehicle by attribute restriction": (
        otm(vehicle={"associationType": "attributeRestriction", "restriction": {}, "entityType": "vehicle"}),
        refused(Outcome.MISSING_FIELD),
    ),
    "OTM: vehicle fuel says electricity, constraints say battery": (
        inline(licensePlate="VB-123-K", vehicleType="van", fuel="electricity"),
        PLATE._replace(what=(VehicleClass.N1, ZeroEmission.YES)),
    ),
    "OTM: a box truck by its empty mass": (
        inline(
            licensePlate="VB-123-K",
            vehicleType="boxTruck",
            fuel="diesel",
            emptyWeight={"value": 7.5, "unit": "t"},
        ),
        PLATE._replace(what=DIESEL_TRUCK),
    ),
    "OTM: a small box truck is a van in law": (
        inline(
            licensePlate="VB-123-K",
            vehicleType="boxtruck",
            emptyWeight={"value": 2000, "unit": "kg"},
            loadCapacities=[{"value": 1000, "unit": "kg"}],
        ),
        PLATE._replace(what=(VehicleClass.N1, ZeroEmission.UNKNOWN)),
    ),
    "OTM: what is said of the vehicle has the wrong type": (
        inline(licensePlate="VB-123-K", vehicleType=7, fuel=["diesel"], emptyWeight="heavy"),
        PLATE,
    ),
    "Traccar: knots": (forwarded(speed=999.9), IMEI),
    "Traccar: epoch milliseconds": (forwarded(fixTime=NOON_US // 1_000), IMEI),
    "Traccar: an offset without its colon": (forwarded(fixTime="2026-11-23T11:00:00.000+0000"), IMEI),
    "Traccar: server time is not when it was there": (
        forwarded(serverTime="2030-01-01T00:00:00Z", deviceTime="2031-01-01T00:00:00Z"),
        IMEI,
    ),
    "Traccar: no fix time": (forwarded(fixTime=GONE), refused(Outcome.MISSING_FIELD)),
    "Traccar: not valid": (forwarded(valid=False), refused(Outcome.NO_FIX)),
    "Traccar: outdated": (forwarded(outdated=True), refused(Outcome.NO_FIX)),
    "Traccar: neither is said": (forwarded(valid=GONE, outdated=GONE), IMEI),
    "Traccar: no unique id": (
        {**FORWARDED, "device": {"id": 10}},
        refused(Outcome.MISSING_FIELD),
    ),
    "rFMS: a driver is logged in": (
        rfms(triggerType={"driverId": {"tachoDriverIdentification": {"driverIdentification": "1"}}}),
        VIN,
    ),
    "rFMS: satellites give no time": (rfms(gnssPosition={"latitude": 52.0907, "longitude": 5.1214}), VIN),
    "rFMS: no position": (rfms(gnssPosition=None), refused(Outcome.MISSING_FIELD)),
    "rFMS: nothing on this page": (
        {"vehiclePositionResponse": {"vehiclePositions": []}, "moreDataAvailable": False},
        refused(Outcome.EMPTY),
    ),
    "GTFS: seconds": (gtfs(), BUS),
    "GTFS: seconds as text": (gtfs(timestamp=str(NOON_US // 1_000_000)), BUS),
    "GTFS: milliseconds are far in the future": (
        gtfs(timestamp=NOON_US // 1_000),
        refused(Outcome.BAD_TIME),
    ),
    "GTFS: no time of its own": (
        {"header": {"timestamp": NOON_US // 1_000_000}, "entity": [{"vehicle": GTFS | {"timestamp": None}}]},
        BUS,
    ),
    "GTFS: a plate in either spelling": (gtfs(vehicle={"id": "x", "license_plate": "VB-123-K"}), PLATE),
    "GTFS: null in one spelling": (
        gtfs(vehicle={"id": "x", "licensePlate": None, "license_plate": "VB-123-K"}),
        PLATE,
    ),
    "GTFS: nothing in one spelling": (
        gtfs(vehicle={"id": "x", "licensePlate": "", "license_plate": "VB-123-K"}),
        PLATE,
    ),
    "GTFS: deleted": (
        {"entity": [{"id": "1", "isDeleted": True, "vehicle": GTFS}]},
        refused(Outcome.UNKNOWN_MESSAGE),
    ),
    "GTFS: deleted, in the other spelling": (
        {"entity": [{"id": "1", "isDeleted": None, "is_deleted": True, "vehicle": GTFS}]},
        refused(Outcome.UNKNOWN_MESSAGE),
    ),
    "GTFS: not deleted": ({"entity": [{"id": "1", "isDeleted": False, "vehicle": GTFS}]}, BUS),
    "GTFS: an empty plate": (gtfs(vehicle={"id": "bus-4711", "licensePlate": ""}), BUS),
    "GTFS: no vehicle": ({"header": {}, "entity": [{"tripUpdate": {}}]}, refused(Outcome.UNKNOWN_MESSAGE)),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_ends_as_the_table_says(trap: str) -> None:
    """One row, accepted or refused for a reason, whoever reads it."""
    message, expected = TRAPS[trap]
    decoded = decode_positions([json.dumps(message).encode()])
    start, length = int(decoded.identity_start[0]), int(decoded.identity_length[0])

    assert [expected.outcome] == decoded.outcome.tolist()
    if expected.outcome == Outcome.ACCEPTED:
        assert expected == Found(
            Outcome.ACCEPTED,
            decoded.identity[start : start + length].tobytes().decode(),
            (float(decoded.lat[0]), float(decoded.lon[0])),
            int(decoded.event_us[0]),
            (VehicleClass(decoded.vehicle_class[0]), ZeroEmission(decoded.zero_emission[0])),
        )


def test_names_and_drivers_are_in_no_column() -> None:
    """What no figure needs does not leave the decoder."""
    name = "Jansen-19700101"
    messages = [
        {**otm(), "name": name, "actors": [{"entity": {"firstName": name}}]},
        inline(id=UUID, name=name),
        {**forwarded(attributes={"driverUniqueId": name}), "device": {"uniqueId": "u", "name": name}},
        rfms(triggerType={"driverId": name}, driver1Id=name),
        gtfs(vehicle={"id": "b", "label": name}),
    ]

    decoded = decode_positions([json.dumps(message).encode() for message in messages])

    assert {Outcome.ACCEPTED} == set(decoded.outcome.tolist())
    assert not any(name.encode() in column.tobytes() for column in decoded)
