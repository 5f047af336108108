"""The figures of positions that the oracle gives, against figures worked out by hand: one per rule."""

import pytest

from naive import Settings
from naive.settings import US
from naive_examples import (
    DAY0,
    EAST,
    IN,
    IN_33_M,
    IN_67_M,
    IN_111_M,
    METRE_111_UM,
    T0,
    WEST,
    Place,
    at_us,
    box_key,
    day_number,
    figures_of,
    hour_of,
    nonzero,
    row,
    slot_of,
    utc_us,
)

# A visit that never ends has these figures beside those of its example.
ONE_SEEN = {"observations": 1, "vehicles": 1}
TWO_SEEN = {"observations": 2, "vehicles": 1}


def test_every_taken_position_inside_counts_as_an_observation_and_each_pseudonym_once() -> None:
    """Three positions of two vehicles are three observations and two vehicles."""
    figures = figures_of(row(0, IN), row(15, IN), row(20, IN, vehicle="truck"))

    assert {"observations": 3, "vehicles": 2, "appearances": 2, "dwell_us": 15 * US} == hour_of(figures)


def test_vehicles_are_distinct_per_bucket_and_not_summed_from_finer_ones() -> None:
    """A vehicle seen in two slots and two hours counts in each of them, and once in the day."""
    figures = figures_of(row(3_590, IN), row(3_610, IN), stream=7_200)

    assert [1, 1] == [cell["vehicles"] for cell in figures.cells["slot"].values()]
    assert [1, 1] == [cell["vehicles"] for cell in figures.cells["hour"].values()]
    assert [1] == [cell["vehicles"] for cell in figures.cells["day"].values()]


def test_an_entry_counts_at_the_time_of_the_inside_position() -> None:
    """From outside to inside over a slot boundary, the entry is in the later slot."""
    figures = figures_of(row(290, WEST), row(305, IN))

    assert {} == slot_of(figures, 0)
    assert {**ONE_SEEN, "entries": 1} == slot_of(figures, 300)
    assert {"box": 1} == figures.open_visits


def test_an_exit_ends_the_visit_at_the_time_of_the_outside_position() -> None:
    """The visit is as long as its inside positions, 60 s, and counts in the slot of the exit."""
    figures = figures_of(row(230, IN), row(290, IN), row(305, WEST))

    assert {**TWO_SEEN, "appearances": 1, "dwell_us": 60 * US} == slot_of(figures, 0)
    assert {"exits": 1, "visits": 1, "visit_us": 60 * US} == slot_of(figures, 300)
    assert {} == figures.open_visits


def test_a_gap_of_exactly_max_gap_links_moving_positions() -> None:
    """300 s between two places far apart is an entry."""
    assert {**ONE_SEEN, "entries": 1} == hour_of(figures_of(row(0, WEST), row(300, IN)))


def test_a_vehicle_not_linked_to_its_last_position_outside_appears() -> None:
    """301 s between two places far apart is an appearance."""
    assert {**ONE_SEEN, "appearances": 1} == hour_of(figures_of(row(0, WEST), row(301, IN)))


def test_a_vehicle_not_linked_to_its_next_position_disappears_where_it_was() -> None:
    """The disappearance, and with it the visit of one position, counts in the slot of the last position."""
    figures = figures_of(row(10, IN), row(311, WEST))

    expected = {**ONE_SEEN, "appearances": 1, "disappearances": 1, "visits": 1}
    assert expected == slot_of(figures, 0)
    assert {} == slot_of(figures, 300)


def test_an_unlinked_pair_inside_is_a_disappearance_and_an_appearance() -> None:
    """The visits before and after a gap of 301 s with movement are two, and the gap is no dwell."""
    figures = figures_of(row(10, IN), row(20, IN), row(321, IN_111_M))

    first = {"appearances": 1, "disappearances": 1, "visits": 1, "visit_us": 10 * US, "dwell_us": 10 * US}
    assert {**TWO_SEEN, **first} == slot_of(figures, 0)
    assert {**ONE_SEEN, "appearances": 1} == slot_of(figures, 300)


def test_dwell_is_split_over_the_buckets_that_it_crosses() -> None:
    """From 240 s to 900 s within 50 m is 60 s, 300 s, 300 s, and none in the slot that starts then."""
    figures = figures_of(row(240, IN), row(900, IN))

    assert 60 * US == slot_of(figures, 0)["dwell_us"]
    assert {"dwell_us": 300 * US} == slot_of(figures, 300)
    assert {"dwell_us": 300 * US} == slot_of(figures, 600)
    assert ONE_SEEN == slot_of(figures, 900)
    assert 660 * US == hour_of(figures)["dwell_us"]


