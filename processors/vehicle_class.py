"""The class of a vehicle from what registers and senders say of it.

The rule of the city statistics: a class code of the camera system beats the EU category, and that beats the word for
the kind of vehicle. Without it 195,350 trucks counted as cars, 28 a day in place of 724. A goods vehicle is N1 up to
3,500 kg of gross mass, N2 up to 12,000 kg and N3 above. A truck whose mass nobody says counts as N3, as most are;
goods vehicles of which not even that is said stay unknown.
"""

from enum import IntEnum
from typing import Final

from processors.jit import lean_kernel
from processors.vocabulary import VEHICLE_CLASSES, VehicleClass

LIGHT_KG: Final = 3_500.0
MEDIUM_KG: Final = 12_000.0
SMALL_BUS_KG: Final = 5_000.0


class Body(IntEnum):
    """What a word says of a vehicle, before its mass is known."""

    CAR = 0
    BUS = 1
    VAN = 2
    TRUCK = 3
    GOODS = 4  # a van or a truck
    SMALL = 5  # two or three wheels, and light ones on four
    OTHER = 6
    UNKNOWN = 7


_CAR: Final = int(Body.CAR)
_BUS: Final = int(Body.BUS)
_VAN: Final = int(Body.VAN)
_TRUCK: Final = int(Body.TRUCK)
_GOODS: Final = int(Body.GOODS)
_SMALL: Final = int(Body.SMALL)
_OTHER: Final = int(Body.OTHER)
_M1: Final = int(VehicleClass.M1)
_M2: Final = int(VehicleClass.M2)
_M3: Final = int(VehicleClass.M3)
_N1: Final = int(VehicleClass.N1)
_N2: Final = int(VehicleClass.N2)
_N3: Final = int(VehicleClass.N3)
_L: Final = int(VehicleClass.L)
_OTHER_CLASS: Final = int(VehicleClass.OTHER)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)

_CODES: Final = {
    **dict.fromkeys(("ZB", "TRUCK", "ZWAAR", "HGV"), Body.TRUCK),
    **dict.fromkeys(("LB", "VAN", "LC", "LICHT"), Body.VAN),
    **dict.fromkeys(("P", "M"), Body.CAR),
    "BUS": Body.BUS,
}
"""Class codes of camera systems; `FOR`, a foreign vehicle, says nothing of the class."""

_KINDS: Final = {
    "personenauto": Body.CAR,
    "bedrijfsauto": Body.GOODS,
    "bestelauto": Body.VAN,
    "bestelwagen": Body.VAN,
    "vrachtauto": Body.TRUCK,
    "vrachtwagen": Body.TRUCK,
    "trekker": Body.TRUCK,
    "bus": Body.BUS,
    **dict.fromkeys(
        ("motorfiets", "motorfiets met zijspan", "bromfiets", "driewielig motorrijtuig"), Body.SMALL
    ),
    **dict.fromkeys(
        (
            "aanhangwagen",
            "middenasaanhangwagen",
            "autonome aanhangwagen",
            "oplegger",
            "land- of bosb aanhw of getr uitr stuk",
            "land- of bosbouwtrekker",
            "mobiele machine",
            "motorrijtuig met beperkte snelheid",
        ),
        Body.OTHER,
    ),
}
"""Kinds of vehicles as the Dutch register spells them, in lower case."""


@lean_kernel
def class_of_body(body: int, gross_kg: float) -> int:
    """Return the VehicleClass code of a Body code; a gross mass of 0 is unknown."""
    if body in (_VAN, _TRUCK, _GOODS):
        if gross_kg > MEDIUM_KG:
            return _N3
        if gross_kg > LIGHT_KG:
            return _N2
        if gross_kg > 0.0:
            return _N1
        return _N1 if body == _VAN else _N3 if body == _TRUCK else _UNKNOWN_CLASS
    if body == _CAR:
        return _M1
    if body == _BUS:
        return _M2 if 0.0 < gross_kg <= SMALL_BUS_KG else _M3
    if body == _SMALL:
        return _L
    return _OTHER_CLASS if body == _OTHER else _UNKNOWN_CLASS


def class_by_rule(
    *, code: str = "", category: str = "", kind: str = "", gross_kg: float = 0.0
) -> VehicleClass:
    """Return the class by the first of the three that says it.

    Args:
        code: class code of a camera system.
        category: EU category, `N1` or with letters as in `L3e`; only `M` or `N` is completed by the mass.
        kind: kind of vehicle as the Dutch register spells it.
        gross_kg: permitted gross mass, 0 where unknown.
    """
    by_code = _CODES.get(code.strip().upper())
    if by_code is not None:
        return _of_code(by_code, gross_kg)
    by_category = _of_category(category.strip().upper(), gross_kg)
    if by_category != VehicleClass.UNKNOWN:
        return by_category
    body = _KINDS.get(kind.strip().lower(), Body.UNKNOWN)
    return VehicleClass(class_of_body(body, gross_kg))


def _of_code(body: Body, gross_kg: float) -> VehicleClass:
    """Return the class of a code, which a mass makes finer and never changes."""
    if body == Body.VAN:
        return VehicleClass.N1
    if body == Body.TRUCK:
        return VehicleClass.N2 if LIGHT_KG < gross_kg <= MEDIUM_KG else VehicleClass.N3
    return VehicleClass(class_of_body(body, gross_kg))


def _of_category(category: str, gross_kg: float) -> VehicleClass:
    """Return the class that an EU category says, in capitals."""
    if category[:2] in VEHICLE_CLASSES:
        return VehicleClass(VEHICLE_CLASSES.index(category[:2]))
    if category == "N":
        return VehicleClass(class_of_body(Body.GOODS, gross_kg))
    if category == "M":
        return VehicleClass.M1
    if category[:1] == "L":
        return VehicleClass.L
    return VehicleClass.OTHER if category[:1] in ("O", "T", "C", "R", "S") else VehicleClass.UNKNOWN
