"""Overload alerts computed slowly and obviously: a watch keeps all that it ever saw and looks back through it.

    zone = NaiveZone("zone")
    zone.see(1_000_000, {"rule": (Terms(capacity=10), 9)})
    zone.watches["rule"].state, zone.told

Times are microseconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

US: Final = 1_000_000
HOUR_US: Final = 3_600 * US


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a rule says of one zone; percentages of the capacity, seconds."""

    capacity: int
    raise_pct: int = 90
    clear_pct: int = 80
    raise_s: int = 120
    clear_s: int = 300
    rising_pct: int | None = 50

    def is_too_full(self, count: int) -> bool:
        """Tell whether a count reaches the raise level; an empty zone never does."""
        return count >= 1 and 100 * count >= self.raise_pct * self.capacity

    def is_over(self, count: int) -> bool:
        """Tell whether a count is below the clear level; an empty zone always is."""
        return count == 0 or 100 * count < self.clear_pct * self.capacity


class Told(NamedTuple):
    """A change that was told."""

    rule_id: str
    before: str
    after: str
    cause: str
    since_us: int | None  # beginning of the alert that it is about


@dataclass(frozen=True)
class Moment:
    """One count of a watch, or that there was none."""

    at_us: int
    count: int | None
    is_settling: bool
    is_too_full: bool = False
    is_over: bool = False
    is_kept_quiet: bool = False  # by the last alert

    @property
    def is_proof(self) -> bool:
        """Tell whether the moment can be part of something that lasts."""
        return self.count is not None and not self.is_settling and not self.is_kept_quiet


@dataclass
class NaiveAlert:
    """An alert and what operators did to it; places are those of moments."""

    since_us: int
    raised_us: int
    raised_place: int
    until_us: int | None = None
    cause: str | None = None
    taken_by: str | None = None
    snoozed_us: int | None = None
    snoozed_until_us: int = 0


@dataclass
class NaiveWatch:
    """One rule over one zone."""

    state: str = "no_data"
    moments: list[Moment] = field(default_factory=list)
    alerts: list[NaiveAlert] = field(default_factory=list)
    first_place: int = 0  # moments before it belong to alerts that are over
    is_muted: bool = False
    probability: float | None = None

    @property
    def running(self) -> NaiveAlert | None:
        """Return the alert that has no end yet."""
        return next((alert for alert in self.alerts if alert.until_us is None), None)

    @property
    def peak(self) -> tuple[int, int]:
        """Return the largest count since the last alert was raised, and when it was first seen."""
        counted = [moment for moment in self.moments[self.alerts[-1].raised_place :] if moment.is_proof]
        top = max(moment.count or 0 for moment in counted)
        return top, next(moment.at_us for moment in counted if moment.count == top)

    def lasts_us(self, first_place: int, holds: Callable[[Moment], bool]) -> int:
        """Return how long something held without a break until the last moment, of those from a place on."""
        start_us = self.moments[-1].at_us
        for moment in reversed(self.moments[first_place:]):
            if not (moment.is_proof and holds(moment)):
                break
            start_us = moment.at_us
        return self.moments[-1].at_us - start_us

    def is_kept_quiet(self, at_us: int, *, is_over: bool) -> bool:
        """Tell whether the last alert keeps the watch from raising another one."""
        has_been_free = any(moment.is_proof for moment in self.moments[self.first_place :])
        if not self.alerts or self.running or has_been_free:
            return False
        last = self.alerts[-1]
        until_us = last.until_us or 0
        by_hand = last.cause == "resolved_by_hand"
        return at_us <= until_us or (by_hand and not is_over and at_us - until_us < HOUR_US)

    def end(self, at_us: int, cause: str) -> None:
        """End the running alert."""
        alert = self.alerts[-1]
        alert.until_us, alert.cause = max(at_us, alert.raised_us), cause
        self.state = "resolved"
        self.first_place = len(self.moments)


