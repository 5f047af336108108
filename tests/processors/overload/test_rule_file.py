"""Rule documents: what is taken, what is refused and in which words, and the way back."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import InvalidInputError
from processors.overload.class_groups import CLASS_GROUPS
from processors.overload.plan import WatchedZone
from processors.overload.rule_document import changed_rules, check_zones, merged, rule_document
from processors.overload.rule_file import read_rules
from processors.overload.rules import Measure, RuleSet, Severity
from processors.overload.zone_rules import rules_in_zone_file
from processors.vocabulary import VEHICLE_CLASSES, ZONE_KINDS

MINIMAL: dict[str, Any] = {"id": "a", "kind": "hub", "capacity": 5}

times = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
windows = st.lists(
    st.fixed_dictionaries(
        {"from": times, "to": st.just("24:00")},
        optional={"days": st.lists(st.sampled_from(["mon", "tue-thu", "sat-mon"]), min_size=1)},
    ),
    min_size=1,
    max_size=3,
)
documents = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(ZONE_KINDS), "capacity": st.integers(0, 500)},
        optional={
            "classes": st.sampled_from(sorted(CLASS_GROUPS))
            | st.lists(st.sampled_from(VEHICLE_CLASSES), min_size=1),
            "measure": st.sampled_from([str(measure) for measure in Measure]),
            "raise_pct": st.integers(81, 1000),
            "rising_pct": st.integers(1, 100) | st.just(False),
            "severity": st.sampled_from([str(severity) for severity in Severity]),
            "text": st.fixed_dictionaries({}, optional={"nl": st.just("vol"), "en": st.just("full")}),
            "windows": windows,
            "exceptions": st.just([{"calendar": "market", "windows": [], "capacity": 3}]),
        },
    ),
    max_size=4,
)


def read(**fields: object) -> list[str]:
    """Return the problems of a document with one rule."""
    return [str(problem) for problem in read_rules({"rules": [MINIMAL | fields]}).problems]


def rule_set(*rules: dict[str, Any], **calendars: list[str]) -> RuleSet:
    """Return the rule set of a document that has no problems."""
    found = read_rules({"rules": list(rules), "calendars": calendars})
    assert found.rules is not None
    return found.rules


@given(documents)
def test_a_rule_set_comes_back_from_its_document(rules: list[dict[str, Any]]) -> None:
    """Through JSON, as a database keeps it; rules that clash are another matter."""
    named = [rule | {"id": f"r{place}", "zone": f"z{place}"} for place, rule in enumerate(rules)]
    for rule in named:
        del rule["kind"]
    found = rule_set(*named, market=["2026-12-05"])

    assert found == read_rules(json.loads(json.dumps(rule_document(found)))).rules


def test_toml_is_read_with_its_own_dates() -> None:
    """A date need not be in quotes."""
    text = (
        'calendars = {market = [2026-12-05, "2026-12-06"]}\n[[rules]]\nid = "a"\nkind = "hub"\ncapacity = 5\n'
    )
    found = read_rules(tomllib.loads(text)).rules

    assert found is not None
    assert {20_792, 20_793} == set(found.calendars[0].days)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "car_park"}, "kind"),
        ({"zone": "z"}, "zone"),
        ({"classes": ["N4"]}, "classes"),
        ({"classes": []}, "classes"),
        ({"measure": "loudness"}, "measure"),
        ({"measure": "entries_per_slot", "capacity": "zone"}, "capacity"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": True}, "capacity"),
        ({"capacity": 2.5}, "capacity"),
        ({"raise_pct": 1}, "raise_pct"),
        ({"clear_pct": 90}, "clear_pct"),
        ({"raise_s": 86_401}, "raise_s"),
        ({"clear_s": "5m"}, "clear_s"),
        ({"rising_pct": 101}, "rising_pct"),
        ({"severity": "bad"}, "severity"),
        ({"text": {"de": "voll"}}, "text.de"),
        ({"text": {"nl": "\0"}}, "text.nl"),
        ({"windows": []}, "windows"),
        ({"windows": {}}, "windows"),
        ({"windows": [{"from": "7:00", "to": "08:00"}]}, "windows[0].from"),
        ({"windows": [{"from": "07:00", "to": "24:01"}]}, "windows[0].to"),
        ({"windows": [{"from": "07:00", "to": "07:00"}]}, "windows[0].to"),
        ({"windows": [{"from": "07:00", "to": "08:00", "days": ["monday"]}]}, "windows[0].days"),
        ({"exceptions": [{"calendar": "fair", "windows": []}]}, "exceptions[0].calendar"),
        ({"windows": [{"from": "07:00", "to": "08:00", "days": []}]}, "windows[0].days"),
        ({"kind": "hub", "zone": None}, "zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_problem_names_rule_and_field(fields: dict[str, object], field: str) -> None:
    """And nothing else is complained of."""
    (problem,) = read(**fields)

    assert problem.startswith(f"rule a, field {field}: ")


def test_all_problems_are_told_at_once_and_nothing_is_taken() -> None:
    """Whoever writes rules corrects them in one round."""
    found = read_rules({"rules": [MINIMAL, MINIMAL | {"raise_s": -1}, 5], "calendars": {"m": ["soon"]}})

    assert found.rules is None
    assert [(None, "calendars.m"), ("a", "raise_s"), ("#3", None), ("a", "id"), ("a", None)] == [
        (problem.rule, problem.field) for problem in found.problems
    ]


@pytest.mark.parametrize(
    "document", [5, None, [], {}, {"rules": 5}, {"rules": {}}, {"rules": [], "calendars": 5}]
)
def test_what_is_no_document_is_refused(document: object) -> None:
    """With a problem, not with an exception."""
    found = read_rules(document)

    assert found.rules is None
    assert found.problems


@pytest.mark.parametrize(
    ("calendars", "field"),
    [
        ({"m": ["2026-02-30"]}, "calendars.m"),
        ({"m": ["2026-12"]}, "calendars.m"),
        ({"m": "2026-12-05"}, "calendars.m"),
        ({"market day": []}, "calendars.market day"),
        ({5: []}, "calendars.5"),
    ],
)
def test_a_calendar_has_a_name_and_dates(calendars: dict[object, object], field: str) -> None:
    """Dates that exist, in a list."""
    assert [field] == [
        problem.field for problem in read_rules({"rules": [], "calendars": calendars}).problems
    ]


@pytest.mark.parametrize("rule_id", [None, "", "a b", "-a", 5, "a" * 101])
def test_a_rule_without_a_usable_id_is_told_by_its_place(rule_id: object) -> None:
    """From 1 on."""
    (problem,) = read(id=rule_id)

    assert problem.startswith("rule #1, field id: ")


def test_a_municipality_narrows_a_kind_only() -> None:
    """A zone is somewhere already."""
    rule = {"id": "a", "zone": "z", "municipality": "GM0363", "capacity": 1}

    assert ["municipality"] == [problem.field for problem in read_rules({"rules": [rule]}).problems]


def test_an_exception_comes_back_with_what_it_has() -> None:
    """Windows alone, a capacity alone."""
    exceptions = [{"calendar": "m", "capacity": 3}, {"calendar": "m", "windows": []}]
    found = rule_set(MINIMAL | {"exceptions": exceptions}, m=[])

    assert found == read_rules(rule_document(found)).rules


def test_a_zone_file_may_hold_what_is_no_rule() -> None:
    """It is told, as in a document."""
    features = [{"properties": {"id": "z1", "overload": ["full"]}}]
    found = rules_in_zone_file(json.dumps({"type": "FeatureCollection", "features": features}).encode())

    assert ["#1"] == [problem.rule for problem in found.problems]


def test_an_exception_that_changes_nothing_is_a_problem() -> None:
    """It was meant to change something."""
    document = {"rules": [MINIMAL | {"exceptions": [{"calendar": "m"}]}], "calendars": {"m": ["2026-12-05"]}}

    assert ["exceptions[0].windows"] == [problem.field for problem in read_rules(document).problems]


def test_a_rule_that_never_holds_is_a_problem() -> None:
    """An earlier one asks the same at all times."""
    (problem,) = read_rules({"rules": [MINIMAL, MINIMAL | {"id": "b"}]}).problems

    assert ("b", None) == (problem.rule, problem.field)
    assert "rule a" in problem.message


def test_rules_of_a_zone_file_are_about_their_zone() -> None:
    """The first has its id, the next ones their place; the capacity is the zone's where none is given."""
    overload = [{}, {"measure": "entries_per_slot", "capacity": 9}]
    features = [{"properties": {"id": "z1", "overload": overload}}, {"properties": {"id": "z2"}}]
    found = rules_in_zone_file(json.dumps({"type": "FeatureCollection", "features": features}).encode()).rules

    assert found is not None
    assert [("z1", "z1", None), ("z1:2", "z1", 9)] == [(r.rule_id, r.zone, r.capacity) for r in found.rules]


