"""Why zones that cross others have no history: their totals tell what is withheld, however large they are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from processors.publication.day_figures import DayFigures
from processors.publication.withholding import withhold
from processors.publication.zone_family import family_of_sets
from tests.processors.publication.camera_attack import CameraProgramme, Found, PublishedDetections

K = 10
TOWN, SMALL, LARGE, BAY, OTHER = range(5)
SETS = ({0, 1, 2, 3}, {0}, {1, 2}, {1}, {3})
"""A town of three neighbourhoods; a loading bay (part 1) in the second. Parts are what sets tell apart."""

GUEST = {0, 1}
"""A smart zone: the small neighbourhood and the bay beside it, so it crosses the large neighbourhood."""

VEHICLES = np.array([6, 40, 60, 25], np.int64)  # of each part; each is seen three times
HOURS = 2


def found(*, with_guest: bool) -> list[Found]:
    """Return what the attack says of the small neighbourhood's day."""
    members = np.array([[part in zone for part in range(4)] for zone in SETS], np.float64)
    family = family_of_sets(list(range(5)), members)
    counted = np.array([[VEHICLES[list(zone)].sum()] * HOURS for zone in SETS], np.int64)
    ordered = counted[family.members]
    zeros = np.zeros_like(ordered)
    figures = DayFigures(
        3 * ordered,
        ordered,
        ordered,
        ordered,
        zeros,
        zeros,
        zeros,
        ordered >= K,
        ordered[:, 0],
        ordered[:, 0] >= K,
    )
    shown = withhold(figures, family, k=K, has_visits=False)
    of_zone = np.argsort(family.members)
    hours, days = shown.hours[of_zone], shown.days[of_zone]
    assert not days[SMALL]
    assert days[[TOWN, LARGE, BAY]].all()
    sets = [*SETS, GUEST] if with_guest else list(SETS)
    if with_guest:
        counted = np.vstack([counted, [[VEHICLES[list(GUEST)].sum()] * HOURS]])
        hours, days = np.vstack([hours, [[True] * HOURS]]), np.append(days, True)
    published = _published(sets, counted, hours, days)
    return list(CameraProgramme(published).found([("zone", SMALL, None)]))


def _published(
    sets: list[set[int]],
    counted: NDArray[np.int64],
    hours: NDArray[np.bool_],
    days: NDArray[np.bool_],
) -> PublishedDetections:
    """Return sums of parts as the attack takes them; of parts themselves nothing is told."""
    nothing = np.full(hours.shape, np.nan)
    none = np.full((4, HOURS), np.nan)
    return PublishedDetections(
        [dict.fromkeys(zone, 2) for zone in sets],
        {
            "observations": np.where(hours, 3.0 * counted, np.nan),
            "vehicles": np.where(hours, counted, np.nan),
            "entries": nothing,
            "exits": nothing,
        },
        {
            "observations": np.where(days, 3.0 * HOURS * counted[:, 0], np.nan),
            "vehicles": np.where(days, counted[:, 0], np.nan),
            "entries": nothing[:, 0],
            "exits": nothing[:, 0],
        },
        none,
        none,
    )


@pytest.mark.parametrize("with_guest", [False, True])
def test_a_crossing_zone_of_many_vehicles_tells_of_one_of_few(*, with_guest: bool) -> None:
    """46 vehicles are more than ten; less the bay's 40 they are the neighbourhood's six."""
    width = {told.figure: told.width for told in found(with_guest=with_guest)}

    assert with_guest == (width["observations"] <= K)
    assert with_guest == (width["observations"] < 1e-6)
