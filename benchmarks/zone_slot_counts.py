"""What peers do with positions: count them by zone and slot, with the decoder and the zone lookup that we use."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np

from benchmarks.city_records import build_city
from benchmarks.decoders import LOADERS
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

SLOT_US: Final = 300_000_000
NOTHING: Final = "nothing"
"""In place of a decoder: count the records only."""


class Counts(Protocol):
    """Where a peer brings the values of a batch."""

    records: int

    def add(self, values: Sequence[bytes]) -> None:
        """Count a batch of records."""


class RecordCounts:
    """How many records came, and nothing else: what reading alone costs."""

    def __init__(self) -> None:
        self.records = 0

    def add(self, values: Sequence[bytes]) -> None:
        """Count a batch of records."""
        self.records += len(values)


class ZoneSlotCounts:
    """How many positions were in each zone in each slot."""

    def __init__(self, decoder: str) -> None:
        self.records = 0
        self.cells: dict[tuple[int, int], int] = {}  # by zone set and slot
        self._decode = LOADERS[decoder]()
        self._sets = ZoneSets()
        zones = build_city(1).zones
        self._index = build_zone_index(
            [IndexedZone(number, zone.polygons) for number, zone in enumerate(zones)], self._sets
        )

    def add(self, values: Sequence[bytes]) -> None:
        """Decode a batch of records and count its positions."""
        decoded: Any = self._decode(values)
        sets = lookup(self._index, self._sets, decoded.lon, decoded.lat)
        keys, counts = np.unique(sets * np.int64(1 << 32) + decoded.event_us // SLOT_US, return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            cell = key >> 32, key & 0xFFFFFFFF
            self.cells[cell] = self.cells.get(cell, 0) + count
        self.records += len(values)


def make_counts(decoder: str) -> Counts:
    """Return the counts of a peer that is given this decoder, or NOTHING."""
    return RecordCounts() if decoder == NOTHING else ZoneSlotCounts(decoder)
