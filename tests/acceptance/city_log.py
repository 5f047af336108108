"""A morning of the simulated city as raw records, spoilt as real senders do, and the same as rows of the oracle."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from duls.local_midnights import ZONE, local_midnights
from naive import DetectionRow, PositionRow
from processors.camera_feature import CameraFeature
from processors.simulation.city import SimulatedCity
from processors.simulation.detections import detections
from processors.simulation.noise import POISON, noise
from processors.simulation.positions import positions
from processors.vocabulary import Movement
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions
from tests.faults.raw_topics import ANPR, FMS, Outgoing, RawRecord

US_PER_S: Final = 1_000_000
SEED: Final = 11
FLEET: Final = 60_000  # all of which cameras see
TRACKED: Final = 9_000  # vehicles with an on-board unit
INTERVAL_S: Final = 5.0
BLOCK: Final = 1_000  # records of which the second half is sent in arrays and lines
PACKED: Final = 20
UNKNOWN_CAMERA: Final = b"00000000-0000-4000-8000-000000000000"
CAMERA_ID: Final = re.compile(rb'"camera_id":"[^"]+"')
ELECTRIC: Final = frozenset({"electric", "electricity", "battery", "bev", "hydrogen", "fuel_cell", "fcev"})


class Sizes(NamedTuple):
    """How much is sent."""

    positions: int
    detections: int
    minutes: int


def build_city() -> SimulatedCity:
    """Return the city of the acceptance runs."""
    return SimulatedCity.build(SEED, vehicles=FLEET, midnights_us=local_midnights())


def raw_records(city: SimulatedCity, sizes: Sizes, now_us: int, partitions: int) -> Iterator[Outgoing]:
    """Yield the records of a morning that ends now, in the order in which they are sent."""
    rng = np.random.default_rng(SEED)
    begin_us = _morning_us(now_us)
    moved_us = now_us - sizes.minutes * 60 * US_PER_S - begin_us
    end_us = begin_us + sizes.minutes * 60 * US_PER_S
    yield from _positions(city, (begin_us, end_us, moved_us), sizes.positions, rng, partitions)
    yield from _detections(city, (begin_us, end_us, moved_us), sizes.detections, rng, partitions)


def _morning_us(now_us: int) -> int:
    """Return half past seven of the last working day before today, local time."""
    day = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(ZONE) - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return round(day.replace(hour=7, minute=30, second=0, microsecond=0).timestamp()) * US_PER_S


def _positions(
    city: SimulatedCity, span: tuple[int, int, int], count: int, rng: np.random.Generator, partitions: int
) -> Iterator[Outgoing]:
    begin_us, end_us, moved_us = span
    values: list[bytes] = []
    times: list[np.ndarray] = []
    for rows in positions(city, begin_us, end_us, INTERVAL_S, window_s=60.0, vehicles=range(TRACKED)):
        shifted = rows._replace(event_us=rows.event_us + moved_us)
        values += encode_positions(shifted)
        times.append(shifted.event_us.copy())
        if len(values) >= count:
            break
    assert len(values) >= count, f"the city sent only {len(values)} positions"
    noisy = noise(values[:count], np.concatenate(times)[:count], rng)
    for number, value in enumerate(_packed(noisy.records)):
        yield Outgoing(FMS, number % partitions, value)


def _packed(records: Sequence[bytes]) -> Iterator[bytes]:
    """Yield records one by one, and half of them in arrays and lines of twenty; poison stays alone."""
    for start in range(0, len(records), BLOCK):
        block = records[start : start + BLOCK]
        half = len(block) // 2
        yield from block[:half]
        good = [record for record in block[half:] if record not in POISON]
        yield from (record for record in block[half:] if record in POISON)
        for number, first in enumerate(range(0, len(good), PACKED)):
            pack = good[first : first + PACKED]
            yield b"[" + b",".join(pack) + b"]" if number % 2 else b"\n".join(pack)


def _detections(
    city: SimulatedCity, span: tuple[int, int, int], count: int, rng: np.random.Generator, partitions: int
) -> Iterator[Outgoing]:
    begin_us, end_us, moved_us = span
    values: list[bytes] = []
    for rows in detections(city, begin_us, end_us, window_s=60.0):
        values += encode_detections(rows._replace(event_us=rows.event_us + moved_us), city.cameras)
        if len(values) >= count:
            break
    assert len(values) >= count, f"the cameras sent only {len(values)} detections"
    values = values[:count]
    for place in rng.integers(0, count, count // 200):
        values[place] = CAMERA_ID.sub(b'"camera_id":"' + UNKNOWN_CAMERA + b'"', values[place])
    repeated = [values[place] for place in rng.integers(0, count, count // 100)]
    for number, value in enumerate([*values, *repeated, b"{}", b"not json"]):
        yield Outgoing(ANPR, number % partitions, value)


class OracleInput(NamedTuple):
    """Rows of the oracle, and how many rows were rejected."""

    positions: list[PositionRow]
    detections: list[DetectionRow]
    rejected_positions: int
    rejected_detections: int


def oracle_input(records: Sequence[RawRecord]) -> OracleInput:
    """Read records as the oracle does: with the plain JSON reader and the rules of the contract."""
    found = OracleInput([], [], 0, 0)
    rejected = {FMS: 0, ANPR: 0}
    for record in records:
        rows = _rows(record)
        rejected[record.source] += not rows
        for index, row in enumerate(rows):
            if record.source == FMS:
                found.positions.append(_position(record, index, row))
            else:
                found.detections.append(_detection(record, index, row))
    return found._replace(rejected_positions=rejected[FMS], rejected_detections=rejected[ANPR])


def _rows(record: RawRecord) -> list[dict[str, object]]:
    value = record.value or b""
    if value in POISON or value in (b"{}", b"not json"):
        return []
    if record.source == ANPR:
        return list(json.loads(value)["payload"])
    return json.loads(value) if value.startswith(b"[") else [json.loads(line) for line in value.split(b"\n")]


def _microseconds(text: object) -> int:
    moment = datetime.fromisoformat(str(text))
    return round(moment.timestamp() * 1_000) * 1_000


def _position(record: RawRecord, index: int, row: dict[str, object]) -> PositionRow:
    vehicle_class = str(row["class"])
    return PositionRow(
        partition=record.partition,
        offset=record.offset,
        index=index,
        arrival_us=record.arrival_us,
        event_us=_microseconds(row["time"]),
        vehicle=row["vehicle"],
        lat=float(str(row["lat"])),
        lon=float(str(row["lon"])),
        vehicle_class=vehicle_class,
        zero_emission=_zero_emission(vehicle_class, str(row.get("fuel"))),
    )


def _zero_emission(vehicle_class: str, fuel: str) -> str:
    if vehicle_class == "M1":
        return "unknown"
    return "yes" if fuel in ELECTRIC else "no"


def _detection(record: RawRecord, index: int, row: dict[str, object]) -> DetectionRow:
    return DetectionRow(
        partition=record.partition,
        offset=record.offset,
        index=index,
        arrival_us=record.arrival_us,
        event_us=_microseconds(row["event_time"]),
        vehicle=row["plate_text"],
        vehicle_class="unknown",
        zero_emission="unknown",
        camera=row["camera_id"],
        observation_id=row["observation_id"],
        direction=row.get("detection_direction", "unknown"),
        confidence=float(str(row.get("read_confidence", 1.0))),
    )


def registry_of(cameras: Sequence[CameraFeature]) -> dict[object, list[tuple[object, dict[str, str]]]]:
    """Return the camera registry as the oracle takes it."""

    def word(movement: int) -> str:
        return Movement(movement).name.lower()

    return {
        str(camera.camera_id): [
            (
                zone.zone_id,
                {"obverse": word(zone.obverse), "reverse": word(zone.reverse), "unknown": word(zone.unknown)},
            )
            for zone in camera.zones
        ]
        for camera in cameras
    }
