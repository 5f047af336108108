"""Making ready what aggregate runs."""

from typing import Final
from uuid import UUID

import numpy as np

from duls.local_midnights import local_midnights
from duls.pipelines.snapshot_codec import decode_snapshot, encode_snapshot
from processors.cameras import CameraIndex, CameraMovement, build_camera_index
from processors.cells import grown
from processors.columns import DetectionColumns, Int64Array, PositionColumns
from processors.key_table import new_key_table, with_key_room
from processors.ledger import Ledger
from processors.observation_partition import ObservationPartition, new_partition
from processors.positions import ZoneWorld
from processors.rules import FigureSettings, rules_of
from processors.snapshot import FORMAT, restore, snapshot_of
from processors.source_clock import Mark
from processors.units import US_PER_S
from processors.vocabulary import Direction, Outcome, Source, VehicleClass
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_sets import ZoneSets
from streams.narrow_rows import column_types, narrowed
from streams.observation_messages import decode_rows, encode_rows

START_US: Final = 1_767_225_600 * US_PER_S  # 1 January 2026; any time does
DAY: Final = START_US // (86_400 * US_PER_S)
STEP_S: Final = 20
STEPS: Final = 12
MOVING: Final = 3  # vehicles
MANY: Final = 1_100  # more vehicles than any empty table takes
POSITIONS_TOPIC_ID: Final = bytes(16)
DETECTIONS_TOPIC_ID: Final = bytes(15) + b"1"
CAMERA: Final = UUID(int=1)
STRANGE_CAMERA: Final = UUID(int=2)


def warm_up_aggregate() -> None:
    """Make what aggregate runs ready."""
    midnights = local_midnights()
    zone_sets = ZoneSets()
    box = [[(4.9995, 52.002), (5.01, 52.002), (5.01, 52.008), (4.9995, 52.008)]]
    zones = ZoneWorld(1, build_zone_index([IndexedZone(1, [box])], zone_sets), np.zeros(2, np.int32))
    cameras = build_camera_index([(CAMERA.int, [CameraMovement(1, 0, 1, 2)])])
    ledger = Ledger(zone_sets)
    partition = _partition(midnights, zone_sets, zones, cameras)
    for value in encode_rows(narrowed(_positions())):
        partition.add_positions(POSITIONS_TOPIC_ID, decode_rows(value, PositionColumns), ledger)
    for early_us in (2 * US_PER_S, 0):  # on both sides of a midnight
        for value in encode_rows(narrowed(_detections(early_us))):
            partition.add_detections(DETECTIONS_TOPIC_ID, decode_rows(value, DetectionColumns), ledger)
    for late_s in (60, 90_000):
        arrival_us = START_US + late_s * US_PER_S
        marks = [
            Mark(POSITIONS_TOPIC_ID, Source.FMS, 1, 0, 100, arrival_us),
            Mark(DETECTIONS_TOPIC_ID, Source.ANPR, 1, 0, 100, arrival_us),
        ]
        partition.progress(marks, ledger)
        partition.now()
    partition.positions.forget_from(np.zeros(1, np.int64))
    partition.drain(ledger)
    partition.change_zones(ZoneWorld(2, zones.zones, np.array([0, 2], np.int32)), frozenset({1}), ledger)
    partition.change_settings(2, rules_of(FigureSettings(slot_s=900)), 0.5)
    other = _partition(midnights, zone_sets, zones, cameras)
    restore(other, decode_snapshot(encode_snapshot(snapshot_of(partition)), FORMAT))
    ledger.drain(slot_s=300, midnights_us=midnights)
    grown(ledger.flows)
    with_key_room(new_key_table(), MANY)


def _positions() -> PositionColumns:
    """Return observations of three vehicles that move, and of many that are seen once."""
    step, vehicle = (moves.ravel() for moves in np.indices((STEPS, MOVING)))
    step = np.append(step, np.zeros(MANY - MOVING, np.int64))
    vehicle = np.append(vehicle, np.arange(MOVING, MANY))
    rows = vehicle.size
    given = {
        "offset": np.arange(rows),
        "arrival_us": START_US + np.arange(rows) * US_PER_S,
        "outcome": np.full(rows, Outcome.ACCEPTED),
        "event_us": START_US + step * STEP_S * US_PER_S,
        "day": np.full(rows, DAY),
        "pseudonym_hi": vehicle,
        "pseudonym_lo": vehicle,
        "lat": np.where(vehicle < MOVING, 52.0 + step * 1e-3, 52.0),
        "lon": np.where(vehicle < MOVING, 5.0 + vehicle * 1e-4, 5.0),
        "vehicle_class": np.full(rows, VehicleClass.N1),
        "carrier": np.ones(rows),
    }
    types = column_types(PositionColumns)
    return PositionColumns._make(given.get(name, np.zeros(rows)).astype(types[name]) for name in types)


def _detections(early_us: int) -> DetectionColumns:
    """Return observations of vehicles by a camera of the registry and one that is not in it."""
    camera = np.array([CAMERA.int, CAMERA.int, CAMERA.int, STRANGE_CAMERA.int])
    rows = camera.size
    number = np.arange(rows)
    given = {
        "offset": number,
        "arrival_us": START_US + number * US_PER_S - early_us,
        "outcome": np.full(rows, Outcome.ACCEPTED),
        "event_us": START_US + number * US_PER_S,
        "day": np.full(rows, DAY),
        "pseudonym_lo": np.ones(rows),
        "camera_lo": camera,
        "observation_lo": number,
        "direction": np.full(rows, Direction.OBVERSE),
        "confidence": np.ones(rows),
        "visitor": np.ones(rows),
    }
    types = column_types(DetectionColumns)
    return DetectionColumns._make(given.get(name, np.zeros(rows)).astype(types[name]) for name in types)


def _partition(
    midnights: Int64Array, zone_sets: ZoneSets, zones: ZoneWorld, cameras: CameraIndex
) -> ObservationPartition:
    """Return an empty observation partition."""
    return new_partition(rules_of(FigureSettings()), 0.5, zone_sets, zones, cameras, midnights)
