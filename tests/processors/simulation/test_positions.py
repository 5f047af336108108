"""Positions and detections of the simulated vehicles: deterministic, plausible, and like a day in a city."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from processors.columns import Int64Array
from processors.geometry import distance_um
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedDetections, SimulatedPositions
from processors.simulation.day_plan import clock_ms, fuel_of, habit_of, start_ms
from processors.simulation.detections import detections
from processors.simulation.fleet import ELECTRICITY
from processors.simulation.positions import positions
from processors.vocabulary import Direction

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
TUESDAY = 20_781  # 2026-11-24


def all_positions(
    city: SimulatedCity, start_us: int, end_us: int, **options: float | range
) -> SimulatedPositions:
    """Return the positions of a period as one batch."""
    batches = list(positions(city, start_us, end_us, **({"interval_s": 30.0} | options)))  # type: ignore[arg-type] # tests pass what fits
    return SimulatedPositions._make(np.concatenate(column) for column in zip(*batches, strict=True))


def all_detections(
    city: SimulatedCity, start_us: int, end_us: int, **options: float | range
) -> SimulatedDetections:
    """Return the detections of a period as one batch."""
    batches = list(detections(city, start_us, end_us, **options))  # type: ignore[arg-type] # tests pass what fits
    return SimulatedDetections._make(np.concatenate(column) for column in zip(*batches, strict=True))


def assert_equal(expected: NamedTuple, actual: NamedTuple) -> None:
    """Compare columns to the last bit."""
    for name, one, other in zip(expected._fields, expected, actual, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)


@pytest.mark.parametrize("window_s", [0.25, 7.0, 60.0])
def test_batches_do_not_change_the_rows(city: SimulatedCity, morning_us: int, window_s: float) -> None:
    """Windows of any length give the same rows in the same order."""
    end_us = morning_us + 3 * MINUTE_US

    assert_equal(
        all_positions(city, morning_us, end_us, interval_s=5.0),
        all_positions(city, morning_us, end_us, interval_s=5.0, window_s=window_s),
    )
    assert_equal(
        all_detections(city, morning_us, end_us + 9 * MINUTE_US),
        all_detections(city, morning_us, end_us + 9 * MINUTE_US, window_s=window_s),
    )


@pytest.mark.parametrize("hours", [0.5, 3.7, 18.0, 30.0])
def test_the_start_does_not_change_the_rows(city: SimulatedCity, morning_us: int, hours: float) -> None:
    """A run that starts earlier has the same rows from there on, over the end of the day too."""
    end_us = morning_us + 31 * HOUR_US
    start_us = morning_us + int(hours * HOUR_US)
    early = all_positions(city, morning_us, end_us, window_s=60.0)
    seen = all_detections(city, morning_us, end_us, window_s=60.0)

    late = early.event_us >= start_us
    assert_equal(
        SimulatedPositions._make(column[late] for column in early),
        all_positions(city, start_us, end_us, window_s=60.0),
    )
    late = seen.event_us >= start_us
    assert_equal(
        SimulatedDetections._make(column[late] for column in seen),
        all_detections(city, start_us, end_us, window_s=60.0),
    )


def test_vehicles_do_not_depend_on_the_fleet(
    city: SimulatedCity, midnights_us: Int64Array, morning_us: int
) -> None:
    """A part of the vehicles, or a smaller fleet, sends what it sends in the whole."""
    end_us = morning_us + 20 * MINUTE_US
    whole = all_positions(city, morning_us, end_us, window_s=60.0)
    part = (whole.vehicle >= 20) & (whole.vehicle < 40)
    small = SimulatedCity.build(7, vehicles=40, midnights_us=midnights_us)

    expected = SimulatedPositions._make(column[part] for column in whole)
    assert_equal(expected, all_positions(city, morning_us, end_us, vehicles=range(20, 40), window_s=60.0))
    assert_equal(expected, all_positions(small, morning_us, end_us, vehicles=range(20, 40), window_s=60.0))


def test_positions_come_in_order_and_once(city: SimulatedCity, morning_us: int) -> None:
    """No vehicle has two positions at one time, and none lies outside the period."""
    rows = all_positions(city, morning_us, morning_us + HOUR_US, window_s=60.0)

    assert (np.diff(rows.event_us) >= 0).all()
    assert len(set(zip(rows.vehicle.tolist(), rows.event_us.tolist(), strict=True))) == rows.vehicle.size
    assert rows.event_us.min() >= morning_us
    assert rows.event_us.max() < morning_us + HOUR_US


def test_vehicles_drive_no_faster_than_allowed(city: SimulatedCity, morning_us: int) -> None:
    """Between two positions nobody covers more than the motorway allows, noise aside."""
    rows = all_positions(city, morning_us, morning_us + 4 * HOUR_US, window_s=60.0)
    for vehicle in range(city.vehicles):
        mine = np.flatnonzero(rows.vehicle == vehicle)
        for one, other in pairwise(mine):
            elapsed_s = (rows.event_us[other] - rows.event_us[one]) / 1e6
            metres = distance_um(rows.lat[one], rows.lon[one], rows.lat[other], rows.lon[other]) / 1e6
            assert metres <= elapsed_s * 90.0 / 3.6 + 60.0


def test_a_parked_vehicle_is_silent_and_stays_where_it_is(city: SimulatedCity, morning_us: int) -> None:
    """A silence is a stop of minutes: the positions before and after it are at one place, standing still."""
    rows = all_positions(city, morning_us, morning_us + 8 * HOUR_US, window_s=60.0)
    stops_s = []
    for vehicle in range(city.vehicles):
        mine = np.flatnonzero(rows.vehicle == vehicle)
        for one, other in pairwise(mine):
            silence_s = (rows.event_us[other] - rows.event_us[one]) / 1e6
            if silence_s > 30.0:
                stops_s.append(silence_s)
                metres = distance_um(rows.lat[one], rows.lon[one], rows.lat[other], rows.lon[other]) / 1e6
                assert metres < 50.0
                assert rows.speed_kmh[one] == rows.speed_kmh[other] == 0.0

    assert min(stops_s) >= 120.0
    assert 300.0 < np.median(stops_s) < 900.0


def test_coordinates_and_times_are_what_a_record_can_say(city: SimulatedCity, morning_us: int) -> None:
    """Whole milliseconds and millionths of a degree, so that encoding loses nothing."""
    rows = all_positions(city, morning_us, morning_us + HOUR_US, window_s=60.0)

    assert (rows.event_us % 1_000 == 0).all()
    assert (np.round(rows.lat * 1e6) / 1e6 == rows.lat).all()
    assert ((rows.heading_deg >= 0) & (rows.heading_deg < 360)).all()


@pytest.mark.parametrize("day", [TUESDAY, 20_740, 20_538])
def test_most_vehicles_start_at_eight_by_the_clock_and_none_at_two(city: SimulatedCity, day: int) -> None:
    """The same hours hold on working days in summer and winter time."""
    world = city.world
    starts_ms = [start_ms(world, vehicle, habit_of(world, vehicle), day, 0) for vehicle in range(2_000)]
    hours = [(start - clock_ms(world, day, 0.0)) / 3.6e6 for start in starts_ms if start < 1 << 61]

    counts, _ = np.histogram(hours, bins=26, range=(0.0, 26.0))

    assert counts.argmax() in (7, 8)
    assert counts[:3].sum() == 0


def test_a_day_has_its_peaks_at_eight_and_seventeen_and_its_least_at_two(
    midnights_us: Int64Array,
) -> None:
    """Positions by local hour, of a fleet that is large enough to have people at night."""
    large = SimulatedCity.build(7, vehicles=2_000, midnights_us=midnights_us, zones=2)
    start_us, end_us = int(midnights_us[TUESDAY]), int(midnights_us[TUESDAY + 1])

    rows = all_positions(large, start_us, end_us, interval_s=60.0, window_s=60.0)
    counts = np.bincount((rows.event_us - start_us) // HOUR_US, minlength=24)

    assert counts[:13].argmax() == 8
    assert counts[13:].argmax() + 13 == 17
    assert counts.argmin() == 2
    assert counts[2] > 0


@pytest.mark.parametrize("day", [20_541, 20_542, 20_751, 20_752])
def test_days_follow_each_other_when_the_clock_changes(
    city: SimulatedCity, midnights_us: Int64Array, day: int
) -> None:
    """A run over the change of the clock equals one that starts behind it."""
    start_us = int(midnights_us[day]) + 20 * HOUR_US
    end_us = start_us + 16 * HOUR_US
    whole = all_positions(city, start_us, end_us, window_s=60.0)
    later_us = start_us + 8 * HOUR_US

    kept = whole.event_us >= later_us
    assert_equal(
        SimulatedPositions._make(column[kept] for column in whole),
        all_positions(city, later_us, end_us, window_s=60.0),
    )


def test_the_share_of_electric_vehicles_grows_and_none_goes_back(city: SimulatedCity) -> None:
    """Two years later more vehicles are electric, among them all that were."""
    world = city.world

    def electric(day: int) -> set[int]:
        fuels = {vehicle: fuel_of(world, vehicle, habit_of(world, vehicle), day) for vehicle in range(2_000)}
        return {vehicle for vehicle, fuel in fuels.items() if fuel == ELECTRICITY}

    assert electric(TUESDAY) < electric(TUESDAY + 730)


def test_detections_are_of_vehicles_that_cross_the_cordon(city: SimulatedCity, morning_us: int) -> None:
    """A vehicle that is seen has a position near the camera then, driving the way that was seen."""
    end_us = morning_us + 6 * HOUR_US
    rows = all_positions(city, morning_us, end_us, interval_s=5.0, window_s=60.0)
    seen = all_detections(city, morning_us, end_us, window_s=60.0)

    assert seen.vehicle.size > 20
    assert (
        len(set(zip(seen.observation_hi.tolist(), seen.observation_lo.tolist(), strict=True)))
        == seen.vehicle.size
    )
    for vehicle, event_us, number, direction in zip(
        seen.vehicle, seen.event_us, seen.camera, seen.direction, strict=True
    ):
        camera = city.cameras[number]
        mine = np.flatnonzero((rows.vehicle == vehicle) & (np.abs(rows.event_us - event_us) <= 5_000_000))
        near_m = min(
            distance_um(rows.lat[row], rows.lon[row], camera.lat, camera.lon) / 1e6 for row in mine.tolist()
        )
        assert near_m < 90.0 / 3.6 * 5.0
        if direction == Direction.REVERSE:
            assert camera.azimuth_deg in rows.heading_deg[mine] or mine.size < 3


def test_most_reads_are_certain_and_some_are_below_the_floor(
    midnights_us: Int64Array, morning_us: int
) -> None:
    """About one in a hundred has a confidence below one half."""
    large = SimulatedCity.build(7, vehicles=1_000, midnights_us=midnights_us, zones=2)

    seen = all_detections(large, morning_us, morning_us + 2 * HOUR_US, window_s=60.0)

    assert 0.002 < (seen.confidence < 0.5).mean() < 0.03
    assert 0.0 < (seen.direction == Direction.UNKNOWN).mean() < 0.06
