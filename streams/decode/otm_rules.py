"""The rules of Open Trip Model 5: location update events, and messages about vehicles.

Of an event `creationDate`, the vehicle and the latitude and longitude of `geoReference` are used. An inline vehicle is
known by its plate, else by its id; a referenced one by the `uuid`. `eventType` may be left out, as the example of the
FMS profile does. The carrier is the first of the `actors` in that role. Units of speeds do not matter, since no figure
uses a speed. An event that is planned, projected or requested has not happened. Coordinates that are in the Netherlands
only when they are exchanged are exchanged, since an example of the schema exchanges them.
"""

from collections.abc import Mapping
from typing import Any, Final

from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import class_of_type, zero_emission_of
from streams.decode.carriers import carrier_of_actors, digest_of
from streams.decode.documents import is_number
from streams.decode.foreign_rows import Said, kilograms_of, part_of, registered_row, row_of_said, text_of
from streams.decode.netherlands import is_exchanged
from streams.decode.position_row import PositionRow, rejected_position

LOCATION: Final = "location"
UPDATES: Final = ("update", "updateevent")  # what may stand after it
ACTUAL: Final = ("actual", "realized")
EMPTY_SHARE: Final = 2.0  # a goods vehicle may weigh about twice what it weighs empty
VEHICLE: Final = "vehicle"


def is_event(content: Mapping[str, Any]) -> bool:
    """Tell whether an object is an event."""
    return content.get("eventType") is not None or content.get("geoReference") is not None


def is_vehicle(content: Mapping[str, Any]) -> bool:
    """Tell whether an object tells of a vehicle."""
    return content.get("entityType") == VEHICLE


def rows_of_otm(content: Mapping[str, Any]) -> list[PositionRow]:
    """Return the row of an event or of a vehicle."""
    return [
        row_of_vehicle(content) if is_vehicle(content) and not is_event(content) else row_of_event(content)
    ]


def row_of_event(event: Mapping[str, Any]) -> PositionRow:
    """Return the row of an event."""
    kind = event.get("eventType")
    if kind is not None and not _is_location_update(text_of(kind).lower()):
        return rejected_position(Outcome.UNKNOWN_MESSAGE)
    vehicle, place = part_of(event, "vehicle"), part_of(event, "geoReference")
    entity = part_of(vehicle, "entity")
    plate, name = entity.get("licensePlate"), entity.get("id")
    lifecycle = event.get("lifecycle")
    lat, lon = place.get("lat"), place.get("lon")
    if is_number(lat) and is_number(lon) and is_exchanged(float(lat), float(lon)):
        lat, lon = lon, lat
    vehicle_class, zero_emission = attributes_of(entity)
    return row_of_said(
        Said(
            vehicle=plate if plate is not None else name if name is not None else vehicle.get("uuid"),
            time=event.get("creationDate"),
            lat=lat,
            lon=lon,
            is_plate=plate is not None,
            refusal=None if lifecycle is None or text_of(lifecycle).lower() in ACTUAL else Outcome.NOT_ACTUAL,
            vehicle_class=vehicle_class,
            zero_emission=zero_emission,
            carrier=digest_of(carrier_of_actors(event.get("actors"))),
        )
    )


def _is_location_update(kind: str) -> bool:
    """Tell whether the type of an event in lower case, with or without its suffix, is a location update."""
    return kind.startswith(LOCATION) and kind.removeprefix(LOCATION) in UPDATES


def row_of_vehicle(vehicle: Mapping[str, Any]) -> PositionRow:
    """Return the row of a message about a vehicle, to which later events refer by its id."""
    return registered_row(vehicle.get("id"), vehicle.get("licensePlate"), *attributes_of(vehicle))


def attributes_of(vehicle: Mapping[str, Any]) -> tuple[VehicleClass, ZeroEmission]:
    """Return class and emission of a vehicle."""
    vehicle_class = class_of_type(text_of(vehicle.get("vehicleType")), _gross_kg(vehicle))
    fuel, emission = text_of(vehicle.get("fuel")), text_of(vehicle.get("emissionStandard"))
    return vehicle_class, zero_emission_of(vehicle_class, fuel, emission)


def _gross_kg(vehicle: Mapping[str, Any]) -> float:
    """Return the gross mass: the empty mass with the load, or twice the empty mass where no load is given."""
    empty_kg = kilograms_of(part_of(vehicle, "emptyWeight"))
    loads = vehicle.get("loadCapacities")
    loads_kg = (
        [kilograms_of(load) for load in loads if isinstance(load, dict)] if isinstance(loads, list) else []
    )
    load_kg = max(loads_kg, default=0.0)
    return empty_kg + load_kg if empty_kg and load_kg else empty_kg * EMPTY_SHARE
