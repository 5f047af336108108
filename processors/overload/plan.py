"""Which rules are in force for a zone at a time, and what they amount to there.

Where several rules ask the same of a zone, the same measure of the same classes, one wins: that for the zone
itself before that for its kind in its municipality before that for its kind; of these one that is in force by a
window or an exception before one that always is; of these the first in the document. Rules that ask something
else stand beside each other.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from processors.columns import Int64Array
from processors.overload.rules import ExceptionDays, Measure, Rule, RuleSet, Severity
from processors.overload.week import is_open, wall_time
from processors.units import MINUTE_US, US_PER_S


class WatchedZone(NamedTuple):
    """What rules need to know of a zone."""

    zone_id: str
    kind: str
    municipality: str | None
    capacity: int | None


Counted = tuple[Measure, frozenset[str]]
"""What is counted: a measure of some classes."""


def series_name(measure: Measure, classes: Iterable[str]) -> str:
    """Return what is counted as text: the same text has the same history, whatever the rule is called."""
    return f"{measure}:{','.join(sorted(classes))}"


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
        """What is counted, as text."""
        return series_name(self.measure, self.classes)


class ZonePlan(Struct, frozen=True):
    """The limits that are in force for a zone until *until_us*."""

    zone_id: str
    version: int  # of the rule set
    limits: tuple[Limit, ...]  # in the order of the document
    rule_ids: frozenset[str]  # every rule of the set that is ever about this zone
    until_us: int  # stream time from which a new plan is due
    unlimited: tuple[str, ...] = ()  # rules in force that use the zone's own capacity where it has none


class _InForce(NamedTuple):
    """A rule that holds now, and how narrowly it says so."""

    rank: tuple[int, bool, int]  # the smallest wins
    rule: Rule
    capacity: int


class Planner:
    """A rule set made quick to ask; make a new one when the rules change."""

    def __init__(self, rules: RuleSet, midnights_us: Int64Array) -> None:
        """Sort the rules by what they are about; *midnights_us* as in `processors.calendar`."""
        self.rules = rules
        self.midnights_us = midnights_us
        self._days = {calendar.name: calendar.days for calendar in rules.calendars}
        self._about: dict[tuple[str | None, str | None, str | None], list[tuple[int, Rule]]] = defaultdict(
            list
        )
        self._edges = frozenset(edge for rule in rules.rules for edge in _edges(rule))
        for place, rule in enumerate(rules.rules):
            self._about[rule.zone, rule.kind, rule.municipality].append((place, rule))

    def plan(self, zone: WatchedZone, at_us: int) -> ZonePlan:
        """Return what is in force for a zone at a stream time; a plan holds for at most a minute."""
        day, minute = wall_time(at_us, self.midnights_us)
        winners: dict[tuple[Measure, tuple[str, ...]], _InForce] = {}
        rule_ids, unlimited = [], []
        for target, place, rule in self._rules_about(zone):
            rule_ids.append(rule.rule_id)
            found = self._capacity(rule, zone, day, minute)
            if found is None:
                continue
            capacity, is_timed = found
            if capacity is None:
                unlimited.append(rule.rule_id)
                continue
            held = _InForce((target, not is_timed, place), rule, capacity)
            asked = (rule.measure, rule.classes)
            winners[asked] = min(winners.get(asked, held), held)
        limits = [limit_of(rule, capacity) for _, rule, capacity in sorted(winners.values(), key=_place)]
        until_us = (at_us // MINUTE_US + 1) * MINUTE_US  # offsets of the zone are whole minutes
        return ZonePlan(
            zone.zone_id, self.rules.version, tuple(limits), frozenset(rule_ids), until_us, tuple(unlimited)
        )

    def asked_of(self, zone: WatchedZone) -> frozenset[Counted]:
        """Return what rules ever count in a zone."""
        return frozenset((rule.measure, frozenset(rule.classes)) for _, _, rule in self._rules_about(zone))

    def is_constant_for(self, span_us: int) -> bool:
        """Tell whether windows open and close at whole multiples of a span only, from local midnight on."""
        return all(minute * MINUTE_US % span_us == 0 for minute in self._edges)

    def _rules_about(self, zone: WatchedZone) -> Iterable[tuple[int, int, Rule]]:
        """Yield the rules for a zone with how far their target is from it, and their place in the document."""
        yield from ((0, *found) for found in self._about.get((zone.zone_id, None, None), ()))
        if zone.municipality is not None:
            yield from ((1, *found) for found in self._about.get((None, zone.kind, zone.municipality), ()))
        yield from ((2, *found) for found in self._about.get((None, zone.kind, None), ()))

    def _capacity(
        self, rule: Rule, zone: WatchedZone, day: int, minute: int
    ) -> tuple[int | None, bool] | None:
        """Return the capacity of a rule that is in force and whether a window or exception says so, else None."""
        # a window of yesterday may still be open; what starts today goes first
        for start_day, start_minute in ((day, minute), (day - 1, minute + 1440)):
            exception = self._exception(rule, start_day)
            windows = rule.windows or None
            if exception is not None and exception.windows is not None:
                windows = exception.windows
            if windows is None:
                is_in_force = start_day == day
            else:
                is_in_force = any(is_open(window, start_day, start_minute) for window in windows)
            if is_in_force:
                capacity = rule.capacity if rule.capacity is not None else zone.capacity
                if exception is not None and exception.capacity is not None:
                    capacity = exception.capacity
                return capacity, windows is not None or exception is not None
        return None

    def _exception(self, rule: Rule, day: int) -> ExceptionDays | None:
        """Return what is different for a rule on a day."""
        return next((found for found in rule.exceptions if day in self._days[found.calendar]), None)


def is_about(rule: Rule, zone: WatchedZone) -> bool:
    """Tell whether a rule can ever be in force for a zone."""
    if rule.zone is not None:
        return rule.zone == zone.zone_id
    return rule.kind == zone.kind and rule.municipality in (None, zone.municipality)


def limit_of(rule: Rule, capacity: int) -> Limit:
    """Return a rule as it holds for a zone in which it allows *capacity*."""
    raise_at, clear_below = levels(capacity, raise_pct=rule.raise_pct, clear_pct=rule.clear_pct)
    return Limit(
        rule_id=rule.rule_id,
        classes=frozenset(rule.classes),
        measure=rule.measure,
        severity=rule.severity,
        capacity=capacity,
        raise_at=raise_at,
        clear_below=clear_below,
        raise_us=rule.raise_s * US_PER_S,
        clear_us=rule.clear_s * US_PER_S,
        rising_pct=rule.rising_pct,
    )


def levels(capacity: int, *, raise_pct: int, clear_pct: int) -> tuple[int, int]:
    """Return from which count a zone is too full, and below which it is over.

    The percentage of the capacity, rounded up; at least 1, so that a capacity of 0 means that the first vehicle
    is too many and that an empty zone is over.
    """
    return max(1, -(-capacity * raise_pct // 100)), max(1, -(-capacity * clear_pct // 100))


def _edges(rule: Rule) -> Iterable[int]:
    """Yield the minutes of the day at which something may begin or end for a rule."""
    for windows in (rule.windows, *(found.windows or () for found in rule.exceptions)):
        for window in windows:
            yield from (window.from_minute, window.to_minute)


def _place(held: _InForce) -> int:
    """Return the place of a rule in its document."""
    return held.rank[2]