@pytest.mark.parametrize(("gap", "linked"), [(14_400, True), (14_401, False)])
def test_positions_within_the_stop_radius_link_over_park_gap(gap: int, linked: bool) -> None:
    """A parked van that is silent for four hours, and moved by 33 m, never left; a second longer, it did."""
    figures = figures_of(row(0, IN), row(gap, IN_33_M), stream=gap + 6)

    day = nonzero(figures.cells["day"][box_key(DAY0)])
    assert linked == ("disappearances" not in day)
    assert (gap * US if linked else 0) == day.get("dwell_us", 0)
    assert (1 if linked else 2) == day["appearances"]


def test_a_silent_vehicle_that_moved_farther_than_the_stop_radius_is_not_linked() -> None:
    """67 m and 301 s apart are two visits."""
    figures = figures_of(row(0, IN), row(301, IN_67_M))

    assert {**TWO_SEEN, "appearances": 2, "disappearances": 1, "visits": 1} == hour_of(figures)


def test_a_run_that_lasts_stop_min_is_a_stop_in_the_bucket_of_its_last_position() -> None:
    """Positions from 170 s to 290 s within 50 m are a stop of exactly 120 s, known at the exit at 305 s."""
    figures = figures_of(row(170, IN), row(230, IN_33_M), row(290, IN), row(305, WEST))

    assert {"stops": 1, "stop_us": 120 * US}.items() <= slot_of(figures, 0).items()
    assert {"exits": 1, "visits": 1, "visit_us": 120 * US} == slot_of(figures, 300)


def test_a_run_shorter_than_stop_min_is_no_stop() -> None:
    """119 s are a visit and no stop."""
    figures = figures_of(row(0, IN), row(119, IN), row(130, WEST))

    seen = {**TWO_SEEN, "appearances": 1, "exits": 1, "dwell_us": 119 * US, "visits": 1, "visit_us": 119 * US}
    assert seen == hour_of(figures)


def test_runs_are_cut_greedily_from_their_first_position() -> None:
    """Of 0, 33, 67 m the third starts a run though it is within 50 m of the second, and goes back to 33 m.

    The runs are 0 to 100 s (no stop) and 150 to 300 s (a stop of 150 s).
    """
    figures = figures_of(row(0, IN), row(100, IN_33_M), row(150, IN_67_M), row(300, IN_33_M), row(310, WEST))

    assert 1 == hour_of(figures)["stops"]
    assert 150 * US == hour_of(figures)["stop_us"]


def test_a_stop_that_goes_on_is_not_counted_yet() -> None:
    """Without an end of run or visit there is no stop, however long it lasts."""
    assert "stops" not in hour_of(figures_of(row(0, IN), row(600, IN)))


def test_distance_is_that_of_links_inside_in_the_bucket_of_their_end() -> None:
    """A link of 111 m inside counts in the slot of its second position; those in and out count nothing."""
    figures = figures_of(row(280, WEST), row(290, IN), row(310, IN_111_M), row(320, WEST))

    assert "distance_um" not in slot_of(figures, 0)
    assert METRE_111_UM == pytest.approx(slot_of(figures, 300)["distance_um"], abs=2)


def test_a_fast_crossing_between_two_outside_positions_is_through() -> None:
    """West to east over the zone in 300 s is one, in the slot of the second position, and nothing else."""
    figures = figures_of(row(0, WEST), row(300, EAST))

    assert {} == slot_of(figures, 0)
    assert {"through": 1} == slot_of(figures, 300)


@pytest.mark.parametrize(
    ("second", "start", "end"),
    [
        (301, WEST, EAST),  # later than max_gap_s
        (60, (5.05, 52.01), EAST),  # 5.13 km
        (60, WEST, (5.095, 52.03)),  # passes by
        (60, WEST, IN),  # an entry
    ],
)
def test_what_is_too_long_or_does_not_cross_is_not_through(second: int, start: Place, end: Place) -> None:
    """Gaps over 300 s, jumps over 5 km, passing by and entering are not `through`."""
    assert "through" not in hour_of(figures_of(row(0, start), row(second, end)))


def test_through_allows_exactly_the_longest_jump() -> None:
    """The jump from west to east is allowed at 2 054 m and not at 2 053 m.

    By hand: 0.03 degrees * 111 195.08 m * cos(52.01 degrees) = 3 335.85 m * 0.615524 = 2 053.3 m.
    """
    rows = (row(0, WEST), row(60, EAST))

    assert {"through": 1} == hour_of(figures_of(*rows, settings=Settings(max_jump_m=2_054)))
    assert {} == hour_of(figures_of(*rows, settings=Settings(max_jump_m=2_053)))


