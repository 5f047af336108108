"""The engine against the plain reference, over whatever sequence of counts, losses, changes and deeds."""

import os
from collections.abc import Mapping
from typing import Final

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from naive.overload import NaiveAlert, NaiveZone, Terms
from processors.overload.actions import Action, ActionKind, act
from processors.overload.engine import Outlook, ZoneStep, lose_feed, step
from processors.overload.observation import SlotEntries, ZoneObservation, ZoneRow
from processors.overload.plan import Limit, ZonePlan, limit_of
from processors.overload.rules import Measure, Rule
from processors.overload.watch import AlertState, Cause, Transition, Watch, ZoneState, alert_id

IS_SOAK: Final = os.environ.get("DULS_TEST_SOAK") == "1"
US: Final = 1_000_000
START_US: Final = 1_795_000_000 * US
RULES: Final = {
    "all": (("N1", "N2", "N3"), Measure.PRESENT),
    "trucks": (("N2", "N3"), Measure.PRESENT_AND_SILENT),
    "in": (("N1", "N3"), Measure.ENTRIES_PER_SLOT),
}

terms = st.builds(
    Terms,
    capacity=st.integers(0, 12),
    raise_pct=st.sampled_from([50, 90, 110]),
    clear_pct=st.sampled_from([20, 49]),
    raise_s=st.sampled_from([0, 60, 120]),
    clear_s=st.sampled_from([0, 120, 300]),
    rising_pct=st.sampled_from([None, 30, 50]),
)
rows = st.lists(
    st.builds(
        ZoneRow,
        st.sampled_from(["N1", "N2", "N3", "M1"]),
        st.sampled_from(["yes", "no"]),
        st.integers(0, 6),
        st.integers(0, 3),
    ),
    max_size=4,
).map(tuple)
slots = st.dictionaries(st.sampled_from(["N1", "N2", "N3"]), st.integers(0, 12))
entries = st.none() | st.builds(SlotEntries, last=slots, running=slots)
probabilities = st.none() | st.dictionaries(st.sampled_from(sorted(RULES)), st.sampled_from([0.2, 0.35, 0.6]))
# from one update to the next, the durations of the rules, and the hour after an end by hand
steps_s = st.sampled_from([0, 1, 30, 60, 120, 300, 3_600])


