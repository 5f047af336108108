"""A local day of one source: its cells of all classes and emissions, and which of them are published."""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import FIGURES, BoolArray, Int64Array
from processors.publication.carriers import CarrierRows, tell_of_no_carrier
from processors.publication.day_figures import FIGURES_OF_HOURS, DayFigures, Shown
from processors.publication.withholding import withhold
from processors.publication.zone_family import Family
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS, Source

KINDS: Final = len(VEHICLE_CLASSES) * len(ZERO_EMISSIONS)
"""Pairs of class and emission: kind = class * 3 + emission."""

OBSERVATIONS: Final = FIGURES.index("observations")
VEHICLES: Final = FIGURES.index("vehicles")
PLACES: Final = [FIGURES.index(name) for name in FIGURES_OF_HOURS]


class Rule(NamedTuple):
    """What a cell must have by itself."""

    k: int = 10  # distinct vehicles
    carriers: int = 3  # carriers of positions, none with more than half of the vehicles; 0: no such rule


class DayCells(NamedTuple):
    """True figures of the zones of a family, in its order."""

    hours: Int64Array  # shape (KINDS, zones, hours, figures)
    days: Int64Array  # shape (KINDS, zones, figures)
    has_feed: BoolArray  # whether the feed was there, shape (hours,)
    hour_carriers: CarrierRows  # cells count as (kind, zone, hour) in this order
    day_carriers: CarrierRows  # cells count as (kind, zone)


def published(cells: DayCells, family: Family, rule: Rule, source: Source) -> list[Shown]:
    """Return what is published of each kind, over all hours of the day; hours without a feed are not shown."""
    hour_vehicles, day_vehicles = cells.hours[..., VEHICLES], cells.days[..., VEHICLES]
    hour_safe, day_safe = hour_vehicles >= rule.k, day_vehicles >= rule.k
    if source == Source.FMS:
        hour_safe &= _carriers_hold(cells.hour_carriers, hour_vehicles, rule)
        day_safe &= _carriers_hold(cells.day_carriers, day_vehicles, rule)
    if not cells.has_feed.any():
        day_safe[:] = False
    return [
        _published_kind(cells, family, rule, source, kind, hour_safe[kind], day_safe[kind])
        for kind in range(KINDS)
    ]


def told_by(family: Family, observations: Int64Array, days: BoolArray) -> int:
    """Return how many observations shown days tell of, each once.

    Args:
        family: The zones.
        observations: Of their days, shape (KINDS, zones).
        days: Which of these are shown.
    """
    around = np.where(family.parent >= 0, days[:, family.parent], False)  # a value, not an option
    return int(observations[days & ~around].sum())


def _carriers_hold(rows: CarrierRows, vehicles: Int64Array, rule: Rule) -> BoolArray:
    """Return for each cell whether it tells too much of no carrier."""
    return tell_of_no_carrier(rows, vehicles.ravel(), carriers=rule.carriers).reshape(vehicles.shape)


def _published_kind(  # parts of one value
    cells: DayCells,
    family: Family,
    rule: Rule,
    source: Source,
    kind: int,
    hour_safe: BoolArray,
    day_safe: BoolArray,
) -> Shown:
    """Return what is published of one kind."""
    hours = np.ascontiguousarray(cells.hours[kind][:, cells.has_feed])
    of_hours = [np.ascontiguousarray(hours[..., place]) for place in PLACES]
    safe_hours = np.ascontiguousarray(hour_safe[:, cells.has_feed])
    day_vehicles = np.ascontiguousarray(cells.days[kind, :, VEHICLES])
    figures = DayFigures._make([*of_hours, safe_hours, day_vehicles, day_safe])
    shown = withhold(figures, family, k=rule.k, has_visits=source == Source.FMS)
    all_hours = np.zeros(hour_safe.shape, np.bool_)
    all_hours[:, cells.has_feed] = shown.hours
    return Shown(all_hours, shown.days)
