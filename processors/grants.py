"""Grants of carriers: whose positions may be taken, where and when, for the purpose that this installation has.

A position is taken where any grant of its carrier holds at its time and place. Carriers are known by the digests of
their names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from processors.carrier_names import NOBODY, carrier_digest
from processors.columns import BoolArray, Float64Array, Int64Array, UInt64Array
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

NEVER_ENDS_US = (1 << 62) - 1


class Grant(NamedTuple):
    """What a carrier has granted."""

    carrier: str
    zones: frozenset[int] | None  # zone numbers; None: everywhere
    from_us: int  # first moment, microseconds since 1970 UTC
    until_us: int  # first moment after it


class Place(NamedTuple):
    """When and where each row is."""

    event_us: Int64Array
    lon: Float64Array  # degrees WGS84
    lat: Float64Array


class GrantBook:
    """The grants of one moment; another moment has another book.

    Args:
        grants: that hold for the purpose of this installation.
        zones: shapes of the zones that they name; a zone without a shape is nowhere.
    """

    def __init__(self, grants: Iterable[Grant], zones: Sequence[IndexedZone] = ()) -> None:
        self._grants: dict[int, list[Grant]] = {}
        for grant in grants:
            self._grants.setdefault(carrier_digest(grant.carrier), []).append(grant)
        self._grants.pop(NOBODY, None)
        self._zone_sets = ZoneSets()
        self._index = build_zone_index(list(zones), self._zone_sets)

    def granted(self, carrier: UInt64Array, place: Place) -> BoolArray:
        """Tell of each row whether it may be taken.

        Args:
            carrier: digest of the carrier of each row.
            place: when and where each row is.
        """
        found = np.zeros(carrier.size, np.bool_)
        order = np.argsort(carrier, kind="stable")
        digests, first = np.unique(carrier[order], return_index=True)
        for digest, rows in zip(digests.tolist(), np.split(order, first[1:]), strict=True):
            grants = self._grants.get(digest)
            if grants:
                found[rows] = self._any_holds(grants, Place._make(column[rows] for column in place))
        return found

    def _any_holds(self, grants: Sequence[Grant], place: Place) -> BoolArray:
        """Tell of each row whether any of some grants holds."""
        found = np.zeros(place.event_us.size, np.bool_)
        sets = None
        for grant in grants:
            holds = (grant.from_us <= place.event_us) & (place.event_us < grant.until_us)
            if grant.zones is not None:
                sets = lookup(self._index, self._zone_sets, place.lon, place.lat) if sets is None else sets
                holds &= self._is_within(grant.zones)[sets]
            found |= holds
        return found

    def _is_within(self, zones: frozenset[int]) -> BoolArray:
        """Tell of each zone set whether any of some zones is in it."""
        numbers = range(len(self._zone_sets))
        return np.array([not zones.isdisjoint(self._zone_sets.zones_of(number)) for number in numbers])


def grants_by_number(
    rows: Iterable[tuple[str, Sequence[str] | None, int, int | None]], numbers: Mapping[str, int]
) -> list[Grant]:
    """Return grants with the numbers of their zones; a zone that has none is nowhere.

    Args:
        rows: carrier, ids of zones (None: everywhere), first moment and first moment after it, in microseconds.
        numbers: of zones, by id.
    """
    return [
        Grant(
            carrier,
            None if zones is None else frozenset(numbers[zone] for zone in zones if zone in numbers),
            from_us,
            NEVER_ENDS_US if until_us is None else until_us,
        )
        for carrier, zones, from_us, until_us in rows
    ]
