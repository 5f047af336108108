"""What a sender says of the vehicle: its EU class, and whether it drives without emission.

Words are compared whole, in any case of letters; a word that nobody knows means `unknown`, never a rejection.
Cars (M1) carry no emission at all, since it is detail that no figure needs (privacy).
"""

from typing import Final

import numpy as np

from processors.columns import UInt64Array
from processors.jit import lean_kernel
from processors.vocabulary import VEHICLE_CLASSES, VehicleClass, ZeroEmission

# common ones first: the kernel searches from the front
_NO_ZERO_FUELS: Final = (
    "diesel", "petrol", "gasoline", "benzine", "hvo", "hvo100", "lng", "cng", "lpg", "biodiesel",
    "bioethanol", "ethanol", "e85", "methanol", "methane", "biogas", "bio-lng", "bio-cng", "gas", "dual_fuel",
    "hybrid", "phev", "hev", "mhev", "plug-in hybrid", "plugin_hybrid",
)  # fmt: skip
_ZERO_FUELS: Final = ("electric", "electricity", "battery", "bev", "hydrogen", "fuel_cell", "fcev")
_ZERO_EMISSIONS: Final = ("zero", "ze", "z")
_EURO: Final = "euro"

_FUELS: Final = dict.fromkeys(_ZERO_FUELS, ZeroEmission.YES) | dict.fromkeys(_NO_ZERO_FUELS, ZeroEmission.NO)
_CLASSES: Final = {name.lower(): VehicleClass(code) for code, name in enumerate(VEHICLE_CLASSES)}

_YES: Final = int(ZeroEmission.YES)
_NO: Final = int(ZeroEmission.NO)
_UNKNOWN: Final = int(ZeroEmission.UNKNOWN)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_CAR: Final = int(VehicleClass.M1)


def class_of(name: str) -> VehicleClass:
    """Return the class that *name* says."""
    return _CLASSES.get(name.lower(), VehicleClass.UNKNOWN)


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


_WORD_BYTES: Final = 16
_ONES: Final = np.uint64(0x0101_0101_0101_0101)
_HIGH_BITS: Final = np.uint64(0x80) * _ONES
_LOW_BITS: Final = np.uint64(0x7F) * _ONES
_FROM_A: Final = np.uint64(0x80 - ord("A")) * _ONES
_AFTER_Z: Final = np.uint64(0x7F - ord("Z")) * _ONES
_TO_CASE: Final = np.uint64(2)
_ALL: Final = np.uint64(2**64 - 1)
_NOTHING: Final = np.uint64(0)
_BITS: Final = np.uint64(64)


def _table(words: dict[str, int]) -> UInt64Array:
    """Return one row per word: the two halves of it, and its code."""
    rows = []
    for word, code in words.items():
        text = word.encode().ljust(_WORD_BYTES, b"\0")
        rows.append((int.from_bytes(text[:8], "little"), int.from_bytes(text[8:], "little"), code))
    return np.array(rows, np.uint64)


_CLASS_TABLE: Final = _table({name: int(code) for name, code in _CLASSES.items()})
_FUEL_TABLE: Final = _table(
    dict.fromkeys(_NO_ZERO_FUELS[:1], _NO) | {word: int(code) for word, code in _FUELS.items()}
)
_EMISSION_TABLE: Final = _table(dict.fromkeys(_ZERO_EMISSIONS, _YES))
_EURO_WORD: Final = _table({_EURO: _NO})[0, 0]


@lean_kernel
def scan_class(words: UInt64Array, start: int, end: int) -> int:
    """Return what `class_of` says of the plain ASCII text in `[start, end)`."""
    return _find(_CLASS_TABLE, words, start, end, _UNKNOWN_CLASS)


@lean_kernel
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
    by_fuel = _find(_FUEL_TABLE, words, fuel_start, fuel_end, _UNKNOWN)
    if by_fuel == _YES or _find(_EMISSION_TABLE, words, emission_start, emission_end, _UNKNOWN) == _YES:
        return _YES
    if by_fuel == _NO:
        return _NO
    prefix = _lower_word(words, emission_start, min(emission_end - emission_start, len(_EURO)))
    return _NO if prefix == _EURO_WORD else _UNKNOWN


@lean_kernel
def _find(table: UInt64Array, words: UInt64Array, start: int, end: int, missing: int) -> int:
    """Return the code of a word of *table*, or *missing*."""
    length = end - start
    if length == 0 or length > _WORD_BYTES:
        return missing
    first = _lower_word(words, start, min(length, 8))
    second = _lower_word(words, start + 8, length - 8) if length > 8 else _NOTHING
    for row in range(table.shape[0]):
        if table[row, 0] == first and table[row, 1] == second:
            # not int(): it would stay unsigned when compiled
            return np.int64(table[row, 2])  # type: ignore[return-value]
    return missing


@lean_kernel
def _lower_word(words: UInt64Array, start: int, length: int) -> np.uint64:
    """Return *length* ASCII bytes, at most eight, in lower case as one number, the first byte lowest."""
    if length <= 0:
        return _NOTHING
    word = words[start] & (_ALL >> (_BITS - np.uint64(8 * length)))
    low = word & _LOW_BITS
    capitals = ((low + _FROM_A) ^ (low + _AFTER_Z)) & _HIGH_BITS
    return word | (capitals >> _TO_CASE)
