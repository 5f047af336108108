"""The order in which the oracle takes positions, its event clock, changes of zones, and the zones now."""

from dataclasses import replace

import pytest

from naive import NaivePositions, PositionRow, Settings, event_arrivals, event_stream, run_positions
from naive.settings import US
from naive_examples import (
    DEFAULTS,
    EAST,
    IN,
    IN_111_M,
    WEST,
    ZONES,
    at_us,
    figures_of,
    hour_of,
    nonzero,
    row,
    square,
)

MICROSECOND = 0.000_001
BOX_NOW = ("box", "N1", "no")


def outcomes_of(*rows: PositionRow, stream: float = 10_000) -> list[str]:
    """Return the outcome of each row once stream time is *stream* seconds after `T0`."""
    outcomes = figures_of(*rows, stream=stream).outcomes
    return [outcomes[given.identity].value for given in rows]


def oracle_of(*rows: PositionRow, stream: float | None = None) -> NaivePositions:
    """Return an oracle that has read *rows* and advanced to *stream* seconds after `T0`."""
    oracle = NaivePositions(DEFAULTS, ZONES)
    oracle.add(rows)
    if stream is not None:
        oracle.advance(at_us(stream))
    return oracle


def test_a_position_is_held_until_stream_time_is_greater_than_its_arrival_plus_reorder() -> None:
    """A position that arrives at 0 s is held at 5 s and taken a microsecond later."""
    assert ["held"] == outcomes_of(row(0, IN), stream=5)
    assert ["taken"] == outcomes_of(row(0, IN), stream=5 + MICROSECOND)


def test_nothing_is_due_while_stream_time_is_unknown() -> None:
    """Without a stream time every position is held and no cell exists."""
    figures = run_positions([row(0, IN)], ZONES, DEFAULTS, stream_us=None)

    assert {"held": 1} == figures.counts
    assert {"slot": {}, "hour": {}, "day": {}} == figures.cells


def test_disorder_whose_arrivals_lie_within_reorder_is_repaired() -> None:
    """The later event arrives 5 s before the earlier one: both are taken, and the stay is one of 5 s."""
    rows = (row(10, IN, arrival=13), row(5, IN, arrival=18))
    figures = figures_of(*rows)

    assert ["taken", "taken"] == outcomes_of(*rows)
    expected = {"observations": 2, "vehicles": 1, "appearances": 1, "dwell_us": 5 * US}
    assert expected == hour_of(figures)


def test_disorder_beyond_reorder_is_out_of_order() -> None:
    """A microsecond more than 5 s later, the earlier event has been passed."""
    rows = (row(10, IN, arrival=13), row(5, IN, arrival=18 + MICROSECOND))

    assert ["taken", "out_of_order"] == outcomes_of(*rows)


def test_a_position_takes_along_those_that_arrived_within_reorder_of_itself_only() -> None:
    """Arrivals 30, 33 and 37 s of events 30, 20 and 10 s: the first takes the second along, not the third."""
    first, second, third = row(30, IN, arrival=30), row(20, IN, arrival=33), row(10, IN, arrival=37)

    assert ["taken", "taken", "out_of_order"] == outcomes_of(first, second, third)


def test_those_taken_along_come_in_the_order_of_their_events() -> None:
    """Events 3, 2 and 1 s that arrive together are all taken."""
    assert ["taken"] * 3 == outcomes_of(*(row(second, IN, arrival=4) for second in (3, 2, 1)))


def test_other_vehicles_do_not_hurry_or_delay_a_position() -> None:
    """A van's earlier event is not passed by a truck's later one."""
    rows = (row(10, IN, vehicle="truck"), row(5, IN, arrival=30))

    assert ["taken", "taken"] == outcomes_of(*rows)


def test_a_position_at_the_time_of_the_last_taken_one_is_a_duplicate() -> None:
    """The same event time again, at another place, counts as duplicate and changes nothing."""
    figures = figures_of(row(0, IN), row(0, WEST, arrival=1))

    assert {"taken": 1, "duplicate": 1} == figures.counts
    assert {"observations": 1, "vehicles": 1, "appearances": 1} == hour_of(figures)


