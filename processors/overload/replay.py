"""What-if: when rules would have fired over a history of slot cells.

The history is that of `live.zone_flow`: per zone, slot and class the dwell and the entries. It has no `present`
and no `silent`. So the count of both kinds of rule is the mean occupancy of the slot (dwell / length), rounded
to whole vehicles, held from the start of the slot to its end. That is close to `present_and_silent`: the dwell of
a vehicle that fell silent is known once it moved on within `park_gap_s`. For `present` it is too high where many
vehicles stand silent, and peaks shorter than a slot are levelled out, so short overloads are missed.
`entries_per_slot` is exact but for slots that are not final.
"""

from collections.abc import Sequence
from typing import NamedTuple

from processors.columns import BoolArray, Float64Array, Int64Array
from processors.overload.plan import WatchedZone
from processors.overload.rules import RuleSet


class ZoneHistory(NamedTuple):
    """The slots of one zone in order of time; slots that are not there are no data."""

    zone: WatchedZone
    slot_start_us: Int64Array  # shape (slots,)
    occupancy: Float64Array  # shape (slots, classes): mean vehicles, classes as in VEHICLE_CLASSES
    entries: Int64Array  # shape (slots, classes)
    settling: BoolArray | None = None


class Firing(NamedTuple):
    """One alert that would have been."""

    zone_id: str
    rule_id: str
    since_us: int
    raised_us: int
    until_us: int  # the end of the history where it still ran
    is_over: bool
    peak_value: int
    capacity: int


class RuleSummary(NamedTuple):
    """How often and how long one rule fired over all its zones."""

    rule_id: str
    zones: int  # that it was in force for at any time
    firings: int
    zones_fired: int
    fired_s: float
    longest_s: float


def replay(
    rules: RuleSet, histories: Sequence[ZoneHistory], slot_s: int, midnights_us: Int64Array
) -> list[Firing]:
    """Run the engine over histories; return every alert in order of (since, zone, rule)."""
    raise NotImplementedError


def summaries(
    rules: RuleSet, histories: Sequence[ZoneHistory], firings: Sequence[Firing]
) -> list[RuleSummary]:
    """Return a line for each rule in the order of the set, also for those that never fired."""
    raise NotImplementedError
