"""Flow cells while they grow, and the result that tests compare."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum

from naive.buckets import GRAINS, bucket_end, bucket_of
from naive.rows import DetectionRow, PositionRow
from naive.settings import LATE_AFTER_US, Settings
from processors.columns import FIGURES

Identity = tuple[int, int, int]  # partition, offset, index
Kind = tuple[Hashable, Hashable]  # vehicle class and zero emission
CellKey = tuple[Hashable, int, Hashable, Hashable, str]  # zone, bucket, vehicle class, zero emission, source
Cell = dict[str, int]
CarrierKey = tuple[CellKey, int]  # cell, carrier


class RowOutcome(StrEnum):
    """What became of a row that intake accepted."""

    HELD = "held"  # not due yet
    TAKEN = "taken"
    LATE = "late"
    OUT_OF_ORDER = "out_of_order"
    DUPLICATE = "duplicate"
    LOW_CONFIDENCE = "low_confidence"
    UNREGISTERED_CAMERA = "unregistered_camera"


@dataclass(frozen=True)
class Figures:
    """All that the oracle knows at one moment."""

    cells: dict[str, dict[CellKey, Cell]]  # by grain
    outcomes: dict[Identity, RowOutcome]
    open_visits: dict[Hashable, int]  # by zone; zones without open visits are absent
    carriers: dict[str, Counter[CarrierKey]] = field(default_factory=dict)  # by grain: vehicles by carrier

    @property
    def counts(self) -> Counter[RowOutcome]:
        """Return how many rows had each outcome."""
        return Counter(self.outcomes.values())


class Cells:
    """Flow cells of one source, for the three grains at once."""

    def __init__(self, settings: Settings, source: str) -> None:
        self._slot_us = settings.slot_us
        self._source = source
        self._by_grain: dict[str, dict[CellKey, Cell]] = {grain: {} for grain in GRAINS}
        self.carriers: dict[str, Counter[CarrierKey]] = {grain: Counter() for grain in GRAINS}
        self._seen: set[tuple[str, Hashable, int, Hashable]] = set()  # grain, zone, bucket, pseudonym

    def add(self, zone_id: Hashable, at_us: int, kind: Kind, figure: str, amount: int = 1) -> None:
        """Add to a figure of *zone_id* in the buckets of one moment."""
        for grain in GRAINS:
            self._cell(grain, zone_id, bucket_of(grain, at_us, self._slot_us), kind)[figure] += amount

    def add_dwell(self, zone_id: Hashable, from_us: int, to_us: int, kind: Kind) -> None:
        """Add the time between two moments to `dwell_us`, split over the buckets that it crosses."""
        for grain in GRAINS:
            at_us = from_us
            while at_us < to_us:
                bucket = bucket_of(grain, at_us, self._slot_us)
                piece_end_us = min(to_us, bucket_end(grain, bucket, self._slot_us))
                self._cell(grain, zone_id, bucket, kind)["dwell_us"] += piece_end_us - at_us
                at_us = piece_end_us

    def observe(
        self,
        zone_id: Hashable,
        row: PositionRow | DetectionRow,
        kind: Kind,
        pseudonym: Hashable,
        carrier: int = 0,
    ) -> None:
        """Count a taken observation inside: in `observations`, `vehicles` if it is the first, and `late`."""
        for grain in GRAINS:
            bucket = bucket_of(grain, row.event_us, self._slot_us)
            cell = self._cell(grain, zone_id, bucket, kind)
            cell["observations"] += 1
            if (grain, zone_id, bucket, pseudonym) not in self._seen:
                self._seen.add((grain, zone_id, bucket, pseudonym))
                cell["vehicles"] += 1
                self.carriers[grain][(zone_id, bucket, *kind, self._source), carrier] += 1
            if row.arrival_us > bucket_end(grain, bucket, self._slot_us) + LATE_AFTER_US:
                cell["late"] += 1

    def copy(self) -> dict[str, dict[CellKey, Cell]]:
        """Return the cells as they are now, by grain."""
        return {
            grain: {key: dict(cell) for key, cell in cells.items()} for grain, cells in self._by_grain.items()
        }

    def _cell(self, grain: str, zone_id: Hashable, bucket: int, kind: Kind) -> Cell:
        """Return a cell, made of zeros when it is new."""
        key = (zone_id, bucket, kind[0], kind[1], self._source)
        cells = self._by_grain[grain]
        if key not in cells:
            cells[key] = dict.fromkeys(FIGURES, 0)
        return cells[key]