class OverloadMachine(RuleBasedStateMachine):
    """One zone, its rules, its operators and its feed."""

    def __init__(self) -> None:
        """Begin without rules, counts or alerts."""
        super().__init__()
        self.now_us = START_US
        self.state = ZoneState("zone")
        self.naive = NaiveZone("zone")
        self.transitions: list[Transition] = []
        self.terms: dict[str, Terms] = {}
        self.rule_ids: frozenset[str] = frozenset()
        self.silenced_until_us = 0
        self.seen = ZoneObservation(())

    @initialize(given=st.dictionaries(st.sampled_from(sorted(RULES)), terms, min_size=1))
    def begin(self, given: dict[str, Terms]) -> None:
        """Put some rules in force."""
        self.terms = given
        self.rule_ids = frozenset(RULES)

    @rule(seconds=steps_s, rows=rows, entries=entries, settling=st.sampled_from([False, False, False, True]))
    def count(
        self, seconds: int, rows: tuple[ZoneRow, ...], entries: SlotEntries | None, *, settling: bool
    ) -> None:
        """See new counts after a while."""
        self.seen = ZoneObservation(rows, settling, entries)
        self._step(seconds, None)

    @rule(seconds=steps_s, times=st.integers(1, 4), probabilities=probabilities)
    def go_on(self, seconds: int, times: int, probabilities: dict[str, float] | None) -> None:
        """See the same counts for some time, with another outlook."""
        for _ in range(times):
            self._step(seconds, probabilities)

    @rule(seconds=st.integers(0, 100))
    def lose(self, seconds: int) -> None:
        """Lose the feed; the clock of the caller may be ahead of stream time."""
        at_us = self.now_us + seconds * US
        self._note(lose_feed(self.state, self._plan(), at_us))
        self.naive.lose(at_us, frozenset(self.terms), self.rule_ids)

    @rule(name=st.sampled_from(sorted(RULES)), given=terms)
    def change_rule(self, name: str, given: Terms) -> None:
        """Change what a rule says, or bring it into force again."""
        self.terms[name] = given
        self.rule_ids |= {name}

    @rule(name=st.sampled_from(sorted(RULES)), removed=st.booleans())
    def end_rule(self, name: str, *, removed: bool) -> None:
        """Let the time of a rule end, or remove it."""
        self.terms.pop(name, None)
        if removed:
            self.rule_ids -= {name}

    @rule(seconds=st.integers(0, 400))
    def silence(self, seconds: int) -> None:
        """Silence the zone for planned works, or stop that."""
        self.silenced_until_us = self.now_us + seconds * US

    @precondition(lambda self: self._running())
    @rule(data=st.data(), kind=st.sampled_from(sorted(ActionKind)), seconds=st.integers(-1, 200))
    def act_on_running(self, data: st.DataObject, kind: ActionKind, seconds: int) -> None:
        """Act on a running alert, now and then twice."""
        rule_id, alert = data.draw(st.sampled_from(sorted(self._running().items(), key=lambda item: item[0])))
        self._act(kind, rule_id, alert.since_us, seconds)
        if data.draw(st.booleans()):
            self._act(kind, rule_id, alert.since_us, seconds)

    @rule(kind=st.sampled_from(sorted(ActionKind)), name=st.sampled_from(sorted(RULES)))
    def act_on_another(self, kind: ActionKind, name: str) -> None:
        """Act on an alert that does not run."""
        self._act(kind, name, self.now_us + 1, 60)

    @rule(seconds=st.integers(1, 50))
    def see_the_past(self, seconds: int) -> None:
        """See counts that are older than the last ones: nothing changes."""
        if self.now_us - seconds * US >= self.state.as_of_us:
            return

        assert (self.state, ()) == step(self.state, self._plan(), self.seen, self.now_us - seconds * US)

    @rule()
    def restart(self) -> None:
        """Bring the state to a database and back."""
        self.state = msgspec.json.decode(msgspec.json.encode(self.state), type=ZoneState)

    @invariant()
    def agrees(self) -> None:
        """The state of every watch is that of the reference."""
        assert {name: shown(watch) for name, watch in self.state.watches.items()} == {
            name: (
                watch.state,
                watch.is_muted,
                *shown_alert(watch.running, watch.peak if watch.running else None),
            )
            for name, watch in self.naive.watches.items()
        }

    @invariant()
    def tells_the_same(self) -> None:
        """So is everything that was told, in its order for each rule."""
        for name in RULES:
            assert [told for told in self.naive.told if told.rule_id == name] == [
                (
                    change.rule_id,
                    change.before,
                    change.after,
                    change.cause,
                    change.alert and change.alert.since_us,
                )
                for change in self.transitions
                if change.rule_id == name
            ]

    @invariant()
    def raises_once_and_clears_what_was_raised(self) -> None:
        """No two alerts of a rule run at once, none ends that did not run, and no id comes twice."""
        for name in RULES:
            running: str | None = None
            ids: set[str] = set()
            for change in (change for change in self.transitions if change.rule_id == name):
                alert = change.alert
                if change.cause is Cause.VALUE and change.after is AlertState.FIRING and running is None:
                    assert alert is not None
                    assert alert.alert_id == alert_id("zone", name, alert.since_us)
                    assert alert.alert_id not in ids
                    running = alert.alert_id
                    ids.add(running)
                else:
                    assert running == (alert and alert.alert_id)
                if alert is not None and alert.until_us is not None:
                    assert change.after is AlertState.RESOLVED
                    running = None

    @invariant()
    def tells_in_order(self) -> None:
        """Each change begins where the last one ended, and not before it."""
        for name in RULES:
            state, at_us = AlertState.NO_DATA, 0
            for change in (change for change in self.transitions if change.rule_id == name):
                assert change.before in (state, AlertState.NO_DATA)  # where it begins anew after its rule did
                assert change.before is AlertState.NO_DATA or at_us <= change.at_us
                state, at_us = change.after, change.at_us

    def _step(self, seconds: int, probabilities: Mapping[str, float] | None) -> None:
        """Let time pass, and both see the same."""
        self.now_us += seconds * US
        outlooks = None
        if probabilities is not None:
            outlooks = {name: Outlook(0.0, given, None) for name, given in probabilities.items()}
        self._note(
            step(
                self.state,
                self._plan(),
                self.seen,
                self.now_us,
                outlooks=outlooks,
                silenced_until_us=self.silenced_until_us,
            )
        )
        self.naive.see(
            self.now_us,
            {name: (given, self._count(name)) for name, given in self.terms.items()},
            rule_ids=self.rule_ids,
            is_settling=self.seen.settling,
            outlooks=probabilities,
            silenced_until_us=self.silenced_until_us,
        )

    def _note(self, after: ZoneStep) -> None:
        """Keep a step."""
        self.state = after.state
        self.transitions += after.transitions

    def _act(self, kind: ActionKind, rule_id: str, since_us: int, seconds: int) -> None:
        """Let an operator act."""
        until_us = self.now_us + seconds * US
        action = Action(
            kind=kind,
            alert_id=alert_id("zone", rule_id, since_us),
            by="operator",
            at_us=self.now_us,
            note="it is solved",
            until_us=until_us,
        )
        result = act(self.state, action)
        self.state = result.state
        self.transitions += result.transitions

        assert self.naive.act(kind, since_us, rule_id, self.now_us, until_us) == (result.refusal is None)

    def _plan(self) -> ZonePlan:
        """Return the plan of the terms."""
        limits = tuple(limit(name, given) for name, given in self.terms.items())
        return ZonePlan("zone", 1, limits, self.rule_ids | self.terms.keys(), self.now_us)

    def _count(self, name: str) -> int | None:
        """Count what a rule counts, from its definition."""
        classes, measure = RULES[name]
        if measure is Measure.ENTRIES_PER_SLOT:
            given = self.seen.entries
            if given is None:
                return None
            return max(sum(slot.get(wanted, 0) for wanted in classes) for slot in given)
        chosen = [row for row in self.seen.rows if row.vehicle_class in classes]
        silent = sum(row.silent for row in chosen) if measure is Measure.PRESENT_AND_SILENT else 0
        return sum(row.present for row in chosen) + silent

    def _running(self) -> dict[str, NaiveAlert]:
        """Return the alerts that run."""
        found = {name: watch.running for name, watch in self.naive.watches.items()}
        return {name: alert for name, alert in found.items() if alert is not None}


