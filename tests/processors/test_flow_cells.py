"""Slot cells are packed without loss and rolled up to hours and local days."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import bucket_end, bucket_of
from naive.settings import US
from naive_examples import T0
from processors import flow_cells
from processors.cells import cell_of, drain, new_cell_table
from processors.columns import FIGURES, FlowDelta
from processors.flow_cells import (
    FLOW_COLUMNS,
    GRAINS,
    LATE,
    LATE_DAY,
    LATE_HOUR,
    LATE_SLOT,
    MAX_ZONE_NO,
    SLOT_BITS,
    add_late,
    flow_key,
    roll_up,
)
from processors.rules import FigureSettings, rules_of
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS
from tests.processors.position_builders import LAST_DAY, MIDNIGHTS_US, flow_keys

SLOT_S: Final = 300
SLOT_US: Final = SLOT_S * US

parts = st.tuples(
    st.one_of(st.integers(0, 3), st.integers(0, MAX_ZONE_NO)),
    st.one_of(st.integers(T0 // SLOT_US, T0 // SLOT_US + 600), st.integers(0, (LAST_DAY - 2) * 288)),
    st.integers(0, len(VEHICLE_CLASSES) - 1),
    st.integers(0, len(ZERO_EMISSIONS) - 1),
    st.integers(0, len(SOURCES) - 1),
)
Parts = tuple[int, int, int, int, int]
keys = st.dictionaries(
    parts, st.lists(st.integers(0, 9), min_size=FLOW_COLUMNS, max_size=FLOW_COLUMNS), max_size=12
)


@given(parts)
def test_the_parts_of_a_key_can_be_told_again(key: Parts) -> None:
    """Packed keys are positive and, narrow numbers given, as wide as needed."""
    narrow = flow_key(np.int32(key[0]), np.int64(key[1]), np.uint8(key[2]), np.uint8(key[3]), key[4])
    packed = int(flow_key(*key))
    group = packed >> SLOT_BITS

    assert packed == narrow >= 0
    assert key == (group >> 7, packed & ((1 << SLOT_BITS) - 1), group >> 3 & 15, group >> 1 & 3, group & 1)


def rolled_up(cells: Mapping[Parts, list[int]]) -> dict[str, FlowDelta]:
    """Return the deltas of slot cells given by the parts of their keys."""
    packed = sorted((int(flow_key(*key)), key) for key in cells)
    values = np.array([cells[key] for _, key in packed], np.int64).reshape(-1, FLOW_COLUMNS)
    return roll_up(
        np.array([number for number, _ in packed], np.int64), values, slot_s=SLOT_S, midnights_us=MIDNIGHTS_US
    )


def column_of(figure: str, grain: str) -> int:
    """Return the column of a slot cell that a figure of a grain comes from."""
    of_grain = f"{figure}_{grain}" if figure in {"vehicles", "late"} else figure
    column: int = getattr(flow_cells, of_grain.upper())
    return column


@given(keys)
def test_cells_are_rolled_up_to_slots_hours_and_days(cells: dict[Parts, list[int]]) -> None:
    """Figures add up; vehicles and late come from the column of their grain; cells of zeros are left out."""
    for grain, delta in rolled_up(cells).items():
        expected: dict[tuple[int, ...], list[int]] = {}
        for (zone_no, slot, *kind), values in cells.items():
            key = (zone_no, bucket_of(grain, slot * SLOT_US, SLOT_US), *kind)
            row = [values[column_of(figure, grain)] for figure in FIGURES]
            expected[key] = [a + b for a, b in zip(row, expected.get(key, [0] * len(FIGURES)), strict=True)]

        told = dict(zip(flow_keys(delta), delta.figures.tolist(), strict=True))
        assert {key: row for key, row in expected.items() if any(row)} == told


@given(keys)
def test_rows_of_a_delta_are_sorted_and_each_key_stands_once(cells: dict[Parts, list[int]]) -> None:
    """By zone, bucket, class, emission and source."""
    for delta in rolled_up(cells).values():
        assert sorted(set(flow_keys(delta))) == flow_keys(delta)


@pytest.mark.parametrize("slot_s", [60, 300, 900])
@pytest.mark.parametrize("grain", GRAINS)
def test_an_observation_is_late_a_minute_after_the_end_of_its_bucket(grain: str, slot_s: int) -> None:
    """Not with an arrival at the end plus 60 s, but a microsecond later."""
    column = {"slot": LATE_SLOT, "hour": LATE_HOUR, "day": LATE_DAY}[grain]
    event_us = T0 + 17 * US
    end_us = bucket_end(grain, bucket_of(grain, event_us, slot_s * US), slot_s * US) + 60 * US
    table = new_cell_table(4, FLOW_COLUMNS, spare=1)
    rules = rules_of(FigureSettings(slot_s=slot_s))
    for key, arrival_us in enumerate((event_us - 1, end_us, end_us + 1)):
        add_late(table.values[cell_of(table, key)], LATE, event_us, arrival_us, rules, MIDNIGHTS_US)

    assert [0, 0, 1] == drain(table)[1][:, column].tolist()
