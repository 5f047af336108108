"""Random numbers as pure functions."""

import numpy as np

from processors.simulation.draws import bell, draw, fraction, mixed


def test_mixing_is_one_to_one() -> None:
    """No two of many neighbouring numbers are mixed to the same one."""
    assert len({mixed(value) for value in range(20_000)}) == 20_000


def test_fractions_fill_the_unit_interval_evenly() -> None:
    """Each tenth gets about a tenth, whichever key counts up."""
    for sample in (
        [fraction(1, vehicle, 0, 0) for vehicle in range(5_000)],
        [fraction(1, 0, day, 0) for day in range(5_000)],
        [fraction(1, 0, 0, what) for what in range(5_000)],
    ):
        counts, _ = np.histogram(sample, bins=10, range=(0.0, 1.0))
        assert counts.min() > 400
        assert counts.max() < 600


def test_bells_have_mean_zero_and_deviation_one() -> None:
    """The sum of three uniform numbers is close enough to normal, and bounded."""
    sample = np.array([bell(3, vehicle, 9, 4) for vehicle in range(5_000)])

    assert abs(sample.mean()) < 0.05
    assert abs(sample.std() - 1.0) < 0.05
    assert np.abs(sample).max() <= 3.0


def test_another_seed_gives_other_numbers() -> None:
    """Nothing of one city shows in another."""
    assert draw(1, 2, 3, 4) != draw(2, 2, 3, 4)