def test_of_equal_events_the_first_by_arrival_then_partition_is_taken() -> None:
    """Ties are broken by arrival, then source partition, then offset, then index."""
    later = row(0, IN, arrival=2)
    higher = row(0, IN, arrival=1, partition=1, offset=0)
    first = row(0, IN, arrival=1, partition=0, offset=7, index=0)
    next_in_record = replace(first, index=1)

    assert ["duplicate", "duplicate", "duplicate", "taken"] == outcomes_of(
        later, higher, next_in_record, first
    )


def test_a_position_later_than_allowed_is_late_at_once_and_never_held() -> None:
    """Exactly 7 200 s is in time; a microsecond more is late before stream time is known."""
    assert ["taken"] == outcomes_of(row(0, IN, arrival=7_200))
    assert ["late"] == outcomes_of(row(0, IN, arrival=7_200 + MICROSECOND), stream=0)
    assert {} == hour_of(figures_of(row(0, IN, arrival=7_201), stream=8_000))


def test_late_comes_before_out_of_order_and_duplicate() -> None:
    """A repeat that is also late counts as late only."""
    assert ["taken", "late"] == outcomes_of(row(0, IN), row(0, IN, arrival=7_300))


def test_an_hour_delivered_afterwards_in_order_is_exact() -> None:
    """A van that was offline for an hour and sends 241 positions at once has its whole stay."""
    rows = [row(15 * step, IN, arrival=3_700) for step in range(241)]
    figures = figures_of(*rows, row(3_720, WEST), stream=4_000)

    cell = hour_of(figures)
    assert (240, 3_600 * US) == (cell["observations"], cell["dwell_us"])
    assert {"taken": 242} == figures.counts


def test_time_may_not_go_back_and_rows_may_not_come_behind_it() -> None:
    """Stream time holds back nothing that was read already, so such input is a mistake of the test."""
    oracle = oracle_of(row(0, IN), stream=10)

    with pytest.raises(ValueError, match="goes back"):
        oracle.advance(at_us(9))
    with pytest.raises(ValueError, match="before stream time"):
        oracle.add([row(9, IN)])


def test_a_row_is_added_once() -> None:
    """Cursors drop repeats of a row before they come here."""
    given = row(0, IN)

    with pytest.raises(ValueError, match="added before"):
        oracle_of(given, given)


def test_the_event_clock_gives_each_row_the_largest_event_time_of_its_partition_so_far() -> None:
    """Events 10, 5 and 20 s of partition 0 arrive at 10, 10 and 20 s; partition 1 has its own clock."""
    rows = [
        row(10, IN, partition=0),
        row(5, IN, partition=0),
        row(1, IN, partition=1),
        row(20, IN, partition=0),
    ]
    arrived = event_arrivals(rows)

    by_offset = sorted(arrived, key=lambda arrival: arrival.offset)
    assert [at_us(10), at_us(10), at_us(1), at_us(20)] == [arrival.arrival_us for arrival in by_offset]
    assert at_us(1) == event_stream(arrived, 2)
    assert event_stream(arrived, 3) is None


def test_draining_takes_all_held_positions_in_order_and_leaves_visits_open() -> None:
    """Under the event clock the last rows are held until the drain, which proves no silence."""
    oracle = NaivePositions(Settings(clock="event"), ZONES)
    oracle.add(event_arrivals([row(0, IN), row(14, IN), row(12, IN), row(15, IN)]))
    oracle.advance(at_us(15))
    assert {"taken": 1, "held": 3} == oracle.figures().counts

    oracle.drain()
    assert {"taken": 4} == oracle.figures().counts
    assert {"box": 1} == oracle.figures().open_visits


def test_what_comes_after_a_drain_and_is_earlier_is_out_of_order() -> None:
    """After 15 s were taken by the drain, 14 s is too early though it is in time."""
    oracle = oracle_of(row(15, IN), stream=15)
    oracle.drain()
    late_comer = row(14, IN, arrival=16)
    oracle.add([late_comer])
    oracle.advance(at_us(60))

    assert "out_of_order" == oracle.figures().outcomes[late_comer.identity]


SHIFTED = {"box": [square(5.10, 52.00, 5.13, 52.02)]}


def test_a_changed_zone_ends_its_visits_as_disappearances_and_the_next_position_appears() -> None:
    """Linked positions before and after a change are two visits without dwell between them."""
    oracle = oracle_of(row(0, IN), row(10, IN), stream=20)
    oracle.change_zones(SHIFTED)
    oracle.add([row(30, IN), row(40, IN)])
    oracle.advance(at_us(60))

    cell = hour_of(oracle.figures())
    assert {"appearances": 2, "disappearances": 1, "visits": 1, "visit_us": 10 * US}.items() <= cell.items()
    assert 20 * US == cell["dwell_us"]


