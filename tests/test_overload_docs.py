"""The pages on overload say what the code does."""

import re
import tomllib
from pathlib import Path

import pytest

from processors.overload import forecast
from processors.overload.class_groups import CLASS_GROUPS
from processors.overload.rule_file import (
    EXCEPTION_FIELDS,
    RULE_FIELDS,
    TEXT_FIELDS,
    WINDOW_FIELDS,
    read_rules,
)
from processors.overload.rules import Measure, Rule, Severity
from processors.overload.watch import AlertState
from processors.vocabulary import VEHICLE_CLASSES

DOCS = Path(__file__).parent.parent / "docs"
METHOD = (DOCS / "overload.md").read_text(encoding="utf-8")
FIGURES = (DOCS / "forecast.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word",
    [
        *AlertState,
        *RULE_FIELDS,
        *WINDOW_FIELDS,
        *EXCEPTION_FIELDS,
        *TEXT_FIELDS,
        *Measure,
        *Severity,
        *CLASS_GROUPS,
    ],
)
def test_every_state_field_and_word_of_a_rule_is_explained(word: str) -> None:
    """By the name that a document or a screen has for it."""
    assert f"`{word}`" in METHOD


def test_every_state_is_in_the_diagram() -> None:
    """None is left out of the picture."""
    diagram = METHOD.split("## States")[1].split("```")[1]

    assert [] == [state for state in AlertState if state not in diagram]


def test_the_defaults_of_the_page_are_those_of_a_rule() -> None:
    """Numbers and the severity."""
    rule = Rule(rule_id="a", classes=VEHICLE_CLASSES, measure=Measure.PRESENT)
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| `?([^|`]+)`? \|$", METHOD, re.MULTILINE))
    names = ("raise_pct", "clear_pct", "raise_s", "clear_s", "rising_pct", "severity")

    assert {name: str(getattr(rule, name)) for name in names} == {name: told[name] for name in names}


def test_the_example_is_a_rule_set() -> None:
    """A newcomer copies it."""
    (example,) = re.findall(r"```toml\n(.*?)```", METHOD, re.DOTALL)

    assert [] == read_rules(tomllib.loads(example)).problems


def test_the_figures_are_of_the_forecast_as_it_is() -> None:
    """Whoever changes a constant runs `python -m benchmarks.forecast --write-docs`."""
    told = dict(re.findall(r"^\| `([A-Z_]+)` +\| +([\d.]+) \|$", FIGURES, re.MULTILINE))

    assert len(told) >= 10
    assert {name: f"{getattr(forecast, name):g}" for name in told} == told


@pytest.mark.parametrize("method", ["as now", "as last week", "the forecast"])
def test_the_figures_have_every_method(method: str) -> None:
    """With precision, recall and lead time."""
    (row,) = re.findall(rf"^\| {method} +\|(.*)\|$", FIGURES, re.MULTILINE)

    assert 9 == len(row.split("|"))
