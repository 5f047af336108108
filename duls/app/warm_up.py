"""Compiling the kernels before they are needed: `python -m duls.app.warm_up`, and each role before it is ready.

A day of three vehicles goes through the code that roles run, so every kernel is compiled, or loaded from the cache
beside its source, for the very types that it meets in service.
"""

import sys
from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
import pyarrow as pa

from duls.app.kernel_cache import forget_outdated_kernels, save_kernels_one_at_a_time
from duls.local_midnights import local_midnights
from duls.pipelines.snapshot_codec import decode_snapshot, encode_snapshot
from processors.calendar import US_PER_S
from processors.cameras import CameraIndex, CameraMovement, build_camera_index
from processors.carrier_pseudonyms import CarrierPseudonyms
from processors.cells import grown
from processors.columns import (
    DecodedDetections,
    DecodedPositions,
    DetectionColumns,
    Int64Array,
    PositionColumns,
    UInt64Array,
)
from processors.key_table import new_key_table, with_key_room
from processors.ledger import Ledger
from processors.observation_partition import ObservationPartition, new_partition
from processors.positions import ZoneWorld
from processors.pseudonyms import PseudonymCache
from processors.publication.day_figures import DayFigures
from processors.publication.withholding import withhold
from processors.publication.zone_family import family_of_sets
from processors.registrations import RegistrationBook, Registrations
from processors.rules import FigureSettings, rules_of
from processors.simulation.city import SimulatedCity
from processors.simulation.detections import detections
from processors.simulation.positions import positions
from processors.snapshot import FORMAT, restore, snapshot_of
from processors.source_clock import Mark
from processors.vocabulary import Source
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_sets import ZoneSets
from streams.admission import AdmissionRules, DayKey, admit
from streams.batch_reader import warm_up_reading
from streams.decode.detections import decode_detections
from streams.decode.netherlands import is_exchanged
from streams.decode.positions import decode_positions
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions
from streams.narrow_rows import narrowed
from streams.observation_messages import decode_rows, encode_rows
from streams.raw_batch import RawBatch

START_US = 1_767_225_600 * US_PER_S  # 1 January 2026; any time does
TOPIC_ID = bytes(16)
STEP_S = 20
CAMERA = UUID(int=1)
STRANGE_CAMERA = UUID(int=2)
REFERRED = (
    b'{"entityType":"vehicle","id":"%d","vehicleType":"van"}\n'
    b'{"eventType":"locationUpdateEvent","creationDate":0,"vehicle":{"uuid":"%d"},"geoReference":{"lat":52,"lon":5}}'
)
MANY = 1_100  # more vehicles than any empty table takes
VEHICLE = b'{"vehicle":"NL:X-%d","time":%d,"lat":%.6f,"lon":%.6f,"class":"N1","fuel":"diesel","carrier":"c"}'