@dataclass
class NaiveZone:
    """The watches of a zone, and all that was told of them."""

    zone_id: str
    watches: dict[str, NaiveWatch] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    as_of_us: int = 0

    def see(
        self,
        at_us: int,
        counts: Mapping[str, tuple[Terms, int | None]],
        *,
        rule_ids: frozenset[str],
        is_settling: bool = False,
        outlooks: Mapping[str, float] | None = None,
        silenced_until_us: int = 0,
    ) -> None:
        """Take the counts of the rules that are in force; *rule_ids* are those that the rule set has at all."""
        if at_us < self.as_of_us:
            return
        self.as_of_us = at_us
        for rule_id, (terms, count) in counts.items():
            watch = self.watches.setdefault(rule_id, NaiveWatch())
            had_alert = watch.running is not None
            self._judge(rule_id, watch, terms, Moment(at_us, count, is_settling), outlooks)
            alert = watch.running
            is_muted = at_us < max(silenced_until_us, alert.snoozed_until_us if alert else 0)
            if watch.is_muted != is_muted and had_alert and alert:
                self._tell(rule_id, watch.state, "muted" if is_muted else "unmuted", alert, watch)
            watch.is_muted = is_muted
        self._retire(at_us, frozenset(counts), rule_ids, is_settling=is_settling)

    def lose(self, at_us: int, in_force: frozenset[str], rule_ids: frozenset[str]) -> None:
        """Take note that the feed is lost."""
        for rule_id in sorted(in_force):
            watch = self.watches.setdefault(rule_id, NaiveWatch())
            self._take_no_data(rule_id, watch, Moment(at_us, None, is_settling=False))
        self._retire(at_us, in_force, rule_ids, is_settling=False)

    def act(self, kind: str, since_us: int, rule_id: str, at_us: int, until_us: int = 0) -> bool:
        """Let an operator act on the alert of a rule with a beginning; tell whether that could be."""
        watch = self.watches.get(rule_id)
        alert = watch.running if watch else None
        if watch is None or alert is None or alert.since_us != since_us:
            return False
        before = watch.state
        if kind == "acknowledge":
            if alert.taken_by is not None:
                return False
            alert.taken_by = "operator"
            watch.state = "acknowledged" if before == "firing" else before
            self._tell(rule_id, before, "acknowledged", alert, watch)
        elif kind == "snooze":
            if until_us <= at_us or (alert.snoozed_us is not None and at_us <= alert.snoozed_us):
                return False
            alert.snoozed_us, alert.snoozed_until_us = at_us, until_us
            watch.is_muted = watch.is_muted or self.as_of_us < until_us
            self._tell(rule_id, before, "snoozed", alert, watch)
        else:
            watch.end(self.as_of_us, "resolved_by_hand")
            self._tell(rule_id, before, "resolved_by_hand", alert, watch)
        return True

    def _judge(
        self,
        rule_id: str,
        watch: NaiveWatch,
        terms: Terms,
        moment: Moment,
        outlooks: Mapping[str, float] | None,
    ) -> None:
        """Bring a watch to where a moment belongs."""
        if moment.count is None:
            self._take_no_data(rule_id, watch, moment)
            return
        too_full, over = terms.is_too_full(moment.count), terms.is_over(moment.count)
        quiet = not moment.is_settling and watch.is_kept_quiet(moment.at_us, is_over=over)
        watch.moments.append(
            Moment(moment.at_us, moment.count, moment.is_settling, too_full, over, is_kept_quiet=quiet)
        )
        before, alert = watch.state, watch.running
        if moment.is_settling:
            watch.state = self._state_while_settling(watch)
        elif quiet:
            watch.state = "resolved"
        elif alert:
            self._run(watch, alert, terms, is_over=over, at_us=moment.at_us)
        else:
            watch.probability = watch.probability if outlooks is None else outlooks.get(rule_id)
            threshold = 101 if terms.rising_pct is None else terms.rising_pct - 20 * (before == "rising")
            is_rising = watch.probability is not None and 100 * watch.probability >= threshold
            watch.state = "rising" if is_rising else "normal"
            if too_full:
                self._wait(watch, terms, moment.at_us)
        if watch.state != before:
            self._tell(rule_id, before, self._why(watch, before, had_alert=alert is not None), alert, watch)

    @staticmethod
    def _state_while_settling(watch: NaiveWatch) -> str:
        """Return the state that a watch keeps, or comes back to, while vehicles are being seen anew."""
        if watch.state != "no_data":
            return watch.state
        if watch.running:
            return "acknowledged" if watch.running.taken_by else "firing"
        is_free = not watch.alerts or any(moment.is_proof for moment in watch.moments[watch.first_place :])
        return "normal" if is_free else "resolved"

    @staticmethod
    def _run(watch: NaiveWatch, alert: NaiveAlert, terms: Terms, *, is_over: bool, at_us: int) -> None:
        """Let an alert go on, clear or end."""
        watch.state = "acknowledged" if alert.taken_by else "firing"
        if is_over:
            watch.state = "clearing"
            if watch.lasts_us(alert.raised_place, lambda moment: moment.is_over) >= terms.clear_s * US:
                watch.end(at_us, "value")

    @staticmethod
    def _wait(watch: NaiveWatch, terms: Terms, at_us: int) -> None:
        """Wait until a count was too full for long enough, then raise the alert."""
        watch.state = "pending"
        full_us = watch.lasts_us(watch.first_place, lambda moment: moment.is_too_full)
        if full_us >= terms.raise_s * US:
            watch.state, watch.probability = "firing", None
            watch.alerts.append(NaiveAlert(at_us - full_us, at_us, len(watch.moments) - 1))

    def _take_no_data(self, rule_id: str, watch: NaiveWatch, moment: Moment) -> None:
        """Take note that nothing is known."""
        before, watch.state, watch.probability = watch.state, "no_data", None
        watch.moments.append(moment)
        if before != "no_data":
            self._tell(rule_id, before, "feed_lost", watch.running, watch)

    def _retire(
        self, at_us: int, in_force: frozenset[str], rule_ids: frozenset[str], *, is_settling: bool
    ) -> None:
        """End what runs for rules that are not in force, and forget watches once their end is past."""
        for rule_id, watch in list(self.watches.items()):
            if rule_id in in_force:
                continue
            alert = watch.running
            if alert and is_settling:
                watch.moments.append(Moment(at_us, None, is_settling=True))
            elif alert:
                before, cause = watch.state, "not_in_force" if rule_id in rule_ids else "rule_removed"
                watch.end(at_us, cause)
                self._tell(rule_id, before, cause, alert, watch)
            elif not watch.alerts or self.as_of_us > (watch.alerts[-1].until_us or 0):
                del self.watches[rule_id]

    @staticmethod
    def _why(watch: NaiveWatch, before: str, *, had_alert: bool) -> str:
        """Return why a count changed the state of a watch."""
        if watch.running and not had_alert:
            return "value"
        if before == "no_data":
            return "feed_back"
        if before == "resolved" and watch.alerts and watch.alerts[-1].cause == "resolved_by_hand":
            return "rearmed"
        return "forecast" if {before, watch.state} == {"normal", "rising"} else "value"

    def _tell(
        self, rule_id: str, before: str, cause: str, alert: NaiveAlert | None, watch: NaiveWatch
    ) -> None:
        """Note a change; *alert* is the one that ran before it, if any."""
        about = alert or watch.running
        self.told.append(Told(rule_id, before, watch.state, cause, about.since_us if about else None))
