"""A partition's state as named arrays and back.

The arrays are the working tables cut to what is used, not copies: a snapshot holds until the state moves, so it is
written down at once. Zone sets go by content, since their numbers belong to one process. `FORMAT` grows with every
change of the tables; another number is refused, and the state is then replayed from the log.
"""

from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import DetectionColumns, Int32Array
from processors.detection_steps import DayMarks
from processors.detections import DetectionState
from processors.key_table import KeyTable
from processors.observation_partition import ObservationPartition, Versions
from processors.positions import PositionState
from processors.records import copy_of, put_records
from processors.reorder import HELD, HELD_TOP, HeldArrays
from processors.source_clock import SourceClock
from processors.vehicle_table import (
    FOREVER_US,
    LINES_TOP,
    NEWEST,
    NONE,
    VEHICLE,
    VEHICLES_TOP,
    VISIT,
    VISITS_TOP,
    VehicleArrays,
    new_vehicle_arrays,
    rehash,
)
from processors.visited_zones import VISITED_LINE
from processors.zone_sets import ZoneSets

FORMAT: Final = 7

AnyArray = NDArray[Any]

TABLES: Final[dict[str, np.dtype[np.void]]] = {
    "vehicles": VEHICLE,
    "newest": NEWEST,
    "visited": VISITED_LINE,
    "visits": VISIT,
    "held": HELD,
}
"""Arrays of records, whose layout belongs to the format."""


class PartitionSnapshot(NamedTuple):
    """Named arrays and the versions that they were made under."""

    versions: Versions
    arrays: dict[str, AnyArray]


def snapshot_of(partition: ObservationPartition) -> PartitionSnapshot:
    """Return the state of a partition, as it is until it moves."""
    arrays: dict[str, AnyArray] = {}
    _put_positions(arrays, partition.positions)
    _put_detections(arrays, partition.detections)
    for place, clock in enumerate(partition.clocks.values()):
        prefix = f"clock.{place}."
        arrays[prefix + "topic_id"] = np.frombuffer(clock.topic_id, np.uint8)
        arrays[prefix + "next_offset"] = clock.next_offset
        arrays[prefix + "next_index"] = clock.next_index
        arrays[prefix + "arrival_us"] = clock.arrival_us
        arrays[prefix + "told_offset"] = clock.told_offset
        arrays[prefix + "scalars"] = np.array(
            [clock.source, clock.known_partitions, clock.last_event_us, clock.last_arrival_us], np.int64
        )
    return PartitionSnapshot(partition.versions, arrays)


def restore(partition: ObservationPartition, snapshot: PartitionSnapshot) -> None:
    """Put a snapshot into a new partition that was built under the same versions."""
    arrays = snapshot.arrays
    _get_positions(arrays, partition.positions)
    _get_detections(arrays, partition.detections)
    place = 0
    while f"clock.{place}.topic_id" in arrays:
        prefix = f"clock.{place}."
        source, known, last_event_us, last_arrival_us = arrays[prefix + "scalars"].tolist()
        clock = SourceClock(arrays[prefix + "topic_id"].tobytes(), source)
        clock.next_offset = arrays[prefix + "next_offset"].astype(np.int64)
        clock.next_index = arrays[prefix + "next_index"].astype(np.int32)
        clock.arrival_us = arrays[prefix + "arrival_us"].astype(np.int64)
        # earlier versions did not tell how far progress was
        clock.told_offset = arrays.get(prefix + "told_offset", clock.next_offset).astype(np.int64)
        clock.known_partitions = known
        clock.last_event_us = last_event_us
        clock.last_arrival_us = last_arrival_us
        partition.clocks[clock.topic_id] = clock
        place += 1
    partition.versions = snapshot.versions


def _put_positions(arrays: dict[str, AnyArray], state: PositionState) -> None:
    counts = state.arrays.counts
    sets = state.zone_sets.arrays()
    arrays["vehicles"] = state.arrays.vehicles[: counts[VEHICLES_TOP]]
    arrays["newest"] = state.arrays.newest[: counts[VEHICLES_TOP]]
    arrays["expires_us"] = state.arrays.expires_us[: counts[VEHICLES_TOP]]
    arrays["visited"] = state.arrays.visited[: counts[LINES_TOP]]
    arrays["visits"] = state.arrays.visits[: counts[VISITS_TOP]]
    arrays["vehicle_counts"] = counts
    arrays["held"] = state.held.rows[: state.held.counts[HELD_TOP]]
    arrays["held_head"] = state.held.queue_head
    arrays["held_tail"] = state.held.queue_tail
    arrays["held_counts"] = state.held.counts
    arrays["set_starts"] = sets.starts
    arrays["set_zones"] = sets.zones


