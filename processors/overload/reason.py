"""Why an alert is there, as data and as a sentence in Dutch or English; it names no class below three vehicles."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from processors.overload.observation import ZoneObservation
from processors.overload.plan import Limit

SMALLEST_NAMED: Final = 3
"""A class with fewer vehicles is part of `other`."""

Language = Literal["nl", "en"]


class NeighbourLoad(Struct, frozen=True):
    """How full a zone next to this one is."""

    zone_id: str
    name: str
    pct: float


class Reason(Struct, frozen=True, kw_only=True):
    """What makes an overload up."""

    measure: str
    value: int
    capacity: int
    pct: float | None  # None where nothing is allowed
    classes: Mapping[str, int]  # counted vehicles by class, the largest first; none below three
    other: int | None  # vehicles of the classes that are not named; None where these would be below three
    silent: int | None  # of the counted, how many fell silent; None where 1 or 2
    zero_emission_pct: (
        float | None
    )  # share among those whose emission is known; None below three of either sort
    entries_per_h: float | None  # now
    usual_entries_per_h: float | None  # at this time of the week
    full_neighbours: tuple[NeighbourLoad, ...]  # at or above 90 %, the fullest first, at most three


def reason_of(
    limit: Limit,
    seen: ZoneObservation,
    *,
    entries_per_h: float | None = None,
    usual_entries_per_h: float | None = None,
    neighbours: Sequence[NeighbourLoad] = (),
) -> Reason:
    """Return what makes the count of a rule up."""
    raise NotImplementedError


def sentence(reason: Reason, language: Language) -> str:
    """Return the reason in words, one to three short sentences."""
    raise NotImplementedError
