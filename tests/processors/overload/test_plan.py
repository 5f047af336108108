"""Which rules hold for a zone at a time: precedence, windows, exceptions and the days of 23 and 25 hours."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import midnight_us
from processors.overload.plan import Planner, WatchedZone, ZonePlan, is_about, levels
from processors.overload.rules import Calendar, ExceptionDays, Measure, Rule, RuleSet, Window
from processors.overload.week import wall_time
from processors.overload.week_text import read_date
from tests.processors.position_builders import MIDNIGHTS_US

ZONE = WatchedZone("z1", "loading_zone", "GM0363", 10)
MONDAY = 20_780  # 2026-11-23
MINUTE_US = 60_000_000
EVERY_DAY = tuple(range(7))


def rule(rule_id: str, **fields: object) -> Rule:
    """Return a rule for the zone with a capacity of 5, unless told otherwise."""
    given = {"zone": "z1", "classes": ("N1",), "measure": Measure.PRESENT, "capacity": 5} | fields
    return Rule(rule_id=rule_id, **given)  # type: ignore[arg-type]  # checked by what it is compared with


def plan(
    *rules: Rule, day: int = MONDAY, minute: int = 600, calendars: tuple[Calendar, ...] = ()
) -> ZonePlan:
    """Return the plan of the zone at a minute of a day of 24 hours."""
    at_us = midnight_us(day) + minute * MINUTE_US
    return Planner(RuleSet(1, rules, calendars), MIDNIGHTS_US).plan(ZONE, at_us)


def in_force(*rules: Rule, **when: object) -> list[str]:
    """Return the ids of the rules that hold."""
    return [limit.rule_id for limit in plan(*rules, **when).limits]  # type: ignore[arg-type]  # as for `plan`


def test_the_rule_of_the_zone_goes_before_that_of_its_kind() -> None:
    """Also where it stands last, and before that of the kind in the municipality."""
    kind = rule("kind", zone=None, kind="loading_zone")
    here = rule("here", zone=None, kind="loading_zone", municipality="GM0363")
    elsewhere = rule("elsewhere", zone=None, kind="loading_zone", municipality="GM0599")

    assert ["kind"] == in_force(elsewhere, kind)
    assert ["here"] == in_force(kind, here, elsewhere)
    assert ["own"] == in_force(kind, here, rule("own"))


def test_a_rule_with_a_window_goes_before_one_that_always_holds() -> None:
    """While it is open; and a nearer target goes before a window."""
    always = rule("always")
    timed = rule("timed", windows=(Window(EVERY_DAY, 540, 660),))
    of_kind = rule("of_kind", zone=None, kind="loading_zone", windows=(Window(EVERY_DAY, 540, 660),))

    assert ["timed"] == in_force(always, timed)
    assert ["always"] == in_force(always, timed, minute=700)
    assert ["always"] == in_force(of_kind, always)


def test_the_first_of_equal_rules_wins() -> None:
    """Order in the document is the last resort."""
    windows = (Window(EVERY_DAY, 0, 1440),)

    assert ["a"] == in_force(rule("a", windows=windows), rule("b", windows=windows))


def test_rules_that_ask_something_else_stand_side_by_side() -> None:
    """Another measure or other classes are another question; they come in the order of the document."""
    rules = (rule("a"), rule("b", measure=Measure.PRESENT_AND_SILENT), rule("c", classes=("N2", "N3")))

    assert ["a", "b", "c"] == in_force(*rules)


@pytest.mark.parametrize(
    ("day", "minute", "is_open"),
    [
        (MONDAY, 1319, False),
        (MONDAY, 1320, True),
        (MONDAY + 1, 359, True),
        (MONDAY + 1, 360, False),
        (MONDAY, 100, False),
        (MONDAY + 1, 1400, False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_starts(
    day: int, minute: int, is_open: bool
) -> None:
    """Monday 22:00 to 6:00 ends on Tuesday."""
    night = rule("night", windows=(Window((0,), 1320, 360),))

    assert is_open == bool(in_force(night, day=day, minute=minute))


def test_an_exception_replaces_the_week_on_its_dates() -> None:
    """Other windows, another capacity, or not in force at all."""
    calendars = (Calendar("market", frozenset({MONDAY})),)
    weekly = (Window((0,), 540, 660),)
    moved = rule("r", windows=weekly, exceptions=(ExceptionDays("market", (Window(EVERY_DAY, 0, 300),)),))
    closed = rule("r", windows=weekly, exceptions=(ExceptionDays("market", ()),))
    smaller = rule("r", windows=weekly, exceptions=(ExceptionDays("market", None, 2),))

    assert [] == in_force(moved, calendars=calendars)
    assert ["r"] == in_force(moved, calendars=calendars, minute=200)
    assert [] == in_force(closed, calendars=calendars)
    assert ["r"] == in_force(closed, calendars=calendars, day=MONDAY + 7)
    assert [2] == [limit.capacity for limit in plan(smaller, calendars=calendars).limits]


def test_a_rule_without_any_capacity_does_not_hold_and_shadows_nothing() -> None:
    """It is named, for whoever checks the rules."""
    bare = ZONE._replace(capacity=None)
    rules = RuleSet(1, (rule("own", capacity=None), rule("kind", zone=None, kind="loading_zone")))
    found = Planner(rules, MIDNIGHTS_US).plan(bare, midnight_us(MONDAY))

    assert ["kind"] == [limit.rule_id for limit in found.limits]
    assert ("own",) == found.unlimited
    assert {"own", "kind"} == found.rule_ids


def test_a_plan_holds_until_the_next_minute() -> None:
    """Windows open at whole minutes, so nothing changes within one."""
    at_us = midnight_us(MONDAY) + 90_500_000

    assert (
        midnight_us(MONDAY) + 120_000_000 == Planner(RuleSet(1, ()), MIDNIGHTS_US).plan(ZONE, at_us).until_us
    )


@pytest.mark.parametrize(
    ("date", "minutes", "wall"),
    [
        ("2026-10-25", 179, 179),
        ("2026-10-25", 180, 120),
        ("2026-10-25", 1499, 1439),
        ("2027-03-28", 119, 119),
        ("2027-03-28", 120, 180),
        ("2027-03-28", 1379, 1439),
        ("2026-11-23", 720, 720),
    ],
)
def test_wall_time_goes_back_at_three_and_on_at_two(date: str, minutes: int, wall: int) -> None:
    """On the days of 25 and 23 hours."""
    day = read_date(date)
    assert day is not None

    assert (day, wall) == wall_time(midnight_us(day) + minutes * MINUTE_US, MIDNIGHTS_US)


@given(st.integers(0, 500), st.integers(2, 1000), st.data())
def test_levels_are_shares_of_the_capacity_rounded_up(
    capacity: int, raise_pct: int, data: st.DataObject
) -> None:
    """At least one vehicle, and never the wrong way round."""
    clear_pct = data.draw(st.integers(1, raise_pct - 1))
    raise_at, clear_below = levels(capacity, raise_pct=raise_pct, clear_pct=clear_pct)

    assert max(1, ceil(Fraction(capacity * raise_pct, 100))) == raise_at
    assert max(1, ceil(Fraction(capacity * clear_pct, 100))) == clear_below
    assert clear_below <= raise_at


def test_a_rule_is_about_its_zone_or_its_kind() -> None:
    """Whether it holds now or not."""
    assert is_about(rule("a"), ZONE)
    assert is_about(rule("a", zone=None, kind="loading_zone"), ZONE)
    assert not is_about(rule("a", zone=None, kind="loading_zone", municipality="GM0599"), ZONE)
    assert not is_about(rule("a", zone="z2"), ZONE)
