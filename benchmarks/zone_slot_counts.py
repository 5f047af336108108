"""Counting positions by zone and slot as a peer that was tuned would: in batches, with our decoder and zone index."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from benchmarks.city_records import build_city
from benchmarks.decoders import load_duls
from benchmarks.peer_forms import BATCHES, SLOT_S, Cells
from processors.units import US_PER_S
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets


class Counts(Protocol):
    """Where a peer brings the values of a batch."""

    records: int

    def add(self, values: Sequence[bytes]) -> None:
        """Count a batch of records."""

    def cells(self) -> Cells:
        """Return what was counted."""


class RecordCounts:
    """How many records came, and nothing else: what reading alone costs."""

    def __init__(self) -> None:
        self.records = 0

    def add(self, values: Sequence[bytes]) -> None:
        """Count a batch of records."""
        self.records += len(values)

    def cells(self) -> Cells:
        """Return nothing."""
        return {}


class ZoneSlotCounts:
    """How many positions were in each zone in each slot."""

    def __init__(self) -> None:
        self.records = 0
        self._by_set: dict[tuple[int, int], int] = {}  # by zone set and slot
        self._decode = load_duls()
        self._sets = ZoneSets()
        zones = build_city(1).zones
        self._index = build_zone_index(
            [IndexedZone(number, zone.polygons) for number, zone in enumerate(zones)], self._sets
        )

    def add(self, values: Sequence[bytes]) -> None:
        """Decode a batch of records and count its positions."""
        decoded: Any = self._decode(values)
        sets = lookup(self._index, self._sets, decoded.lon, decoded.lat)
        slots = decoded.event_us // (SLOT_S * US_PER_S)
        keys, counts = np.unique(sets * np.int64(1 << 32) + slots, return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            cell = key >> 32, key & 0xFFFFFFFF
            self._by_set[cell] = self._by_set.get(cell, 0) + count
        self.records += len(values)

    def cells(self) -> Cells:
        """Return the counts by zone and slot."""
        found: dict[tuple[int, int], int] = {}
        for (number, slot), count in self._by_set.items():
            for zone in self._sets.zones_of(number):
                found[zone, slot] = found.get((zone, slot), 0) + count
        return found


def make_counts(form: str) -> Counts:
    """Return the counts of a peer in form BATCHES or NOTHING."""
    return ZoneSlotCounts() if form == BATCHES else RecordCounts()