def warm_up_intake(midnights_us: Int64Array | None = None) -> tuple[PositionColumns, DetectionColumns]:
    """Make what intake runs ready, and return the observations that it made of a few records."""
    midnights = local_midnights() if midnights_us is None else midnights_us
    moving = [
        VEHICLE
        % (vehicle, (START_US + step * STEP_S * US_PER_S) // 1_000, 52.0 + step * 1e-3, 5.0 + vehicle * 1e-4)
        for step in range(12)
        for vehicle in range(3)
    ]
    moving += [VEHICLE % (vehicle, START_US // 1_000, 52.0, 5.0) for vehicle in range(3, MANY)]
    passing = [_envelope(number, CAMERA) for number in range(3)] + [_envelope(3, STRANGE_CAMERA)]
    cache, carriers = PseudonymCache(bytes(16), bytes(32)), CarrierPseudonyms(bytes(32))

    def pseudonymise(
        decoded: DecodedPositions | DecodedDetections, rows: Int64Array
    ) -> tuple[UInt64Array, UInt64Array]:
        found = cache.pseudonyms(
            decoded.identity, decoded.identity_start[rows], decoded.identity_length[rows]
        )
        return found.hi, found.lo

    warm_up_reading()
    _warm_up_references()
    rules = AdmissionRules("arrival", midnights, lambda _day: DayKey(pseudonymise, 1, carriers.of))
    seen = admit(decode_positions(moving), _batch(moving), {0: 0}, rules).columns
    read = admit(decode_detections(passing), _batch(passing), {0: 0}, rules).columns
    return PositionColumns._make(seen), DetectionColumns._make(read)


def _warm_up_references() -> None:
    """Make ready what learns and completes references, and what reads Arrow streams and passages."""
    book = RegistrationBook(bytes(16))
    learned = book.learn(decode_positions([REFERRED % (vehicle, vehicle) for vehicle in range(MANY)]))
    book.load(Registrations._make(np.ascontiguousarray(column) for column in learned))
    for vehicles in (pa.array(["0"]), pa.array(["0"]).dictionary_encode(), pa.array([""])):
        table = pa.table({"vehicle": vehicles, "time": [0], "lat": [52.0], "lon": [5.0]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        book.complete(decode_positions([sink.getvalue().to_pybytes()]))
    is_exchanged(52.0, 5.0)


def warm_up_aggregate() -> None:
    """Make what aggregate runs ready."""
    midnights = local_midnights()
    zone_sets = ZoneSets()
    box = [[(4.9995, 52.002), (5.01, 52.002), (5.01, 52.008), (4.9995, 52.008)]]
    zones = ZoneWorld(1, build_zone_index([IndexedZone(1, [box])], zone_sets), np.zeros(2, np.int32))
    cameras = build_camera_index([(CAMERA.int, [CameraMovement(1, 0, 1, 2)])])
    ledger = Ledger(zone_sets)
    partition = _partition(midnights, zone_sets, zones, cameras)
    moving, passing = warm_up_intake(midnights)
    for value in encode_rows(narrowed(moving)):
        partition.add_positions(TOPIC_ID, decode_rows(value, PositionColumns), ledger)
    for early_us in (2 * US_PER_S, 0):  # on both sides of a midnight
        seen = passing._replace(arrival_us=passing.arrival_us - early_us)
        for value in encode_rows(narrowed(seen)):
            partition.add_detections(bytes(15) + b"1", decode_rows(value, DetectionColumns), ledger)
    for late_s in (60, 90_000):
        arrival_us = START_US + late_s * US_PER_S
        marks = [
            Mark(TOPIC_ID, Source.FMS, 1, 0, 100, arrival_us),
            Mark(bytes(15) + b"1", Source.ANPR, 1, 0, 100, arrival_us),
        ]
        partition.progress(marks, ledger)
        partition.now()
    partition.drain(ledger)
    partition.change_zones(ZoneWorld(2, zones.zones, np.array([0, 2], np.int32)), frozenset({1}), ledger)
    partition.change_settings(2, rules_of(FigureSettings(slot_s=900)), 0.5)
    other = _partition(midnights, zone_sets, zones, cameras)
    restore(other, decode_snapshot(encode_snapshot(snapshot_of(partition)), FORMAT))
    ledger.drain(slot_s=300, midnights_us=midnights)
    grown(ledger.flows)
    with_key_room(new_key_table(), MANY)


def warm_up_publication() -> None:
    """Make ready what decides on days, which aggregate does beside its stream from its first minute on."""
    family = family_of_sets([0, 1], np.array([[1.0, 1.0], [0.0, 1.0]]))
    hours, zones = np.ones((2, 1), np.int64), np.ones(2, np.int64)
    is_safe = np.array([True, False])
    figures = DayFigures(
        hours, hours, hours, hours, hours, hours, hours, is_safe[:, None].copy(), zones, is_safe
    )
    withhold(figures, family, k=10, has_visits=True)


def warm_up_simulation() -> None:
    """Make what the simulated city runs ready."""
    city = SimulatedCity.build(1, vehicles=10, midnights_us=local_midnights())
    for rows in positions(city, START_US, START_US + US_PER_S, 1.0):
        encode_positions(rows)
    for seen in detections(city, START_US, START_US + US_PER_S):
        encode_detections(seen, city.cameras)


def _partition(
    midnights: Int64Array, zone_sets: ZoneSets, zones: ZoneWorld, cameras: CameraIndex
) -> ObservationPartition:
    """Return an empty observation partition."""
    return new_partition(rules_of(FigureSettings()), 0.5, zone_sets, zones, cameras, midnights)


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


def main() -> None:
    """Compile everything, telling how far it is."""
    forget_outdated_kernels()
    save_kernels_one_at_a_time()
    steps: dict[str, Callable[[], object]] = {
        "intake": warm_up_intake,
        "aggregate": warm_up_aggregate,
        "publication": warm_up_publication,
        "the simulated city": warm_up_simulation,
    }
    for name, step in steps.items():
        sys.stderr.write(f"compiling the kernels of {name} …\n")
        step()


if __name__ == "__main__":
    main()