def _get_positions(arrays: dict[str, AnyArray], state: PositionState) -> None:
    numbers = _set_numbers(arrays, state.zone_sets)
    vehicles, visited, visits = arrays["vehicles"], arrays["visited"], arrays["visits"]
    tables = new_vehicle_arrays(max(vehicles.size, 16), max(visited.size, 16), max(visits.size, 16))
    put_records(vehicles, tables.vehicles)
    tables.vehicles["zone_set"] = numbers[tables.vehicles["zone_set"]]
    put_records(arrays["newest"], tables.newest)
    tables.newest["zone_set"] = numbers[tables.newest["zone_set"]]
    tables.expires_us[: vehicles.size] = arrays["expires_us"]
    put_records(visited, tables.visited)
    put_records(visits, tables.visits)
    tables.counts[:] = arrays["vehicle_counts"]
    rehash(tables)
    rows = copy_of(arrays["held"])
    rows["zone_set"] = numbers[rows["zone_set"]]
    state.arrays = VehicleArrays(*tables)
    heads = arrays["held_head"].astype(np.int32)
    head_us = np.full(heads.size, FOREVER_US, np.int64)
    head_us[heads != NONE] = rows["arrival_us"][heads[heads != NONE]]
    state.held = HeldArrays(
        rows,
        heads,
        arrays["held_tail"].astype(np.int32),
        head_us,
        arrays["held_counts"].astype(np.int64),
    )


def _set_numbers(arrays: dict[str, AnyArray], zone_sets: ZoneSets) -> Int32Array:
    """Return, for each set number of the snapshot, the number of the same set in this process."""
    starts, zones = arrays["set_starts"].tolist(), arrays["set_zones"].tolist()
    return np.array(
        [zone_sets.number_of(zones[first:last]) for first, last in pairwise(starts)],
        np.int32,
    )


def _put_detections(arrays: dict[str, AnyArray], state: DetectionState) -> None:
    for place, part in enumerate(state.held):
        for name, column in part._asdict().items():
            arrays[f"detections.{place}.{name}"] = column
    _put_table(arrays, "camera_rows", state.camera_rows)
    for day, table in state.identifiers.items():
        _put_table(arrays, f"identifiers.{day}", table)
    for day, marks in state.days.items():
        _put_table(arrays, f"day_vehicles.{day}", marks.vehicles)
        _put_table(arrays, f"day_marks.{day}", marks.marks)
        arrays[f"day_groups.{day}"] = marks.groups


def _get_detections(arrays: dict[str, AnyArray], state: DetectionState) -> None:
    place = 0
    while f"detections.{place}.offset" in arrays:
        state.held.append(
            DetectionColumns._make(_held_column(arrays, place, name) for name in DetectionColumns._fields)
        )
        place += 1
    state.camera_rows = _get_table(arrays, "camera_rows")
    for name in arrays:
        kind, _, rest = name.partition(".")
        day = rest.removesuffix(".hi")
        if kind == "identifiers" and rest.endswith(".hi"):
            state.identifiers[int(day)] = _get_table(arrays, f"identifiers.{day}")
        elif kind == "day_vehicles" and rest.endswith(".hi"):
            state.days[int(day)] = DayMarks(
                _get_table(arrays, f"day_vehicles.{day}"),
                arrays[f"day_groups.{day}"].astype(np.uint8),
                _get_table(arrays, f"day_marks.{day}"),
            )


def _held_column(arrays: dict[str, AnyArray], place: int, name: str) -> AnyArray:
    """Return a column of held detections; earlier versions knew nobody over a month."""
    if name == "visitor" and f"detections.{place}.{name}" not in arrays:
        return np.zeros(arrays[f"detections.{place}.offset"].size, np.uint64)
    return arrays[f"detections.{place}.{name}"].copy()


def _put_table(arrays: dict[str, AnyArray], name: str, table: KeyTable) -> None:
    for field, column in table._asdict().items():
        arrays[f"{name}.{field}"] = column


def _get_table(arrays: dict[str, AnyArray], name: str) -> KeyTable:
    return KeyTable._make(arrays[f"{name}.{field}"].copy() for field in KeyTable._fields)
