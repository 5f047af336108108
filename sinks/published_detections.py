"""What publication writes of detections besides the cells of zones: hours of cameras, and movements taken back."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from processors.columns import BoolArray, Int64Array
from processors.publication.detections import DetectionsShown, ViewCells
from processors.units import HOUR_US
from processors.vocabulary import ZERO_EMISSIONS
from sinks.connection import Connection
from sinks.published_day import BELOW_K, NO_FEED, OK, LocalDay
from sinks.queries import query


class View(NamedTuple):
    """A camera and a direction that it reports."""

    camera_id: UUID
    direction: int  # Direction code
    movement: int  # what it means for all zones of the camera, UNKNOWN where that differs


class ShownDetections(NamedTuple):
    """What is shown of detections, and the figures of cameras."""

    views: Sequence[View]
    cells: ViewCells
    has_feed: BoolArray  # shape (hours,)
    shown: DetectionsShown


def write_detections(
    connection: Connection, day: LocalDay, numbers: Sequence[int], detections: ShownDetections, k: int
) -> None:
    """Take back movements of zones that may not be shown, and write hours of cameras."""
    numbers_array = np.array(numbers, np.int64)
    _take_back_days(connection, day, numbers_array, detections.shown)
    _take_back_hours(connection, day, numbers_array, detections.shown)
    _add_camera_hours(connection, day, detections, k)


def _take_back_days(
    connection: Connection, day: LocalDay, numbers: Int64Array, shown: DetectionsShown
) -> None:
    """Make movements of days null where they may not be shown."""
    days = np.array([kind.days for kind in shown.zones])
    kind, zone = np.nonzero(days & ~shown.part_days.all(axis=2))
    values = {
        "day": day.day,
        **_kinds(kind),
        "zone_no": numbers[zone].tolist(),
        "has_entries": shown.part_days[kind, zone, 0].tolist(),
        "has_exits": shown.part_days[kind, zone, 1].tolist(),
    }
    connection.execute(query("publication", "withhold_day_movements"), values)


def _take_back_hours(
    connection: Connection,
    day: LocalDay,
    numbers: Int64Array,
    shown: DetectionsShown,
) -> None:
    """Make movements of hours null where they may not be shown."""
    hours = np.array([kind.hours for kind in shown.zones])
    kind, zone, hour = np.nonzero(hours & ~shown.part_hours.all(axis=2))
    values = {
        **_bounds(day),
        **_kinds(kind),
        "zone_no": numbers[zone].tolist(),
        "hour_us": (day.start_us + hour * HOUR_US).tolist(),
        "has_entries": shown.part_hours[kind, zone, 0, hour].tolist(),
        "has_exits": shown.part_hours[kind, zone, 1, hour].tolist(),
    }
    connection.execute(query("publication", "withhold_hour_movements"), values)


def _add_camera_hours(connection: Connection, day: LocalDay, detections: ShownDetections, k: int) -> None:
    """Write a row for each hour of each camera and direction whose day is shown."""
    if not detections.views:
        return
    hours = np.array([kind.hours for kind in detections.shown.views])
    days = np.array([kind.days for kind in detections.shown.views])
    kind, view, hour = np.nonzero(np.broadcast_to(days[..., None], hours.shape))
    withheld = np.where(detections.has_feed[hour], BELOW_K, NO_FEED)
    views = [detections.views[place] for place in view.tolist()]
    values = {
        "k": k,
        "camera_id": [known.camera_id for known in views],
        "direction": [known.direction for known in views],
        "movement": [known.movement for known in views],
        **_kinds(kind),
        "hour_us": (day.start_us + hour * HOUR_US).tolist(),
        "k_status": np.where(hours[kind, view, hour], OK, withheld).tolist(),
        "passages": detections.cells.passages[kind, view, hour].tolist(),
        "vehicles": detections.cells.vehicles[kind, view, hour].tolist(),
    }
    connection.execute(query("publication", "add_published_camera_hours"), values)


def _kinds(kind: Int64Array) -> dict[str, list[int]]:
    """Return class and emission of kinds as parameters."""
    return {
        "vehicle_class": (kind // len(ZERO_EMISSIONS)).tolist(),
        "zero_emission": (kind % len(ZERO_EMISSIONS)).tolist(),
    }


def _bounds(day: LocalDay) -> dict[str, int]:
    """Return the midnights of a day as parameters."""
    return {"start_us": day.start_us, "end_us": day.end_us}