def test_an_observation_is_late_in_buckets_that_ended_more_than_a_minute_before_it_arrived() -> None:
    """For the slot that ends at 300 s, an arrival at 360 s is not late and a microsecond more is."""
    in_time = figures_of(row(290, IN, arrival=360))
    late = figures_of(row(290, IN, arrival=360.000_001))

    assert "late" not in slot_of(in_time, 0)
    assert 1 == slot_of(late, 0)["late"]
    assert "late" not in hour_of(late)


def test_a_pseudonym_keeps_the_class_of_its_first_taken_position() -> None:
    """A first position outside as an N2 without emission decides for the day."""
    first = row(0, WEST, vehicle_class="N2", zero_emission="yes")
    figures = figures_of(first, row(15, IN), row(30, IN))

    assert {("box", T0, "N2", "yes", "fms")} == figures.cells["hour"].keys()


def test_silence_is_proven_when_stream_time_passes_park_gap_lateness_and_reorder() -> None:
    """A position at 0 s ends as a disappearance when stream time is later than 14 400 + 7 200 + 5 s."""
    waiting = figures_of(row(0, IN), stream=21_605)
    proven = figures_of(row(0, IN), stream=21_605.000_001)

    assert {"box": 1} == waiting.open_visits
    assert "disappearances" not in hour_of(waiting)
    assert {} == proven.open_visits
    assert {**ONE_SEEN, "appearances": 1, "disappearances": 1, "visits": 1} == hour_of(proven)


MIDNIGHT = 43_200  # seconds from 12:00 to 24:00


def test_nothing_links_across_local_midnight() -> None:
    """Ten seconds before and after midnight are two vehicles with two appearances, on two days."""
    figures = figures_of(row(MIDNIGHT - 10, IN), row(MIDNIGHT + 10, IN), stream=MIDNIGHT + 60)

    expected = {**ONE_SEEN, "appearances": 1}
    assert expected == nonzero(figures.cells["day"][box_key(DAY0)])
    assert expected == nonzero(figures.cells["day"][box_key(DAY0 + 1)])
    assert {"box": 2} == figures.open_visits


def test_a_visit_ends_when_stream_time_passes_midnight_lateness_and_reorder() -> None:
    """A position ten seconds before midnight disappears there once 7 205 s after midnight have passed."""
    at_bound = figures_of(row(MIDNIGHT - 10, IN), stream=MIDNIGHT + 7_205)
    past_bound = figures_of(row(MIDNIGHT - 10, IN), stream=MIDNIGHT + 7_205.000_001)

    assert {"box": 1} == at_bound.open_visits
    assert {} == past_bound.open_visits
    assert 1 == past_bound.cells["slot"][box_key(at_us(MIDNIGHT - 300))]["disappearances"]


def test_positions_of_yesterday_are_in_order_among_themselves() -> None:
    """Yesterday's position that arrives after today's is taken: they are two pseudonyms."""
    after = row(MIDNIGHT + 10, IN)
    before = row(MIDNIGHT - 10, IN, arrival=MIDNIGHT + 60)
    figures = figures_of(after, before, stream=MIDNIGHT + 120)

    assert {"taken": 2} == figures.counts


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        ("2026-10-25", "2026-10-25T00:00:00+02:00", 25),  # 02:00 to 03:00 happens twice
        ("2027-03-28", "2027-03-28T00:00:00+01:00", 23),  # 02:00 to 03:00 does not happen
    ],
)
def test_days_on_which_clocks_change_are_25_and_23_hours_long(day: str, start: str, hours: int) -> None:
    """A van parked for the whole local day and reporting every hour dwells there as long as the day is."""
    start_s = (utc_us(start) - T0) // US
    seconds = [start_s - 1, *(start_s + 3_600 * hour for hour in range(hours)), start_s + 3_600 * hours - 1]
    rows = [row(second, IN) for second in [*seconds, start_s + 3_600 * hours]]
    figures = figures_of(*rows, stream=start_s + 3_600 * hours + 60)

    cells = figures.cells["day"]
    number = day_number(day)
    assert {number - 1, number, number + 1} == {key[1] for key in cells}
    assert (3_600 * hours - 1) * US == cells[box_key(number)]["dwell_us"]
    assert hours + 1 == cells[box_key(number)]["observations"]
