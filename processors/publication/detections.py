"""What may be published of a local day of detections: zones, what goes in and out of them, and single cameras.

All of them are cells of one family of sets of views (`detection_family`), and withheld together.

What goes in and out of a zone is shown with the zone, unless it tells too much of what is inside it. Of single
views hours are published and days are not; the day is taken as known all the same.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import FIGURES, BoolArray, Int32Array, Int64Array
from processors.publication.day_cells import KINDS, OBSERVATIONS, VEHICLES, DayCells, Rule, told_by
from processors.publication.day_figures import DayFigures, Shown
from processors.publication.detection_family import EMPTY, PARTS, DetectionFamily
from processors.publication.withholding import withhold
from processors.vocabulary import Movement

MOVEMENTS: Final = {Movement.IN: FIGURES.index("entries"), Movement.OUT: FIGURES.index("exits")}


class ViewCells(NamedTuple):
    """True figures of views: a camera and a direction that it reports."""

    passages: Int64Array  # shape (KINDS, views, hours)
    vehicles: Int64Array  # distinct in the hour, shape (KINDS, views, hours)


class DetectionsShown(NamedTuple):
    """What is published of a day; zones as in `DetectionFamily.zone_places`."""

    zones: list[Shown]  # by kind
    part_hours: BoolArray  # whether what goes in and out is shown, shape (KINDS, zones, 2, hours)
    part_days: BoolArray  # shape (KINDS, zones, 2)
    views: list[Shown]  # by kind; hours of views whose day is not shown are withheld without a row
    told: int  # observations that shown days tell of, each once


class _Nodes(NamedTuple):
    """Figures of all sets of a family, in its order."""

    observations: Int64Array  # shape (KINDS, sets, hours)
    vehicles: Int64Array  # what is known of them: no more than these, shape (KINDS, sets, hours)
    day_vehicles: Int64Array  # shape (KINDS, sets)
    is_safe: BoolArray  # shape (KINDS, sets, hours)
    is_day_safe: BoolArray  # shape (KINDS, sets)


def add_up(cells: DayCells, views: ViewCells, movements: Sequence[Mapping[int, int]]) -> bool:
    """Tell whether the figures of zones are the sums of the views that count for them.

    They are not on a day on which cameras were changed.

    Args:
        cells: Of all zones.
        views: Of all views.
        movements: For each zone what the views that count for it mean.
    """
    for zone, known in enumerate(movements):
        inside = list(known)
        sums = [(OBSERVATIONS, inside)]
        sums += [
            (place, [view for view in inside if known[view] == part]) for part, place in MOVEMENTS.items()
        ]
        for place, counted in sums:
            total = views.passages[:, counted].sum(axis=1)
            if (cells.hours[:, zone, :, place] != total).any():
                return False
            if (cells.days[:, zone, place] != total.sum(axis=-1)).any():
                return False
    return True


def published_detections(
    cells: DayCells, views: ViewCells, sets: DetectionFamily, rule: Rule
) -> DetectionsShown:
    """Return what is published; *cells* are of the zones of the family, hours without a feed are not shown."""
    nodes = _nodes(cells, views, sets, rule)
    is_there = cells.has_feed
    hours = np.zeros(nodes.is_safe.shape, np.bool_)
    days = np.zeros(nodes.is_day_safe.shape, np.bool_)
    if is_there.any():
        for kind in range(KINDS):
            shown = withhold(_figures(nodes, kind, is_there), sets.family, k=rule.k, has_visits=False)
            hours[kind][:, is_there] = shown.hours
            days[kind] = shown.days
    has_part = sets.parts >= 0
    with_zone = sets.parts == EMPTY
    part_hours = hours[:, sets.parts] & has_part[..., None]
    part_days = days[:, sets.parts] & has_part
    zone_hours, zone_days = hours[:, sets.zones], days[:, sets.zones]
    return DetectionsShown(
        _by_kind(zone_hours, zone_days),
        (part_hours | with_zone[..., None]) & zone_hours[:, :, None],
        (part_days | with_zone) & zone_days[:, :, None],
        _by_kind(hours[:, sets.views], days[:, sets.views]),
        told_by(sets.family, nodes.observations.sum(axis=-1), days),
    )


def _by_kind(hours: BoolArray, days: BoolArray) -> list[Shown]:
    """Return what is shown, kind by kind."""
    return [Shown(hours[kind], days[kind]) for kind in range(KINDS)]


def _nodes(cells: DayCells, views: ViewCells, sets: DetectionFamily, rule: Rule) -> _Nodes:
    """Return the figures of all sets.

    Vehicles of what goes in and out are not published: no more than those of the zone, and than observations.
    Of the vehicles of a view on the day no more is sure than what its fullest hour has.
    """
    count, hours = sets.family.members.size, cells.has_feed.size
    nodes = _Nodes(
        np.zeros((KINDS, count, hours), np.int64),
        np.zeros((KINDS, count, hours), np.int64),
        np.zeros((KINDS, count), np.int64),
        np.zeros((KINDS, count, hours), np.bool_),
        np.zeros((KINDS, count), np.bool_),
    )
    hour_vehicles, day_vehicles = cells.hours[..., VEHICLES], cells.days[..., VEHICLES]
    _put(nodes, sets.zones, cells.hours[..., OBSERVATIONS], hour_vehicles, day_vehicles)
    for number, part in enumerate(PARTS):
        has = sets.parts[:, number] >= 0
        inside = cells.hours[..., MOVEMENTS[part]][:, has]
        most = np.minimum(inside, hour_vehicles[:, has])
        _put(
            nodes,
            sets.parts[has, number],
            inside,
            most,
            np.minimum(inside.sum(axis=-1), day_vehicles[:, has]),
        )
    if sets.views.size:
        _put(nodes, sets.views, views.passages, views.vehicles, views.vehicles.max(axis=-1))
    nodes.is_safe[:] = nodes.vehicles >= rule.k
    nodes.is_day_safe[:] = nodes.day_vehicles >= rule.k
    if not sets.has_views:  # what was in which zone when is not known: only zones in no other are safe
        nodes.is_day_safe[:, sets.family.parent >= 0] = False
    for number in range(len(PARTS)):
        has = sets.parts[:, number] >= 0
        nodes.is_safe[:, sets.parts[has, number]] = nodes.is_safe[:, sets.zones[has]]
        nodes.is_day_safe[:, sets.parts[has, number]] = nodes.is_day_safe[:, sets.zones[has]]
    return nodes


def _put(
    nodes: _Nodes,
    places: Int32Array,
    observations: Int64Array,
    vehicles: Int64Array,
    day_vehicles: Int64Array,
) -> None:
    """Put the figures of sets in their places."""
    nodes.observations[:, places] = observations
    nodes.vehicles[:, places] = vehicles
    nodes.day_vehicles[:, places] = day_vehicles


def _figures(nodes: _Nodes, kind: int, is_there: BoolArray) -> DayFigures:
    """Return the figures of a kind in hours with a feed; nothing moves but what is counted."""
    observations, vehicles, is_safe = (
        np.ascontiguousarray(values[kind][:, is_there])
        for values in (nodes.observations, nodes.vehicles, nodes.is_safe)
    )
    zeros = np.zeros_like(observations)
    return DayFigures(
        observations,
        vehicles,
        zeros,
        zeros,
        zeros,
        zeros,
        zeros,
        is_safe,
        np.ascontiguousarray(nodes.day_vehicles[kind]),
        np.ascontiguousarray(nodes.is_day_safe[kind]),
    )
