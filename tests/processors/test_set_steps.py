"""What a vehicle adds while it stays in the same zones is counted once per set, and spread over the zones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive import Settings
from naive_examples import IN, IN_33_M, IN_67_M, WEST, ZONES, at_us, row
from processors.flow_cells import (
    DISTANCE_UM,
    DWELL_US,
    FLOW_COLUMNS,
    LATE_DAY,
    LATE_HOUR,
    LATE_SLOT,
    OBSERVATIONS,
    ZONE_SHIFT,
    flow_key,
)
from processors.set_steps import SET_COLUMNS, spread
from processors.vehicle_table import NEVER_US, UNCOUNTED
from processors.zone_sets import ZoneSets
from tests.processors.position_builders import FastPositions

SETS = ZoneSets()
NUMBERS = [SETS.number_of(zones) for zones in ([3], [3, 5], [2, 5, 9], [])]
COLUMNS = [OBSERVATIONS, DWELL_US, DISTANCE_UM, LATE_SLOT, LATE_HOUR, LATE_DAY]

cells = st.dictionaries(
    st.tuples(st.sampled_from(NUMBERS), st.integers(0, 2**31 - 1), st.integers(0, 8), st.integers(0, 2)),
    st.lists(st.integers(0, 2**40), min_size=SET_COLUMNS, max_size=SET_COLUMNS),
    max_size=8,
)


@given(cells)
def test_every_zone_of_a_set_gets_what_the_set_has(told: dict[tuple[int, int, int, int], list[int]]) -> None:
    """One flow cell per set cell and zone, with the six figures in their columns and the others zero."""
    keys = np.array([flow_key(*key, 0) for key in told], np.int64)
    values = np.array(list(told.values()), np.int64).reshape(-1, SET_COLUMNS)

    found_keys, found = spread(keys, values, SETS.arrays())

    expected = [
        (int(flow_key(zone_no, *rest, 0)), figures)
        for (number, *rest), figures in told.items()
        for zone_no in SETS.zones_of(number)
    ]
    assert [key for key, _ in expected] == found_keys.tolist()
    assert [figures for _, figures in expected] == found[:, COLUMNS].tolist()
    assert (len(expected), FLOW_COLUMNS) == found.shape
    assert 0 == np.delete(found, COLUMNS, axis=1).sum()
    assert {zone for number in NUMBERS for zone in SETS.zones_of(number)} >= set(found_keys >> ZONE_SHIFT)


def vehicle_after(*places: tuple[float, tuple[float, float]]) -> np.void:
    """Return the record of one vehicle that was at places at seconds."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(second, place) for second, place in places])
    fast.advance(at_us(places[-1][0] + 60))
    vehicle: np.void = fast.state.arrays.vehicles[0]
    return vehicle


def test_a_vehicle_that_moves_has_one_run_in_all_of_its_zones() -> None:
    """It begins at the newest position, whichever zone was entered when."""
    vehicle = vehicle_after((0, WEST), (60, IN), (120, IN_67_M))

    assert at_us(120) == vehicle["run_us"]
    assert at_us(120) // 300_000_000 == vehicle["slot"]


def test_a_run_goes_on_while_the_vehicle_stays_near_its_beginning() -> None:
    """Its beginning is kept, not the last position."""
    vehicle = vehicle_after((0, IN), (60, IN_33_M), (120, IN))

    assert at_us(0) == vehicle["run_us"]


def test_a_vehicle_outside_every_zone_has_no_run() -> None:
    """Nothing is left of the visits that ended."""
    vehicle = vehicle_after((0, IN), (60, WEST))

    assert NEVER_US == vehicle["run_us"]


def test_a_new_vehicle_is_counted_nowhere() -> None:
    """Until a position is taken."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN)])

    assert (NEVER_US, UNCOUNTED) == (
        fast.state.arrays.vehicles[0]["run_us"],
        fast.state.arrays.vehicles[0]["slot"],
    )
