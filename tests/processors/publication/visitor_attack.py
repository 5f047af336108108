"""What anyone can learn from the visitors that are published of a zone and a month: a linear programme.

The unknowns are the vehicles of each cell of the three tables. The attacker knows what is published, that every
vehicle is in one cell of each table, between which numbers of days each visitor type is, and, which is more than day
figures tell, on how many days all vehicles came together. For each withheld cell the programme gives the smallest and
the largest number that all of this allows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tests.processors.publication.linear import Linear

MOST_DAYS = 31


def narrow_cells(
    told: Mapping[str, NDArray[np.float64]], least_days: Sequence[int], days: int, k: int
) -> list[tuple[str, int, int]]:
    """Return the withheld cells that are known to within *k*: table, visitor type and category.

    Args:
        told: What everyone can read by table, shape (types, categories); NaN where it is withheld.
        least_days: Fewest days of each type.
        days: Days of all vehicles together.
        k: How much room a cell needs.
    """
    programme = Linear()
    cells = {name: programme.unknowns(*table.shape) for name, table in told.items()}
    for name, table in told.items():
        is_shown = ~np.isnan(table)
        programme.know(cells[name][is_shown], table[is_shown])
    first, *others = cells.values()
    for kind in range(len(least_days)):
        for other in others:
            programme.equal(
                [(place, 1.0) for place in first[kind]] + [(place, -1.0) for place in other[kind]], 0.0
            )
    most_days = [*(least - 1 for least in least_days[1:]), MOST_DAYS]
    programme.at_most(
        [(place, float(least)) for row, least in zip(first, least_days, strict=True) for place in row], days
    )
    programme.at_most(
        [(place, -float(most)) for row, most in zip(first, most_days, strict=True) for place in row], -days
    )
    found = []
    for name, table in told.items():
        for kind, category in np.argwhere(np.isnan(table)).tolist():
            low, high = programme.extremes(cells[name][kind, category])
            if high - low <= k + 1e-6:
                found.append((name, kind, category))
    return found
