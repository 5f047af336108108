"""The class of a vehicle: a code beats the category, and that beats the kind."""

import pytest

from processors.vehicle_class import Body, class_by_rule, class_of_body
from processors.vocabulary import VehicleClass


@pytest.mark.parametrize(
    ("code", "category", "kind", "gross_kg", "expected"),
    [
        ("ZB", "M1", "Personenauto", 1_500.0, VehicleClass.N3),
        ("ZB", "", "", 7_500.0, VehicleClass.N2),
        ("TRUCK", "", "", 0.0, VehicleClass.N3),
        ("LB", "N3", "", 18_000.0, VehicleClass.N1),
        ("lc", "", "", 0.0, VehicleClass.N1),
        ("P", "N1", "Bedrijfsauto", 0.0, VehicleClass.M1),
        ("BUS", "", "", 0.0, VehicleClass.M3),
        ("M", "", "", 0.0, VehicleClass.M1),
        ("FOR", "", "", 0.0, VehicleClass.UNKNOWN),
        ("FOR", "N2", "", 0.0, VehicleClass.N2),
        ("", "N1", "Personenauto", 0.0, VehicleClass.N1),
        ("", "M1", "Bedrijfsauto", 18_000.0, VehicleClass.M1),
        ("", "L3e", "", 0.0, VehicleClass.L),
        ("", "N", "", 3_500.0, VehicleClass.N1),
        ("", "N", "", 3_501.0, VehicleClass.N2),
        ("", "N", "", 12_000.0, VehicleClass.N2),
        ("", "N", "", 12_001.0, VehicleClass.N3),
        ("", "N", "Vrachtauto", 0.0, VehicleClass.N3),
        ("", "M", "", 0.0, VehicleClass.M1),
        ("", "O4", "Oplegger", 0.0, VehicleClass.OTHER),
        ("", "", "Bedrijfsauto", 2_000.0, VehicleClass.N1),
        ("", "", "Bedrijfsauto", 0.0, VehicleClass.UNKNOWN),
        ("", "", "Bus", 4_000.0, VehicleClass.M2),
        ("", "", "Motorfiets", 0.0, VehicleClass.L),
        ("", "", "Luchtschip", 0.0, VehicleClass.UNKNOWN),
        ("", "", "", 20_000.0, VehicleClass.UNKNOWN),
        ("?", "?", "?", 0.0, VehicleClass.UNKNOWN),
    ],
)
def test_the_class_rule(code: str, category: str, kind: str, gross_kg: float, expected: VehicleClass) -> None:
    """The first of the three that says it decides, and a mass only makes it finer."""
    assert expected == class_by_rule(code=code, category=category, kind=kind, gross_kg=gross_kg)


@pytest.mark.parametrize("body", Body)
def test_every_word_has_a_class_at_every_mass(body: Body) -> None:
    """Whatever the mass, also one that cannot be, there is a class."""
    for gross_kg in (0.0, -1.0, 1.0, 3_500.0, 3_500.5, 12_000.5, 1e12, float("inf"), float("nan")):
        VehicleClass(class_of_body(int(body), gross_kg))
