"""What the engine does in cases that chance seldom finds, one by one."""

from typing import Final

import pytest
from msgspec.structs import replace

from processors.overload.actions import Action, ActionKind, Refusal, act
from processors.overload.engine import Outlook, lose_feed, step_counts
from processors.overload.plan import ZonePlan, limit_of
from processors.overload.rules import Measure, Rule, Severity
from processors.overload.watch import Alert, AlertState, Cause, Transition, Watch, ZoneState, ended

S: Final = 1_000_000
RULE: Final = Rule(rule_id="rule", zone="zone", classes=("N1",), measure=Measure.PRESENT, capacity=10)


class Zone:
    """A zone with one rule, stepped by seconds."""

    def __init__(self, rule: Rule = RULE) -> None:
        """Begin with nothing seen."""
        self.limits = (limit_of(rule, rule.capacity or 0),)
        self.rule_ids = frozenset({"rule"})
        self.state = ZoneState("zone")

    @property
    def plan(self) -> ZonePlan:
        """The plan that holds."""
        return ZonePlan("zone", 1, self.limits, self.rule_ids, 0)

    @property
    def watch(self) -> Watch:
        """The watch of the rule."""
        return self.state.watches["rule"]

    def see(
        self,
        at_s: int,
        count: int,
        *,
        is_settling: bool = False,
        silenced_until_s: int = 0,
        outlook: Outlook | None = None,
    ) -> tuple[Transition, ...]:
        """See a count; return what is told."""
        after = step_counts(
            self.state,
            self.plan,
            [count for _ in self.limits],
            at_s * S,
            is_settling=is_settling,
            outlooks=None if outlook is None else {"rule": outlook},
            silenced_until_us=silenced_until_s * S,
        )
        self.state = after.state
        return after.transitions

    def lose(self, at_s: int) -> tuple[Transition, ...]:
        """Lose the feed."""
        after = lose_feed(self.state, self.plan, at_s * S)
        self.state = after.state
        return after.transitions

    def act(self, kind: ActionKind, at_s: int, **fields: object) -> Refusal | None:
        """Act on the alert that runs."""
        assert self.watch.alert is not None
        given = {"note": "seen", "until_us": None} | fields
        action = Action(kind=kind, alert_id=self.watch.alert.alert_id, by="ann", at_us=at_s * S, **given)  # type: ignore[arg-type]  # what a test gives
        result = act(self.state, action)
        self.state = result.state
        return result.refusal

    def fire(self) -> None:
        """Let the alert fire at 120 s, having begun at 0 s."""
        self.see(0, 9)
        self.see(120, 9)


def alert_of(zone: Zone) -> Alert:
    """Return the alert of a zone."""
    assert zone.watch.alert is not None
    return zone.watch.alert


def test_an_alert_fires_clears_and_is_over() -> None:
    """After the durations of the rule, neither sooner nor later."""
    zone = Zone()
    seen = [(0, 9), (119, 9), (120, 12), (200, 8), (300, 7), (599, 7), (600, 7), (601, 7)]
    states = []
    for at_s, count in seen:
        zone.see(at_s, count)
        states.append(str(zone.watch.state))

    assert ["pending", "pending", "firing", "firing", "clearing", "clearing", "resolved", "normal"] == states


def test_the_alert_keeps_what_it_was() -> None:
    """Beginning, peak and end; and the watch lets go of it when time moves on."""
    zone = Zone()
    zone.fire()
    zone.see(130, 14)
    zone.see(140, 0)
    (over,) = zone.see(440, 0)
    assert over.alert is not None

    assert (0, 120 * S, 9, 14, 130 * S, 440 * S, Cause.VALUE) == (
        over.alert.since_us,
        over.alert.raised_us,
        over.alert.raised_value,
        over.alert.peak_value,
        over.alert.peak_us,
        over.alert.until_us,
        over.alert.end_cause,
    )
    zone.see(441, 0)
    assert zone.watch.alert is None


def test_flapping_around_one_level_raises_once() -> None:
    """Between the two levels nothing changes, however often."""
    zone = Zone()
    zone.fire()
    told = [change for second in range(121, 1_000) for change in zone.see(second, 8 + second % 2)]

    assert [] == told


