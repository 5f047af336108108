"""Canaries: plates that exist nowhere else, in every way that a sender may spell or spoil them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa

from tests.faults.raw_topics import ANPR, FMS, Outgoing
from tests.faults.unit_events import centre, detection_of

US: Final = 1_000_000
HOUR_US: Final = 3_600 * US
STRANGER: Final = "00000000-0000-4000-8000-00000000c0de"  # a camera that nobody registered

# QZX: not given out in the Netherlands, and not a word of ours
_PLATE: Final = rb"q[-_ ]?z[-_ ]?x[-_ ]?(\d)[-_ ]?(\d)[-_ ]?(\d)[-_ ]?(\d)"
_HEX: Final = rb"(?:51|71)(?:5a|7a)(?:58|78)((?:3\d){4})"
_WIDE: Final = rb"q\x00z\x00x\x00(\d)\x00(\d)\x00(\d)\x00(\d)"
_ANY: Final = re.compile(b"|".join((_PLATE, _HEX, _WIDE)), re.IGNORECASE)


def plate(number: int) -> str:
    """Return the plate of a canary, as cameras spell it."""
    return f"QZX{number:04d}"


def canaries_in(haystack: bytes) -> set[int]:
    """Return the canaries whose plate stands in *haystack*: in any case, with dashes, in hexadecimal, or as UTF-16."""
    found = set()
    for match in _ANY.finditer(haystack):
        digits = b"".join(group for group in match.groups() if group is not None)
        text = bytes.fromhex(digits.decode()) if len(digits) == 8 else digits
        found.add(int(text))
    return found


def canary_records(count: int, now_us: int, partitions: int, random: Random) -> Iterator[Outgoing]:
    """Yield records that name each canary at least once: valid ones, and ones that go wrong at every step.

    Args:
        count: of canaries.
        now_us: event time of what is on time, microseconds since 1970.
        partitions: of the raw topics.
        random: settles partitions and places.
    """
    for number in range(count):
        make = _WAYS[number % len(_WAYS)]
        source, value = make(number, now_us - random.randrange(30 * US), random)
        yield Outgoing(source, random.randrange(partitions), value)


def _position(number: int, event_us: int, random: Random, **changes: object) -> dict[str, object]:
    """Return a position of a canary in one of the zones, with fields changed or, where None, left out."""
    lon, lat = centre(random.randrange(100))
    spelled = random.choice([plate(number), f"qzx-{number:04d}", f" QZX {number:04d} "])
    fields: dict[str, object] = {
        "vehicle": f"NL:{spelled}",
        "time": event_us // 1_000,
        "lat": lat,
        "lon": lon,
        "carrier": f"carrier of {plate(number)}",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _valid(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us, random)).encode()


def _array(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    rows = [_position(number, event_us + step * US, random) for step in range(3)]
    return FMS, json.dumps([*rows, {"vehicle": f"NL:{plate(number)}"}]).encode()


def _lines(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    row = json.dumps(_position(number, event_us, random)).encode()
    return FMS, row + b"\n" + row[:-1] + b"\n" + row + b"\n"


def _outside(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us, random, lat=91.0)).encode()


def _nowhere(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us, random, lon=None)).encode()


def _mistyped(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us, random, lat=plate(number))).encode()


def _late(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us - 200 * HOUR_US, random)).encode()


def _future(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_position(number, event_us + HOUR_US, random)).encode()


def _bare(number: int, _event_us: int, _random: Random) -> tuple[str, bytes]:
    return FMS, plate(number).encode()


def _broken(number: int, _event_us: int, _random: Random) -> tuple[str, bytes]:
    return FMS, f'{{"vehicle":"NL:{plate(number)}","time":'.encode() + b"\xff\xfe"


def _detected(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return ANPR, detection_of(UUID(int=random.getrandbits(128)), plate(number), number % 100, event_us)


def _by_stranger(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return ANPR, _changed_detection(number, event_us, random, camera_id=STRANGER)


def _unread(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return ANPR, _changed_detection(number, event_us, random, read_confidence=0.1)


def _untimed(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return ANPR, _changed_detection(number, event_us, random, event_time=plate(number))


def _misplaced(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return ANPR, _changed_detection(
        number, event_us, random, camera_id=plate(number), observation_id=plate(number)
    )


def _too_early(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    soon = datetime.fromtimestamp(event_us / US + 3_600, UTC).isoformat()
    return ANPR, _changed_detection(number, event_us, random, event_time=soon)


def _changed_detection(number: int, event_us: int, random: Random, **changes: object) -> bytes:
    """Return a detection of a canary with fields changed."""
    envelope = json.loads(_detected(number, event_us, random)[1])
    envelope["payload"][0].update(changes)
    return json.dumps(envelope).encode()


def _otm(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    return FMS, json.dumps(_otm_event(number, event_us, random, licensePlate=f"qzx-{number:04d}")).encode()


def _otm_unlike(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    event = _otm_event(
        number, event_us, random, licensePlate=plate(number), id=plate(number), fuel=plate(number)
    )
    return FMS, json.dumps({**event, "eventType": plate(number)}).encode()


def _otm_vehicle(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    told = {"entityType": "vehicle", "id": plate(number), "licensePlate": plate(number), "vehicleType": "van"}
    event = _otm_event(number, event_us, random)
    event["vehicle"] = {"associationType": "reference", "uuid": plate(number), "entityType": "vehicle"}
    return FMS, json.dumps(told).encode() + b"\n" + json.dumps(event).encode()


def _otm_event(number: int, event_us: int, random: Random, **entity: object) -> dict[str, object]:
    """Return an event of an inline vehicle; every name in it is the canary's."""
    lon, lat = centre(random.randrange(100))
    return {
        "eventType": "locationUpdateEvent",
        "id": plate(number),
        "creationDate": _rfc3339(event_us),
        "vehicle": {"associationType": "inline", "entity": entity},
        "geoReference": {"type": "latLonPointGeoReference", "lat": lat, "lon": lon},
        "actors": [{"associationType": "inline", "roles": ["carrier"], "entity": {"name": plate(number)}}],
    }


