"""Visits of a vehicle: one per zone it is in, in order of zone numbers, and nothing left when they end."""

from random import Random

import pytest

from naive import Settings
from naive.settings import US
from naive_examples import (
    DAY0,
    EAST,
    IN,
    IN_33_M,
    IN_67_M,
    T0,
    WEST,
    ZONES,
    at_us,
    box_key,
    nonzero,
    row,
    square,
)
from processors.vehicle_table import NONE, OPEN_VISITS, VEHICLES_TOP, VISITED
from processors.visited_zones import FREE_ZONE, LINE_ZONES
from strategies import LogShape, random_position_log, replay_step
from tests.processors.position_builders import COMPILED, FastPositions


def visits_of(fast: FastPositions, vehicle: int) -> list[int]:
    """Return the zones of the open visits of a vehicle, and check their records."""
    zones, arrays = [], fast.state.arrays
    visit = int(arrays.vehicles[vehicle]["visits"])
    while visit != NONE:
        record = arrays.visits[visit]
        line, number = divmod(int(record["visited"]), LINE_ZONES)
        assert arrays.visited[line]["zone_no"][number] == record["zone_no"]
        assert record["first_us"] <= record["run_us"] <= arrays.vehicles[vehicle]["event_us"]
        zones.append(int(record["zone_no"]))
        visit = int(record["following"])
    return zones


def visited_by(fast: FastPositions, vehicle: int) -> list[int]:
    """Return the zones that a vehicle visited today."""
    zones, arrays = [], fast.state.arrays
    line = int(arrays.vehicles[vehicle]["visited"])
    while line != NONE:
        record = arrays.visited[line]
        zones += [zone_no for zone_no in record["zone_no"].tolist() if zone_no != FREE_ZONE]
        line = int(record["following"])
    return zones


@pytest.mark.parametrize("seed", range(12 if COMPILED else 3))
def test_open_visits_are_those_to_the_zones_of_the_last_position(seed: int) -> None:
    """Ascending, each zone once, each among those visited today, also while zones change."""
    log = random_position_log(Random(50 + seed), LogShape(vehicles=4, length=30), zone_changes=True)
    fast = FastPositions(log.settings, log.zones)
    for step in log.steps:
        replay_step(fast, step)
        arrays = fast.state.arrays
        rows = [row for row in range(arrays.counts[VEHICLES_TOP]) if arrays.vehicles[row]["in_use"]]
        visits = [visits_of(fast, row) for row in rows]
        visited = [visited_by(fast, row) for row in rows]
        assert visits == [
            list(fast.book.zone_sets.zones_of(int(arrays.vehicles[row]["zone_set"]))) for row in rows
        ]
        assert all(set(now) <= set(today) for now, today in zip(visits, visited, strict=True))
        assert all(len(today) == len(set(today)) for today in visited)
        assert (arrays.counts[OPEN_VISITS], arrays.counts[VISITED]) == (
            sum(map(len, visits)),
            sum(map(len, visited)),
        )


def figures_of(*places: tuple[float, tuple[float, float]]) -> dict[str, int]:
    """Return the figures of the day of one vehicle that was at places at seconds, without zeros."""
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(second, place) for second, place in places])
    fast.advance(at_us(places[-1][0] + 60))
    return nonzero(fast.cells()["day"].get(box_key(DAY0), {}))


def test_coming_staying_and_leaving_add_the_figures_of_a_visit() -> None:
    """An entry, two links inside, a stop of 150 s within 33 m, and an exit."""
    figures = figures_of((0, WEST), (10, IN), (70, IN_33_M), (160, IN), (170, EAST))

    expected = {"observations": 3, "vehicles": 1, "entries": 1, "exits": 1, "visits": 1, "stops": 1}
    times = {"dwell_us": 150 * US, "visit_us": 150 * US, "stop_us": 150 * US}
    assert {**expected, **times} == {name: figures[name] for name in figures if name != "distance_um"}
    assert 66_700_000 == pytest.approx(figures["distance_um"], rel=0.001)


def test_a_run_ends_where_a_position_is_too_far_from_its_first_one() -> None:
    """Back at the second place of the first run the second run goes on; only the first one was a stop."""
    figures = figures_of((0, IN), (130, IN_33_M), (140, IN_67_M), (150, IN_33_M), (160, WEST))

    assert (1, 130 * US) == (figures["stops"], figures["stop_us"])


def test_visits_to_overlapping_zones_that_began_apart_have_runs_of_their_own() -> None:
    """The wide zone saw the first position, the box did not: their stops differ."""
    zones = {**ZONES, "wide": [square(5.0, 51.9, 5.2, 52.1)]}
    fast = FastPositions(Settings(), zones)
    border, beside = (5.1, 52.01), (5.0999, 52.01)  # 7 m apart, the second one outside of the box
    fast.add([row(0, beside), row(100, border), row(200, border), row(230, (5.15, 52.05))])
    fast.advance(at_us(300))
    stops = {key[0]: (cell["stops"], cell["stop_us"]) for key, cell in fast.cells()["day"].items()}

    assert {"wide": (1, 200 * US), "box": (0, 0)} == stops


def test_a_vehicle_counts_once_in_each_bucket_of_a_zone_that_it_keeps_coming_back_to() -> None:
    """In and out every minute for two hours."""
    places = [(60.0 * number, IN if number % 2 else WEST) for number in range(120)]
    fast = FastPositions(Settings(), ZONES)
    fast.add([row(second, place) for second, place in places])
    fast.advance(at_us(7_300))
    cells = fast.cells()

    assert {1} == {cell["vehicles"] for cell in cells["slot"].values()}
    assert [1, 1] == [cells["hour"][box_key(T0 + hour * 3_600 * US)]["vehicles"] for hour in range(2)]
    assert 1 == cells["day"][box_key(DAY0)]["vehicles"]
    assert 60 == cells["day"][box_key(DAY0)]["entries"]
