"""How often vehicles came to a zone in a month, by what registers know of them, and what of it may be shown.

Of a zone three tables are published: visitor types by origin, by branch and by company size. A vehicle is in one cell
of each, so in each of them the cells of a visitor type add up to the same total. Nothing else that is published says
anything of origin, branch or size, and no camera counts for two zones of which visitors are published. So whoever
knows all totals of types still knows no more of the cells of one type in one table than their sum; and a withheld
cell can be anything from zero to the sum of all that are withheld beside it, itself included.

A cell below k is withheld. Where cells of a type are withheld in a table, they are at least two and more than k
vehicles together; the smallest shown ones go, too, until that is so. It can be done where every total is more than k;
a zone with a smaller one shows nothing. `tests/processors/publication/visitor_attack.py` is the attack.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import BoolArray, Int64Array
from processors.publication.detection_family import CORDONS
from processors.publication.zone_family import RANKS
from processors.vehicle_traits import BRANCHES, Size

LEAST_DAYS: Final = (1, 2, 10)
"""Fewest days of the month of a visitor who comes once, occasionally, daily.

The three names are those of the national plan (City Dashboard 4.5 to 4.7), which gives no numbers. These are ours: ten
days are about every other working day of a month.
"""

CATEGORIES: Final = {"origin": 2, "branch": len(BRANCHES) + 1, "company_size": len(Size)}
"""The tables, and how many categories each has. Origin: 0 other, 1 Dutch; branch and size: 0 unknown."""

MOST_DAYS: Final = 31


class VisitorGroups(NamedTuple):
    """Distinct vehicles that are alike: rows of one month."""

    zone: Int64Array  # place in the list of zones
    days: Int64Array  # on so many days of the month they came
    origin: Int64Array
    branch: Int64Array
    company_size: Int64Array
    vehicles: Int64Array


Tables = Mapping[str, Int64Array]
"""Distinct vehicles by table, shape (zones, visitor types, categories)."""


def visitor_tables(groups: VisitorGroups, zones: int) -> dict[str, Int64Array]:
    """Return how many vehicles are in each cell."""
    kind = np.searchsorted(LEAST_DAYS, groups.days, side="right") - 1
    tables = {}
    for name, categories in CATEGORIES.items():
        table = np.zeros((zones, len(LEAST_DAYS), categories), np.int64)
        np.add.at(table, (groups.zone, kind, getattr(groups, name)), groups.vehicles)
        tables[name] = table
    return tables


def possible_types(counted_days: int) -> int:
    """Return how many visitor types there can be when vehicles are counted on so many days; the first ones."""
    return sum(least <= counted_days for least in LEAST_DAYS)


def shown_visitors(tables: Tables, types: int, k: int) -> dict[str, BoolArray]:
    """Return which cells are shown, shaped as the tables.

    Args:
        tables: True numbers.
        types: How many visitor types are possible; the others are not cells.
        k: Distinct vehicles that a cell must have, and what every withheld cell must have more room than.
    """
    shown = {name: np.zeros(table.shape, np.bool_) for name, table in tables.items()}
    totals = next(iter(tables.values())).sum(axis=2)[:, :types]
    for zone in np.flatnonzero((totals > k).all(axis=1)):
        for name, table in tables.items():
            for kind in range(types):
                shown[name][zone, kind] = _shown_row(table[zone, kind], k)
    return shown


def _shown_row(vehicles: Int64Array, k: int) -> BoolArray:
    """Return which cells of one type in one table are shown; their sum is more than k."""
    shown = vehicles >= k
    while not shown.all() and (np.count_nonzero(~shown) < 2 or vehicles[~shown].sum() <= k):
        candidates = np.flatnonzero(shown)
        shown[candidates[np.argmin(vehicles[candidates])]] = False
    return shown


def zones_apart(kinds: Sequence[str], cameras: Sequence[Collection[object]]) -> list[int]:
    """Return places of zones that share no camera, in their order.

    Zones for which rules hold come first, since visitors are counted for them; then others by the rank of their kind.
    Of one rank the zone of more cameras comes first, then the first one. A zone without cameras has no visitors.

    Args:
        kinds: Kind of each zone.
        cameras: Cameras that counted for each zone at any time of the month.
    """
    order = sorted(
        range(len(kinds)),
        key=lambda zone: (kinds[zone] not in CORDONS, RANKS.index(kinds[zone]), -len(cameras[zone]), zone),
    )
    taken: set[object] = set()
    chosen = []
    for zone in order:
        own = set(cameras[zone])
        if own and not own & taken:
            chosen.append(zone)
            taken |= own
    return sorted(chosen)
