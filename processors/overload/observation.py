"""What is seen of a zone at one moment, and what a rule counts in it."""

from collections.abc import Mapping
from typing import NamedTuple

from processors.overload.plan import Limit
from processors.overload.rules import Measure


class ZoneRow(NamedTuple):
    """Vehicles of one class and emission in a zone, as in the partial counts, summed over partitions."""

    vehicle_class: str
    zero_emission: str
    present: int
    silent: int


class ZoneObservation(NamedTuple):
    """All vehicles of a zone now; a zone without any has no rows, which is not the same as no data."""

    rows: tuple[ZoneRow, ...]
    settling: bool = False  # within five minutes after local midnight, in any of the partitions
    entries: Mapping[str, int] | None = (
        None  # by class, for `entries_per_slot` (see Measure); None: not known
    )


def value_of(limit: Limit, seen: ZoneObservation) -> int | None:
    """Return what the rule counts, None where that is not known."""
    classes = limit.classes
    if limit.measure is Measure.ENTRIES_PER_SLOT:
        if seen.entries is None:
            return None
        return sum(count for name, count in seen.entries.items() if name in classes)
    total = 0
    with_silent = limit.measure is Measure.PRESENT_AND_SILENT
    for vehicle_class, _, present, silent in seen.rows:
        if vehicle_class in classes:
            total += present + silent if with_silent else present
    return total
