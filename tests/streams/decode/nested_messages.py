"""Random events of Open Trip Model and positions that Traccar forwards, most of their fields good."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

TIMES = [
    "2026-11-23T07:12:15.120Z",
    "2026-11-23T08:12:15+01:00",
    "2026-11-23T08:12:15.5+0100",
    "2026-11-23T07:12:15",
    "2026-11-23 07:12:15-0000",
    1_795_417_935_120,
    1_795_417_935_120.5,
    -1,
    10**17,
    "",
    True,
    {},
]
NAMES = [
    "VB-123-K",
    "D:B-AB 12",
    "0c9e7d52-2b7e-4f0e-8f6e-1d2a3b4c5d6e",
    "TÜ-AB 12",
    "",
    " ",
    "x" * 130,
    7,
    [],
    "a:b",
]
NUMBERS = [52.0907, 5.1214, 4.9, 52, 91, -181.5, 1e-7, 10**30, "5.1", None, [1], -0.0, 53.8, 3.1, 50.6]


def otm_event(rng: Random) -> dict[str, Any]:
    """Return an event."""
    entity = {
        "id": likely(rng, NAMES),
        "licensePlate": likely(rng, NAMES),
        "vehicleType": rng.choice(["van", "boxTruck", "spaceship", "", 3, "é", "semitruck", "a longer word than any"]),
        "fuel": rng.choice(["diesel", "electricity", "other", None, {}, 'a "b"']),
        "emissionStandard": rng.choice(["euro6", "EURO0", "", 6]),
        "emptyWeight": rng.choice(
            [{"value": rng.choice([1500, 2000.5, 7555, -1, "x", 10**20]), "unit": rng.choice(["kg", "TON", "lb", 1])},
             {}, [], None, 7, {"value": {"value": 1}}]
        ),
        "loadCapacities": rng.choice([[], [{"value": 1000, "unit": "kg"}], None, "x"]),
        "sensors": [{"associationType": "inline", "entity": {"name": "t", "id": [1, [2, {"a": {}}]]}}],
        "externalAttributes": {"nested": {"lat": 1, "vehicle": {}}},
    }  # fmt: skip
    vehicle = {
        "associationType": rng.choice(["inline", "reference"]),
        "uuid": likely(rng, NAMES),
        "entity": rng.choice([some(rng, entity), some(rng, entity), "entity", None, [entity]]),
        "entityType": "vehicle",
    }
    event = {
        "eventType": rng.choice(
            ["locationUpdateEvent"] * 6 + ["locationUpdate", "LOCATIONUPDATEEVENT", "location", "updateEvent", 1, "é"]
        ),
        "id": "7d0c2f0e-1f0f-4c5f-9a37-2b8f2f3c9a10",
        "creationDate": likely(rng, TIMES),
        "lifecycle": likely(rng, ["actual", "realized", "planned", "", None, 1, []]),
        "vehicle": rng.choice([some(rng, vehicle)] * 6 + ["VB-123-K", None, []]),
        "geoReference": rng.choice(
            [some(rng, {"type": "latLonPointGeoReference", "lat": likely(rng, NUMBERS), "lon": likely(rng, NUMBERS),
                        "speed": {"value": 31, "unit": "kmh"}, "geometry": {"coordinates": [[1, 2], [3, 4.5e1]]}})] * 6
            + [None, "here", [], {}]
        ),
        "actors": likely(rng, [[actor(rng), actor(rng)], [actor(rng)], [], {}, [[]], None, "Müller", 10**30]),
        "position": rng.choice([None, None, None, {"latitude": 1}, 1]),
        "lat": rng.choice([None] * 12 + [52.1]),
        "entityType": rng.choice([None, None, "vehicle"]),
    }  # fmt: skip
    return some(rng, event)


def actor(rng: Random) -> Any:
    """Return an actor of an event."""
    entity = {"name": likely(rng, ['Müller "&" Zn', "Carrier X", "", " ", None, 7]), "id": likely(rng, NAMES)}
    described = {
        "associationType": "inline",
        "uuid": likely(rng, NAMES),
        "roles": likely(
            rng, [["carrier"], ["shipper", "carrier"], ["driver"], [], None, "carrier", [["carrier"]]]
        ),
        "entity": likely(rng, [some(rng, entity), entity, None, [], "x"]),
    }
    return likely(rng, [some(rng, described), described, {}, 7, [], "carrier"])


def forwarded(rng: Random) -> dict[str, Any]:
    """Return what Traccar forwards."""
    position = {
        "deviceId": 10,
        "serverTime": "2026-11-23T07:12:15Z",
        "fixTime": likely(rng, TIMES),
        "valid": likely(rng, [True, True, False, None, "false", 0]),
        "outdated": likely(rng, [False, False, True, None, "true", 1]),
        "latitude": likely(rng, NUMBERS),
        "longitude": likely(rng, NUMBERS),
        "speed": 16.7,
        "attributes": {"ignition": True, "io": [1, 2, {"x": None}]},
    }
    device = {
        "id": 10,
        "uniqueId": likely(rng, NAMES),
        "category": rng.choice(["truck", "tractor", "Van", None, 4, ""]),
        "name": "Bus van Ömer",
    }
    return some(
        rng,
        {
            "position": rng.choice([some(rng, position)] * 8 + [None, "x", [position]]),
            "device": rng.choice([some(rng, device)] * 8 + [None, "x", 3]),
            "lon": rng.choice([None] * 12 + [5.1, "x"]),
        },
    )


def likely(rng: Random, choices: Sequence[Any]) -> Any:
    """Return one of the first two, which are good, most of the time."""
    return rng.choice(choices[:2] if rng.random() < 0.8 else choices)


def some(rng: Random, fields: dict[str, Any]) -> dict[str, Any]:
    """Return most of the fields in some order, and never a null that is not meant."""
    names = [name for name in fields if rng.random() < 0.98]
    if rng.random() < 0.3:
        rng.shuffle(names)
    return {name: fields[name] for name in names}


def nested_message(rng: Random) -> bytes:
    """Return one object, an array of objects, or one object per line, in one of several spellings."""
    ascii_only, blank = rng.random() < 0.5, rng.choice(["", "", " "])
    make = rng.choice([otm_event, otm_event, forwarded])
    texts = [
        json.dumps(make(rng), ensure_ascii=ascii_only, separators=("," + blank, ":" + blank)).encode()
        for _ in range(rng.choice([1, 1, 1, 2, 3]))
    ]
    if rng.random() < 0.3:
        return b"[" + b", \n".join(texts) + b"]"
    return rng.choice([b"\n", b"\r\n", b"\n\n"]).join(texts)