def test_settling_neither_raises_nor_clears() -> None:
    """Also where the time of the rule ends meanwhile; what has to last begins anew."""
    zone = Zone()
    zone.see(0, 9)
    assert () == zone.see(200, 9, is_settling=True)
    zone.see(300, 9)
    zone.see(419, 9)
    assert AlertState.PENDING is zone.watch.state
    zone.see(420, 9)
    assert 300 * S == alert_of(zone).since_us

    zone.see(421, 0)
    limits, zone.limits = zone.limits, ()
    assert () == zone.see(800, 0, is_settling=True)
    zone.limits = limits
    zone.see(900, 0)
    zone.see(1_199, 0)
    assert AlertState.CLEARING is zone.watch.state
    zone.see(1_200, 0)
    assert AlertState.RESOLVED is zone.watch.state


def test_a_lost_feed_is_no_data_and_its_return_the_true_state() -> None:
    """A running alert stays open, with who took it on."""
    zone = Zone()
    zone.fire()
    zone.act(ActionKind.ACKNOWLEDGE, 125)
    (lost,) = zone.lose(180)

    assert (AlertState.ACKNOWLEDGED, AlertState.NO_DATA, Cause.FEED_LOST) == (
        lost.before,
        lost.after,
        lost.cause,
    )
    assert () == zone.lose(181)
    assert None is zone.watch.value
    (back,) = zone.see(130, 9)
    assert (AlertState.NO_DATA, AlertState.ACKNOWLEDGED, Cause.FEED_BACK) == (
        back.before,
        back.after,
        back.cause,
    )
    assert 0 == alert_of(zone).since_us


def test_a_feed_that_is_lost_from_the_start_is_never_normal() -> None:
    """Nothing was seen, so nothing is known."""
    zone = Zone()
    zone.lose(0)

    assert AlertState.NO_DATA is zone.watch.state


def test_after_settling_without_data_an_end_by_hand_still_counts() -> None:
    """The feed comes back while settling: resolved, not normal."""
    zone = Zone()
    zone.fire()
    zone.act(ActionKind.RESOLVE, 130)
    zone.lose(200)
    zone.see(210, 9, is_settling=True)

    assert AlertState.RESOLVED is zone.watch.state


def test_an_alert_that_was_ended_by_hand_does_not_come_back_at_once() -> None:
    """Until the count was below the clear level."""
    zone = Zone()
    zone.fire()
    zone.act(ActionKind.RESOLVE, 130)
    zone.see(131, 9)
    zone.see(1_000, 8)
    assert AlertState.RESOLVED is zone.watch.state
    (rearmed,) = zone.see(1_001, 7)

    assert (AlertState.NORMAL, Cause.REARMED) == (rearmed.after, rearmed.cause)


def test_an_end_by_hand_keeps_quiet_for_an_hour_at_most() -> None:
    """An overload that goes on is told again."""
    zone = Zone()
    zone.fire()
    zone.act(ActionKind.RESOLVE, 130)
    zone.see(120 + 3_599, 9)
    assert AlertState.RESOLVED is zone.watch.state
    zone.see(120 + 3_600, 9)
    assert AlertState.PENDING is zone.watch.state
    zone.see(120 + 3_720, 9)
    assert (120 + 3_600) * S == alert_of(zone).since_us


def test_a_snooze_mutes_and_its_end_is_told() -> None:
    """The watch goes on meanwhile; a silence that lasts longer goes on muting."""
    zone = Zone()
    zone.fire()
    assert None is zone.act(ActionKind.SNOOZE, 125, until_us=200 * S)
    assert zone.watch.muted
    assert () == zone.see(199, 9)
    (told,) = zone.see(200, 9)
    assert (AlertState.FIRING, AlertState.FIRING, Cause.UNMUTED) == (told.before, told.after, told.cause)

    (muted,) = zone.see(201, 9, silenced_until_s=300)
    assert Cause.MUTED is muted.cause
    zone.act(ActionKind.SNOOZE, 202, until_us=203 * S)
    assert zone.watch.muted
    assert () == zone.see(299, 9, silenced_until_s=300)
    assert [Cause.UNMUTED] == [change.cause for change in zone.see(300, 9, silenced_until_s=300)]


def test_a_snooze_that_is_over_when_it_is_taken_leaves_a_silence_alone() -> None:
    """The zone stays muted by the planned works."""
    zone = Zone()
    zone.see(0, 9, silenced_until_s=900)
    zone.see(120, 9, silenced_until_s=900)
    zone.act(ActionKind.SNOOZE, 100, until_us=110 * S)

    assert zone.watch.muted