def limit(name: str, given: Terms) -> Limit:
    """Return the limit of a rule with these terms."""
    classes, measure = RULES[name]
    return limit_of(
        Rule(
            rule_id=name,
            zone="zone",
            classes=classes,
            measure=measure,
            raise_pct=given.raise_pct,
            clear_pct=given.clear_pct,
            raise_s=given.raise_s,
            clear_s=given.clear_s,
            rising_pct=given.rising_pct,
        ),
        given.capacity,
    )


def shown(watch: Watch) -> tuple[object, ...]:
    """Return what the reference knows of a watch."""
    alert = watch.running
    if alert is None:
        return (watch.state, watch.muted, None)
    return (
        watch.state,
        watch.muted,
        (alert.since_us, alert.raised_us, alert.acknowledged_by, alert.snoozed_until_us),
        (alert.peak_value, alert.peak_us),
    )


def shown_alert(alert: NaiveAlert | None, peak: tuple[int, int] | None) -> tuple[object, ...]:
    """Return the same of the reference."""
    if alert is None:
        return (None,)
    return ((alert.since_us, alert.raised_us, alert.taken_by, alert.snoozed_until_us), peak)


TestOverload = OverloadMachine.TestCase
TestOverload.settings = settings(max_examples=3_000 if IS_SOAK else 100, stateful_step_count=40)
