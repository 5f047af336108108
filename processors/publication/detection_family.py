"""What detections are told of: zones, what goes in and out of them, and single cameras by direction.

A *view* is a camera and a direction that it reports. A zone has the detections of some views, its entries those
of some of these, its exits those of others. All are sets of views, and their totals are sums over the same
detections; so all of them that are published are in one family of sets that lie apart or inside each other.

Where sets cross, the one of higher rank is taken: zones by their kind; what goes in and out of a zone for which
rules hold right after that zone, of other zones after all zones; single views last, which cross nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int32Array
from processors.publication.zone_family import RANKS, Family, family_of_sets
from processors.vocabulary import Movement

CORDONS: Final = frozenset({"zero_emission_zone", "environmental_zone"})
"""Kinds of zones for which rules hold: what goes in and out is what they are watched for."""

PARTS: Final = (Movement.IN, Movement.OUT)
EMPTY: Final = -1
CROSSING: Final = -2


class LeftOut(NamedTuple):
    """What is not published of a zone; places in the list of zones."""

    zone: int
    part: int | None  # IN or OUT; None: the whole zone
    crossed: (
        int | None
    )  # zone of which it crosses all, what goes in or what goes out; None: views are not told of


class DetectionFamily(NamedTuple):
    """The family of all sets, and where in its order each of them is."""

    family: Family
    zones: Int32Array  # place of each published zone
    zone_places: tuple[int, ...]  # which zones of the given list these are
    parts: (
        Int32Array  # place of what goes in and out, EMPTY: no view can, CROSSING: left out; shape (zones, 2)
    )
    views: Int32Array  # place of each view; empty where views are not told of
    left_out: tuple[LeftOut, ...]
    has_views: bool  # whether in, out and views are told of


class _Sets(NamedTuple):
    """Sets in the order in which they are given to the family."""

    owner: list[tuple[int, int | None]]  # zone and part; of a view (-1, its number)
    ranks: list[int]
    rows: list[np.ndarray[tuple[int], np.dtype[np.float64]]]


def family_of_detections(
    kinds: Sequence[str], movements: Sequence[Mapping[int, int]], views: int, *, with_views: bool = True
) -> DetectionFamily:
    """Return the family of zones, what goes in and out of them, and views.

    Args:
        kinds: Kind of each zone.
        movements: For each zone what the views that count for it mean, by their number.
        views: How many views there are.
        with_views: Whether in, out and views are told of, too; otherwise all parts are left out.
    """
    sets = _Sets([], [], [])
    for zone, kind in enumerate(kinds):
        _add(sets, (zone, None), RANKS.index(kind) * 2, movements[zone], views)
    for zone, kind in enumerate(kinds if with_views else ()):
        rank = RANKS.index(kind) * 2 + 1 if kind in CORDONS else 2 * len(RANKS)
        for part in PARTS:
            inside = [view for view, movement in movements[zone].items() if movement == part]
            if inside:
                _add(sets, (zone, int(part)), rank, inside, views)
    for view in range(views if with_views else 0):
        _add(sets, (-1, view), 2 * len(RANKS) + 1, [view], views)
    members = np.array(sets.rows, np.float64).reshape(len(sets.rows), views)
    return _placed(family_of_sets(sets.ranks, members), sets, movements, views, with_views=with_views)


def _add(
    sets: _Sets,
    owner: tuple[int, int | None],
    rank: int,
    inside: Sequence[int] | Mapping[int, int],
    views: int,
) -> None:
    """Add a set of views."""
    row = np.zeros(views)
    row[list(inside)] = 1
    sets.owner.append(owner)
    sets.ranks.append(rank)
    sets.rows.append(row)


def _placed(
    family: Family, sets: _Sets, movements: Sequence[Mapping[int, int]], views: int, *, with_views: bool
) -> DetectionFamily:
    """Return where each set is in the order of the family."""
    place_of = {sets.owner[member]: place for place, member in enumerate(family.members)}
    zones = tuple(zone for zone in range(len(movements)) if (zone, None) in place_of)
    parts = [
        [
            place_of.get(
                (zone, int(part)), CROSSING if part in movements[zone].values() or not with_views else EMPTY
            )
            for part in PARTS
        ]
        for zone in zones
    ]
    left_out = [
        LeftOut(zone, part, None)
        for zone, places in zip(zones, parts, strict=True)
        for part, place in zip(PARTS, places, strict=True)
        if place == CROSSING and not with_views
    ]
    for guest, crossed in zip(family.guests, family.crossed, strict=True):
        zone, part = sets.owner[guest]
        if part is None or (zone, None) in place_of:
            left_out.append(LeftOut(zone, part, sets.owner[crossed][0]))
    return DetectionFamily(
        family,
        np.array([place_of[zone, None] for zone in zones], np.int32),
        zones,
        np.array(parts, np.int32).reshape(-1, 2),
        np.array([place_of[-1, view] for view in range(views if with_views else 0)], np.int32),
        tuple(left_out),
        with_views,
    )
