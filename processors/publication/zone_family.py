"""Which zones lie in which: totals of a zone tell of the zones inside it.

Zones of a *family* are either apart or one inside the other. A zone that crosses one of higher rank is a
*guest*: parts of zones have no figures of their own, so what its totals tell of others cannot be bounded, and
none of its figures are published.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from processors.columns import BoolArray, Int32Array
from processors.zone_feature import ZoneFeature

TOLERANCE: Final = 0.01
"""Zones that share less of the smaller one are apart, all but so much of it inside: borders are drawn by hand."""

RANKS: Final = (
    "municipality",
    "zero_emission_zone",
    "environmental_zone",
    "district",
    "smart_zone",
    "neighbourhood",
    "hub",
    "loading_zone",
    "construction_site",
    "other",
)
"""Kinds of zones; where two cross, the one whose kind comes first is published."""


class Family(NamedTuple):
    """Zones in the order of a walk that comes to each zone before those inside it."""

    members: Int32Array  # place of each zone in the list that was given
    parent: Int32Array  # place in this order of the smallest zone around it, -1 where there is none
    end: Int32Array  # the zones inside zone z are z + 1 .. end[z] - 1
    has_own: BoolArray  # whether something of it lies in no zone inside it
    guests: tuple[int, ...]  # places in the given list of the zones left out
    crossed: tuple[int, ...] = ()  # for each of them the place of a zone that it crosses


def family_of_shapes(zones: Sequence[ZoneFeature]) -> Family:
    """Return the family of zones by their shapes, for positions."""
    shapes = np.array([_shape(zone) for zone in zones], object)
    areas = shapely.area(shapes)
    shared = np.zeros((len(zones), len(zones)))
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared[first, second] = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    ranks = [RANKS.index(zone.kind) for zone in zones]
    return _family(
        ranks, areas, shared, TOLERANCE, lambda inner: float(shapely.union_all(shapes[inner]).area)
    )


def family_of_sets(ranks: Sequence[int], members: NDArray[np.float64]) -> Family:
    """Return the family of sets, shape (sets, things): 1 where a thing is in a set; the lower rank is taken first."""
    return _family(
        ranks,
        members.sum(axis=1),
        members @ members.T,
        0.0,
        lambda inner: float(members[inner].any(axis=0).sum()),
    )


def _shape(zone: ZoneFeature) -> shapely.Geometry:
    """Return a zone as a valid shape."""
    polygons = [Polygon(rings[0], rings[1:]) for rings in zone.polygons]
    return shapely.make_valid(MultiPolygon(polygons))


def _family(
    ranks: Sequence[int],
    sizes: NDArray[np.float64],
    shared: NDArray[np.float64],
    tolerance: float,
    size_of_union: Callable[[list[int]], float],
) -> Family:
    """Return the family of zones of such sizes, of which each two share so much."""
    smaller = np.maximum(np.minimum.outer(sizes, sizes), np.finfo(np.float64).tiny)
    meets = shared > tolerance * smaller
    holds = meets & (shared >= (1 - tolerance) * smaller)
    taken: list[int] = []
    guests: dict[int, int] = {}
    for zone in sorted(range(len(sizes)), key=lambda place: (ranks[place], -sizes[place], place)):
        crossed = np.flatnonzero(meets[zone, taken] & ~holds[zone, taken])
        if crossed.size:
            guests[zone] = taken[crossed[0]]
        else:
            taken.append(zone)
    taken.sort(key=lambda place: (-sizes[place], ranks[place], place))
    around = {
        zone: next((other for other in reversed(taken[:place]) if holds[zone, other]), -1)
        for place, zone in enumerate(taken)
    }
    inside: dict[int, list[int]] = {zone: [] for zone in (-1, *taken)}
    for zone in taken:
        inside[around[zone]].append(zone)
    order, parent, end = _walk(inside)
    has_own = [
        not inside[zone] or size_of_union(inside[zone]) < (1 - tolerance) * sizes[zone] for zone in order
    ]
    return Family(
        np.array(order, np.int32),
        np.array(parent, np.int32),
        np.array(end, np.int32),
        np.array(has_own, np.bool_),
        tuple(sorted(guests)),
        tuple(guests[zone] for zone in sorted(guests)),
    )


def _walk(inside: dict[int, list[int]]) -> tuple[list[int], list[int], list[int]]:
    """Return zones in walking order, with the place of the one around each and the end of those inside."""
    order: list[int] = []
    parent: list[int] = []
    end: list[int] = []

    def visit(zone: int, above: int) -> None:
        place = len(order)
        order.append(zone)
        parent.append(above)
        end.append(0)
        for inner in inside[zone]:
            visit(inner, place)
        end[place] = len(order)

    for zone in inside[-1]:
        visit(zone, -1)
    return order, parent, end
