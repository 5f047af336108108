"""Why an alert is there: what is named, what is kept, and the words."""

from hypothesis import given
from hypothesis import strategies as st

from processors.overload.observation import SlotEntries, ZoneObservation, ZoneRow
from processors.overload.plan import Limit, limit_of
from processors.overload.reason import NeighbourLoad, reason_of
from processors.overload.reason_text import sentence
from processors.overload.rules import Measure, Rule
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS

rows = st.lists(
    st.builds(
        ZoneRow,
        st.sampled_from(VEHICLE_CLASSES),
        st.sampled_from(ZERO_EMISSIONS),
        st.integers(0, 6),
        st.integers(0, 4),
    ),
    max_size=12,
).map(tuple)


def limit(
    measure: Measure = Measure.PRESENT, capacity: int = 12, classes: tuple[str, ...] = ("N1", "N2", "N3")
) -> Limit:
    """Return the limit of a rule on freight."""
    return limit_of(Rule(rule_id="rule", zone="zone", classes=classes, measure=measure), capacity)


SEEN = ZoneObservation(
    (
        ZoneRow("N1", "no", 5, 1),
        ZoneRow("N1", "yes", 3, 0),
        ZoneRow("N3", "no", 4, 3),
        ZoneRow("M1", "no", 9, 9),
    ),
    entries=SlotEntries(last={"N1": 20, "N2": 4, "M1": 5}, running={"N1": 3, "N2": 9, "M1": 50}),
)
NEIGHBOURS = (
    NeighbourLoad("a", "Markt", 95.0),
    NeighbourLoad("b", "Kade", 89.9),
    NeighbourLoad("c", "Plein", 120.0),
)


def test_a_reason_says_what_the_count_is_made_of() -> None:
    """Only of the classes of the rule."""
    reason = reason_of(limit(), SEEN, entries_per_h=40.0, usual_entries_per_h=22.0, neighbours=NEIGHBOURS)

    assert (12, 100.0, {"N1": 8, "N3": 4}, 4) == (reason.value, reason.pct, reason.classes, reason.silent)
    assert 300.0 / 16.0 == reason.zero_emission_pct
    assert ["Plein", "Markt"] == [near.name for near in reason.full_neighbours]


def test_a_reason_in_dutch_and_english() -> None:
    """Short sentences; what is not known is left out."""
    reason = reason_of(limit(), SEEN, entries_per_h=40.0, usual_entries_per_h=22.0, neighbours=NEIGHBOURS)

    assert (
        "12 voertuigen aanwezig bij een capaciteit van 12 (100%): 8 bestelauto's en 4 zware vrachtauto's. "
        "Instroom 40 per uur, gewoonlijk 22. 4 stilgevallen, geparkeerd of aan het lossen. "
        "19% zonder uitstoot. Ook vol: Plein (120%) en Markt (95%)."
    ) == sentence(reason, "nl")
    assert (
        "12 vehicles present, capacity 12 (100%): 8 vans and 4 heavy trucks. Inflow 40 an hour, usually 22. "
        "4 fallen silent, parked or unloading. 19% without emission. Also full: Plein (120%) and Markt (95%)."
    ) == sentence(reason, "en")


def test_half_a_percent_is_rounded_upwards() -> None:
    """As browsers do: a zone has one percentage on the page and in the words beside it."""
    seen = ZoneObservation((ZoneRow("N1", "unknown", 9, 0),))

    text = sentence(reason_of(limit(capacity=8), seen, neighbours=[NeighbourLoad("a", "Markt", 104.5)]), "nl")

    assert "(113%)" in text
    assert "Markt (105%)" in text


def test_a_small_reason_is_a_short_sentence() -> None:
    """One vehicle where none is allowed."""
    seen = ZoneObservation((ZoneRow("N1", "unknown", 1, 0),))

    assert "1 voertuig aanwezig bij een capaciteit van 0." == sentence(
        reason_of(limit(capacity=0), seen), "nl"
    )


def test_a_rule_on_entries_names_the_classes_that_came_in() -> None:
    """Not those that are there, and of the slot that the rule counts."""
    reason = reason_of(limit(Measure.ENTRIES_PER_SLOT), SEEN, entries_per_h=240.0)
    trucks = reason_of(limit(Measure.ENTRIES_PER_SLOT, classes=("N2", "N3")), SEEN)

    assert (24, {"N1": 20, "N2": 4}) == (reason.value, reason.classes)
    assert (9, {"N2": 9}) == (trucks.value, trucks.classes)
    assert "Instroom 240 per uur." in sentence(reason, "nl")


@given(rows, st.sampled_from([Measure.PRESENT, Measure.PRESENT_AND_SILENT]))
def test_no_class_below_three_is_named_or_betrayed_by_the_total(
    rows: tuple[ZoneRow, ...], measure: Measure
) -> None:
    """Nor is any other part of one or two vehicles."""
    classes = ("N1", "N2", "N3")
    reason = reason_of(limit(measure), ZoneObservation(rows))
    counts = dict.fromkeys(classes, 0)
    for row in rows:
        if row.vehicle_class in classes:
            silent = row.silent if measure is Measure.PRESENT_AND_SILENT else 0
            counts[row.vehicle_class] += row.present + silent
    left = reason.value - sum(reason.classes.values())

    assert sum(counts.values()) == reason.value
    assert reason.classes.items() <= counts.items()
    assert all(count >= 3 for count in reason.classes.values())
    assert left not in {1, 2} or not reason.classes
    assert reason.silent not in {1, 2}


@given(rows)
def test_a_share_of_emission_has_no_part_of_one_or_two(rows: tuple[ZoneRow, ...]) -> None:
    """Then it is not given."""
    share = reason_of(limit(classes=VEHICLE_CLASSES), ZoneObservation(rows)).zero_emission_pct
    parts = [sum(r.present + r.silent for r in rows if r.zero_emission == known) for known in ("yes", "no")]

    assert (share is None) == (bool({1, 2} & set(parts)) or sum(parts) == 0)
    assert share is None or abs(100.0 * parts[0] / sum(parts) - share) < 1e-9
