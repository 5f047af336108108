"""A local day of a source, and the codes of what is published of it."""

from typing import NamedTuple

from processors.units import HOUR_US
from processors.vocabulary import Source

OK, BELOW_K, NO_FEED = range(3)


class LocalDay(NamedTuple):
    """A local day of a source."""

    source: Source
    day: int  # days since 1970-01-01
    start_us: int  # its midnights, UTC
    end_us: int

    @property
    def hours(self) -> int:
        """Return how many hours it has: 23, 24 or 25."""
        return (self.end_us - self.start_us) // HOUR_US
