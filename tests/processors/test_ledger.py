"""A ledger keeps what a flush will add, once."""

import numpy as np
import pytest

from naive_examples import T0
from processors.carrier_counts import has_carrier_room
from processors.cells import cell_of, is_full, new_cell_table
from processors.feed_counts import FEED_COLUMNS, TAKEN, count_feed, count_outcomes
from processors.flow_cells import FLOW_COLUMNS, OBSERVATIONS, flow_key
from processors.ledger import SPARE_FLOWS, Ledger
from processors.units import MINUTE_US
from processors.vocabulary import FIRST_REJECTION, Source
from tests.processors.position_builders import MIDNIGHTS_US


def drained(ledger: Ledger) -> tuple[int, int, int]:
    """Drain a ledger and return how many slot cells, feed minutes and rejections there were."""
    delta = ledger.drain(slot_s=300, midnights_us=MIDNIGHTS_US)
    return delta.flows["slot"].zone_no.size, delta.feeds.source.size, delta.rejections.source.size


def test_a_ledger_tells_once_what_was_added() -> None:
    """A second drain brings nothing."""
    ledger = Ledger()
    assert ledger.is_empty()
    ledger.flows.values[cell_of(ledger.flows, flow_key(3, T0 // 300_000_000, 0, 0, 0)), OBSERVATIONS] += 1
    count_feed(ledger.feeds, Source.FMS, T0, TAKEN)
    assert not ledger.is_empty()

    assert (1, 1, 0) == drained(ledger)
    assert ledger.is_empty()
    assert (0, 0, 0) == drained(ledger)


def test_full_tables_are_made_larger() -> None:
    """Those that are not full stay."""
    ledger = Ledger()
    ledger.reasons = new_cell_table(1, 1, spare=0)
    ledger.feeds = new_cell_table(1, FEED_COLUMNS, spare=0)
    flows = ledger.flows
    for key in range(9):
        cell_of(ledger.feeds, key)
        cell_of(ledger.reasons, key)
    ledger.make_room()

    assert not is_full(ledger.feeds)
    assert not is_full(ledger.reasons)
    assert ledger.flows is flows


@pytest.mark.parametrize("minutes", [1, 5_000])
def test_room_for_rows_is_enough_for_their_minutes_and_reasons(minutes: int) -> None:
    """Each row in a minute of its own, or all refused in one minute for any reason."""
    rows = 5_000
    arrival_us = T0 + np.arange(rows) * (minutes // 5_000) * MINUTE_US
    reason = (FIRST_REJECTION + np.arange(rows) % (256 - FIRST_REJECTION)).astype(np.uint8)
    ledger = Ledger()
    ledger.reserve_minutes(arrival_us)
    count_outcomes(ledger.feeds, ledger.reasons, Source.ANPR, arrival_us, reason)

    assert not is_full(ledger.feeds)
    assert not is_full(ledger.reasons)
    assert (0, minutes, rows if minutes > 1 else 256 - FIRST_REJECTION) == drained(ledger)


def test_a_batch_within_a_minute_makes_no_table_larger() -> None:
    """Minutes are counted, not rows."""
    ledger = Ledger()
    feeds = ledger.feeds
    ledger.reserve_minutes(np.full(1_000_000, T0))
    ledger.reserve_minutes(np.empty(0, np.int64))

    assert ledger.feeds is feeds


def test_room_for_a_large_step_is_kept_free() -> None:
    """The cells of zones and of sets count as full before such a step would not fit."""
    ledger = Ledger()
    ledger.reserve_step(1, 1, 1)
    assert ledger.flows.used[1] == ledger.flows.keys.size // 2 - SPARE_FLOWS
    assert ledger.set_flows.used[1] == ledger.set_flows.keys.size // 2 - SPARE_FLOWS

    ledger.reserve_step(50_000, 100_000, 3_000)
    ledger.make_room()
    assert has_carrier_room(ledger.carriers, 3_000)
    assert not is_full(ledger.flows)
    assert not is_full(ledger.set_flows)
    assert ledger.flows.keys.size // 2 - ledger.flows.used[1] == 100_000
    assert ledger.set_flows.keys.size // 2 - ledger.set_flows.used[1] == 50_000
    assert FLOW_COLUMNS == ledger.flows.values.shape[1]
