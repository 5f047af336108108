"""The steps of detections that are due: registered, in time, new, confident, not seen in the last seconds."""

from typing import Final, NamedTuple

import numpy as np

from processors.camera_counts import PASSAGES, VEHICLES, CameraCounts, camera_key
from processors.cameras import CameraIndex
from processors.cells import CellTable, cell_of, is_full
from processors.columns import BoolArray, DetectionColumns, Int64Array, UInt8Array
from processors.feed_counts import DUPLICATES, LOW_CONFIDENCE, TAKEN, count_feed
from processors.flow_cells import (
    ENTRIES,
    EXITS,
    LATE,
    OBSERVATIONS,
    VEHICLES_DAY,
    VEHICLES_HOUR,
    VEHICLES_SLOT,
    add_late,
    flow_key,
)
from processors.jit import inner_kernel, lean_kernel
from processors.key_table import ABSENT, KeyTable, number_of_key, put_key
from processors.rules import Rules
from processors.units import HOUR_US
from processors.vehicle_table import NO_CLASS
from processors.visitor_pseudonyms import NOBODY
from processors.visitor_rows import VisitorRows, add_visitor
from processors.vocabulary import Movement, Source

ANPR: Final = int(Source.ANPR)
IN: Final = int(Movement.IN)
OUT: Final = int(Movement.OUT)

# kinds of marks, in the upper bits of the lower half of their key
WINDOW: Final = 1  # a vehicle was detected by a camera in a direction within a window of `dedupe_us`
SLOT: Final = 2  # a zone counted a vehicle in a slot
HOUR: Final = 3
DAY: Final = 4
CAMERA_HOUR: Final = 5  # a camera counted a vehicle in a direction in an hour


class DayMarks(NamedTuple):
    """What is known of the vehicles detected on one local day."""

    vehicles: KeyTable  # pseudonym → row
    groups: UInt8Array  # shape (rows, 2): class and emission of the first taken detection
    marks: KeyTable  # what was counted already


# what becomes of a detection before its vehicle is looked at
OPEN: Final = 0
UNREGISTERED: Final = 1
TOO_OLD: Final = 2


class DetectionWorld(NamedTuple):
    """What does not change while detections are taken."""

    rules: Rules
    confidence_floor: float
    cameras: CameraIndex
    midnights_us: Int64Array


@lean_kernel
def classify(world: DetectionWorld, columns: DetectionColumns, fate: UInt8Array) -> None:
    """Set the fate of each row: unregistered camera, too old, or open."""
    for row in range(fate.size):
        fate[row] = OPEN
        if number_of_key(world.cameras.numbers, columns.camera_hi[row], columns.camera_lo[row]) == ABSENT:
            fate[row] = UNREGISTERED
        elif columns.arrival_us[row] - columns.event_us[row] > world.rules.detection_lateness_us:
            fate[row] = TOO_OLD


@lean_kernel
def drop_known(known: KeyTable, today: KeyTable, columns: DetectionColumns, is_open: BoolArray) -> None:
    """Close the open rows whose observation id is known from another day, and let today know it too."""
    for row in range(is_open.size):
        hi, lo = columns.observation_hi[row], columns.observation_lo[row]
        if is_open[row] and number_of_key(known, hi, lo) != ABSENT:
            put_key(today, hi, lo, 0)
            is_open[row] = False


@lean_kernel
def drop_repeated(today: KeyTable, columns: DetectionColumns, is_open: BoolArray) -> None:
    """Close the open rows whose observation id is known from today, and note the ids of the others."""
    for row in range(is_open.size):
        if is_open[row]:
            is_open[row] = put_key(today, columns.observation_hi[row], columns.observation_lo[row], 0)


