"""Events that can be told apart in the figures: each has a vehicle and a cell (zone, slot, source) of its own.

So every cell must count exactly one observation. A cell that is missing is an event that was lost, one that counts two
is an event that was counted twice, and neither hides the other as it would in a total.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from tests.faults.raw_topics import ANPR, FMS, Outgoing

ZONES: Final = 500
COLUMNS: Final = 25
STEP_DEG: Final = 0.01
SIZE_DEG: Final = 0.006
WEST: Final = 5.0
SOUTH: Final = 52.0
SLOT_S: Final = 60
US: Final = 1_000_000
ANPR_EVERY: Final = 10  # one event in so many is a detection
POISON_EVERY: Final = 1_000
NAMESPACE: Final = UUID("6a1e0f5e-5d5c-4e8b-9a51-0d6c2f8f4a10")

VARIABLES: Final = {
    "DULS_SLOT_S": str(SLOT_S),
    # events reach back days, so that there are slots enough for millions of them
    "DULS_ALLOWED_LATENESS_S": "604800",
    "DULS_RETENTION_SLOT_H": "240",
    # nothing is disordered here; waiting for it would only make tests slow
    "DULS_REORDER_S": "0.5",
}
"""Settings under which the events count as described."""

CellId = tuple[str, str, int]  # source, zone, slot start in microseconds


class EventWorld(NamedTuple):
    """When the events of a test took place, and how they are spread."""

    start_us: int  # of the first slot
    partitions: int

    def cell(self, number: int) -> CellId:
        """Return the cell of an event."""
        zone, slot = number % ZONES, number // ZONES
        source = ANPR if number % ANPR_EVERY == 0 else FMS
        return (source, zone_id(zone), self.start_us + slot * SLOT_S * US)

    def record(self, number: int) -> Outgoing:
        """Return the record of an event; its partition depends on nothing but its number."""
        source, _, slot_us = self.cell(number)
        zone = number % ZONES
        event_us = slot_us + (number * 7919 % SLOT_S) * US
        partition = (number * 2654435761 >> 7) % self.partitions
        if source == FMS:
            lon, lat = centre(zone)
            value = b'{"vehicle":"event-%d","time":%d,"lat":%.4f,"lon":%.4f,"class":"N1","fuel":"diesel"}'
            return Outgoing(FMS, partition, value % (number, event_us // 1_000, lat, lon))
        observation = uuid5(NAMESPACE, f"event {number}")
        return Outgoing(ANPR, partition, detection_of(observation, f"E{number:07d}", zone, event_us))

    def records(self, numbers: Sequence[int] | range) -> Iterator[Outgoing]:
        """Yield the records of events, and now and then one that is no event at all."""
        for number in numbers:
            yield self.record(number)
            if number % POISON_EVERY == 1:
                partition = number % self.partitions
                yield Outgoing(FMS, partition, b'{"vehicle":"event-%d","time":"never"' % number)


def poison_among(count: int) -> int:
    """Return how many of the records of the first *count* events are none."""
    return (count - 2) // POISON_EVERY + 1 if count > 1 else 0


def world_at(now_us: int, partitions: int) -> EventWorld:
    """Return a world whose events took place from six days before *now_us* on."""
    start_us = now_us - 6 * 86_400 * US
    return EventWorld(start_us - start_us % (SLOT_S * US), partitions)


def zone_id(zone: int) -> str:
    """Return the id of a zone."""
    return f"square-{zone:03d}"


def centre(zone: int) -> tuple[float, float]:
    """Return the middle of a zone as (lon, lat)."""
    west, south = _corner(zone)
    return west + SIZE_DEG / 2, south + SIZE_DEG / 2


def squares_geojson() -> bytes:
    """Return the zones: squares that do not touch."""
    features = []
    for zone in range(ZONES):
        west, south = _corner(zone)
        east, north = west + SIZE_DEG, south + SIZE_DEG
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append(
            {
                "type": "Feature",
                "properties": {"id": zone_id(zone), "name": zone_id(zone), "kind": "other"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def squares_cameras() -> bytes:
    """Return a camera for each zone, whose front plates drive in."""
    lines = ["camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse,unknown"]
    for zone in range(ZONES):
        lon, lat = centre(zone)
        lines.append(f"{_camera(zone)},camera {zone},{lat!r},{lon!r},0,{zone_id(zone)},in,out,unknown")
    return "".join(f"{line}\n" for line in lines).encode()


def _corner(zone: int) -> tuple[float, float]:
    """Return the south-western corner of a zone."""
    return round(WEST + zone % COLUMNS * STEP_DEG, 6), round(SOUTH + zone // COLUMNS * STEP_DEG, 6)


def _camera(zone: int) -> UUID:
    """Return the id of the camera of a zone."""
    return uuid5(NAMESPACE, f"camera {zone}")


def detection_of(observation: UUID, plate: str, zone: int, event_us: int) -> bytes:
    """Return an envelope with one detection, by the camera of a zone, of a vehicle that drives in."""
    seconds, ms = divmod(event_us // 1_000, 1_000)
    return json.dumps(
        {
            "message_type": "anpr_observation_batch",
            "schema_version": "anpr-2.0.0",
            "payload": [
                {
                    "observation_id": str(observation),
                    "camera_id": str(_camera(zone)),
                    "event_time": f"{_time_text(seconds)}.{ms:03d}Z",
                    "plate_country": "NL",
                    "plate_text": plate,
                    "read_confidence": 0.9,
                    "detection_direction": "obverse",
                }
            ],
        }
    ).encode()


def _time_text(seconds: int) -> str:
    """Return seconds since 1970 as RFC 3339 without an offset."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
