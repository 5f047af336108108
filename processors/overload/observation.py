"""What is seen of a zone at one moment, and what a rule counts in it."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from processors.overload.plan import Limit
from processors.overload.rules import Measure


class ZoneRow(NamedTuple):
    """Vehicles of one class and emission in a zone, as in the partial counts, summed over partitions."""

    vehicle_class: str
    zero_emission: str
    present: int
    silent: int


class SlotEntries(NamedTuple):
    """Entries of a zone by class: of the last whole slot, and so far of the running one."""

    last: Mapping[str, int]
    running: Mapping[str, int]

    def of(self, classes: Collection[str]) -> dict[str, int]:
        """Return those of some classes, of the slot that has more of them together."""
        last, running = ({name: count for name, count in slot.items() if name in classes} for slot in self)
        return running if sum(running.values()) > sum(last.values()) else last


NO_ENTRIES: Final = SlotEntries({}, {})


class ZoneObservation(NamedTuple):
    """All vehicles of a zone now; a zone without any has no rows, which is not the same as no data."""

    rows: tuple[ZoneRow, ...]
    settling: bool = False  # within five minutes after local midnight, in any of the partitions
    entries: SlotEntries | None = None  # for `entries_per_slot` (see Measure); None: not known


def value_of(limit: Limit, seen: ZoneObservation) -> int | None:
    """Return what the rule counts, None where that is not known."""
    classes = limit.classes
    if limit.measure is Measure.ENTRIES_PER_SLOT:
        return None if seen.entries is None else sum(seen.entries.of(classes).values())
    total = 0
    with_silent = limit.measure is Measure.PRESENT_AND_SILENT
    for vehicle_class, _, present, silent in seen.rows:
        if vehicle_class in classes:
            total += present + silent if with_silent else present
    return total