def test_a_changed_zone_counts_no_exit_and_no_through_from_before_the_change() -> None:
    """Leaving after the change is nothing for the zone, and neither is crossing it."""
    oracle = oracle_of(row(0, IN), row(0, WEST, vehicle="truck"), stream=20)
    oracle.change_zones(SHIFTED)
    oracle.add([row(30, WEST), row(30, (5.135, 52.01), vehicle="truck")])
    oracle.advance(at_us(60))

    expected = {"observations": 1, "vehicles": 1, "appearances": 1, "disappearances": 1, "visits": 1}
    assert expected == hour_of(oracle.figures())


def test_unchanged_zones_notice_nothing_of_a_change() -> None:
    """Another zone comes and goes; the stay in the box goes on."""
    oracle = oracle_of(row(0, IN), stream=20)
    oracle.change_zones({**ZONES, "new": [square(5.0, 51.0, 5.2, 53.0)]})
    oracle.add([row(30, IN)])
    oracle.advance(at_us(40))
    oracle.change_zones(ZONES)
    oracle.add([row(50, IN)])
    oracle.advance(at_us(60))

    figures = oracle.figures()
    assert {"observations": 3, "vehicles": 1, "appearances": 1, "dwell_us": 50 * US} == hour_of(figures)
    new = [nonzero(cell) for key, cell in figures.cells["day"].items() if key[0] == "new"]
    assert [{"observations": 1, "vehicles": 1, "appearances": 1, "disappearances": 1, "visits": 1}] == new


def test_held_positions_are_looked_up_under_the_new_zones() -> None:
    """A position held during the change is inside the zone as it is when the position is taken."""
    oracle = oracle_of(row(0, EAST), stream=3)
    oracle.change_zones(SHIFTED)
    oracle.advance(at_us(10))

    assert {"observations": 1, "vehicles": 1, "appearances": 1} == hour_of(oracle.figures())


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (0, {BOX_NOW: (1, 0)}),
        (300 - MICROSECOND, {BOX_NOW: (1, 0)}),
        (300, {BOX_NOW: (0, 1)}),
        (14_400 - MICROSECOND, {BOX_NOW: (0, 1)}),
        (14_400, {}),
        (43_200, {}),
    ],
)
def test_the_zone_now_shows_who_is_present_and_who_is_silent(
    stream: float, expected: dict[tuple[str, ...], tuple[int, int]]
) -> None:
    """A vehicle is present for 300 s after its newest position, then silent up to four hours."""
    assert expected == oracle_of(row(0, IN)).zone_now(at_us(stream))


def test_the_zone_now_follows_the_newest_position_before_it_is_taken() -> None:
    """A held position outside takes the vehicle out of the zone at once; an older one brings nothing back."""
    oracle = oracle_of(row(0, IN), stream=10)
    assert {BOX_NOW: (1, 0)} == oracle.zone_now()

    oracle.add([row(20, WEST), row(15, IN, arrival=20)])
    assert {} == oracle.zone_now()


def test_the_zone_now_keeps_the_class_of_the_first_taken_position() -> None:
    """The newest position decides the class until one is taken."""
    oracle = oracle_of(row(0, IN), row(1, IN_111_M, vehicle_class="N3"))
    assert {("box", "N3", "no"): (1, 0)} == oracle.zone_now(at_us(2))

    oracle.advance(at_us(10))
    assert {BOX_NOW: (1, 0)} == oracle.zone_now()


def test_the_zone_now_knows_only_pseudonyms_of_the_running_local_day() -> None:
    """Ten seconds after midnight a vehicle last seen ten seconds before it is not there."""
    oracle = oracle_of(row(43_190, IN))

    assert {BOX_NOW: (1, 0)} == oracle.zone_now(at_us(43_199))
    assert {} == oracle.zone_now(at_us(43_200))


def test_the_zone_now_ignores_late_positions() -> None:
    """A position that arrives 7 201 s after its event is nowhere."""
    assert {} == oracle_of(row(0, IN, arrival=7_201)).zone_now(at_us(7_201))
