"""What is published of a day of detections: which cameras counted for which zones, and what may be shown of both."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np

from processors.camera_feature import CameraFeature
from processors.publication.day_cells import KINDS, DayCells, Rule
from processors.publication.detection_family import LeftOut, family_of_detections
from processors.publication.detections import ViewCells, add_up, published_detections
from processors.units import HOUR_US
from processors.vocabulary import ZERO_EMISSIONS, Direction, Movement
from sinks.publication import ALL, Decided, LeftOutZone, ReadDay
from sinks.published_day import LocalDay
from sinks.published_detections import ShownDetections, View
from sinks.zone_rows import StoredZone

ViewKey = tuple[UUID, int]
"""Camera and Direction code."""


class Registry(NamedTuple):
    """The zones that cameras count for, and what each view means for them."""

    zones: Sequence[StoredZone]
    movements: Sequence[Mapping[ViewKey, int]]  # by zone


def registry_of(zones: Sequence[StoredZone], cameras: Sequence[CameraFeature]) -> Registry:
    """Return what cameras mean for zones; zones that no camera counts for are left out."""
    movements: dict[str, dict[ViewKey, int]] = {}
    for camera in cameras:
        for meaning in camera.zones:
            known = movements.setdefault(meaning.zone_id, {})
            for direction, movement in zip(Direction, meaning[1:], strict=True):
                known[camera.camera_id, int(direction)] = int(movement)
    counted = [zone for zone in zones if zone.feature.zone_id in movements]
    return Registry(counted, [movements[zone.feature.zone_id] for zone in counted])


def decide_detections(day: LocalDay, read: ReadDay, registry: Registry, rule: Rule) -> Decided:
    """Decide what is published of a day; *read* has the cells of all zones of the registry.

    Views that saw nothing on the day are not among those that could have: the bound on what is withheld does
    not count on them. Where cameras were changed on the day, sums of views are not those of zones: then only
    whole zones are published.
    """
    seen = {(camera, direction): 0 for camera, direction, *_ in read.cameras}
    views = _numbered(sorted(seen))
    cells = _view_cells(day, read, views)
    movements = _by_number(registry, views)
    has_views = add_up(read.cells, cells, movements)
    if not has_views:
        views = _numbered(sorted({view for known in registry.movements for view in known}))
        movements = _by_number(registry, views)
        none = np.zeros((KINDS, 0, day.hours), np.int64)
        cells = ViewCells(none, none)
    kinds = [zone.feature.kind for zone in registry.zones]
    sets = family_of_detections(kinds, movements, len(views), with_views=has_views)
    chosen = list(sets.zone_places)
    own = DayCells(read.cells.hours[:, chosen], read.cells.days[:, chosen], *read.cells[2:])
    shown = published_detections(own, cells, sets, rule)
    told_of = [
        View(camera, direction, _movement(registry, (camera, direction)))
        for camera, direction in (views if has_views else ())
    ]
    numbers = [zone.zone_no for zone in registry.zones]
    return Decided(
        [numbers[place] for place in chosen],
        own,
        shown.zones,
        shown.told,
        [_left_out(left, numbers) for left in sets.left_out],
        ShownDetections(told_of, cells, read.cells.has_feed, shown),
    )


def _numbered(views: Sequence[ViewKey]) -> dict[ViewKey, int]:
    """Return the number of each view."""
    return {view: number for number, view in enumerate(views)}


def _by_number(registry: Registry, views: Mapping[ViewKey, int]) -> list[dict[int, int]]:
    """Return for each zone what the numbered views mean for it."""
    return [
        {views[view]: movement for view, movement in known.items() if view in views}
        for known in registry.movements
    ]


def _view_cells(day: LocalDay, read: ReadDay, views: Mapping[ViewKey, int]) -> ViewCells:
    """Return the figures of views."""
    cells = ViewCells(*(np.zeros((KINDS, len(views), day.hours), np.int64) for _ in ViewCells._fields))
    for camera, direction, vehicle_class, emission, hour_us, passages, vehicles in read.cameras:
        kind = vehicle_class * len(ZERO_EMISSIONS) + emission
        place = kind, views[camera, direction], (hour_us - day.start_us) // HOUR_US
        cells.passages[place], cells.vehicles[place] = passages, vehicles
    return cells


def _movement(registry: Registry, view: ViewKey) -> int:
    """Return what a view means for all its zones; UNKNOWN where that differs."""
    meant = {known[view] for known in registry.movements if view in known}
    return meant.pop() if len(meant) == 1 else int(Movement.UNKNOWN)


def _left_out(left: LeftOut, numbers: Sequence[int]) -> LeftOutZone:
    """Return what is left out, by zone number."""
    part = ALL if left.part is None else left.part
    return LeftOutZone(numbers[left.zone], part, None if left.crossed is None else numbers[left.crossed])
