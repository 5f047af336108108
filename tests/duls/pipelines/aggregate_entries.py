"""Messages of an observation partition as aggregate reads them: rows, progress, versions and ends of topics."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from confluent_kafka import Message

from duls.local_midnights import local_midnights
from processors.columns import DetectionColumns, PositionColumns
from processors.source_clock import Mark
from processors.units import US_PER_S
from processors.vocabulary import Outcome
from streams.narrow_rows import narrowed
from streams.observation_headers import Headers, Kind, control_message, headers_of, topic_end_message
from streams.observation_messages import encode_progress, encode_rows
from tests.streams.client_fakes import message

TOPIC: Final = "observations"
TOPIC_ID: Final = UUID(int=7)
OURS: Final = bytes(range(16))
FMS_ID: Final = b"f" * 16
ANPR_ID: Final = b"a" * 16
PARTITIONS: Final = 2
MIDNIGHTS_US: Final = local_midnights()
START_US: Final = 1_795_003_200 * US_PER_S  # noon of a day in November 2026
TODAY: Final = int(np.searchsorted(MIDNIGHTS_US, START_US, side="right")) - 1
CAMERA: Final = UUID(int=9)
UNKNOWN_CAMERA: Final = UUID(int=10)


class Entry(NamedTuple):
    """A message of an observation partition."""

    value: bytes | None
    headers: Headers


class Seen(NamedTuple):
    """A position, in seconds after START_US."""

    offset: int
    arrival_s: float
    event_s: float
    vehicle: int
    lon: float
    source_partition: int = 0
    outcome: int = Outcome.ACCEPTED
    day: int = TODAY


def positions(rows: Sequence[Seen], *, topic_id: bytes = FMS_ID) -> Entry:
    """Return a message of positions."""
    columns = PositionColumns(
        np.array([row.source_partition for row in rows], np.int32),
        np.array([row.offset for row in rows], np.int64),
        np.zeros(len(rows), np.int32),
        np.array([START_US + round(row.arrival_s * US_PER_S) for row in rows], np.int64),
        np.array([row.outcome for row in rows], np.uint8),
        np.array([START_US + round(row.event_s * US_PER_S) for row in rows], np.int64),
        np.array([row.day for row in rows], np.int32),
        np.array([row.vehicle for row in rows], np.uint64),
        np.zeros(len(rows), np.uint64),
        np.full(len(rows), 52.05),
        np.array([row.lon for row in rows]),
        np.full(len(rows), 3, np.uint8),
        np.ones(len(rows), np.uint8),
        np.zeros(len(rows), np.uint32),
        np.zeros(len(rows), np.uint32),
    )
    (value,) = encode_rows(narrowed(columns))
    return Entry(value, headers_of(Kind.POSITIONS, OURS, topic_id))


def detections(
    offsets: Sequence[int],
    arrival_s: float,
    camera: UUID = CAMERA,
    *,
    event_s: float | None = None,
    vehicle: int | None = None,
) -> Entry:
    """Return a message of detections that happen when they arrive, each of a vehicle of its own, unless told."""
    rows = len(offsets)
    time_us = np.full(rows, START_US + round(arrival_s * US_PER_S), np.int64)
    event_us = time_us if event_s is None else np.full(rows, START_US + round(event_s * US_PER_S), np.int64)
    numbers = np.array(offsets, np.uint64)
    vehicles = numbers if vehicle is None else np.full(rows, vehicle, np.uint64)
    columns = DetectionColumns(
        np.zeros(rows, np.int32),
        np.array(offsets, np.int64),
        np.zeros(rows, np.int32),
        time_us,
        np.zeros(rows, np.uint8),
        event_us,
        np.full(rows, TODAY, np.int32),
        vehicles,
        vehicles,
        np.full(rows, 3, np.uint8),
        np.ones(rows, np.uint8),
        np.full(rows, camera.int >> 64, np.uint64),
        np.full(rows, camera.int & (1 << 64) - 1, np.uint64),
        numbers,
        numbers,
        np.zeros(rows, np.uint8),
        np.ones(rows),
        np.zeros(rows, np.uint32),
        np.zeros(rows, np.uint64),
    )
    (value,) = encode_rows(narrowed(columns))
    return Entry(value, headers_of(Kind.DETECTIONS, OURS, ANPR_ID))


def progress(
    next_offset: int,
    arrival_s: float,
    *,
    source: int = 0,
    partitions: int = 1,
    partition: int = 0,
    topic_id: bytes | None = None,
) -> Entry:
    """Return a message that moves the clock of a source partition."""
    topic_id = topic_id or (ANPR_ID if source else FMS_ID)
    time_us = START_US + round(arrival_s * US_PER_S)
    mark = Mark(topic_id, source, partitions, partition, next_offset, time_us)
    return Entry(encode_progress([mark]), headers_of(Kind.PROGRESS, OURS))


def control(kind: str, version: int) -> Entry:
    """Return a control record."""
    return Entry(*control_message(OURS, kind, version))


def topic_end(source: int) -> Entry:
    """Return the end of a source topic."""
    return Entry(*topic_end_message(OURS, ANPR_ID if source else FMS_ID, source))


def entry_message(entry: Entry, partition: int, offset: int) -> Message:
    """Return an entry as a received message."""
    return message(TOPIC, partition, offset, entry.value, headers=list(entry.headers))
