"""What registers know of a vehicle: generalised, packed, and nothing of private cars."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.vehicle_traits import (
    BRANCHES,
    FIRST_YEAR,
    HOLDER_PLACE,
    LAST_YEAR,
    PERMIT,
    TRAITS_PLACE,
    Fuel,
    Size,
    VehicleFacts,
    branch_of,
    facts_in,
    facts_of,
    fuel_of,
    packed_facts,
    packed_holder,
)
from processors.vocabulary import VehicleClass, ZeroEmission

VAN: dict[str, Any] = {
    "kind": "Bedrijfsauto",
    "category": "N1",
    "gross_kg": 3_000.0,
    "first_year": 2019,
    "fuels": ("Diesel",),
    "emission": "6",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, VehicleFacts(VehicleClass.N1, ZeroEmission.NO, 1, 2019, Fuel.DIESEL, 7)),
        (
            {"fuels": ("Elektriciteit",), "emission": "Z"},
            VehicleFacts(VehicleClass.N1, ZeroEmission.YES, 1, 2019, Fuel.ELECTRIC, 0),
        ),
        (
            {"fuels": ("Benzine", "Elektriciteit"), "emission": ""},
            VehicleFacts(VehicleClass.N1, ZeroEmission.NO, 1, 2019, Fuel.HYBRID, 0),
        ),
        (
            {"category": "N2", "gross_kg": 7_501.0},
            VehicleFacts(VehicleClass.N2, ZeroEmission.NO, 3, 2019, Fuel.DIESEL, 7),
        ),
        (
            {"category": "N3", "gross_kg": 44_000.0},
            VehicleFacts(VehicleClass.N3, ZeroEmission.NO, 5, 2019, Fuel.DIESEL, 7),
        ),
        ({"category": "M1"}, VehicleFacts(VehicleClass.M1)),
        (
            {"fuels": (), "emission": "", "gross_kg": 0.0, "first_year": 0},
            VehicleFacts(VehicleClass.N1),
        ),
        (
            {"fuels": ("Stoom",), "emission": ""},
            VehicleFacts(VehicleClass.N1, ZeroEmission.UNKNOWN, 1, 2019, Fuel.OTHER, 0),
        ),
    ],
)
def test_what_is_kept(changes: dict[str, Any], expected: VehicleFacts) -> None:
    """Classes in place of masses, years in place of dates; what is unknown stays so."""
    said = VAN | changes

    assert expected == facts_of(**said | {"fuels": frozenset(map(fuel_of, said["fuels"]))})


@given(
    st.builds(
        VehicleFacts,
        st.sampled_from(VehicleClass),
        st.sampled_from(ZeroEmission),
        st.integers(0, 5),
        st.just(0) | st.integers(FIRST_YEAR, LAST_YEAR),
        st.sampled_from(Fuel),
        st.integers(0, 7),
    )
)
def test_packing_keeps_all(facts: VehicleFacts) -> None:
    """Each in its place, none in the place of another."""
    assert facts == facts_in(packed_facts(facts))
    assert packed_facts(facts) < 2 ** (TRAITS_PLACE + HOLDER_PLACE)
    assert packed_holder("U", Size.LARGE) << HOLDER_PLACE < PERMIT


@pytest.mark.parametrize(
    ("sbi", "branch"),
    [
        ("01.11", "A"),
        ("4941", "H"),
        ("47", "G"),
        ("H", "H"),
        ("h", "H"),
        ("99", "U"),
        ("00", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_a_code_is_of_a_branch(sbi: str, branch: str) -> None:
    """By its division, or as the section itself."""
    assert branch == branch_of(sbi)


@given(st.text(max_size=4))
def test_any_text_is_of_a_branch_or_of_none(sbi: str) -> None:
    """Whatever a table says."""
    assert branch_of(sbi) in ("", *BRANCHES)
