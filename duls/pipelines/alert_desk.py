"""The zones that this process watches: judged at every message, what changed kept for the next flush.

Everything here is a function of the messages in their order, of the city and of what operators did; the clock is
stream time. Most zones are calm most of the time, so only those are judged whose counts changed or in which time
alone may change something.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from duls.pipelines.alert_city import AlertCity, CityZone, Silences
from duls.pipelines.feed_loss import ALL_LOST, FeedLoss
from duls.pipelines.zone_sums import ZoneSums
from processors.overload.actions import Action, act
from processors.overload.engine import Outlook, ZoneStep, lose_feed, step_counts
from processors.overload.observation import NO_ENTRIES, SlotEntries, ZoneObservation, value_of
from processors.overload.paging import pages_due, waiting_alerts
from processors.overload.plan import Limit, ZonePlan
from processors.overload.watch import AlertState, Cause, Transition, Watch, ZoneState

CALM: Final = frozenset(
    {
        AlertState.NORMAL,
        AlertState.RISING,
        AlertState.FIRING,
        AlertState.ACKNOWLEDGED,
        AlertState.NO_DATA,
    }
)
"""States that do not change while the count stays."""
TOO_FULL: Final = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED})
SAME_COUNT: Final = frozenset({"value", "capacity", "probability_15", "probability_30", "expected_us"})


class Page(NamedTuple):
    """Somebody is to be told of alerts of one zone."""

    zone_id: str
    alert_ids: tuple[str, ...]
    at_us: int


class HandledDeed(NamedTuple):
    """An action that was taken in."""

    action_id: UUID
    refusal: str | None


class DeskChanges(NamedTuple):
    """What changed since the last time, for a flush."""

    told: Sequence[Transition | Page]  # in their order
    watches: Mapping[tuple[str, str], Watch | None]  # by zone and rule; None: not in force any more
    handled: Sequence[HandledDeed]


class DeskOptions(NamedTuple):
    """How the desk judges."""

    page_interval_us: int = 600_000_000


class AlertDesk:
    """States of zones, and what changed of them.

    Args:
        city: zones and rules.
        sums: what is in the zones; the caller feeds it.
        is_ours: which zones are watched here.
        options: how to judge.
        on_counts: told of every zone that is judged: its limits, the count of each (None: not known), stream time.
    """

    def __init__(
        self,
        city: AlertCity,
        sums: ZoneSums,
        is_ours: Callable[[str], bool],
        options: DeskOptions,
        *,
        on_counts: Callable[[str, Sequence[Limit], Sequence[int | None], int], None] | None = None,
    ) -> None:
        self.city = city
        self.states: dict[str, ZoneState] = {}
        self.plans: dict[str, ZonePlan] = {}
        self.loss = ALL_LOST
        self.paged: dict[str, int] = {}  # when the page for an alert that runs was due
        self.pages: dict[str, int] = {}  # when a zone paged last
        self.seen: dict[str, tuple[Limit, ZoneObservation]] = {}  # what made alerts up while too full
        self._sums = sums
        self.outdated: set[str] = set()  # zones of which the state topic tells something else
        self.in_haste: set[str] = set()  # those of them in which a state changed
        self._is_ours = is_ours
        self._options = options
        self._on_counts = on_counts
        self._silences: Mapping[str, Silences] = {}
        self._entries: Mapping[str, SlotEntries] | None = None
        self._outlooks: Mapping[str, Mapping[str, Outlook]] | None = None
        self._busy: set[str] = set()
        self._due: set[str] = set()  # to be judged at the next message, whatever changed
        self._is_all_due = True
        self._plans_until_us = 0
        self._was_settling = False
        self._told: list[Transition | Page] = []
        self._changed: dict[tuple[str, str], Watch | None] = {}
        self._handled: list[HandledDeed] = []
        self._is_urgent = False

    def restore(
        self, states: Iterable[ZoneState], paged: Mapping[str, int], pages: Mapping[str, int]
    ) -> None:
        """Go on from what was stored."""
        for state in states:
            self.states[state.zone_id] = state
            self._look_after(state.zone_id, state)
        self.paged.update(paged)
        self.pages.update(pages)

    def change_city(self, city: AlertCity) -> None:
        """Go over to other zones or rules; alerts of rules that are gone end at the next message."""
        self.city = city
        self.plans.clear()
        self._is_all_due = True

    def change_silences(self, silences: Mapping[str, Silences]) -> None:
        """Go over to other silences."""
        self._due.update(silences.keys() | self._silences.keys())
        self._silences = silences

    def change_entries(self, entries: Mapping[str, SlotEntries] | None) -> None:
        """Take in entries by zone, None where they are not known."""
        before = self._entries or {}
        after = entries or {}
        if (self._entries is None) is not (entries is None):
            self._is_all_due = True
        self._due.update(zone for zone in before.keys() | after.keys() if before.get(zone) != after.get(zone))
        self._entries = entries

    def change_outlooks(self, outlooks: Mapping[str, Mapping[str, Outlook]]) -> None:
        """Take in forecasts by zone and rule."""
        self._outlooks = outlooks
        self._is_all_due = True

    def judge(
        self, changed: Iterable[str], loss: FeedLoss, *, skip: Callable[[str], bool] | None = None
    ) -> None:
        """Judge the zones of which something may have changed, at the stream time of the sums.

        Args:
            changed: zones whose counts changed.
            loss: which feeds are lost.
            skip: zones that have seen this message before.
        """
        now_us = self._sums.as_of_us
        changed = frozenset(zone_id for zone_id in changed if self._is_ours(zone_id))
        self.outdated.update(changed)
        if loss != self.loss or self._sums.is_settling is not self._was_settling:
            self.loss, self._was_settling = loss, self._sums.is_settling
            self._is_all_due = True
            self.outdated.update(self._zones())
        zones = self._zones_to_judge(changed, now_us)
        for zone_id in sorted(zones):  # so that the log says the same whenever it is written
            if skip is None or not skip(zone_id):
                self._judge_zone(zone_id, now_us)
        self._outlooks = None

    def judge_all(self) -> None:
        """Judge every zone at the next message."""
        self._is_all_due = True

    def lose_everything(self, now_us: int) -> None:
        """Say that nothing is known of any zone: no message comes any more."""
        if self.loss != ALL_LOST:
            self.outdated.update(self._zones())
        self.loss = ALL_LOST
        self._is_all_due = True
        self.lose(self._zones(), now_us)

    def lose(self, zones: Iterable[str], now_us: int) -> None:
        """Say that nothing is known of some zones; whatever has to last begins anew."""
        for zone_id in zones:
            state = self.states.get(zone_id) or ZoneState(zone_id)
            self._take(state, lose_feed(state, self._plan(zone_id, now_us), now_us), now_us)

    def act(self, action_id: UUID, zone_id: str, action: Action) -> None:
        """Let an operator's action take effect, or refuse it."""
        state = self.states.get(zone_id) or ZoneState(zone_id)
        after, transitions, refusal = act(state, action)
        if refusal is None:
            self._take(state, ZoneStep(after, transitions), after.as_of_us)
        self._handled.append(HandledDeed(action_id, refusal))
        self._is_urgent = True

    def observation(self, zone_id: str) -> ZoneObservation:
        """Return what is seen of a zone."""
        entries = None if self._entries is None else self._entries.get(zone_id, NO_ENTRIES)
        return ZoneObservation(self._sums.rows(zone_id), self._sums.is_settling, entries)

    def limit(self, zone_id: str, rule_id: str) -> Limit | None:
        """Return a rule as it is in force in a zone, None where it is not."""
        plan = self.plans.get(zone_id)
        limits = () if plan is None else plan.limits
        return next((limit for limit in limits if limit.rule_id == rule_id), None)

    @property
    def has_changes(self) -> bool:
        """Tell whether there is something to store."""
        return bool(self._told or self._changed or self._handled)

    @property
    def waiting(self) -> int:
        """Return how many changes are to be told at the next flush."""
        return len(self._told)

    @property
    def is_urgent(self) -> bool:
        """Tell whether somebody waits for what changed."""
        return self._is_urgent

    def drain(self) -> DeskChanges:
        """Return what changed since the last time, and forget it."""
        changes = DeskChanges(self._told, self._changed, self._handled)
        self._told, self._changed, self._handled = [], {}, []
        self._is_urgent = False
        return changes

    def _zones(self) -> list[str]:
        """Return the zones that are watched here, and those of which something is left to end."""
        return [zone_id for zone_id in {**self.city.zones, **self.states} if self._is_ours(zone_id)]

    def _zones_to_judge(self, changed: frozenset[str], now_us: int) -> Iterable[str]:
        """Return the zones of which something may have changed."""
        if self._is_all_due or now_us >= self._plans_until_us:
            self._is_all_due = False
            self._due.clear()
            self._plans_until_us = 0
            return self._zones()
        zones = changed | self._busy | {zone_id for zone_id in self._due if self._is_ours(zone_id)}
        self._due = set()
        return zones

    def _judge_zone(self, zone_id: str, now_us: int) -> None:
        """Judge one zone."""
        state = self.states.get(zone_id) or ZoneState(zone_id)
        plan = self._plan(zone_id, now_us)
        seen = self.observation(zone_id)
        counts = [None if self.loss.hides(limit.measure) else value_of(limit, seen) for limit in plan.limits]
        if self._on_counts is not None:
            known = [None] * len(counts) if seen.settling else counts
            self._on_counts(zone_id, plan.limits, known, now_us)
        silences = self._silences.get(zone_id)
        step = step_counts(
            state,
            plan,
            counts,
            now_us,
            is_settling=seen.settling,
            outlooks=None if self._outlooks is None else self._outlooks.get(zone_id, {}),
            silenced_until_us=0 if silences is None else silences.until_us(now_us),
        )
        self._take(state, step, now_us)
        self._remember(state, step.state, plan, seen)

    def _remember(self, before: ZoneState, after: ZoneState, plan: ZonePlan, seen: ZoneObservation) -> None:
        """Keep what was seen of a zone that is too full, for the reason of its alert."""
        for limit in plan.limits:
            watch = after.watches[limit.rule_id]
            alert = watch.running
            if (
                alert is not None
                and watch.state in TOO_FULL
                and watch is not before.watches.get(limit.rule_id)
            ):
                self.seen[alert.alert_id] = (limit, seen)

    def _plan(self, zone_id: str, now_us: int) -> ZonePlan:
        """Return what is in force in a zone; nothing where the zone is gone."""
        plan = self.plans.get(zone_id)
        if plan is None or now_us >= plan.until_us:
            zone = self.city.zones.get(zone_id)
            if zone is None:
                plan = ZonePlan(
                    zone_id, self.city.planner.rules.version, (), frozenset(), now_us + 60_000_000
                )
            else:
                plan = self.city.planner.plan(zone.watched, now_us)
            self.plans[zone_id] = plan
        until_us = self._plans_until_us
        self._plans_until_us = min(until_us, plan.until_us) if until_us else plan.until_us
        return plan

    def _take(self, before: ZoneState, step: ZoneStep, now_us: int) -> None:
        """Keep a zone after a step, and note what changed."""
        after, transitions = step
        zone_id = after.zone_id
        self.states[zone_id] = after
        for rule_id, watch in after.watches.items():
            if watch is not before.watches.get(rule_id):
                self._note(before.watches.get(rule_id), watch)
        for rule_id in before.watches.keys() - after.watches.keys():
            self._changed[zone_id, rule_id] = None
        if transitions:
            self._told.extend(transitions)
            self.outdated.add(zone_id)
            self.in_haste.add(zone_id)
            self._follow(transitions)
        self._look_after(zone_id, after)
        if zone_id in self._busy:
            self._page(zone_id, after, now_us)
        if not after.watches and zone_id not in self.city.zones:
            del self.states[zone_id]

    def _note(self, before: Watch | None, watch: Watch) -> None:
        """Note a watch for the next flush, unless only the count of a zone without an alert changed."""
        self.outdated.add(watch.zone_id)
        is_shown = watch.running is not None or watch.state is AlertState.RISING
        if before is None or is_shown or _is_other(before, watch):
            self._changed[watch.zone_id, watch.rule_id] = watch

    def _follow(self, transitions: Sequence[Transition]) -> None:
        """Note what transitions mean for pages, and whether somebody waits for them."""
        for change in transitions:
            if change.alert is None:
                self._is_urgent |= AlertState.NO_DATA in (change.before, change.after)
                continue
            self._is_urgent = True
            if change.cause is Cause.UNMUTED or change.alert.until_us is not None:
                self.paged.pop(change.alert.alert_id, None)

    def _look_after(self, zone_id: str, state: ZoneState) -> None:
        """Note whether time alone may change something in a zone."""
        watches = state.watches.values()
        is_busy = zone_id in self._silences or any(
            watch.state not in CALM or watch.muted for watch in watches
        )
        if is_busy or any(alert.alert_id not in self.paged for alert in waiting_alerts(watches)):
            self._busy.add(zone_id)
        else:
            self._busy.discard(zone_id)

    def _page(self, zone_id: str, state: ZoneState, now_us: int) -> None:
        """Page somebody for the alerts of a zone, where that is due."""
        due = pages_due(
            state.watches.values(),
            self.paged.keys(),
            self.pages.get(zone_id),
            now_us,
            self._options.page_interval_us,
        )
        if due:
            self.pages[zone_id] = now_us
            self.paged.update((alert.alert_id, now_us) for alert in due)
            self._told.append(Page(zone_id, tuple(alert.alert_id for alert in due), now_us))
            self._is_urgent = True
            self._look_after(zone_id, state)

    def zone(self, zone_id: str) -> CityZone | None:
        """Return a zone of the city, None where it is gone."""
        return self.city.zones.get(zone_id)


def _is_other(before: Watch, after: Watch) -> bool:
    """Tell whether more than the count of a watch changed."""
    return any(
        getattr(before, name) != getattr(after, name)
        for name in Watch.__struct_fields__
        if name not in SAME_COUNT
    )
