"""What a vehicle adds while it stays in the same zones is counted once per set, and spread over the zones."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive import Settings
from naive_examples import IN, IN_33_M, IN_67_M, WEST, ZONES, at_us, row
from processors.cells import cell_of, drain, new_cell_table, with_cell_room
from processors.flow_cells import (
    DISTANCE_UM,
    DWELL_US,
    FLOW_COLUMNS,
    LATE_DAY,
    LATE_HOUR,
    LATE_SLOT,
    OBSERVATIONS,
    flow_key,
)
from processors.ledger import Ledger
from processors.set_steps import SET_COLUMNS, spread
from processors.vehicle_table import NEVER_US, UNCOUNTED
from processors.zone_sets import ZoneSets
from tests.processors.position_builders import MIDNIGHTS_US, FastPositions

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
    """The six figures in their columns, on top of what was there, and nothing in the others."""
    set_cells = new_cell_table(8, SET_COLUMNS, spare=0)
    flows = new_cell_table(64, FLOW_COLUMNS, spare=4)
    expected: dict[int, list[int]] = defaultdict(lambda: [0] * SET_COLUMNS)
    for (number, *rest), figures in told.items():
        set_cells.values[cell_of(set_cells, int(flow_key(number, *rest, 0)))] = figures
        for zone_no in SETS.zones_of(number):
            key = int(flow_key(zone_no, *rest, 0))
            expected[key] = [known + more for known, more in zip(expected[key], figures, strict=True)]

    assert set_cells.keys.size == spread(set_cells, SETS.arrays(), flows, 0)

    found_keys, found = drain(flows)
    assert dict(expected) == dict(zip(found_keys.tolist(), found[:, COLUMNS].tolist(), strict=True))
    assert 0 == np.delete(found, COLUMNS, axis=1).sum()


def test_spreading_goes_on_where_the_flow_cells_were_full() -> None:
    """Nothing is added twice, nothing left out."""
    ledger = Ledger(SETS)
    slots = 40_000
    ledger.set_flows = with_cell_room(ledger.set_flows, slots)
    for slot in range(slots):
        ledger.set_flows.values[cell_of(ledger.set_flows, int(flow_key(NUMBERS[2], slot, 0, 0, 0))), 0] = 1

    delta = ledger.drain(slot_s=300, midnights_us=MIDNIGHTS_US)

    assert (3 * slots, 3 * slots) == (delta.flows["slot"].zone_no.size, delta.flows["slot"].figures.sum())
    assert 3 * slots == delta.flows["day"].figures.sum()
    assert ledger.is_empty()


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
