"""What is wrong, in one line and two languages."""

import pytest

from processors.overload.headline import headline
from processors.overload.rules import Measure, Rule

FULL = Rule(rule_id="r", kind="zero_emission_zone", classes=("N2", "N3"), measure=Measure.PRESENT)


def changed(**values: object) -> Rule:
    """Return the rule with other values."""
    return Rule(**{name: getattr(FULL, name) for name in FULL.__struct_fields__} | values)


def test_the_own_words_of_a_rule_are_used() -> None:
    """In the language that they are in; the other one is made."""
    rule = changed(text_nl="Te druk bij de bruggen")

    assert "Te druk bij de bruggen" == headline(rule, "Binnenstad", "nl")
    assert "Binnenstad is filling up: too many trucks" == headline(rule, "Binnenstad", "en")


@pytest.mark.parametrize(
    ("measure", "language", "line"),
    [
        (Measure.PRESENT, "nl", "Binnenstad raakt vol: te veel vrachtauto's"),
        (Measure.PRESENT_AND_SILENT, "en", "Binnenstad is filling up: too many trucks"),
        (Measure.ENTRIES_PER_SLOT, "nl", "Binnenstad: te veel vrachtauto's tegelijk naar binnen"),
        (Measure.ENTRIES_PER_SLOT, "en", "Binnenstad: too many trucks coming in at once"),
    ],
)
def test_a_line_says_where_and_what(measure: Measure, language: str, line: str) -> None:
    """Too many inside is not too many at once."""
    assert language in {"nl", "en"}

    assert line == headline(changed(measure=measure), "Binnenstad", "nl" if language == "nl" else "en")


def test_classes_that_are_no_group_are_named_one_by_one() -> None:
    """As the rule has them."""
    assert "Z is filling up: too many M1, N3" == headline(changed(classes=("M1", "N3")), "Z", "en")
