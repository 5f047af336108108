"""Visitors of a month: how they are counted, what is shown of them, and that the attack finds nothing in it."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.columns import BoolArray, Int64Array
from processors.publication.visitors import (
    CATEGORIES,
    LEAST_DAYS,
    VisitorGroups,
    possible_types,
    shown_visitors,
    visitor_tables,
    zones_apart,
)
from tests.processors.publication.visitor_attack import narrow_cells

SOAK: Final = os.environ.get("DULS_TEST_SOAK") == "1"
K: Final = 10
ZONES: Final = 3

visitors = st.lists(
    st.tuples(
        st.integers(0, ZONES - 1),
        st.integers(1, 31),
        st.integers(0, 1),
        st.integers(0, 21),
        st.integers(0, 3),
        st.integers(1, 30),
    ),
    max_size=40,
)


def groups_of(rows: list[tuple[int, ...]]) -> VisitorGroups:
    """Return groups of alike vehicles."""
    return VisitorGroups(*np.array(rows, np.int64).reshape(-1, 6).T)


def naive_type(days: int) -> int:
    """Return the visitor type of so many days, by its words."""
    if days == 1:
        return 0
    return 1 if days < 10 else 2


def random_month(rng: np.random.Generator, size: int) -> list[tuple[int, ...]]:
    """Return visitors of zones of very different size, most of them alike."""
    rows = []
    for zone in range(ZONES):
        for _ in range(int(rng.integers(1, size))):
            days = int(rng.choice([1, 1, 1, 2, 4, 9, 10, 22]))
            branch = int(rng.choice([0, 0, 6, 7, 8, 8, 3, rng.integers(22)]))
            rows.append((zone, days, int(rng.random() < 0.9), branch, int(rng.choice([0, 1, 1, 2, 3])), 1))
    return rows


@given(visitors)
def test_every_vehicle_is_in_one_cell_of_each_table(rows: list[tuple[int, ...]]) -> None:
    """By its zone, on how many days it came, and what is known of it."""
    tables = visitor_tables(groups_of(rows), ZONES)

    for place, name in enumerate(CATEGORIES, start=2):
        expected: Counter[tuple[int, int, int]] = Counter()
        for row in rows:
            expected[row[0], naive_type(row[1]), row[place]] += row[5]
        found = {tuple(cell): int(tables[name][tuple(cell)]) for cell in np.argwhere(tables[name]).tolist()}
        assert expected == found


@pytest.mark.parametrize(("days", "types"), [(0, 0), (1, 1), (2, 2), (9, 2), (10, 3), (31, 3)])
def test_types_that_nobody_can_be_of_are_no_cells(days: int, types: int) -> None:
    """In three days nobody comes daily."""
    assert types == possible_types(days)


@given(visitors)
def test_what_is_shown_is_k_safe_and_what_is_withheld_is_more_than_k_together(
    rows: list[tuple[int, ...]],
) -> None:
    """Of each type in each table; a zone with a total of k or less shows nothing."""
    tables = visitor_tables(groups_of(rows), ZONES)

    shown = shown_visitors(tables, len(LEAST_DAYS), K)

    for name, table in tables.items():
        assert (table[shown[name]] >= K).all()
        for zone in range(ZONES):
            if (table[zone].sum(axis=1) <= K).any():
                assert not shown[name][zone].any()
            for cells, chosen in zip(table[zone], shown[name][zone], strict=True):
                withheld = cells[~chosen]
                if chosen.any() and withheld.size:
                    assert withheld.size > 1
                    assert withheld.sum() > K


def test_the_smallest_cell_goes_with_one_that_is_too_small() -> None:
    """Its sum with the total of another table would tell it."""
    rows = [
        *((0, 1, 1, 6, size, 30 + size) for size in range(4)),
        (0, 1, 0, 7, 1, 3),
        *((0, days, 1, 6, 1, 40) for days in (2, 10)),
    ]
    tables = visitor_tables(groups_of(rows), 1)

    shown = shown_visitors(tables, 3, K)

    assert [True, True, True, True] == shown["company_size"][0, 0].tolist()
    assert [False, False] == shown["origin"][0, 0].tolist(), "three from abroad, and all others would tell it"
    assert not shown["branch"][0, 0].any()


def test_the_attack_finds_nothing_and_bites_when_small_cells_only_are_withheld() -> None:
    """Whoever knows on how many days all vehicles came knows no cell to within k, in small zones and in large ones."""
    looked_at = found = small = without = safe = told = 0
    for seed in range(40) if SOAK else (1,):
        rows = random_month(np.random.default_rng(seed), 20 * 4 ** (seed % 4 + 1))
        tables = visitor_tables(groups_of(rows), ZONES)
        shown = shown_visitors(tables, len(LEAST_DAYS), K)
        primary = {name: table >= K for name, table in tables.items()}
        looked_at += withheld_beside_shown(shown)
        found += len(attack(rows, tables, shown))
        small += withheld_beside_shown(primary)
        without += len(attack(rows, tables, primary))
        safe += sum(int(chosen.sum()) for chosen in primary.values())
        told += sum(int(chosen.sum()) for chosen in shown.values())

    print(  # noqa: T201  # the figures of the soak
        f"{looked_at} cells looked at, known to within k: {found}; only small withheld: {without} of {small}; "
        f"cells of k or more: {safe}, shown: {told}"
    )
    assert found == 0
    assert without > 0


def withheld_beside_shown(shown: Mapping[str, BoolArray]) -> int:
    """Return how many cells are withheld in zones of which anything is shown."""
    zones = [zone for zone in range(ZONES) if any(chosen[zone].any() for chosen in shown.values())]
    return sum(int((~chosen[zone]).sum()) for zone in zones for chosen in shown.values())


def attack(
    rows: list[tuple[int, ...]], tables: Mapping[str, Int64Array], shown: Mapping[str, BoolArray]
) -> list[tuple[str, int, int]]:
    """Return the withheld cells that the attack knows to within k, in zones of which anything is shown."""
    found = []
    for zone in range(ZONES):
        if any(chosen[zone].any() for chosen in shown.values()):
            days = sum(row[1] * row[5] for row in rows if row[0] == zone)
            told = {
                name: np.where(shown[name][zone], table[zone], np.nan).astype(float)
                for name, table in tables.items()
            }
            found += narrow_cells(told, LEAST_DAYS, days, K)
    return found


def test_zones_that_share_no_camera_are_chosen_by_their_rank() -> None:
    """Those with rules first; then the larger kind; a zone without cameras has no visitors."""
    kinds = ["district", "municipality", "zero_emission_zone", "neighbourhood", "district", "hub"]
    cameras = ["abc", "abcde", "ab", "d", "de", ""]

    assert [2, 4] == zones_apart(kinds, cameras)
    assert [1] == zones_apart(kinds[:2], cameras[:2])
    assert [] == zones_apart([], [])