@lean_kernel
def take_detections(
    world: DetectionWorld,
    columns: DetectionColumns,
    rows: Int64Array,
    day: DayMarks,
    camera_rows: KeyTable,
    flows: CellTable,
    feeds: CellTable,
    counts: CameraCounts,
    visitors: VisitorRows,
    first: int,
) -> int:
    """Count detections of one event day that are registered, in time and new by their observation id.

    Args:
        world: Rules and cameras.
        columns: All rows of the batch.
        rows: Which of them to take, in order.
        day: Marks of their event day, with room for all of them.
        camera_rows: Numbers of all cameras met so far, with room for all of them.
        flows: Flow cells.
        feeds: Feed counts.
        counts: Camera counts, with room for all of them.
        visitors: Who came, with room for all of them in every zone of their camera.
        first: Place in *rows* to start from.

    Returns:
        The place in *rows* to go on from when the flow cells must grow first; their size at the end.
    """
    for place in range(first, rows.size):
        if is_full(flows):
            return place
        row = rows[place]
        arrival_us = columns.arrival_us[row]
        if columns.confidence[row] < world.confidence_floor:
            count_feed(feeds, ANPR, arrival_us, LOW_CONFIDENCE)
            continue
        vehicle = _number_in(day.vehicles, columns.pseudonym_hi[row], columns.pseudonym_lo[row])
        camera = _number_in(camera_rows, columns.camera_hi[row], columns.camera_lo[row])
        window = columns.event_us[row] // world.rules.dedupe_us
        if not _mark(day.marks, camera, vehicle, WINDOW * 4 + np.int64(columns.direction[row]), window):
            count_feed(feeds, ANPR, arrival_us, DUPLICATES)
            continue
        count_feed(feeds, ANPR, arrival_us, TAKEN)
        if day.groups[vehicle, 0] == NO_CLASS:
            day.groups[vehicle, 0] = columns.vehicle_class[row]
            day.groups[vehicle, 1] = columns.zero_emission[row]
        _count_camera(columns, row, camera, vehicle, day, counts)
        _count_zones(world, columns, row, vehicle, day, flows, visitors)
    return rows.size


@inner_kernel
def _count_camera(
    columns: DetectionColumns, row: int, camera: int, vehicle: int, day: DayMarks, counts: CameraCounts
) -> None:
    """Count a taken detection at its camera; *camera* is its number in the state, which marks go by."""
    direction, hour = np.int64(columns.direction[row]), columns.event_us[row] // HOUR_US
    number = _number_in(counts.numbers, columns.camera_hi[row], columns.camera_lo[row])
    group = day.groups[vehicle]
    cell = cell_of(counts.cells, camera_key(number, hour, direction, group[0], group[1]))
    counts.cells.values[cell, PASSAGES] += 1
    if _mark(day.marks, camera, vehicle, CAMERA_HOUR * 4 + direction, hour):
        counts.cells.values[cell, VEHICLES] += 1


@inner_kernel
def _count_zones(
    world: DetectionWorld,
    columns: DetectionColumns,
    row: int,
    vehicle: int,
    day: DayMarks,
    flows: CellTable,
    visitors: VisitorRows,
) -> None:
    cameras = world.cameras
    slot_us, event_us = world.rules.slot_us, columns.event_us[row]
    direction = columns.direction[row]
    camera = number_of_key(cameras.numbers, columns.camera_hi[row], columns.camera_lo[row])
    vehicle_class, emission = day.groups[vehicle, 0], day.groups[vehicle, 1]
    slot = event_us // slot_us
    for place in range(cameras.starts[camera], cameras.starts[camera + 1]):
        zone_no = cameras.zone_no[place]
        cell = cell_of(flows, flow_key(zone_no, slot, vehicle_class, emission, ANPR))
        flows.values[cell, OBSERVATIONS] += 1
        movement = cameras.movement[place, direction]
        if movement == IN:
            flows.values[cell, ENTRIES] += 1
        elif movement == OUT:
            flows.values[cell, EXITS] += 1
        # detections come in any order, so what was counted is remembered for each grain
        if _mark(day.marks, zone_no, vehicle, SLOT * 4, slot * 1024 + slot_us // 1_000_000):
            flows.values[cell, VEHICLES_SLOT] += 1
            if _mark(day.marks, zone_no, vehicle, HOUR * 4, event_us // HOUR_US):
                flows.values[cell, VEHICLES_HOUR] += 1
                if _mark(day.marks, zone_no, vehicle, DAY * 4, 0):
                    flows.values[cell, VEHICLES_DAY] += 1
                    if columns.visitor[row] != NOBODY:
                        add_visitor(
                            visitors, zone_no, columns.day[row], columns.visitor[row], columns.traits[row]
                        )
        add_late(flows.values[cell], LATE, event_us, columns.arrival_us[row], world.rules, world.midnights_us)


@inner_kernel
def _number_in(table: KeyTable, hi: np.uint64, lo: np.uint64) -> int:
    """Return the number of a key, giving the next one to a new key. There must be room."""
    number = number_of_key(table, hi, lo)
    if number == ABSENT:
        number = table.used[0]
        put_key(table, hi, lo, number)
    return number


@inner_kernel
def _mark(marks: KeyTable, which: int, vehicle: int, kind: int | np.int64, bucket: int) -> bool:
    """Note that something was counted and tell whether it is new; *kind* stands above 58 bits of bucket."""
    hi = (np.uint64(which) << np.uint64(32)) | np.uint64(vehicle)
    lo = (np.uint64(kind) << np.uint64(58)) | np.uint64(bucket)
    return put_key(marks, hi, lo, 0)
