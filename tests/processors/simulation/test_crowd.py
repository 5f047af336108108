"""An overload by script: who is where follows from it, however time is cut."""

import numpy as np
import pytest

from processors.simulation.columns import SimulatedPositions
from processors.simulation.crowd import ELSEWHERE_DEG, Crowd, crowd_positions, merged

SECOND_US = 1_000_000
CROWD = Crowd(
    5.1,
    52.1,
    vehicles=7,
    first_vehicle=100,
    begin_us=10 * SECOND_US,
    fill_us=14 * SECOND_US,
    hold_us=30 * SECOND_US,
)


def rows_of(crowd: Crowd, low_s: float, high_s: float, interval_s: float = 5.0) -> SimulatedPositions:
    """Return what is sent in a time."""
    return crowd_positions(
        crowd, round(low_s * SECOND_US), round(high_s * SECOND_US), round(interval_s * SECOND_US)
    )


def there(rows: SimulatedPositions, at_s: float) -> int:
    """Return how many vehicles were seen last within the place, until a time."""
    newest = {}
    for vehicle, event_us, lat in zip(rows.vehicle, rows.event_us, rows.lat, strict=True):
        if event_us <= at_s * SECOND_US:
            newest[int(vehicle)] = abs(lat - CROWD.lat) < 0.001
    return sum(newest.values())


@pytest.mark.parametrize(
    ("at_s", "count"), [(9, 0), (10, 1), (17, 4), (23, 7), (53, 7), (54, 6), (61, 3), (67, 0)]
)
def test_they_come_evenly_stay_and_leave_evenly(at_s: float, count: int) -> None:
    """In the order in which they came."""
    assert count == there(rows_of(CROWD, 0, 200), at_s)


def test_they_send_at_every_interval_and_once_from_elsewhere() -> None:
    """The first of seven is there for 44 seconds."""
    rows = rows_of(CROWD, 0, 200)
    first = rows.vehicle == 100

    assert [*range(10, 54, 5), 54] == (rows.event_us[first] // SECOND_US).tolist()
    assert [False] * 9 + [True] == (rows.lat[first] > CROWD.lat + ELSEWHERE_DEG / 2).tolist()
    assert np.abs(rows.lon - CROWD.lon).max() < 0.0001
    assert set(range(100, 107)) == set(rows.vehicle.tolist())


@pytest.mark.parametrize("window_s", [0.2, 7.0])
def test_windows_do_not_change_the_rows(window_s: float) -> None:
    """Also of one that happens again."""
    crowd = CROWD._replace(every_us=90 * SECOND_US)
    whole = rows_of(crowd, 0, 210)
    parts = [
        rows_of(crowd, place * window_s, (place + 1) * window_s) for place in range(round(210 / window_s))
    ]

    for name in SimulatedPositions._fields:
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(whole, name), joined, err_msg=name)
    assert (7, 7, 0) == (there(whole, 30), there(whole, 120), there(whole, 170))


def test_rows_of_two_are_in_order() -> None:
    """Nothing is lost."""
    one, other = rows_of(CROWD, 0, 40), rows_of(CROWD._replace(first_vehicle=500, begin_us=12_345_000), 0, 40)
    both = merged(one, other)

    assert one.vehicle.size + other.vehicle.size == both.vehicle.size
    assert (np.diff(both.event_us) >= 0).all()
