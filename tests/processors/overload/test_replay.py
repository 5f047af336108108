"""What-if: when rules would have fired over slot cells."""

from typing import TYPE_CHECKING, Final

import numpy as np

from naive import midnight_us
from processors.overload.plan import WatchedZone
from processors.overload.replay import Firing, ZoneHistory, replay, summaries
from processors.overload.rules import Measure, Rule, RuleSet, Window
from processors.vocabulary import VEHICLE_CLASSES
from tests.processors.position_builders import MIDNIGHTS_US

if TYPE_CHECKING:
    from processors.columns import Float64Array

MONDAY: Final = 20_780  # 2026-11-23
SLOT_US: Final = 300_000_000
NINE_US: Final = midnight_us(MONDAY) + 9 * 3_600_000_000
ZONE: Final = WatchedZone("z1", "hub", None, None)
N1: Final = VEHICLE_CLASSES.index("N1")
N2: Final = VEHICLE_CLASSES.index("N2")


def rule(rule_id: str = "r", **fields: object) -> Rule:
    """Return a rule on the hub with a capacity of 10."""
    given = {"kind": "hub", "classes": ("N1", "N2"), "measure": Measure.PRESENT, "capacity": 10} | fields
    return Rule(rule_id=rule_id, **given)  # type: ignore[arg-type]  # checked by what comes out


def history(counts: list[float], *, start_us: int = NINE_US, slot_us: int = SLOT_US) -> ZoneHistory:
    """Return slots whose occupancy is half vans, half trucks, and with as many entries as vehicles."""
    occupancy: Float64Array = np.zeros((len(counts), len(VEHICLE_CLASSES)))
    occupancy[:, N1] = occupancy[:, N2] = np.array(counts) / 2.0
    entries = np.zeros(occupancy.shape, np.int64)
    entries[:, N1] = np.nan_to_num(np.array(counts)).astype(np.int64)
    return ZoneHistory(ZONE, start_us + slot_us * np.arange(len(counts)), occupancy, entries)


def fired(rules: tuple[Rule, ...], given: ZoneHistory, *, slot_s: int = 300) -> list[Firing]:
    """Return what would have fired."""
    return replay(RuleSet(1, rules), [given], slot_s, MIDNIGHTS_US)


def minutes(firing: Firing) -> tuple[float, float, float]:
    """Return beginning, raising and end in minutes after nine."""
    times_us = (firing.since_us, firing.raised_us, firing.until_us)
    begin, raised, end = ((at_us - NINE_US) / 60e6 for at_us in times_us)
    return begin, raised, end


def test_an_overload_fires_and_ends_by_the_durations_of_the_rule() -> None:
    """Two minutes after its slot begins, five after the slot in which it was over."""
    (firing,) = fired((rule(),), history([3, 9, 12, 3, 3]))

    assert (5.0, 7.0, 20.0) == minutes(firing)
    assert (12, 10, True) == (firing.peak_value, firing.capacity, firing.is_over)


def test_occupancy_is_rounded_to_whole_vehicles_after_the_classes_are_added() -> None:
    """8.5 is 9 though each class alone is 4.25; 8.4 is 8."""
    assert 1 == len(fired((rule(),), history([3, 8.5, 3, 3])))
    assert [] == fired((rule(),), history([3, 8.4, 3, 3]))


def test_an_overload_that_still_runs_ends_with_the_history() -> None:
    """And is not called over."""
    (firing,) = fired((rule(),), history([3, 12, 12]))

    assert (5.0, 7.0, 15.0) == minutes(firing)
    assert not firing.is_over


def test_slots_without_data_break_what_has_to_last() -> None:
    """NaN or left out: the alert goes on running and what is pending begins anew."""
    (firing,) = fired((rule(clear_s=600),), history([12, 3, float("nan"), 3, 3, 3]))
    assert (0.0, 2.0, 25.0) == minutes(firing)

    given = history([12, 3, 3, 3, 3, 3])
    kept = [0, 1, 3, 4, 5]
    left_out = ZoneHistory(ZONE, given.slot_start_us[kept], given.occupancy[kept], given.entries[kept])
    (firing,) = fired((rule(clear_s=600),), left_out)
    assert (0.0, 2.0, 25.0) == minutes(firing)


def test_entries_are_those_of_the_last_whole_slot() -> None:
    """So the rule fires a slot later than the vehicles came."""
    (firing,) = fired((rule(measure=Measure.ENTRIES_PER_SLOT),), history([3, 12, 3, 3, 3]))

    assert (10.0, 12.0, 20.0) == minutes(firing)


def test_entries_before_a_gap_are_not_those_of_the_slot_after_it() -> None:
    """What came in just before the feed was back nobody knows, left out or NaN, however short the gap."""
    rules = (rule(measure=Measure.ENTRIES_PER_SLOT),)
    given = history([3, 12, 3, 3, 3])
    for lost_us in (SLOT_US, 72 * SLOT_US):
        starts_us = given.slot_start_us + np.array([0, 0, lost_us, lost_us, lost_us])
        assert [] == fired(rules, given._replace(slot_start_us=starts_us))
    assert [] == fired(rules, history([3, 12, float("nan"), 3, 3, 3]))


def test_an_alert_on_entries_does_not_end_by_those_before_a_gap() -> None:
    """In the slot after it they are not known, from the next one on they count again."""
    rules = (rule(measure=Measure.ENTRIES_PER_SLOT, clear_s=120),)
    given = history([12, 3, 12, 3, 3])
    starts_us = given.slot_start_us + np.array([0, 0, SLOT_US, SLOT_US, SLOT_US])
    for lost in (given._replace(slot_start_us=starts_us), history([12, 3, float("nan"), 12, 3, 3])):
        (firing,) = fired(rules, lost)
        assert (5.0, 7.0, 27.0) == minutes(firing)


def test_windows_open_within_a_slot() -> None:
    """A rule from 9:07 does not fire before."""
    timed = rule(windows=(Window((0,), 547, 600),))
    (firing,) = fired((timed,), history([12] * 4))

    assert (7.0, 9.0, 20.0) == minutes(firing)


def test_nothing_is_raised_while_a_day_settles() -> None:
    """Five minutes after midnight, also in slots of fifteen."""
    at_us = midnight_us(MONDAY + 1) - 900_000_000
    (firing,) = fired((rule(),), history([3, 12, 3], start_us=at_us, slot_us=900_000_000), slot_s=900)

    assert midnight_us(MONDAY + 1) + 300_000_000 == firing.since_us


def test_a_summary_has_a_line_for_each_rule() -> None:
    """Also for one that never fired."""
    rules = RuleSet(1, (rule("low"), rule("high", measure=Measure.PRESENT_AND_SILENT, capacity=99)))
    firings = replay(rules, [history([12, 3, 3, 12, 12, 3, 3])], 300, MIDNIGHTS_US)
    low, high = summaries(rules, [ZONE], firings)

    assert ("low", 1, 1, 2, 600.0 + 900.0, 900.0) == tuple(low)
    assert ("high", 1, 0, 0, 0.0, 0.0) == tuple(high)


def test_an_empty_history_fires_nothing() -> None:
    """No slots, no alerts."""
    assert [] == fired((rule(),), history([]))
