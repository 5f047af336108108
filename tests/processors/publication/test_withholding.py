"""Withholding: what is shown leaves every withheld cell more room than k, and not much else is withheld."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.publication.day_figures import DayFigures, Shown
from processors.publication.withholding import primary, withhold
from processors.publication.zone_family import Family
from tests.processors.publication.attack import Interval, Programme, Published, narrow
from tests.processors.publication.city import City, Figures, count, day_figures, family_of, tracks

K = 10
SOAK = os.environ.get("DULS_TEST_SOAK") == "1"
FAMILIES = (
    family_of([-1, 0, 0, 0], [False, True, True, True]),
    family_of([-1, 0, 1, 1, 0, 4, 4], [True, False, True, True, False, True, True]),
    family_of([-1, 0, 0, 0, 0], [True, True, True, True, True]),
    family_of([-1, 0, 1, 1, 0, 4, 4, 0], [False, False, True, True, True, True, True, True]),
    family_of([-1, -1, 1, 1], [True, False, True, True]),
)
"""Zones tiled by others and zones with something of their own, in one, two and three layers, and zones apart."""


def a_day(seed: int, family: Family, *, vehicles: int, hours: int) -> tuple[Figures, DayFigures]:
    """Return the figures of a simulated day."""
    rng = np.random.default_rng(seed)
    where = tracks(rng, family, vehicles, hours, stay=float(rng.uniform(0.3, 0.97)))
    figures = count(family, where)
    return figures, day_figures(figures, K)


def found(family: Family, figures: Figures, shown: Shown, *, has_visits: bool = True) -> list[Interval]:
    """Return what the attack finds."""
    return narrow(City(family, has_visits), Published(shown.hours, shown.days, figures), K)


@settings(max_examples=300 if SOAK else 6)
@given(
    seed=st.integers(0, 1 << 32),
    place=st.integers(0, len(FAMILIES) - 1),
    vehicles=st.integers(K, 120),
    hours=st.integers(2, 5),
    has_visits=st.booleans(),
    unsafe=st.sampled_from([0.0, 0.2]),
)
def test_every_withheld_cell_has_more_room_than_k(  # what days are made of
    seed: int, place: int, vehicles: int, hours: int, has_visits: bool, unsafe: float
) -> None:
    """Whatever the zones, vehicles and carriers: the attack by all sums knows no withheld cell to within k."""
    family = FAMILIES[place]
    figures, known = a_day(seed, family, vehicles=vehicles, hours=hours)
    rng = np.random.default_rng(seed)
    known.is_safe[rng.random(known.is_safe.shape) < unsafe] = False  # as where one carrier has most of a cell
    known.is_day_safe[rng.random(known.is_day_safe.shape) < unsafe] = False

    shown = withhold(known, family, k=K, has_visits=has_visits)

    assert [] == found(family, figures, shown, has_visits=has_visits)
    before = primary(known)
    assert not (shown.hours & ~before.hours).any()
    assert not (shown.days & ~before.days).any()


@pytest.mark.parametrize("seed", [83, 103, 160, 314, 318, 941, 1080, 2011, 2013, 2043, 3198])
def test_what_an_attack_once_found_it_finds_no_more(seed: int) -> None:
    """Days on which earlier rules left a withheld cell known: by rows, columns and time inside."""
    rng = np.random.default_rng(seed)
    family = FAMILIES[seed % len(FAMILIES)]
    where = tracks(
        rng, family, int(rng.integers(12, 120)), int(rng.integers(2, 6)), stay=rng.uniform(0.3, 0.97)
    )
    figures = count(family, where)

    shown = withhold(day_figures(figures, K), family, k=K, has_visits=True)

    assert [] == found(family, figures, shown)


@pytest.mark.parametrize("place", range(len(FAMILIES)))
def test_the_attack_bites_without_secondary_suppression(place: int) -> None:
    """The same days, with only the cells below k withheld: the attack finds some of them."""
    family = FAMILIES[place]
    figures, known = a_day(place, family, vehicles=60, hours=4)

    assert [] != found(family, figures, primary(known))


def test_a_simulated_month_withstands_the_attack_and_only_by_secondary_suppression() -> None:
    """Whole days of a town in three layers, cells by chance: late data changes nothing, for days are frozen."""
    family = family_of([-1, 0, 1, 1, 1, 0, 5, 5, 5, 0], [False] + [False, *[True] * 3] * 2 + [True])
    rng = np.random.default_rng(7)
    known_to = {"withheld": 0, "primary": 0}
    looked_at = 0
    for day in range(30 if SOAK else 1):
        figures, known = a_day(day, family, vehicles=250, hours=24)
        ways = {"withheld": withhold(known, family, k=K, has_visits=True), "primary": primary(known)}
        for (way, shown), sample in zip(ways.items(), (6, 2 if SOAK else 10), strict=True):
            programme = Programme(family, Published(shown.hours, shown.days, figures), has_visits=True)
            cells = programme.withheld()
            chosen = [cells[place] for place in rng.permutation(len(cells))[:sample]]
            narrow_ones = [found for found in programme.intervals(chosen) if found.width <= K + 1e-6]
            known_to[way] += len(narrow_ones)
            looked_at += len(chosen)

    print(f"{looked_at} cells looked at, known to within k: {known_to}")  # noqa: T201  # the figure of the soak
    assert known_to["withheld"] == 0
    assert known_to["primary"] > 0


def test_one_withheld_neighbourhood_takes_the_smallest_other_with_it() -> None:
    """Four that fill a town, one of them below k: the town's total would tell."""
    family = family_of([-1, 0, 0, 0, 0], [False, True, True, True, True])
    vehicles = np.array([[63], [4], [12], [20], [30]], np.int64)

    shown = withhold(_flat(vehicles), family, k=K, has_visits=False)

    assert [True, False, False, True, True] == shown.days.tolist()


