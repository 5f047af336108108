"""What a sender says of the vehicle: its EU class, and whether it drives without emission.

Words are compared whole, in any case of letters; a word that nobody knows means `unknown`, never a rejection.
Cars (M1) carry no emission at all, since it is detail that no figure needs (privacy).
"""

from typing import Final

from processors.columns import UInt64Array
from processors.jit import inner_kernel, lean_kernel
from processors.vehicle_class import Body, class_of_body
from processors.vocabulary import VEHICLE_CLASSES, VehicleClass, ZeroEmission
from streams.decode.words import find_word, lower_word, word_table

# common ones first: the kernel searches from the front
_NO_ZERO_FUELS: Final = (
    "diesel", "petrol", "gasoline", "benzine", "hvo", "hvo100", "lng", "cng", "lpg", "biodiesel",
    "bioethanol", "ethanol", "e85", "methanol", "methane", "biogas", "bio-lng", "bio-cng", "gas", "dual_fuel",
    "hybrid", "phev", "hev", "mhev", "plug-in hybrid", "plugin_hybrid",
)  # fmt: skip
_ZERO_FUELS: Final = (
    "electric", "electricity", "battery", "bev", "hydrogen", "fuel_cell", "fcev", "elektriciteit", "waterstof",
)  # fmt: skip
_ZERO_EMISSIONS: Final = ("zero", "ze", "z")
_EURO: Final = "euro"

_FUELS: Final = dict.fromkeys(_ZERO_FUELS, ZeroEmission.YES) | dict.fromkeys(_NO_ZERO_FUELS, ZeroEmission.NO)
_BODIES: Final = {
    **dict.fromkeys(
        ("truck", "boxtruck", "lorry", "tractor", "vrachtwagen", "vrachtauto", "trekker", "bakwagen", "hgv",
         "semitruck", "tractorunit", "rigid", "rigidtruck", "tanker", "tipper", "kipper", "concretemixer", "crane"),
        Body.TRUCK,
    ),
    **dict.fromkeys(
        ("van", "bestelwagen", "bestelauto", "bestelbus", "cargovan", "boxvan", "lcv", "lighttruck", "pickup"),
        Body.VAN,
    ),
    **dict.fromkeys(("car", "personenauto", "passengercar"), Body.CAR),
    **dict.fromkeys(("bus", "coach", "touringcar", "trolleybus"), Body.BUS),
    **dict.fromkeys(("motorcycle", "motorfiets", "moped", "scooter", "bromfiets", "lev"), Body.SMALL),
    **dict.fromkeys(
        ("trailer", "semitrailer", "oplegger", "aanhanger", "cargobike", "bakfiets", "bicycle", "fiets"),
        Body.OTHER,
    ),
}  # fmt: skip
_CATEGORIES: Final = _BODIES | {"tractor": Body.OTHER}
_CLASSES: Final = {name.lower(): VehicleClass(code) for code, name in enumerate(VEHICLE_CLASSES)}

_YES: Final = int(ZeroEmission.YES)
_NO: Final = int(ZeroEmission.NO)
_UNKNOWN: Final = int(ZeroEmission.UNKNOWN)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_CAR: Final = int(VehicleClass.M1)
_UNKNOWN_BODY: Final = int(Body.UNKNOWN)


def class_of(name: str) -> VehicleClass:
    """Return the class that *name* says."""
    return _CLASSES.get(name.lower(), VehicleClass.UNKNOWN)


def class_of_type(kind: str, gross_kg: float) -> VehicleClass:
    """Return the class of a vehicle of that kind; a gross mass of 0 is unknown."""
    return VehicleClass(class_of_body(_BODIES.get(kind.lower(), Body.UNKNOWN), gross_kg))


def class_of_category(category: str) -> VehicleClass:
    """Return the class of a Traccar category, of which a `tractor` is one of farms."""
    return VehicleClass(class_of_body(_CATEGORIES.get(category.lower(), Body.UNKNOWN), 0.0))


def zero_emission_of(vehicle_class: VehicleClass, fuel: str, emission: str) -> ZeroEmission:
    """Return whether a vehicle drives without emission; an empty text says nothing."""
    by_fuel = _FUELS.get(fuel.lower(), ZeroEmission.UNKNOWN)
    if vehicle_class == VehicleClass.M1:
        return ZeroEmission.UNKNOWN
    if by_fuel == ZeroEmission.YES or emission.lower() in _ZERO_EMISSIONS:
        return ZeroEmission.YES
    if by_fuel == ZeroEmission.NO or emission.lower().startswith(_EURO):
        return ZeroEmission.NO
    return ZeroEmission.UNKNOWN


_CLASS_TABLE: Final = word_table({name: int(code) for name, code in _CLASSES.items()})
_FUEL_TABLE: Final = word_table(
    dict.fromkeys(_NO_ZERO_FUELS[:1], _NO) | {word: int(code) for word, code in _FUELS.items()}
)
_BODY_TABLE: Final = word_table({word: int(body) for word, body in _BODIES.items()})
_CATEGORY_TABLE: Final = word_table({word: int(body) for word, body in _CATEGORIES.items()})
_EMISSION_TABLE: Final = word_table(dict.fromkeys(_ZERO_EMISSIONS, _YES))
_EURO_WORD: Final = word_table({_EURO: _NO})[0, 0]


@inner_kernel
def scan_class(words: UInt64Array, start: int, end: int) -> int:
    """Return what `class_of` says of the plain ASCII text in `[start, end)`."""
    return find_word(_CLASS_TABLE, words, start, end, _UNKNOWN_CLASS)


@lean_kernel
def scan_type(words: UInt64Array, start: int, end: int, gross_kg: float) -> int:
    """Return what `class_of_type` says of the plain ASCII text in `[start, end)`."""
    return class_of_body(find_word(_BODY_TABLE, words, start, end, _UNKNOWN_BODY), gross_kg)


@lean_kernel
def scan_category(words: UInt64Array, start: int, end: int) -> int:
    """Return what `class_of_category` says of the plain ASCII text in `[start, end)`."""
    return class_of_body(find_word(_CATEGORY_TABLE, words, start, end, _UNKNOWN_BODY), 0.0)


@inner_kernel
def scan_zero_emission(
    vehicle_class: int,
    words: UInt64Array,
    fuel_start: int,
    fuel_end: int,
    emission_start: int,
    emission_end: int,
) -> int:
    """Return what `zero_emission_of` says of the plain ASCII texts in the two spans."""
    if vehicle_class == _CAR:
        return _UNKNOWN
    by_fuel = find_word(_FUEL_TABLE, words, fuel_start, fuel_end, _UNKNOWN)
    if by_fuel == _YES or find_word(_EMISSION_TABLE, words, emission_start, emission_end, _UNKNOWN) == _YES:
        return _YES
    if by_fuel == _NO:
        return _NO
    prefix = lower_word(words, emission_start, min(emission_end - emission_start, len(_EURO)))
    return _NO if prefix == _EURO_WORD else _UNKNOWN
