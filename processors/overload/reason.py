"""What makes an overload up, as data. It names no class of fewer than three vehicles, and never a vehicle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from processors.overload.observation import ZoneObservation, value_of
from processors.overload.plan import Limit
from processors.overload.rules import Measure

SMALLEST_NAMED: Final = 3
"""A part of the count that is smaller is not named."""
FULL_PCT: Final = 90.0
MAX_NEIGHBOURS: Final = 3


class NeighbourLoad(Struct, frozen=True):
    """How full a zone next to this one is."""

    zone_id: str
    name: str
    pct: float  # of its capacity


class Reason(Struct, frozen=True, kw_only=True):
    """Why a rule finds a zone too full."""

    measure: Measure
    value: int
    capacity: int
    pct: float | None  # of the capacity, None where nothing is allowed
    classes: Mapping[str, int]  # of the count, the largest first; none below three
    silent: int | None  # vehicles of these classes that fell silent, counted or not; None where 1 or 2
    zero_emission_pct: float | None  # of these vehicles whose emission is known; None where a part is 1 or 2
    entries_per_h: float | None  # now, None where not known
    usual_entries_per_h: float | None  # at this time of the week, None where not known
    full_neighbours: tuple[NeighbourLoad, ...]  # at or above 90 %, the fullest first, at most three


def reason_of(
    limit: Limit,
    seen: ZoneObservation,
    *,
    entries_per_h: float | None = None,
    usual_entries_per_h: float | None = None,
    neighbours: Sequence[NeighbourLoad] = (),
) -> Reason:
    """Return what makes the count of a rule up; a count that is not known is 0.

    Args:
        limit: The rule in its zone.
        seen: What was seen of the zone.
        entries_per_h: Entries of the rule's classes now.
        usual_entries_per_h: The same as is usual at this time of the week.
        neighbours: Zones next to this one that have a capacity.
    """
    value = value_of(limit, seen) or 0
    full = sorted((near for near in neighbours if near.pct >= FULL_PCT), key=lambda near: -near.pct)
    silent = sum(row.silent for row in seen.rows if row.vehicle_class in limit.classes)
    return Reason(
        measure=limit.measure,
        value=value,
        capacity=limit.capacity,
        pct=100.0 * value / limit.capacity if limit.capacity else None,
        classes=_named_classes(limit, seen),
        silent=None if 0 < silent < SMALLEST_NAMED else silent,
        zero_emission_pct=_zero_emission_pct(limit, seen),
        entries_per_h=entries_per_h,
        usual_entries_per_h=usual_entries_per_h,
        full_neighbours=tuple(full[:MAX_NEIGHBOURS]),
    )


def _named_classes(limit: Limit, seen: ZoneObservation) -> dict[str, int]:
    """Return the classes that may be named, the largest first."""
    counts: Counter[str] = Counter()
    if limit.measure is Measure.ENTRIES_PER_SLOT:
        counts.update({} if seen.entries is None else seen.entries.of(limit.classes))
    else:
        for row in seen.rows:
            silent = row.silent if limit.measure is Measure.PRESENT_AND_SILENT else 0
            counts[row.vehicle_class] += row.present + silent
    of_rule = {name: count for name, count in counts.most_common() if name in limit.classes and count}
    named = {name: count for name, count in of_rule.items() if count >= SMALLEST_NAMED}
    # where one or two vehicles are left over, the total would betray their class: one more goes unnamed
    while named and 0 < sum(of_rule.values()) - sum(named.values()) < SMALLEST_NAMED:
        named.popitem()
    return named


def _zero_emission_pct(limit: Limit, seen: ZoneObservation) -> float | None:
    """Return the share of vehicles without emission among those of which it is known."""
    known = {"yes": 0, "no": 0}
    for row in seen.rows:
        if row.vehicle_class in limit.classes and row.zero_emission in known:
            known[row.zero_emission] += row.present + row.silent
    is_small = any(0 < part < SMALLEST_NAMED for part in known.values())
    total = sum(known.values())
    return None if is_small or not total else 100.0 * known["yes"] / total
