"""Records of each format of positions that is measured, alike but for the format, and what peers decode them with."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from streams.encode_positions import plate_of

VEHICLES: Final = 40_000
TIME: Final = "2026-11-23T07:12:15.%03dZ"
REFERENCE: Final = "0c9e7d52-2b7e-4f0e-8f6e-%012x"

_EVENT: Final = (
    '{"eventType":"locationUpdateEvent","id":"7d0c2f0e-1f0f-4c5f-9a37-%012x","creationDate":"%s",'
    '"lifecycle":"actual","vehicle":%s,"geoReference":{"type":"latLonPointGeoReference","lat":%.6f,"lon":%.6f,'
    '"speed":{"value":%d,"unit":"km/h"},"heading":{"value":%d,"unit":"degrees"}},"actors":[{"associationType":'
    '"inline","roles":["carrier"],"entity":{"name":"Carrier X"}}],"externalAttributes":{"receivedAt":'
    '"2026-11-23T07:12:16.004Z"}}'
)
_INLINE: Final = (
    '{"associationType":"inline","entity":{"licensePlate":"%s","vehicleType":"boxtruck","fuel":"diesel",'
    '"emissionStandard":"euro6","emptyWeight":{"value":7555,"unit":"kg"}}}'
)
_REFERENCE: Final = '{"associationType":"reference","uuid":"%s","entityType":"vehicle"}'
_CANONICAL: Final = (
    '{"vehicle":"NL:%s","time":"%s","lat":%.6f,"lon":%.6f,"speed_kmh":%d,"class":"N2","fuel":"diesel"}'
)
_FORWARDED: Final = (
    '{"position":{"id":%d,"deviceId":10,"protocol":"teltonika","serverTime":"2026-11-23T07:12:20.000+00:00",'
    '"deviceTime":"2026-11-23T07:12:15.000+00:00","fixTime":"%s","valid":true,"outdated":false,"latitude":%.6f,'
    '"longitude":%.6f,"altitude":3.0,"speed":%d,"course":%d,"address":null,"accuracy":0,"network":null,'
    '"attributes":{"ignition":true,"motion":true}},"device":{"id":10,"uniqueId":"3596331%08d","name":"Van",'
    '"category":"truck","attributes":{}}}'
)


def canonical(rng: Random, number: int) -> str:
    """Return a canonical position."""
    place = (52 + rng.random(), 5 + rng.random(), rng.randrange(90))
    return _CANONICAL % (plate_of(number % VEHICLES), TIME % (number % 1_000), *place)


def otm_inline(rng: Random, number: int) -> str:
    """Return an event of an inline vehicle."""
    return _event(rng, number, _INLINE % plate_of(number % VEHICLES))


def otm_reference(rng: Random, number: int) -> str:
    """Return an event of a referenced vehicle."""
    return _event(rng, number, _REFERENCE % (REFERENCE % (number % VEHICLES)))


def _event(rng: Random, number: int, vehicle: str) -> str:
    place = (52 + rng.random(), 5 + rng.random(), rng.randrange(90), rng.randrange(360))
    return _EVENT % (number, TIME % (number % 1_000), vehicle, *place)


def traccar(rng: Random, number: int) -> str:
    """Return what Traccar forwards."""
    place = (52 + rng.random(), 5 + rng.random(), rng.randrange(90), rng.randrange(360))
    return _FORWARDED % (number, TIME % (number % 1_000), *place, number % VEHICLES)


MAKERS: Final[dict[str, Callable[[Random, int], str]]] = {
    "canonical": canonical,
    "OTM inline": otm_inline,
    "OTM reference": otm_reference,
    "Traccar": traccar,
}


def records(format_: str, count: int) -> list[bytes]:
    """Return so many records of a format, the same every time."""
    rng = Random(1)
    return [MAKERS[format_](rng, number).encode() for number in range(count)]


def msgspec_struct(format_: str) -> type[Any]:
    """Return a struct of the fields that are needed; times and plates stay text, which favours msgspec."""
    import msgspec  # noqa: PLC0415 a peer is loaded where it is used

    struct = msgspec.defstruct
    if format_ == "canonical":
        return struct("Position", [("vehicle", str), ("time", str), ("lat", float), ("lon", float)])
    if format_ == "Traccar":
        position = struct("P", [("fixTime", str), ("valid", bool), ("latitude", float), ("longitude", float)])
        device = struct("D", [("uniqueId", str), ("category", str | None, None)])
        return struct("Forwarded", [("position", position), ("device", device)])
    entity = struct("Entity", [("licensePlate", str | None, None)])
    vehicle = struct("Vehicle", [("uuid", str | None, None), ("entity", entity | None, None)])
    place = struct("Place", [("lat", float), ("lon", float)])
    return struct("Event", [("creationDate", str), ("vehicle", vehicle), ("geoReference", place)])
