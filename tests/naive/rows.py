"""What the oracle reads: decoded rows with the record they came from, and the arrivals of the event clock."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

ArrivalOrder = tuple[int, int, int, int]
EventOrder = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One position after decoding; times in microseconds since 1970 UTC, degrees WGS84."""

    partition: int  # source partition
    offset: int  # offset of the record in it
    index: int = 0  # place of the row in the record
    arrival_us: int
    event_us: int
    vehicle: Hashable  # identity across days: the oracle makes its own pseudonyms
    lat: float
    lon: float
    vehicle_class: Hashable = "N1"
    zero_emission: Hashable = "no"
    carrier: int = 0  # pseudonym of the carrier on that day, 0 where none is named

    @property
    def identity(self) -> tuple[int, int, int]:
        """Return where the row came from: (partition, offset, index)."""
        return (self.partition, self.offset, self.index)

    @property
    def arrival_order(self) -> ArrivalOrder:
        """Return the order in which due positions come up."""
        return (self.arrival_us, self.partition, self.offset, self.index)

    @property
    def event_order(self) -> EventOrder:
        """Return the order in which held positions of one vehicle are taken."""
        return (self.event_us, self.arrival_us, self.partition, self.offset, self.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRow:
    """One detection after decoding; times in microseconds since 1970 UTC."""

    partition: int
    offset: int
    index: int = 0
    arrival_us: int
    event_us: int
    vehicle: Hashable
    vehicle_class: Hashable = "N1"
    zero_emission: Hashable = "no"
    camera: Hashable
    observation_id: Hashable
    direction: Hashable = "obverse"  # obverse, reverse or unknown
    confidence: float = 1.0
    visitor: int = 0  # pseudonym of the vehicle in its month, 0 where months have no keys
    holder: tuple[bool, int, int] = (False, 0, 0)  # Dutch plate, branch, company size

    @property
    def identity(self) -> tuple[int, int, int]:
        """Return where the row came from: (partition, offset, index)."""
        return (self.partition, self.offset, self.index)

    @property
    def arrival_order(self) -> ArrivalOrder:
        """Return the order in which detections are processed."""
        return (self.arrival_us, self.partition, self.offset, self.index)


Row = TypeVar("Row", PositionRow, DetectionRow)


def event_arrivals(rows: Iterable[Row], newest: dict[int, int] | None = None) -> list[Row]:
    """Return the rows, in log order, with the arrivals of the event clock.

    The arrival of a row is the largest event time so far in its source partition, itself included.

    Args:
        rows: Rows in any order; those of one partition are read by (offset, index).
        newest: Largest event time per partition before these rows; updated in place.
    """
    newest = {} if newest is None else newest
    result = []
    for row in sorted(rows, key=lambda row: row.identity):
        newest[row.partition] = max(newest.get(row.partition, row.event_us), row.event_us)
        result.append(replace(row, arrival_us=newest[row.partition]))
    return result


def event_stream(rows: Iterable[PositionRow | DetectionRow], partitions: int) -> int | None:
    """Return the stream time once *rows* are read: None while a partition has no row."""
    newest: dict[int, int] = {}
    for row in rows:
        newest[row.partition] = max(newest.get(row.partition, row.arrival_us), row.arrival_us)
    return min(newest.values()) if len(newest) == partitions else None
