"""What senders of each format send of one vehicle within one zone, at three moments of one slot."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from processors.names import camera_uuid, observation_uuid

ZONE_DEG: Final = 0.02
FIRST_LON: Final = 5.0
LAT: Final = 52.05
REFERENCE: Final = "0c9e7d52-2b7e-4f0e-8f6e-1d2a3b4c5d6e"
MOMENTS: Final = 3


class Place(NamedTuple):
    """Where and when a vehicle is."""

    lat: float
    lon: float
    time_ms: int

    @property
    def text(self) -> str:
        """Return the time as RFC 3339."""
        return str(
            pa.scalar(self.time_ms, pa.timestamp("ms", "UTC")).as_py().isoformat(timespec="milliseconds")
        )


class Feed(NamedTuple):
    """The records of one format, and what must be in the views of its zone."""

    records: Callable[[list[Place]], list[bytes]]
    vehicle_class: str
    zero_emission: str
    rejected: int = 0  # rows among the records that are no observations, each for a reason
    registered: int = 0  # rows that tell of vehicles


def canonical(places: list[Place]) -> list[bytes]:
    """Return one object, then an array."""
    rows = [
        {
            "vehicle": "NL:FD-001-A",
            "time": p.text,
            "lat": p.lat,
            "lon": p.lon,
            "class": "N2",
            "fuel": "diesel",
        }
        for p in places
    ]
    return [text(rows[0]), text(rows[1:])]


def pushed(places: list[Place]) -> list[bytes]:
    """Return what is pushed over HTTP: one object, then one per line."""
    rows = [
        {"vehicle": "NL:FD-005-A", "time": p.text, "lat": p.lat, "lon": p.lon, "class": "N1"} for p in places
    ]
    return [text(rows[0]), b"\n".join(map(text, rows[1:]))]


def arrow(places: list[Place]) -> list[bytes]:
    """Return one stream of all places."""
    table = pa.table(
        {
            "vehicle": pa.array(["NL:FD-002-A"] * len(places)).dictionary_encode(),
            "time": pa.array([p.time_ms for p in places], pa.timestamp("ms", "UTC")),
            "lat": [p.lat for p in places],
            "lon": [p.lon for p in places],
            "class": ["N3"] * len(places),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return [sink.getvalue().to_pybytes()]


def otm_inline(places: list[Place]) -> list[bytes]:
    """Return events of an inline vehicle, and one of another type."""
    entity = {"licensePlate": "FD-003-A", "vehicleType": "van", "fuel": "electricity"}
    events = [otm_event(p, {"associationType": "inline", "entity": entity}) for p in places]
    return [*map(text, events), text({**events[0], "eventType": "startMovingEvent"})]


def otm_reference(places: list[Place]) -> list[bytes]:
    """Return what a reference stands for, then events that refer to it, coordinates exchanged in one."""
    vehicle = {"entityType": "vehicle", "id": REFERENCE, "vehicleType": "boxtruck", "fuel": "diesel",
               "emissionStandard": "euro6", "emptyWeight": {"value": 5.5, "unit": "t"}}  # fmt: skip
    events = [otm_event(p, {"associationType": "reference", "uuid": REFERENCE}) for p in places]
    place = events[1]["geoReference"]
    place["lat"], place["lon"] = place["lon"], place["lat"]
    return [text(vehicle), b"\n".join(map(text, events))]


def otm_event(place: Place, vehicle: dict[str, Any]) -> dict[str, Any]:
    """Return a location update."""
    return {
        "eventType": "locationUpdateEvent",
        "creationDate": place.text,
        "lifecycle": "actual",
        "vehicle": vehicle,
        "geoReference": {"type": "latLonPointGeoReference", "lat": place.lat, "lon": place.lon},
    }


def rfms(places: list[Place]) -> list[bytes]:
    """Return the vehicles, then a page of positions, one of them without a place."""
    vehicles = [{"vin": "YV2E4C3A5VB180691", "type": "TRUCK", "possibleFuelType": ["08"]}]
    positions = [
        {
            "vin": "YV2E4C3A5VB180691",
            "triggerType": {"driverId": "a driver"},
            "createdDateTime": p.text,
            "gnssPosition": {"latitude": p.lat, "longitude": p.lon, "positionDateTime": p.text},
        }
        for p in places
    ]
    return [
        text({"vehicleResponse": {"vehicles": vehicles}}),
        text({"vehiclePositionResponse": {"vehiclePositions": [*positions, {"vin": "YV2E4C3A5VB180691"}]}}),
    ]


def traccar(places: list[Place]) -> list[bytes]:
    """Return what is forwarded of one device, then a position without a fix."""
    return [
        text(
            {
                "position": {
                    "fixTime": time,
                    "valid": valid,
                    "latitude": p.lat,
                    "longitude": p.lon,
                    "speed": 9.9,
                },
                "device": {"id": 1, "uniqueId": "359633100458590", "category": "van"},
            }
        )
        for p, time, valid in [
            (places[0], places[0].text, True),
            (places[1], places[1].time_ms, True),
            (places[2], places[2].text, True),
            (places[2], places[2].text, False),
        ]
    ]


def gtfs(places: list[Place]) -> list[bytes]:
    """Return a feed with one vehicle and one alert for each place."""
    return [
        text(
            {
                "header": {"timestamp": p.time_ms // 1_000},
                "entity": [
                    {
                        "id": "1",
                        "vehicle": {
                            "vehicle": {"id": "bus-1"},
                            "position": {"latitude": p.lat, "longitude": p.lon},
                        },
                    },
                    {"id": "2", "alert": {}},
                ],
            }
        )
        for p in places
    ]


def text(content: Any) -> bytes:
    """Return JSON."""
    return json.dumps(content).encode()


POSITION_FEEDS: Final[dict[str, Feed]] = {
    "canonical": Feed(canonical, "N2", "no"),
    "arrow": Feed(arrow, "N3", "unknown"),
    "otm-inline": Feed(otm_inline, "N1", "yes", rejected=1),
    "otm-reference": Feed(otm_reference, "N2", "no", registered=1),
    "rfms": Feed(rfms, "N3", "yes", rejected=1, registered=1),
    "traccar": Feed(traccar, "N1", "unknown", rejected=1),
    "gtfs": Feed(gtfs, "unknown", "unknown", rejected=3),
    "pushed": Feed(pushed, "N1", "unknown"),
}


class DetectionFeed(NamedTuple):
    """The records of one format, and what must be in the views of its zone."""

    records: Callable[[list[Place], str], list[bytes]]
    vehicle_class: str
    zero_emission: str
    registered: int = 0  # rows that tell of cameras


def vesdi(places: list[Place], name: str) -> list[bytes]:
    """Return the camera, then detections of both directions, the first of them twice."""
    camera = {"camera_id": camera_of(name), "location_lat": LAT, "location_lon": places[0].lon,
              "address_formatted": "Kade 1", "camera_type": "hybrid", "azimuth_deg": 180}  # fmt: skip
    batch = [
        {
            "observation_id": observation_of(name, number),
            "camera_id": camera_of(name),
            "event_time": p.text,
            "plate_country": "NL",
            "plate_text": "FD010A",
            "read_confidence": 0.9,
            "detection_direction": "reverse" if number == 2 else "obverse",
        }
        for number, p in enumerate(places)
    ]
    return [
        text({"message_type": "camera_registration", "schema_version": "anpr-2.0.0", "payload": [camera]}),
        text({"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": batch}),
        text(
            {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": batch[:1]}
        ),
    ]


def pushed_vesdi(places: list[Place], name: str) -> list[bytes]:
    """Return the same messages of another vehicle, without the repeat."""
    return [record.replace(b"FD010A", b"FD014A") for record in vesdi(places, name)[:2]]


def changes_of_the_clock() -> bytes:
    """Return a legacy file of local times."""
    lines = ["Id;Tijd(CET);Hash;Land;Klasse;Locatie"]
    lines += [f"dst {number};{time};fd015aHASH;NL;LB;{CHANGES}" for number, time in enumerate(CHANGE_TIMES)]
    return "\n".join(lines).encode()


def vesdi1(places: list[Place], name: str) -> list[bytes]:
    """Return the camera, then detections of version 1 one per line."""
    lines = [
        {
            "observation_id": observation_of(name, number),
            "camera_id": camera_of(name),
            "event_time": p.text,
            "plate": {"country": "NL", "text": "FD-011-A"},
            "read_quality": {"confidence": 0.9},
            "detection_direction": "reverse" if number == 2 else "obverse",
        }
        for number, p in enumerate(places)
    ]
    return [vesdi(places, name)[0], b"\n".join(map(text, lines))]


def passages(places: list[Place], name: str) -> list[bytes]:
    """Return passages of a camera that nobody registered, its coordinates exchanged."""
    return [
        text(
            {
                "id": observation_of(name, number),
                "version": "passage-v2",
                "timestamp": p.text,
                "camera": {
                    "id": "ANPR-00042",
                    "kijkrichting": 180,
                    "locatie": {"latitude": p.lon, "longitude": LAT},
                    "rijrichting": "VAN" if number == 2 else "NAAR",
                },
                "voertuig": {
                    "kenteken": {"kentekenHash": "fd012aHASH", "landcode": "NL"},
                    "europeseVoertuigcategorie": "N2",
                    "brandstoffen": [{"naam": "Diesel"}],
                },
            }
        )
        for number, p in enumerate(places)
    ]


def utrecht(places: list[Place], name: str) -> list[bytes]:
    """Return a file with its header; its camera is a name that the steward has loaded."""
    lines = ["Id;Tijd(CET);Hash;Land;Klasse;Locatie"]
    for number, p in enumerate(places):
        local = datetime.fromtimestamp(p.time_ms / 1_000, ZoneInfo("Europe/Amsterdam"))
        lines.append(f"{number};{local:%Y-%m-%d %H:%M:%S};fd013aHASH;NL;ZB;{name}")
    return ["\n".join(lines).encode()]


def camera_of(name: str) -> str:
    """Return the id of the camera of a zone."""
    return str(camera_uuid(name))


def observation_of(name: str, number: int) -> str:
    """Return the id of an observation."""
    return str(observation_uuid(f"{name} {number}"))


DETECTION_FEEDS: Final[dict[str, DetectionFeed]] = {
    "vesdi": DetectionFeed(vesdi, "unknown", "unknown", registered=1),
    "vesdi1": DetectionFeed(vesdi1, "unknown", "unknown", registered=1),
    "passage": DetectionFeed(passages, "N2", "no"),
    "utrecht": DetectionFeed(utrecht, "N3", "unknown"),
    "pushed-vesdi": DetectionFeed(pushed_vesdi, "unknown", "unknown", registered=1),
}
PUSHED: Final = frozenset({"pushed", "pushed-vesdi"})
"""These come over HTTP."""

CHANGES: Final = "changes-of-the-clock"
"""The zone and camera of a file that spans both changes of the clock."""
CHANGE_TIMES: Final = (
    "2026-03-29 01:59:59",
    "2026-03-29 02:30:00",  # no clock showed it
    "2026-03-29 03:00:00",
    "2026-10-25 01:30:00",
    "2026-10-25 02:10:00",
    "2026-10-25 02:50:00",
    "2026-10-25 02:05:00",  # the second pass
    "2026-10-25 02:55:00",
    "2026-10-25 03:20:00",
)
CHANGE_HOURS: Final = {
    "2026-03-29T00": 1,
    "2026-03-29T01": 1,
    "2026-10-24T23": 1,
    "2026-10-25T00": 2,
    "2026-10-25T01": 2,
    "2026-10-25T02": 1,
}
"""What each hour of UTC must have of it."""


ZONES: Final = (*POSITION_FEEDS, *DETECTION_FEEDS, CHANGES)


def cameras() -> bytes:
    """Return the cameras that the steward loads: on the southern edge of their zones, and look south."""
    rows = ["camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse,unknown"]
    for name in ("utrecht", CHANGES):
        lon = places(ZONES.index(name), 0)[0].lon
        rows.append(f"{camera_of(name)},Kade,{LAT},{lon},180,{name},,,in")
    return "\n".join(rows).encode()


def places(number: int, slot_ms: int) -> list[Place]:
    """Return where the vehicle of a zone is, a minute apart, metres apart."""
    lon = FIRST_LON + (number + 0.5) * ZONE_DEG
    return [Place(LAT + 0.01 + step * 1e-5, lon, slot_ms + 60_000 * (step + 1)) for step in range(MOMENTS)]


def zones() -> bytes:
    """Return one square zone for each feed, side by side, named after it."""
    features = []
    for number, name in enumerate(ZONES):
        west, east = FIRST_LON + number * ZONE_DEG, FIRST_LON + (number + 1) * ZONE_DEG
        ring = [[west, LAT], [east, LAT], [east, LAT + ZONE_DEG], [west, LAT + ZONE_DEG], [west, LAT]]
        features.append(
            {
                "type": "Feature",
                "properties": {"id": name, "name": name, "kind": "other", "municipality": "GM0344"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return text({"type": "FeatureCollection", "features": features})
