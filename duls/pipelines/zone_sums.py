"""The zones now: partial counts of all observation partitions, the newest of each, added up.

What an older owner of a partition sends, with a lower (epoch, offset), is refused. The counts of a partition that
come in several messages are taken once all are there, since a zone may move from one to another.
"""

from collections.abc import Iterable
from typing import NamedTuple

from duls.pipelines.partial_counts import PartialCounts
from processors.overload.observation import ZoneRow

Row = tuple[str, str, str, int, int]  # zone, class, emission, present, silent
Cell = tuple[str, str]  # class, emission


class SumsChange(NamedTuple):
    """What a message changed."""

    zones: frozenset[str]  # whose counts are other than before
    is_stale: bool = False  # it was refused


class _Part(NamedTuple):
    """What is known of one observation partition."""

    first_offset: int  # in the topic, of the messages that say so
    epoch: int
    offset: int
    as_of_us: int
    settling: bool
    fms_arrival_us: int | None
    anpr_arrival_us: int | None
    rows: frozenset[Row]


NOTHING_CHANGED = SumsChange(frozenset())
STALE = SumsChange(frozenset(), is_stale=True)


class ZoneSums:
    """Counts of every zone over all observation partitions.

    Args:
        partitions: how many observation partitions there are; nothing is complete before all have told.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._parts: dict[int, _Part] = {}
        self._waiting: dict[int, dict[int, tuple[PartialCounts, int]]] = {}
        self._cells: dict[str, dict[Cell, tuple[int, int]]] = {}
        self._rows: dict[str, tuple[ZoneRow, ...]] = {}

    @property
    def is_complete(self) -> bool:
        """Tell whether every observation partition has told."""
        return len(self._parts) >= self._partitions

    @property
    def as_of_us(self) -> int:
        """Return the stream time that all counts have reached, 0 before any."""
        return min((part.as_of_us for part in self._parts.values()), default=0)

    @property
    def is_settling(self) -> bool:
        """Tell whether vehicles are being seen anew in any partition."""
        return any(part.settling for part in self._parts.values())

    @property
    def fms_arrival_us(self) -> int | None:
        """Return when the newest position arrived, None before the first."""
        return _newest(part.fms_arrival_us for part in self._parts.values())

    @property
    def anpr_arrival_us(self) -> int | None:
        """Return when the newest detection arrived, None before the first."""
        return _newest(part.anpr_arrival_us for part in self._parts.values())

    @property
    def read_from(self) -> int | None:
        """Return the offset of the oldest message that still holds, None before any."""
        waiting = (offset for shards in self._waiting.values() for _, offset in shards.values())
        return min((*(part.first_offset for part in self._parts.values()), *waiting), default=None)

    def rows(self, zone_id: str) -> tuple[ZoneRow, ...]:
        """Return what is in a zone, nothing where no vehicle is."""
        found = self._rows.get(zone_id)
        if found is None:
            cells = self._cells.get(zone_id, {})
            found = tuple(ZoneRow(*cell, *counts) for cell, counts in cells.items())
            self._rows[zone_id] = found
        return found

    def take(self, counts: PartialCounts, message_offset: int) -> SumsChange:
        """Take in a message and return what it changed."""
        place = (counts.epoch, counts.offset)
        known = self._parts.get(counts.partition)
        if known is not None and place < (known.epoch, known.offset):
            return STALE
        shards = self._waiting.setdefault(counts.partition, {})
        for number, (other, _) in list(shards.items()):
            if place < (other.epoch, other.offset):
                return STALE
            if place > (other.epoch, other.offset) or counts.shards != other.shards:
                del shards[number]
        shards[counts.shard] = (counts, message_offset)
        if len(shards) < counts.shards:
            return NOTHING_CHANGED
        del self._waiting[counts.partition]
        rows = frozenset(row for shard, _ in shards.values() for row in shard.zones)
        first_offset = min(offset for _, offset in shards.values())
        return self._replace(counts, rows, first_offset, known)

    def _replace(
        self, counts: PartialCounts, rows: frozenset[Row], first_offset: int, known: _Part | None
    ) -> SumsChange:
        """Put the counts of a partition in the place of those before."""
        self._parts[counts.partition] = _Part(
            first_offset,
            counts.epoch,
            counts.offset,
            counts.as_of_us,
            counts.settling,
            counts.fms_arrival_us,
            counts.anpr_arrival_us,
            rows,
        )
        before = known.rows if known is not None else frozenset()
        gone, new = before - rows, rows - before
        self._add(gone, -1)
        self._add(new, 1)
        changed = frozenset(row[0] for row in gone) | {row[0] for row in new}
        for zone_id in changed:
            self._rows.pop(zone_id, None)
        return SumsChange(changed)

    def _add(self, rows: Iterable[Row], sign: int) -> None:
        """Add rows to the sums, or take them away; cells without vehicles go."""
        for zone_id, vehicle_class, emission, present, silent in rows:
            cells = self._cells.setdefault(zone_id, {})
            cell = (vehicle_class, emission)
            old_present, old_silent = cells.get(cell, (0, 0))
            counts = (old_present + sign * present, old_silent + sign * silent)
            if counts == (0, 0):
                cells.pop(cell, None)
            else:
                cells[cell] = counts


def _newest(times_us: Iterable[int | None]) -> int | None:
    """Return the newest of the times that are known."""
    return max((time_us for time_us in times_us if time_us is not None), default=None)
