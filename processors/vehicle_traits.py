"""What registers know of a vehicle, packed into one number per plate, and generalised before it is kept.

Detail is for goods vehicles: of a private car nothing is kept but that it is one. Masses become classes and dates of
first admission years; brands and everything else are not kept at all. A field of 0 is unknown.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from processors.columns import UInt8Array, UInt32Array
from processors.vehicle_class import class_by_rule
from processors.vocabulary import VehicleClass, ZeroEmission

MASS_BOUNDS_KG: Final = (3_500.0, 7_500.0, 10_000.0, 20_000.0)
"""Upper bounds of the mass classes 1, 2, … ; heavier vehicles are of the last one."""

FIRST_YEAR: Final = 1950
LAST_YEAR: Final = FIRST_YEAR + 126

BRANCHES: Final = "ABCDEFGHIJKLMNOPQRSTU"
"""Sections of SBI 2008; a code of it begins with the number of its division."""

_DIVISIONS: Final = (
    (3, "A"), (9, "B"), (33, "C"), (35, "D"), (39, "E"), (43, "F"), (47, "G"), (53, "H"), (56, "I"), (63, "J"),
    (66, "K"), (68, "L"), (75, "M"), (82, "N"), (84, "O"), (85, "P"), (88, "Q"), (93, "R"), (96, "S"), (98, "T"),
    (99, "U"),
)  # fmt: skip


class Fuel(IntEnum):
    """The fuel of a vehicle; several of them, one of which is electricity, are a hybrid."""

    UNKNOWN = 0
    DIESEL = 1
    PETROL = 2
    GAS = 3
    ELECTRIC = 4
    HYDROGEN = 5
    HYBRID = 6
    OTHER = 7


_FUELS: Final = {
    "diesel": Fuel.DIESEL,
    "benzine": Fuel.PETROL,
    "alcohol": Fuel.PETROL,
    "lpg": Fuel.GAS,
    "cng": Fuel.GAS,
    "lng": Fuel.GAS,
    "elektriciteit": Fuel.ELECTRIC,
    "waterstof": Fuel.HYDROGEN,
}
_CLEAN: Final = (Fuel.ELECTRIC, Fuel.HYDROGEN)


class Size(IntEnum):
    """The size of the company that holds a vehicle."""

    UNKNOWN = 0
    SMALL = 1
    MEDIUM = 2
    LARGE = 3


# places of the fields in the attributes of a vehicle: bits, then how many
_CLASS_BITS: Final = 4
_EMISSION_PLACE: Final = 4
_MASS_PLACE: Final = 6
_YEAR_PLACE: Final = 9
_FUEL_PLACE: Final = 16
_EURO_PLACE: Final = 19
# and in those of its holder
_SIZE_PLACE: Final = 5

TRAITS_PLACE: Final = _MASS_PLACE
"""Attributes of a vehicle from here on are the lowest bits of the traits of a row; below are class and emission."""

HOLDER_PLACE: Final = 16
"""Where the attributes of the holder begin in the traits of a row."""

PERMIT: Final = 1 << 23
"""Bit of the traits of a row whose vehicle has a permit at the time of the row."""

AT_HOME: Final = 1 << 24
"""Bit of the traits of a row with a Dutch plate; only where vehicles are known over a month."""


class VehicleFacts(NamedTuple):
    """What registers say of one vehicle."""

    vehicle_class: VehicleClass = VehicleClass.UNKNOWN
    zero_emission: ZeroEmission = ZeroEmission.UNKNOWN
    mass_class: int = 0
    first_year: int = 0  # 0 where unknown
    fuel: Fuel = Fuel.UNKNOWN
    euro: int = 0  # one more than the Euro class


def facts_of(
    *, kind: str, category: str, gross_kg: float, first_year: int, fuels: frozenset[Fuel], emission: str
) -> VehicleFacts:
    """Return what is kept of a vehicle in the Dutch register, where all values are texts but the mass.

    Args:
        kind: voertuigsoort.
        category: europese_voertuigcategorie.
        gross_kg: toegestane_maximum_massa_voertuig, 0 where unknown.
        first_year: of datum_eerste_toelating, 0 where unknown.
        fuels: all of them.
        emission: emissiecode_omschrijving; `Z` drives without emission.
    """
    vehicle_class = class_by_rule(category=category, kind=kind, gross_kg=gross_kg)
    if vehicle_class == VehicleClass.M1:
        return VehicleFacts(vehicle_class)
    return VehicleFacts(
        vehicle_class,
        _zero_emission(fuels, emission),
        _mass_class(gross_kg),
        min(max(first_year, FIRST_YEAR), LAST_YEAR) if first_year else 0,
        _fuel(fuels),
        int(emission) + 1 if emission in tuple("0123456") else 0,
    )


def fuel_of(description: str) -> Fuel:
    """Return the fuel that brandstof_omschrijving says."""
    text = description.strip().lower()
    return _FUELS.get(text, Fuel.OTHER) if text else Fuel.UNKNOWN


def packed_facts(facts: VehicleFacts) -> int:
    """Return facts as the attributes of a plate."""
    year = facts.first_year - FIRST_YEAR + 1 if facts.first_year else 0
    return (
        facts.vehicle_class
        | facts.zero_emission << _EMISSION_PLACE
        | facts.mass_class << _MASS_PLACE
        | year << _YEAR_PLACE
        | facts.fuel << _FUEL_PLACE
        | facts.euro << _EURO_PLACE
    )


def facts_in(attributes: int) -> VehicleFacts:
    """Return the facts that the attributes of a plate hold."""
    year = attributes >> _YEAR_PLACE & 127
    return VehicleFacts(
        VehicleClass(attributes & 15),
        ZeroEmission(attributes >> _EMISSION_PLACE & 3),
        attributes >> _MASS_PLACE & 7,
        year + FIRST_YEAR - 1 if year else 0,
        Fuel(attributes >> _FUEL_PLACE & 7),
        attributes >> _EURO_PLACE & 7,
    )


def packed_holder(branch: str, size: Size) -> int:
    """Return the attributes of the holder of a plate; *branch* is a section, or empty."""
    return (BRANCHES.index(branch) + 1 if branch else 0) | size << _SIZE_PLACE


class Holder(NamedTuple):
    """What registers say of the holders of rows."""

    branch: UInt8Array  # one more than the place in `BRANCHES`, 0 where unknown
    size: UInt8Array  # Size code


def holders_in(traits: UInt32Array) -> Holder:
    """Return what traits say of holders."""
    held = traits >> HOLDER_PLACE
    return Holder((held & 31).astype(np.uint8), (held >> _SIZE_PLACE & 3).astype(np.uint8))


def branch_of(sbi: str) -> str:
    """Return the section of an SBI code, or of a section itself; empty where it is none."""
    code = sbi.strip().upper()
    if len(code) == 1 and code in BRANCHES:
        return code
    if not (code[:2].isascii() and code[:2].isdigit()) or code[:2] == "00":
        return ""
    return next((section for last, section in _DIVISIONS if int(code[:2]) <= last), "")


def _mass_class(gross_kg: float) -> int:
    """Return the class of a gross mass."""
    return 1 + sum(gross_kg > bound for bound in MASS_BOUNDS_KG) if gross_kg > 0 else 0


def _zero_emission(fuels: frozenset[Fuel], emission: str) -> ZeroEmission:
    """Return whether a vehicle of these fuels drives without emission."""
    if emission.strip().upper() == "Z" or (fuels and fuels <= set(_CLEAN)):
        return ZeroEmission.YES
    return ZeroEmission.NO if fuels - {Fuel.OTHER} or emission[:1].isdigit() else ZeroEmission.UNKNOWN


def _fuel(fuels: frozenset[Fuel]) -> Fuel:
    """Return one fuel for all of them."""
    if len(fuels) > 1:
        return Fuel.HYBRID if Fuel.ELECTRIC in fuels else min(fuels)
    return next(iter(fuels), Fuel.UNKNOWN)