def test_a_zone_file_says_what_is_wrong_with_its_rules() -> None:
    """A target of its own, and a feature without an id."""
    features = [
        {"properties": {"id": "z1", "overload": {"kind": "hub"}}},
        {"properties": {"overload": {"capacity": 3}}},
    ]
    found = rules_in_zone_file(json.dumps({"type": "FeatureCollection", "features": features}).encode())

    assert [("z1", "kind"), (None, "features[1].properties.id")] == [
        (p.rule, p.field) for p in found.problems
    ]


@pytest.mark.parametrize("document", [b"{", b"[]", b'{"type": "FeatureCollection"}'])
def test_what_is_no_zone_file_is_an_error(document: bytes) -> None:
    """As it is for zones."""
    with pytest.raises(InvalidInputError):
        rules_in_zone_file(document)


def test_merging_replaces_what_has_the_same_name() -> None:
    """And puts the rest at the end; what would then clash is a problem."""
    old = rule_set(MINIMAL, MINIMAL | {"id": "b", "kind": "other"})
    new = rule_set(MINIMAL | {"capacity": 7}, MINIMAL | {"id": "c", "kind": "district"})
    both = merged(old, new).rules

    assert both is not None
    assert [("a", 7), ("b", 5), ("c", 5)] == [(rule.rule_id, rule.capacity) for rule in both.rules]
    assert {"a": "changed", "c": "added"} == changed_rules(old, both)
    assert {"a": "removed", "calendar m": "added"} == changed_rules(
        rule_set(MINIMAL), rule_set(m=["2026-12-05"])
    )
    assert merged(old, rule_set(MINIMAL | {"id": "d"})).rules is None


def test_rules_are_checked_against_the_zones_that_there_are() -> None:
    """An unknown zone, a kind without zones, and zones without a capacity."""
    zones = [WatchedZone("h1", "hub", "GM0363", None), WatchedZone("h2", "hub", "GM0363", 4)]
    rules = rule_set(
        {"id": "a", "zone": "h9", "capacity": 1},
        {"id": "b", "kind": "district", "capacity": 1},
        {"id": "c", "kind": "hub", "capacity": "zone"},
        {"id": "d", "zone": "h2", "capacity": "zone"},
    )

    assert [("a", "zone"), ("b", "kind"), ("c", "capacity")] == [
        (problem.rule, problem.field) for problem in check_zones(rules, zones)
    ]
