"""Making ready what intake runs."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from duls.local_midnights import local_midnights
from duls.pipelines.day_keys import pseudonymise_with
from processors.carrier_pseudonyms import CarrierPseudonyms
from processors.columns import (
    DetectionColumns,
    PositionColumns,
)
from processors.pseudonyms import PseudonymCache
from processors.registrations import RegistrationBook, Registrations
from processors.units import US_PER_S
from streams.admission import AdmissionRules, DayKey, admit
from streams.arrow_arrays import arrow_array
from streams.batch_reader import warm_up_reading
from streams.decode.detections import decode_detections
from streams.decode.netherlands import is_exchanged
from streams.decode.positions import decode_positions
from streams.narrow_rows import narrowed
from streams.observation_messages import encode_rows
from streams.raw_batch import RawBatch

START_US: Final = 1_767_225_600 * US_PER_S  # 1 January 2026; any time does
STEP_S: Final = 20
CAMERA: Final = UUID(int=1)
STRANGE_CAMERA: Final = UUID(int=2)
REFERRED: Final = (
    b'{"entityType":"vehicle","id":"%d","vehicleType":"van"}\n'
    b'{"eventType":"locationUpdateEvent","creationDate":0,"vehicle":{"uuid":"%d"},"geoReference":{"lat":52,"lon":5}}'
)
MANY: Final = 1_100  # more vehicles than any empty table takes
VEHICLE: Final = (
    b'{"vehicle":"NL:X-%d","time":%d,"lat":%.6f,"lon":%.6f,"class":"N1","fuel":"diesel","carrier":"c"}'
)


def warm_up_intake() -> None:
    """Make what intake runs ready."""
    midnights = local_midnights()
    moving = [
        VEHICLE
        % (vehicle, (START_US + step * STEP_S * US_PER_S) // 1_000, 52.0 + step * 1e-3, 5.0 + vehicle * 1e-4)
        for step in range(12)
        for vehicle in range(3)
    ]
    moving += [VEHICLE % (vehicle, START_US // 1_000, 52.0, 5.0) for vehicle in range(3, MANY)]
    passing = [_envelope(number, CAMERA) for number in range(3)] + [_envelope(3, STRANGE_CAMERA)]
    cache, carriers = PseudonymCache(bytes(16), bytes(32)), CarrierPseudonyms(bytes(32))
    pseudonymise = pseudonymise_with(cache)

    warm_up_reading()
    _warm_up_references()
    rules = AdmissionRules("arrival", midnights, lambda _day: DayKey(pseudonymise, 1, carriers.of))
    seen = admit(decode_positions(moving), _batch(moving), {0: 0}, rules).columns
    read = admit(decode_detections(passing), _batch(passing), {0: 0}, rules).columns
    for columns in (PositionColumns._make(seen), DetectionColumns._make(read)):
        list(encode_rows(narrowed(columns)))


def _warm_up_references() -> None:
    """Make ready what learns and completes references, and what reads Arrow streams and passages."""
    book = RegistrationBook(bytes(16))
    book.learn(decode_positions([REFERRED % (vehicle, vehicle) for vehicle in range(2)]))
    kinds = np.zeros(MANY, np.uint8)
    book.load(Registrations(np.arange(MANY, dtype=np.uint64), np.zeros(MANY, np.uint64), kinds, kinds))
    rest = [arrow_array(np.array([value])) for value in (0, 52.0, 5.0)]
    for vehicle in (_word(b"0"), _word(b"0").dictionary_encode(), _word(b"")):
        table = pa.Table.from_arrays([vehicle, *rest], ["vehicle", "time", "lat", "lon"])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        book.complete(decode_positions([sink.getvalue().to_pybytes()]))
    is_exchanged(52.0, 5.0)


def _word(word: bytes) -> pa.StringArray:
    """Return one word as an Arrow array."""
    offsets = np.array([0, len(word)], np.int32)
    return pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(word))


def _batch(values: Sequence[bytes]) -> RawBatch:
    """Return values as a batch of records of one partition."""
    rows = len(values)
    arrival_us = START_US + np.arange(rows, dtype=np.int64) * US_PER_S
    return RawBatch(list(values), np.zeros(rows, np.int32), np.arange(rows, dtype=np.int64), arrival_us)


def _envelope(number: int, camera: UUID) -> bytes:
    """Return a VESDI envelope with one detection."""
    return (
        b'{"message_type":"anpr_observation_batch","schema_version":"anpr-2.0.0","payload":[{"observation_id":"%s",'
        b'"camera_id":"%s","event_time":"2026-01-01T00:00:0%dZ","plate_country":"NL","plate_text":"XX999X",'
        b'"detection_direction":"obverse"}]}'
    ) % (str(UUID(int=number)).encode(), str(camera).encode(), number)
