"""How many of the small units of kernels make up the units that people use; no clock and no kernel is in here."""

from typing import Final

UM_PER_M: Final = 1_000_000
US_PER_S: Final = 1_000_000
MINUTE_US: Final = 60 * US_PER_S
HOUR_US: Final = 3_600 * US_PER_S
DAY_US: Final = 24 * HOUR_US
