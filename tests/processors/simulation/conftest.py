"""One simulated city for all tests of this folder; building it takes a second, and nothing changes it."""

import numpy as np
import pytest

from duls.local_midnights import local_midnights
from processors.columns import Int64Array
from processors.simulation.city import SimulatedCity

TUESDAY = 20_781  # 2026-11-24


@pytest.fixture(scope="session")
def midnights_us() -> Int64Array:
    """Return the table of local midnights."""
    return local_midnights()


@pytest.fixture(scope="session")
def city(midnights_us: Int64Array) -> SimulatedCity:
    """Return a city of 60 vehicles, few enough for runs without compiled kernels."""
    return SimulatedCity.build(7, vehicles=60, midnights_us=midnights_us)


@pytest.fixture(scope="session")
def morning_us(midnights_us: Int64Array) -> int:
    """Return eight o'clock on a Tuesday."""
    return int(midnights_us[TUESDAY] + np.int64(8 * 3_600_000_000))
