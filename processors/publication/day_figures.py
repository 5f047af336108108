"""The figures of one class, emission and source on one local day that withholding looks at."""

from typing import Final, NamedTuple

from processors.columns import BoolArray, Int64Array


class DayFigures(NamedTuple):
    """True figures of the zones of a family, by hours in which the feed was there."""

    observations: Int64Array  # shape (zones, hours)
    vehicles: Int64Array  # shape (zones, hours)
    entries: Int64Array  # shape (zones, hours)
    exits: Int64Array  # shape (zones, hours)
    appearances: Int64Array  # shape (zones, hours)
    disappearances: Int64Array  # shape (zones, hours)
    dwell_us: Int64Array  # shape (zones, hours)
    is_safe: BoolArray  # whether an hour by itself may be published, shape (zones, hours)
    day_vehicles: Int64Array  # shape (zones,)
    is_day_safe: BoolArray  # shape (zones,)


class Shown(NamedTuple):
    """What is published: cells that are not withheld."""

    hours: BoolArray  # shape (zones, hours)
    days: BoolArray  # shape (zones,)


FIGURES_OF_HOURS: Final = DayFigures._fields[:7]
"""The fields that are figures of hours, by their names."""