def test_actions_are_refused_with_a_reason() -> None:
    """Whatever comes twice, too late or without what it needs."""
    zone = Zone()
    zone.fire()

    assert Refusal.NO_REASON is zone.act(ActionKind.RESOLVE, 130, note=" ")
    assert Refusal.NOT_LATER is zone.act(ActionKind.SNOOZE, 130)
    assert Refusal.NOT_LATER is zone.act(ActionKind.SNOOZE, 130, until_us=130 * S)
    assert None is zone.act(ActionKind.ACKNOWLEDGE, 130)
    assert Refusal.ALREADY_DONE is zone.act(ActionKind.ACKNOWLEDGE, 131)
    assert None is zone.act(ActionKind.SNOOZE, 140, until_us=150 * S)
    assert Refusal.ALREADY_DONE is zone.act(ActionKind.SNOOZE, 139, until_us=999 * S)
    assert None is zone.act(ActionKind.RESOLVE, 141)
    assert Refusal.NO_SUCH_ALERT is zone.act(ActionKind.ACKNOWLEDGE, 142)


def test_the_note_and_the_operator_stay_with_the_alert() -> None:
    """For the audit and the list of alerts."""
    zone = Zone()
    zone.fire()
    zone.act(ActionKind.ACKNOWLEDGE, 130, note="on my way")
    zone.act(ActionKind.RESOLVE, 140, note="road closed")
    alert = alert_of(zone)

    assert ("ann", 130 * S, "ann", "road closed", Cause.RESOLVED_BY_HAND) == (
        alert.acknowledged_by,
        alert.acknowledged_us,
        alert.resolved_by,
        alert.note,
        alert.end_cause,
    )


@pytest.mark.parametrize(("is_removed", "cause"), [(False, Cause.NOT_IN_FORCE), (True, Cause.RULE_REMOVED)])
def test_an_alert_whose_rule_goes_is_resolved_and_told(is_removed: bool, cause: Cause) -> None:
    """And its watch is dropped when time moves on."""
    zone = Zone()
    zone.fire()
    zone.limits, zone.rule_ids = (), zone.rule_ids - {"rule"} if is_removed else zone.rule_ids
    (told,) = zone.see(130, 9)

    assert (AlertState.RESOLVED, cause) == (told.after, told.cause)
    zone.see(131, 9)
    assert {} == zone.state.watches


def test_a_changed_rule_keeps_its_running_alert() -> None:
    """Under the new numbers and the same id."""
    zone = Zone()
    zone.fire()
    before = alert_of(zone).alert_id
    zone.limits = (limit_of(replace(RULE, severity=Severity.CRITICAL, clear_s=0), 100),)
    (over,) = zone.see(130, 9)
    assert over.alert is not None

    assert (before, Severity.CRITICAL, Cause.VALUE) == (over.alert.alert_id, over.alert.severity, over.cause)


def test_a_zone_rises_on_its_outlook_and_stays_until_that_is_well_below() -> None:
    """In at 50 %, out below 30 %; no outlook is not rising."""
    zone = Zone()
    states = []
    for second, late in enumerate((0.49, 0.5, 0.3, 0.29, 0.49)):
        zone.see(second, 5, outlook=Outlook(0.1, late, 900 * S))
        states.append(str(zone.watch.state))

    assert ["normal", "rising", "rising", "normal", "normal"] == states
    (told,) = zone.see(6, 5, outlook=Outlook(0.1, 0.9, 900 * S))
    assert (Cause.FORECAST, 900 * S) == (told.cause, told.expected_us)
    step = step_counts(zone.state, zone.plan, [5], 7 * S, outlooks={})
    assert AlertState.NORMAL is step.state.watches["rule"].state


def test_only_what_runs_can_end() -> None:
    """A caller that ends nothing is told so."""
    with pytest.raises(ValueError, match="no alert of rule 'rule' runs in zone 'zone'"):
        ended(Watch(zone_id="zone", rule_id="rule", changed_us=0), 0, Cause.VALUE)


def test_an_alert_does_not_end_before_it_was_raised() -> None:
    """Though the clock of a caller may lag behind stream time."""
    zone = Zone()
    zone.fire()
    zone.limits = ()
    (told,) = zone.lose(60)
    assert told.alert is not None

    assert 120 * S == told.alert.until_us


def test_the_share_of_the_capacity_needs_both() -> None:
    """Neither without a count nor where nothing is allowed."""
    watch = Watch(zone_id="zone", rule_id="rule", changed_us=0)

    assert None is watch.pct
    assert None is replace(watch, value=1, capacity=0).pct
    assert 150.0 == replace(watch, value=3, capacity=2).pct  # exact in binary
