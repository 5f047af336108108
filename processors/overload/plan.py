"""Which rules are in force for a zone at a time, and what they amount to there.

Where several rules ask the same of a zone, the same measure of the same classes, one wins: that for the zone
itself before that for its kind in its municipality before that for its kind; of these one with windows before
one without; of these the first in the document. Rules that ask something else stand beside each other.
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from processors.columns import Int64Array
from processors.overload.rules import Measure, RuleSet, Severity


class WatchedZone(NamedTuple):
    """What rules need to know of a zone."""

    zone_id: str
    kind: str
    municipality: str | None
    capacity: int | None


class Limit(Struct, frozen=True):
    """A rule as it is in force for one zone: whole numbers of vehicles, microseconds of stream time."""

    rule_id: str
    classes: frozenset[str]
    measure: Measure
    severity: Severity
    capacity: int
    raise_at: int  # too full from here on
    clear_below: int  # over below this
    raise_us: int
    clear_us: int
    rising_pct: int | None

    @property
    def series(self) -> str:
        """What is counted, as text: the same text has the same history, whatever the rule is called."""
        return f"{self.measure}:{','.join(sorted(self.classes))}"


class ZonePlan(Struct, frozen=True):
    """The limits that are in force for a zone until *until_us*."""

    zone_id: str
    version: int  # of the rule set
    limits: tuple[Limit, ...]
    rule_ids: frozenset[str]  # every rule of the set that is ever about this zone
    until_us: int  # stream time from which a new plan is due
    unlimited: tuple[str, ...] = ()  # rules in force that use the zone's own capacity where it has none


class Planner:
    """A rule set made quick to ask; make a new one when the rules change."""

    def __init__(self, rules: RuleSet, midnights_us: Int64Array) -> None:
        """Sort the rules by what they are about; *midnights_us* as in `processors.calendar`."""
        self.rules = rules
        self._midnights_us = midnights_us

    def plan(self, zone: WatchedZone, at_us: int) -> ZonePlan:
        """Return what is in force for a zone at a stream time; a plan holds for at most a minute."""
        raise NotImplementedError


def levels(capacity: int, *, raise_pct: int, clear_pct: int) -> tuple[int, int]:
    """Return from which count a zone is too full, and below which it is over.

    The percentage of the capacity, rounded up; at least 1, so that a capacity of 0 means that the first vehicle
    is too many and that an empty zone is over.
    """
    raise_at = max(1, -(-capacity * raise_pct // 100))
    return raise_at, max(1, -(-capacity * clear_pct // 100))


def quiet_until_us(zone_id: str, at_us: int, silences: Sequence[tuple[str, int, int]]) -> int:
    """Return until when planned works silence a zone at a time, 0 where none do.

    Args:
        zone_id: Zone.
        at_us: Stream time.
        silences: Zone id, from and until (not included) of each silence.
    """
    return max((end for zone, start, end in silences if zone == zone_id and start <= at_us < end), default=0)
