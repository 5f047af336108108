"""What-if: when rules would have fired over a history of slot cells.

The history is that of `live.zone_flow`: per zone, slot and class the dwell and the entries. `present` and `silent`
are not kept, so this is an approximation:

- The count of rules on vehicles, with or without the silent ones, is the mean occupancy of the slot (dwell / length)
  of their classes, rounded to whole vehicles, from the start of the slot to its end. It is near `present_and_silent`;
  for `present` it is too high where vehicles stand silent for long.
- Peaks shorter than a slot are levelled out, so short overloads are missed or come out smaller.
- The count of rules on entries is that of the last whole slot, so they fire up to a slot later than they did; in
  the first slot after a gap it is not known.
- The dwell of a vehicle is known once it moved on: a slot that is not final counts too little.
- Rules are judged once a minute; nobody acknowledges, snoozes or resolves, and nothing is forecast.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int64Array
from processors.overload.engine import ZoneStep, lose_feed, step_counts
from processors.overload.plan import Limit, Planner, WatchedZone, is_about
from processors.overload.rules import Measure, RuleSet
from processors.overload.watch import Alert, AlertState, Transition, Watch, ZoneState
from processors.overload.week import wall_time
from processors.units import MINUTE_US, US_PER_S
from processors.vocabulary import VEHICLE_CLASSES

SETTLING_MINUTES: Final = 5


class ZoneHistory(NamedTuple):
    """The slots of one zone in order of time. Slots that are left out, or NaN, are no data: zeros are to be told."""

    zone: WatchedZone
    slot_start_us: Int64Array  # shape (slots,)
    occupancy: Float64Array  # shape (slots, classes): mean vehicles, classes as in VEHICLE_CLASSES
    entries: Int64Array  # shape (slots, classes)


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
    zones: int  # that the rule is about
    zones_fired: int
    firings: int
    fired_s: float  # from the beginnings of its alerts to their ends, added up
    longest_s: float


class _Series:
    """What rules count in one zone, slot by slot."""

    def __init__(self, history: ZoneHistory, slot_us: int) -> None:
        """Take the history; counts are made when a rule first asks for them."""
        self._history = history
        self._slot_us = slot_us
        self._counts: dict[str, list[int]] = {}

    def count(self, limit: Limit, place: int) -> int | None:
        """Return what a rule counts in a slot, None where it is not known."""
        if limit.series not in self._counts:
            self._counts[limit.series] = self._all_counts(limit)
        count = self._counts[limit.series][place]
        return None if count < 0 else count

    def _all_counts(self, limit: Limit) -> list[int]:
        """Return the counts of all slots, -1 where one is not known."""
        chosen = [place for place, name in enumerate(VEHICLE_CLASSES) if name in limit.classes]
        if limit.measure is Measure.ENTRIES_PER_SLOT:
            return self._last_entries(chosen)
        occupancy = self._history.occupancy[:, chosen].sum(axis=1)
        return np.where(np.isnan(occupancy), -1, np.floor(occupancy + 0.5)).astype(np.int64).tolist()

    def _last_entries(self, chosen: list[int]) -> list[int]:
        """Return the entries of the slot that ended where each one begins, -1 where that has no data."""
        _, start_us, occupancy, entries = self._history
        is_known = np.isfinite(occupancy[:-1].sum(axis=1)) & (np.diff(start_us) == self._slot_us)
        return [-1, *np.where(is_known, entries[:-1, chosen].sum(axis=1), -1).tolist()]


def replay(
    rules: RuleSet, histories: Sequence[ZoneHistory], slot_s: int, midnights_us: Int64Array
) -> list[Firing]:
    """Run the engine over histories; return every alert in order of its beginning, zone and rule."""
    planner = Planner(rules, midnights_us)
    firings = [
        firing
        for history in histories
        for firing in _zone_firings(planner, history, slot_s * US_PER_S, midnights_us)
    ]
    return sorted(firings, key=lambda firing: (firing.since_us, firing.zone_id, firing.rule_id))


def _zone_firings(
    planner: Planner, history: ZoneHistory, slot_us: int, midnights_us: Int64Array
) -> Iterator[Firing]:
    """Yield the alerts of one zone."""
    state = ZoneState(history.zone.zone_id)
    for after, transitions in _steps(planner, history, slot_us, midnights_us):
        state = after
        for change in transitions:
            if change.alert is not None and change.alert.until_us is not None:
                yield _firing(change, change.alert, change.alert.until_us)
    end_us = int(history.slot_start_us[-1]) + slot_us if history.slot_start_us.size else 0
    for watch in state.watches.values():
        if (alert := watch.running) is not None:
            yield _firing(watch, alert, end_us)


def _steps(
    planner: Planner, history: ZoneHistory, slot_us: int, midnights_us: Int64Array
) -> Iterator[ZoneStep]:
    """Yield the zone minute by minute, but only once a slot where nothing is about to happen."""
    state = ZoneState(history.zone.zone_id)
    series = _Series(history, slot_us)
    is_known = np.isfinite(history.occupancy.sum(axis=1)).tolist()
    seen_until_us = None
    for place, start_us in enumerate(history.slot_start_us.tolist()):
        if seen_until_us not in (None, start_us) or not is_known[place]:
            lost_us = start_us if seen_until_us is None else seen_until_us
            step = lose_feed(state, planner.plan(history.zone, lost_us), lost_us)
            state = step.state
            yield step
        if not is_known[place]:
            continue
        seen_until_us = start_us + slot_us
        for now_us in range(start_us, seen_until_us, MINUTE_US):
            step = _minute(planner, history.zone, state, series, place, now_us, midnights_us)
            state = step.state
            yield step
            if (
                _is_calm(state)
                and planner.is_constant_for(slot_us)
                and not _is_settling(now_us, midnights_us)
            ):
                break


def _minute(
    planner: Planner,
    zone: WatchedZone,
    state: ZoneState,
    series: _Series,
    place: int,
    now_us: int,
    midnights_us: Int64Array,
) -> ZoneStep:
    """Judge a slot at one minute of it."""
    plan = planner.plan(zone, now_us)
    counts = [series.count(limit, place) for limit in plan.limits]
    return step_counts(state, plan, counts, now_us, is_settling=_is_settling(now_us, midnights_us))


def _is_settling(now_us: int, midnights_us: Int64Array) -> bool:
    """Tell whether the engine would have raised nothing then."""
    return wall_time(now_us, midnights_us)[1] < SETTLING_MINUTES


def _is_calm(state: ZoneState) -> bool:
    """Tell whether the same counts change nothing for the rest of a slot."""
    return all(watch.state is AlertState.NORMAL for watch in state.watches.values())


def _firing(of: Watch | Transition, alert: Alert, until_us: int) -> Firing:
    """Return an alert as a firing."""
    return Firing(
        zone_id=of.zone_id,
        rule_id=of.rule_id,
        since_us=alert.since_us,
        raised_us=alert.raised_us,
        until_us=until_us,
        is_over=alert.until_us is not None,
        peak_value=alert.peak_value,
        capacity=of.capacity or 0,
    )


def summaries(rules: RuleSet, zones: Sequence[WatchedZone], firings: Sequence[Firing]) -> list[RuleSummary]:
    """Return a line for each rule in the order of the set, also for those that never fired."""
    lines = []
    for rule in rules.rules:
        own = [firing for firing in firings if firing.rule_id == rule.rule_id]
        lasted_s = [(firing.until_us - firing.since_us) / US_PER_S for firing in own]
        lines.append(
            RuleSummary(
                rule_id=rule.rule_id,
                zones=sum(is_about(rule, zone) for zone in zones),
                zones_fired=len({firing.zone_id for firing in own}),
                firings=len(own),
                fired_s=sum(lasted_s),
                longest_s=max(lasted_s, default=0.0),
            )
        )
    return lines
