"""What is sent: positions of the simulated city as canonical JSON, some of them out of order."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from duls.local_midnights import local_midnights
from processors.calendar import local_day
from processors.columns import Int64Array
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from processors.simulation.positions import positions
from processors.units import US_PER_S
from streams.encode_positions import encode_positions

SEED: Final = 7
MORNING_S: Final = 9 * 3_600  # of a local day: the fleet is out
DISORDER: Final = 0.02  # share of the positions that come after later ones of their vehicle
DELAY_S: Final = (10.0, 60.0)  # how much later, in event time
CHUNK_ROWS: Final = 50_000
SIMULATED_US: Final = 1_795_500_000 * US_PER_S  # a Tuesday in November 2026


ONE: Final = "one per record"
JSON_ARRAYS: Final = "JSON arrays of 100"
ARROW: Final = "Arrow streams of 5,000"
PACKED: Final = {JSON_ARRAYS: 100, ARROW: 5_000}
"""Positions per record. A sender packs the positions of the vehicles that share a source partition."""


class Chunk(NamedTuple):
    """Records in the order of sending."""

    values: list[bytes]
    vehicle: list[int]
    positions: int


def build_city(vehicles: int) -> SimulatedCity:
    """Return the city of all measurements, with 400 zones."""
    return SimulatedCity.build(SEED, vehicles=vehicles, midnights_us=local_midnights())


def morning_us() -> int:
    """Return the simulated moment that measurements start from, microseconds since 1970."""
    midnights_us = local_midnights()
    return int(midnights_us[int(local_day(SIMULATED_US, midnights_us))]) + MORNING_S * US_PER_S


def simulate(city: SimulatedCity, records: int, *, interval_s: float, end_us: int) -> SimulatedPositions:
    """Return the last positions of a morning, its times moved so that the newest is at *end_us*.

    Two in a hundred stand later than event time says, behind later positions of the same vehicle.
    """
    parts: list[SimulatedPositions] = []
    size = 0
    start_us = morning_us()
    for part in positions(city, start_us, start_us + 12 * 3_600 * US_PER_S, interval_s, window_s=10.0):
        parts.append(part)
        size += part.vehicle.size
        if size >= records:
            break
    rows = SimulatedPositions._make(np.concatenate(columns)[:records] for columns in zip(*parts, strict=True))
    order = np.argsort(_sending_us(rows.event_us), kind="stable")
    rows = SimulatedPositions._make(column[order] for column in rows)
    return rows._replace(event_us=rows.event_us - rows.event_us.max() + end_us)


def _sending_us(event_us: Int64Array) -> Int64Array:
    """Return when each position is sent, in event time."""
    rng = np.random.default_rng(SEED)
    delayed = rng.random(event_us.size) < DISORDER
    delay_us = rng.uniform(*DELAY_S, event_us.size) * US_PER_S
    return event_us + np.where(delayed, delay_us, 0.0).astype(np.int64)


def slice_of(rows: SimulatedPositions, first: int, last: int) -> SimulatedPositions:
    """Return some of the rows."""
    return SimulatedPositions._make(column[first:last] for column in rows)


def encoded(rows: SimulatedPositions) -> Iterator[Chunk]:
    """Yield positions as JSON of about 138 bytes: what the vehicle is, when and where, speed, heading and class."""
    for first in range(0, rows.vehicle.size, CHUNK_ROWS):
        part = slice_of(rows, first, first + CHUNK_ROWS)
        values = [value[: value.index(b',"fuel"')] + b"}" for value in encode_positions(part)]
        yield Chunk(values, part.vehicle.tolist(), part.vehicle.size)


def packed(rows: SimulatedPositions, kind: str, partitions: int) -> Iterator[Chunk]:
    """Yield the same positions in records of many; the vehicle of a record is one of its partition."""
    for chunk in encoded(rows):
        if kind == ONE:
            yield chunk
            continue
        values, vehicle = np.array(chunk.values, object), np.array(chunk.vehicle)
        size = PACKED[kind]
        for partition in range(partitions):
            mine = values[vehicle % partitions == partition]
            records = [
                _packed(mine[first : first + size].tolist(), kind) for first in range(0, mine.size, size)
            ]
            yield Chunk(records, [partition] * len(records), mine.size)


def _packed(values: list[bytes], kind: str) -> bytes:
    """Return positions as one record."""
    if kind == JSON_ARRAYS:
        return b"[" + b",".join(values) + b"]"
    positions = msgspec.json.decode(b"[" + b",".join(values) + b"]")
    table = pa.table(
        {
            "vehicle": [position["vehicle"] for position in positions],
            "time": pa.array([datetime.fromisoformat(position["time"]) for position in positions]),
            "lat": [position["lat"] for position in positions],
            "lon": [position["lon"] for position in positions],
            "class": pa.array([position["class"] for position in positions]).dictionary_encode(),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
