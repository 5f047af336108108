"""The walk over what is due, and the tables that it leaves behind."""

from random import Random

import pytest

from naive import RowOutcome, Settings
from naive_examples import EAST, IN, IN_111_M, T0, WEST, ZONES, at_us, row
from processors.reorder import DOOMED, HELD_COUNT, NONE, WAITING
from processors.vehicle_table import FOREVER_US, NEVER_US, NEXT_EXPIRY_US, VEHICLES, VEHICLES_TOP
from strategies import LogShape, random_position_log, replay_step
from tests.processors.position_builders import COMPILED, FastPositions


def waiting_of(fast: FastPositions, vehicle: int) -> list[int]:
    """Return the places in the list of a vehicle."""
    places, place = [], int(fast.state.arrays.vehicles[vehicle]["held_head"])
    while place != NONE:
        places.append(place)
        place = int(fast.state.held.rows[place]["later"])
    return places


def queued(fast: FastPositions) -> list[int]:
    """Return the places in all queues."""
    places = []
    for head in fast.state.held.queue_head.tolist():
        place = head
        while place != NONE:
            places.append(place)
            place = int(fast.state.held.rows[place]["queued"])
    return places


def assert_tables_fit(fast: FastPositions) -> None:
    """Fail unless queues, lists and expiry times agree with each other."""
    arrays, rows = fast.state.arrays, fast.state.held.rows
    places = queued(fast)
    in_use = [row for row in range(arrays.counts[VEHICLES_TOP]) if arrays.vehicles[row]["in_use"]]
    listed = [place for vehicle in in_use for place in waiting_of(fast, vehicle)]

    assert len(places) == len(set(places)) == fast.state.held.counts[HELD_COUNT]
    assert sorted(listed) == sorted(place for place in places if rows[place]["state"] == WAITING)
    assert len(in_use) == arrays.counts[VEHICLES]
    for vehicle in in_use:
        has_taken = arrays.vehicles[vehicle]["event_us"] != NEVER_US
        assert has_taken == (arrays.expires_us[vehicle] != FOREVER_US)
        assert arrays.counts[NEXT_EXPIRY_US] <= arrays.expires_us[vehicle]


@pytest.mark.parametrize("seed", range(12 if COMPILED else 3))
def test_queues_lists_and_expiry_times_agree_after_every_step(seed: int) -> None:
    """Nothing that is held is lost, and no vehicle is overlooked when it expires."""
    log = random_position_log(Random(seed), LogShape(vehicles=4, length=30), zone_changes=True)
    fast = FastPositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(fast, step)
        assert_tables_fit(fast)
    fast.advance(log.final_us + 10 * 86_400_000_000)

    assert 0 == fast.state.arrays.counts[VEHICLES] == fast.state.open_visits
    assert 0 == fast.state.held.counts[HELD_COUNT]


def test_due_positions_take_those_that_precede_them_and_arrived_soon_after() -> None:
    """Of two that precede, the one that arrived 5 s after is taken first; 6 s after is out of order."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(30, IN, arrival=30), row(10, IN, arrival=35), row(20, IN, arrival=36)])
    fast.advance(at_us(35) + 1)
    assert {RowOutcome.TAKEN: 2} == fast.outcomes()
    assert [DOOMED] == [fast.state.held.rows[place]["state"] for place in queued(fast)][-1:]

    fast.advance(at_us(41) + 1)
    assert {RowOutcome.TAKEN: 2, RowOutcome.OUT_OF_ORDER: 1} == fast.outcomes()


def test_nothing_is_due_before_stream_time_passes_arrival_and_reorder() -> None:
    """At exactly 5 s it waits."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN)])
    fast.advance(at_us(5))
    assert {} == fast.outcomes()

    fast.advance(at_us(5) + 1)
    assert {RowOutcome.TAKEN: 1} == fast.outcomes()


def test_equal_event_times_are_one_position_and_duplicates() -> None:
    """The first to arrive is taken, of equal arrivals that of the first source partition."""
    fast = FastPositions(Settings(), ZONES)
    rows = [row(0, WEST, arrival=2), row(0, IN, arrival=1, partition=2), row(0, EAST, arrival=1, partition=1)]
    for each in rows:
        fast.add([each])
    fast.advance(at_us(60))

    assert {RowOutcome.TAKEN: 1, RowOutcome.DUPLICATE: 2} == fast.outcomes()
    vehicle = fast.state.arrays.vehicles[0]
    assert EAST == (vehicle["lon"], vehicle["lat"])


def test_a_zone_that_changed_ends_its_visits_and_is_appeared_in() -> None:
    """Though the positions before and after are linked and within the new shape; the next link is an ordinary one."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN), row(10, IN)])
    fast.advance(at_us(16))
    fast.change_zones({"box": [[[(5.0, 52.0), (5.2, 52.0), (5.2, 52.1), (5.0, 52.1)]]]})
    assert 0 == fast.state.open_visits
    fast.add([row(20, IN_111_M), row(30, IN)])
    fast.advance(at_us(60))

    (day,) = fast.cells()["day"].values()
    assert (2, 1, 1, 0) == (day["appearances"], day["disappearances"], day["vehicles"], day["entries"])
    assert 20_000_000 == day["dwell_us"]


def test_a_zone_that_is_new_is_not_crossed_by_the_link_over_its_arrival() -> None:
    """The position before it has no meaning for it; the next link crosses it."""
    fast = FastPositions(Settings(), {})
    fast.add([row(0, WEST)])
    fast.advance(at_us(6))
    fast.change_zones(ZONES)
    fast.add([row(60, EAST), row(120, WEST)])
    fast.advance(at_us(180))

    (day,) = fast.cells()["day"].values()
    assert 1 == day["through"]


def test_the_moment_of_expiry_is_a_microsecond_after_the_bound() -> None:
    """4 h of silence, 2 h of lateness and 5 s of reorder."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(0, IN)])
    fast.advance(at_us(21_605))
    assert 1 == fast.state.open_visits

    fast.advance(at_us(21_605) + 1)
    assert 0 == fast.state.open_visits
    (slot,) = fast.cells()["slot"]
    assert T0 == slot[1]