def _rfms(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    lon, lat = centre(random.randrange(100))
    place = {"latitude": lat, "longitude": lon, "positionDateTime": _rfc3339(event_us)}
    rows = [
        {"vin": plate(number), "createdDateTime": _rfc3339(event_us), "gnssPosition": place},
        {"vin": plate(number), "triggerType": {"driverId": plate(number)}},
    ]
    return FMS, json.dumps({"vehiclePositionResponse": {"vehiclePositions": rows}}).encode()


def _traccar(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    lon, lat = centre(random.randrange(100))
    position = {"fixTime": _rfc3339(event_us), "valid": number % 2 == 0, "latitude": lat, "longitude": lon}
    device = {"id": 1, "uniqueId": plate(number), "name": plate(number), "category": plate(number)}
    return FMS, json.dumps({"position": position, "device": device}).encode()


def _gtfs(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    lon, lat = centre(random.randrange(100))
    vehicle = {
        "vehicle": {"id": plate(number), "license_plate": plate(number)},
        "position": {"latitude": lat, "longitude": lon},
        "timestamp": event_us // US,
    }
    feed = {"header": {"timestamp": 0}, "entity": [{"id": plate(number), "vehicle": vehicle}]}
    return FMS, json.dumps(feed).encode()


def _arrow(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    lon, lat = centre(random.randrange(100))
    columns = {
        "vehicle": [f"NL:{plate(number)}", plate(number)],
        "time": pa.array([event_us // 1_000, None], pa.int64()),
        "lat": [lat, lat],
        "lon": [lon, lon],
        "class": [plate(number), "N1"],
    }
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return FMS, sink.getvalue().to_pybytes()


def _deep(number: int, _event_us: int, _random: Random) -> tuple[str, bytes]:
    return FMS, b'{"vehicle":' * 5_000 + plate(number).encode()


def _vesdi1(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    row = json.loads(_detected(number, event_us, random)[1])["payload"][0]
    row["plate"] = {"country": "NL", "text": row.pop("plate_text")}
    wrong = {**row, "event_time": plate(number), "read_quality": {"confidence": plate(number)}}
    return ANPR, json.dumps(row).encode() + b"\n" + json.dumps(wrong).encode()


def _passage(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    passage = {
        "id": str(UUID(int=random.getrandbits(128))),
        "timestamp": _rfc3339(event_us) if number % 2 else plate(number),
        "camera": {
            "id": "ANPR-1",
            "rijrichting": plate(number),
            "locatie": {"latitude": 52.3, "longitude": 4.9},
        },
        "voertuig": {
            "kenteken": {"kentekenHash": plate(number), "landcode": "NL"},
            "voertuigSoort": plate(number),
        },
    }
    return ANPR, json.dumps(passage).encode()


def _legacy(number: int, event_us: int, random: Random) -> tuple[str, bytes]:
    local = datetime.fromtimestamp(event_us / US, ZoneInfo("Europe/Amsterdam"))
    lines = [
        "Id;Tijd(CET);Hash;Land;Klasse;Locatie",
        f"{plate(number)};{local:%Y-%m-%d %H:%M:%S};{plate(number)};NL;LB;Kade {random.randrange(9)}",
        f"{plate(number)};{plate(number)};{plate(number)};NL;{plate(number)};Kade",
    ]
    return ANPR, "\n".join(lines).encode()


def _rfc3339(event_us: int) -> str:
    """Return a time as most formats write it."""
    return datetime.fromtimestamp(event_us / US, UTC).isoformat(timespec="milliseconds")


_WAYS: Final = (
    _valid,
    _array,
    _lines,
    _outside,
    _nowhere,
    _mistyped,
    _late,
    _future,
    _bare,
    _broken,
    _detected,
    _by_stranger,
    _unread,
    _untimed,
    _misplaced,
    _too_early,
    _otm,
    _otm_unlike,
    _otm_vehicle,
    _rfms,
    _traccar,
    _gtfs,
    _arrow,
    _deep,
    _vesdi1,
    _passage,
    _legacy,
)
