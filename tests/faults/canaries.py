"""Canaries: plates that exist nowhere else, in every way that a sender may spell or spoil them."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID

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
)
