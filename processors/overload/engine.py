"""The overload engine: a state, an observation and a stream time give a state and its transitions.

    no_data ──▶ normal ◀──▶ rising        an outlook says that the raise level is likely reached
                  │ ▲          │
                  ▼ │          │
                pending ◀──────┘          count ≥ raise level
                  │ for raise_s
                  ▼
        firing ◀──▶ acknowledged          an operator takes it on
             │  ▲     │  ▲
             ▼  │     ▼  │
              clearing                    count < clear level
                  │ for clear_s, or by hand from any state with an alert
                  ▼
              resolved ──▶ normal

From every state the loss of the feed leads to `no_data`, and data to where the count belongs: a running alert goes
on, and whatever has to last for a while begins anew. So it does after local midnight, while vehicles are being
seen anew: then nothing is raised and nothing is over.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from processors.overload.observation import ZoneObservation, value_of
from processors.overload.plan import Limit, ZonePlan
from processors.overload.watch import (
    Alert,
    AlertState,
    Cause,
    Transition,
    Watch,
    ZoneState,
    alert_id,
    changed,
    ended,
    state_of,
    transition_of,
)

REARM_US: Final = 3_600_000_000
"""So long at most an alert that was ended by hand keeps its watch from firing again."""
RISING_HYSTERESIS_PCT: Final = 20
"""So far below `rising_pct` the probability must fall before a zone is no longer rising."""

# looking a member up costs as much as the rest of an observation that changes nothing
_NORMAL: Final = AlertState.NORMAL
_RISING: Final = AlertState.RISING
_PENDING: Final = AlertState.PENDING
_NO_DATA: Final = AlertState.NO_DATA
_RESOLVED: Final = AlertState.RESOLVED


class Outlook(NamedTuple):
    """What the forecast says of a watch."""

    probability_15: float  # of reaching the raise level within 15 minutes
    probability_30: float  # and within 30
    expected_us: int | None  # when it likely will be reached, None: not within 30 minutes


_NO_OUTLOOK: Final = (None, None, None)


class ZoneStep(NamedTuple):
    """A zone after a step, and what changed."""

    state: ZoneState
    transitions: tuple[Transition, ...]


def step(
    state: ZoneState,
    plan: ZonePlan,
    seen: ZoneObservation,
    now_us: int,
    *,
    outlooks: Mapping[str, Outlook] | None = None,
    silenced_until_us: int = 0,
) -> ZoneStep:
    """Judge one observation of a zone.

    Watches come with the rules that are in force and go with them, an alert that runs being resolved first. The
    same object comes back for a watch that did not change. A stream time before the last one changes nothing.

    Args:
        state: The zone so far; `ZoneState(zone_id)` at the beginning.
        plan: What is in force for the zone now.
        seen: The counts.
        now_us: Stream time of the counts.
        outlooks: By rule id; a rule without one is not rising. None keeps the last outlook of each.
        silenced_until_us: Until when planned works silence the zone, 0 where none do.
    """
    counts = [value_of(limit, seen) for limit in plan.limits]
    return step_counts(
        state,
        plan,
        counts,
        now_us,
        is_settling=seen.settling,
        outlooks=outlooks,
        silenced_until_us=silenced_until_us,
    )


def step_counts(
    state: ZoneState,
    plan: ZonePlan,
    counts: Sequence[int | None],
    now_us: int,
    *,
    is_settling: bool = False,
    outlooks: Mapping[str, Outlook] | None = None,
    silenced_until_us: int = 0,
) -> ZoneStep:
    """Judge counts as `step` does, one for each of `plan.limits`, None where it is not known."""
    if now_us < state.as_of_us:
        return ZoneStep(state, ())
    transitions: list[Transition] = []
    watches: dict[str, Watch] = {}
    for limit, value in zip(plan.limits, counts, strict=True):
        before = state.watches.get(limit.rule_id) or _new_watch(state, limit, now_us)
        if value is None:
            after = _without_data(before, limit, now_us)
        elif is_settling:
            after = _settling(before, limit, value, now_us)
        else:
            after = _judged(before, limit, value, now_us, outlooks)
        watches[limit.rule_id] = _told(before, after, now_us, silenced_until_us, transitions)
    _retire(state, plan, now_us, watches, transitions, stream_us=now_us, is_settling=is_settling)
    return ZoneStep(ZoneState(state.zone_id, now_us, watches), tuple(transitions))


def lose_feed(state: ZoneState, plan: ZonePlan, now_us: int) -> ZoneStep:
    """Say that nothing is known of the zone any more: every watch has no data, running alerts stay open.

    Saying it again changes nothing. *now_us* is the time of the loss by whatever clock the caller has, stream
    time having stopped; it does not move the stream time of the zone.
    """
    transitions: list[Transition] = []
    watches: dict[str, Watch] = {}
    for limit in plan.limits:
        before = state.watches.get(limit.rule_id) or _new_watch(state, limit, now_us)
        after = _without_data(before, limit, now_us)
        if after.state is not before.state:
            transitions.append(transition_of(before, after, Cause.FEED_LOST, now_us))
        watches[limit.rule_id] = after
    _retire(state, plan, now_us, watches, transitions, stream_us=state.as_of_us, is_settling=False)
    return ZoneStep(ZoneState(state.zone_id, state.as_of_us, watches), tuple(transitions))


def _new_watch(state: ZoneState, limit: Limit, now_us: int) -> Watch:
    """Return the watch of a rule that has just come into force."""
    return Watch(zone_id=state.zone_id, rule_id=limit.rule_id, changed_us=now_us)


def _judged(
    watch: Watch, limit: Limit, value: int, now_us: int, outlooks: Mapping[str, Outlook] | None
) -> Watch:
    """Return the watch after a count that can be relied on."""
    if (alert := watch.running) is not None:
        return _running(watch, alert, limit, value, now_us)
    if (
        outlooks is None
        and watch.state is _NORMAL
        and value == watch.value
        and value < limit.raise_at
        and limit.capacity == watch.capacity
    ):
        return watch  # as most observations of most zones do
    return _waiting(watch, limit, value, now_us, outlooks)


def _waiting(
    watch: Watch, limit: Limit, value: int, now_us: int, outlooks: Mapping[str, Outlook] | None
) -> Watch:
    """Judge a count where no alert runs."""
    if _is_kept_quiet(watch, limit, value, now_us):
        return changed(watch, now_us, state=_RESOLVED, value=value, capacity=limit.capacity)
    since_us, state = None, _NORMAL
    early, late, expected_us = watch.probability_15, watch.probability_30, watch.expected_us
    if outlooks is not None:
        early, late, expected_us = outlooks.get(limit.rule_id, _NO_OUTLOOK)
    if value >= limit.raise_at:
        since_us, state = now_us if watch.above_since_us is None else watch.above_since_us, _PENDING
        if now_us - since_us >= limit.raise_us:
            return _fire(watch, limit, value, since_us, now_us)
    elif late is not None and _is_likely(limit, late, is_rising=watch.state is _RISING):
        state = _RISING
    return changed(
        watch,
        now_us,
        state=state,
        value=value,
        capacity=limit.capacity,
        above_since_us=since_us,
        alert=None,
        probability_15=early,
        probability_30=late,
        expected_us=expected_us,
    )


def _is_kept_quiet(watch: Watch, limit: Limit, value: int, now_us: int) -> bool:
    """Tell whether the last alert of a watch keeps it from firing.

    One that is over does at the same stream time, so that no two alerts have one beginning; one that was ended
    by hand does until the count was below the clear level, so that it does not come back at once.
    """
    last = watch.alert
    if last is None or last.until_us is None:
        return False
    if now_us <= last.until_us:
        return True
    is_by_hand = last.end_cause is Cause.RESOLVED_BY_HAND
    return is_by_hand and value >= limit.clear_below and now_us - last.until_us < REARM_US


def _is_likely(limit: Limit, probability: float, *, is_rising: bool) -> bool:
    """Tell whether a probability makes a watch rising, or keeps it so."""
    if limit.rising_pct is None:
        return False
    return 100.0 * probability >= limit.rising_pct - (RISING_HYSTERESIS_PCT if is_rising else 0)


def _fire(watch: Watch, limit: Limit, value: int, since_us: int, now_us: int) -> Watch:
    """Raise the alert."""
    alert = Alert(
        alert_id=alert_id(watch.zone_id, watch.rule_id, since_us),
        since_us=since_us,
        raised_us=now_us,
        severity=limit.severity,
        raised_value=value,
        peak_value=value,
        peak_us=now_us,
    )
    return changed(
        watch,
        now_us,
        state=AlertState.FIRING,
        value=value,
        capacity=limit.capacity,
        above_since_us=None,
        alert=alert,
        probability_15=None,
        probability_30=None,
        expected_us=None,
    )


def _running(watch: Watch, alert: Alert, limit: Limit, value: int, now_us: int) -> Watch:
    """Judge a count while an alert runs: it goes on, clears, or is over."""
    since_us = None
    state = state_of(alert)
    if value < limit.clear_below:
        since_us = now_us if watch.below_since_us is None else watch.below_since_us
        state = AlertState.CLEARING
    if value > alert.peak_value:
        alert = replace(alert, peak_value=value, peak_us=now_us)
    if limit.severity is not alert.severity:  # the rule was changed
        alert = replace(alert, severity=limit.severity)
    watch = changed(
        watch, now_us, state=state, value=value, capacity=limit.capacity, below_since_us=since_us, alert=alert
    )
    is_over = since_us is not None and now_us - since_us >= limit.clear_us
    return ended(watch, now_us, Cause.VALUE) if is_over else watch


def _settling(watch: Watch, limit: Limit, value: int, now_us: int) -> Watch:
    """Take note of a count while vehicles are being seen anew: nothing is raised, nothing is over.

    What has to last begins anew with the first count after it.
    """
    state = watch.state
    if state is _NO_DATA:
        state = _NORMAL if watch.alert is None else _RESOLVED
        if (alert := watch.running) is not None:
            state = state_of(alert)
    return changed(
        watch,
        now_us,
        state=state,
        value=value,
        capacity=limit.capacity,
        above_since_us=None,
        below_since_us=None,
    )


def _without_data(watch: Watch, limit: Limit, now_us: int) -> Watch:
    """Forget the count; a running alert stays open."""
    return changed(
        watch,
        now_us,
        state=_NO_DATA,
        value=None,
        capacity=limit.capacity,
        above_since_us=None,
        below_since_us=None,
        probability_15=None,
        probability_30=None,
        expected_us=None,
    )


def _told(
    before: Watch, after: Watch, now_us: int, silenced_until_us: int, transitions: list[Transition]
) -> Watch:
    """Return the watch with whether it is muted, and add what changed to *transitions*."""
    alert = after.running
    quiet_until_us = max(silenced_until_us, 0 if alert is None else alert.snoozed_until_us)
    is_muted = now_us < quiet_until_us
    if is_muted is not after.muted:
        after = replace(after, muted=is_muted)
    if after.state is not before.state:
        transitions.append(transition_of(before, after, _cause(before, after), now_us))
    if is_muted is not before.muted and alert is not None and before.running is not None:
        cause = Cause.MUTED if is_muted else Cause.UNMUTED
        transitions.append(transition_of(after, after, cause, now_us))
    return after


def _cause(before: Watch, after: Watch) -> Cause:
    """Return why an observation brought a watch from one state to another."""
    if after.state is _NO_DATA:
        return Cause.FEED_LOST
    if after.state is AlertState.FIRING and before.running is None:
        return Cause.VALUE
    if before.state is _NO_DATA:
        return Cause.FEED_BACK
    if before.alert is not None and before.alert.end_cause is Cause.RESOLVED_BY_HAND:
        return Cause.REARMED
    is_forecast = {before.state, after.state} == {_NORMAL, _RISING}
    return Cause.FORECAST if is_forecast else Cause.VALUE


def _retire(
    state: ZoneState,
    plan: ZonePlan,
    now_us: int,
    watches: dict[str, Watch],
    transitions: list[Transition],
    *,
    stream_us: int,
    is_settling: bool,
) -> None:
    """End the watches whose rule is not in force: resolve what runs, tell of it, drop it once stream time moves on."""
    for rule_id, watch in state.watches.items():
        if rule_id in watches:
            continue
        last = watch.alert
        if watch.running is not None and is_settling:
            watches[rule_id] = changed(watch, now_us, state=watch.state, below_since_us=None)
        elif watch.running is not None:
            cause = Cause.NOT_IN_FORCE if rule_id in plan.rule_ids else Cause.RULE_REMOVED
            watches[rule_id] = ended(watch, now_us, cause)
            transitions.append(transition_of(watch, watches[rule_id], cause, now_us))
        elif last is not None and last.until_us is not None and stream_us <= last.until_us:
            watches[rule_id] = watch
