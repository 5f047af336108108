"""The overload engine: a state, an observation and a stream time give a state and its transitions."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from processors.overload.observation import ZoneObservation
from processors.overload.plan import ZonePlan
from processors.overload.watch import Transition, ZoneState

REARM_US: Final = 3_600_000_000
"""So long at most an alert that was ended by hand keeps its watch from firing again."""


class Outlook(NamedTuple):
    """What the forecast says of a watch."""

    probability_15: float  # of reaching the raise level within 15 minutes
    probability_30: float  # and within 30
    expected_us: int | None  # when it likely will be reached, None: not within 30 minutes


class ZoneStep(NamedTuple):
    """A zone after a step, and what changed. `state.watches` has the watches that are in force, no others."""

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

    The same object comes back for a watch that did not change. A stream time before the last one changes nothing.

    Args:
        state: The zone so far; `ZoneState(zone_id)` at the beginning.
        plan: What is in force for the zone now.
        seen: The counts.
        now_us: Stream time of the counts.
        outlooks: By rule id; a rule that is not named keeps its last outlook, None keeps all of them.
        silenced_until_us: Until when planned works silence the zone, 0 where none do.
    """
    raise NotImplementedError


def lose_feed(state: ZoneState, plan: ZonePlan, now_us: int) -> ZoneStep:
    """Say that nothing is known of the zone any more: every watch has no data, running alerts stay open.

    *now_us* is the time of the loss by whatever clock the caller has, stream time having stopped.
    """
    raise NotImplementedError
