"""What a rule on entries counts, from its definition."""

from hypothesis import example, given
from hypothesis import strategies as st

from processors.overload.observation import SlotEntries, ZoneObservation, value_of
from processors.overload.plan import limit_of
from processors.overload.rules import Measure, Rule

CLASSES = ("M1", "N1", "N2", "N3")
slots = st.dictionaries(st.sampled_from(CLASSES), st.integers(0, 30))


@given(last=slots, running=slots, classes=st.sets(st.sampled_from(CLASSES), min_size=1))
@example(last={"N2": 10}, running={"N2": 2, "N1": 20}, classes={"N2", "N3"})
@example(last={"N1": 20}, running={"N2": 2}, classes={"N2", "N3"})
def test_entries_are_those_of_the_slot_with_more_of_the_classes_of_the_rule(
    last: dict[str, int], running: dict[str, int], classes: set[str]
) -> None:
    """Added up in each slot; other classes change nothing."""
    rule = Rule(rule_id="r", zone="z", classes=tuple(sorted(classes)), measure=Measure.ENTRIES_PER_SLOT)
    seen = ZoneObservation((), entries=SlotEntries(last, running))

    expected = max(sum(slot.get(name, 0) for name in classes) for slot in (last, running))
    assert expected == value_of(limit_of(rule, 10), seen)


def test_entries_that_are_not_known_are_not_zero() -> None:
    """A zone without any is known to have none."""
    limit = limit_of(Rule(rule_id="r", zone="z", classes=("N1",), measure=Measure.ENTRIES_PER_SLOT), 10)

    assert value_of(limit, ZoneObservation(())) is None
    assert 0 == value_of(limit, ZoneObservation((), entries=SlotEntries({}, {})))