def test_a_zone_inside_a_withheld_one_is_withheld() -> None:
    """A part is a lower bound of the whole."""
    family = family_of([-1, 0], [True, True])
    known = _flat(np.array([[40], [30]], np.int64))
    known.is_day_safe[0] = False  # as when one carrier has most of it

    shown = withhold(known, family, k=K, has_visits=False)

    assert [False, False] == shown.days.tolist()


def test_a_large_city_keeps_most_of_it() -> None:
    """Three layers, 291 zones: of days that may be shown by themselves 3 in 4 are, of hours 4 in 5."""
    parents = [-1]
    for _ in range(10):
        district = len(parents)
        parents += [0, *[district] * 28]
    family = family_of(parents, [parent > 0 for parent in parents])
    _, known = a_day(1, family, vehicles=3_000, hours=24)

    shown = withhold(known, family, k=K, has_visits=True)

    before = primary(known)
    assert shown.days.sum() >= 0.75 * before.days.sum()
    assert shown.hours.sum() >= 0.8 * before.hours.sum()


def test_nothing_is_shown_where_nothing_may_be() -> None:
    """Zero vehicles are below k."""
    shown = withhold(
        _flat(np.zeros((2, 1), np.int64)), family_of([-1, 0], [True, True]), k=K, has_visits=True
    )

    assert not shown.days.any()
    assert not shown.hours.any()


def test_the_programme_knows_what_is_shown() -> None:
    """Of a town and one of its two halves, all shown but the other half, the other half is the difference."""
    family = family_of([-1, 0, 0], [False, True, True])
    figures, _ = a_day(3, family, vehicles=60, hours=2)
    shown = Published(np.ones((3, 2), np.bool_), np.ones(3, np.bool_), figures)
    shown.hours[2, 1] = False

    intervals = Programme(family, shown, has_visits=True).intervals()

    truth = {name: figures.hours[name][2, 1] for name in ("vehicles", "observations")}
    for interval in intervals:
        assert interval.low <= truth[interval.figure] + 1e-6
        assert truth[interval.figure] <= interval.high + 1e-6
        assert interval.figure == "vehicles" or interval.width < 1e-6


def _flat(vehicles: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> DayFigures:
    """Return figures of one hour and its day, three observations a vehicle."""
    zeros = np.zeros_like(vehicles)
    return DayFigures(
        3 * vehicles,
        vehicles,
        entries=vehicles,
        exits=vehicles,
        appearances=zeros,
        disappearances=zeros,
        dwell_us=zeros,
        is_safe=vehicles >= K,
        day_vehicles=vehicles[:, 0].copy(),
        is_day_safe=vehicles[:, 0] >= K,
    )
