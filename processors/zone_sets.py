"""Zone sets: every distinct combination of zones that a point can be in gets a small number.

A vehicle whose set number did not change changed no membership, which costs one comparison. Set 0 is "outside
every zone". Sets hold zone numbers (`core.zone.zone_no`), ascending; numbers of sets live as long as the
process.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from processors.columns import Int32Array
from processors.jit import inner_kernel

NO_ZONES = 0


class ZoneSetArrays(NamedTuple):
    """The zones of each set: set s holds `zones[starts[s]:starts[s + 1]]`, ascending."""

    starts: Int32Array
    zones: Int32Array


class ZoneSets:
    """Registry of zone sets; append only."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, ...], int] = {(): NO_ZONES}
        self._zones: list[tuple[int, ...]] = [()]
        self._arrays: ZoneSetArrays | None = None
        self._largest = 0

    def __len__(self) -> int:
        """Return how many sets there are, the empty one included."""
        return len(self._zones)

    def number_of(self, zones: Iterable[int]) -> int:
        """Return the number of the set of these zone numbers, given in any order, registering it when new."""
        key = tuple(sorted({int(zone) for zone in zones}))
        number = self._numbers.setdefault(key, len(self._zones))
        if number == len(self._zones):
            self._zones.append(key)
            self._largest = max(self._largest, len(key))
            self._arrays = None
        return number

    def zones_of(self, number: int) -> tuple[int, ...]:
        """Return the zone numbers of a set, ascending."""
        return self._zones[number]

    def arrays(self) -> ZoneSetArrays:
        """Return all sets as arrays for kernels."""
        if self._arrays is None:
            sizes = [len(zones) for zones in self._zones]
            starts = np.zeros(len(sizes) + 1, np.int32)
            np.cumsum(sizes, out=starts[1:])
            flat = [zone for zones in self._zones for zone in zones]
            self._arrays = ZoneSetArrays(starts, np.array(flat, np.int32))
        return self._arrays

    def largest(self) -> int:
        """Return the size of the largest set."""
        return self._largest

    def without(self, zones: frozenset[int]) -> Int32Array:
        """Return, for every set, the number of the same set without *zones*."""
        known = list(self._zones)
        return np.array([self.number_of(set(key) - zones) for key in known], np.int32)


@inner_kernel
def set_contains(sets: ZoneSetArrays, number: int, zone: int) -> bool:
    """Tell whether a zone is in a set (sets are short: a linear scan beats bisection)."""
    for place in range(sets.starts[number], sets.starts[number + 1]):  # noqa: SIM110 kernels know no generators
        if sets.zones[place] == zone:
            return True
    return False
