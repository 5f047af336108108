"""`duls rdw load`: exports of the Dutch vehicle register become one compact table that intake maps into memory.

Fuels come as rows of their own, several for a hybrid; they are gathered first. A vehicle is reduced to what is kept of
it as it is read, and what two vehicles have in common is computed once.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from duls.app.rdw_files import FUEL_COLUMNS, PLATE, VEHICLE_COLUMNS, Batch, batches_of
from duls.config import Settings
from duls.errors import InvalidInputError
from duls.plate_files import VEHICLES, write_register
from processors.columns import Int64Array
from processors.plate_table import KNOWN, attributes_of, home_numbers, new_plate_table, put_plates
from processors.plate_text import plate_keys
from processors.vehicle_class import LIGHT_KG, MEDIUM_KG, SMALL_BUS_KG
from processors.vehicle_traits import MASS_BOUNDS_KG, Fuel, facts_of, fuel_of, packed_facts
from streams.arrow_arrays import numbers_of

# what is gathered of the fuels of a plate: one bit for each fuel, then the Euro class and the zero
_EURO_PLACE: Final = 8
_ZERO: Final = 1 << 12
_EURO_MASK: Final = 15
_STEPS_KG: Final = np.unique([LIGHT_KG, MEDIUM_KG, SMALL_BUS_KG, *MASS_BOUNDS_KG])
"""Masses between two of these are alike in everything that is kept."""

Alike = tuple[str, str, int, int, int]
"""What vehicles have in common that become the same attributes: kind, category, mass, year, fuels."""

Progress = Callable[[str], None]


class RdwReport(NamedTuple):
    """What became of the files."""

    vehicles: int  # plates in the table
    with_fuel: int  # of them, those of which a fuel is known
    refused: int  # rows whose plate no table can hold
    table_bytes: int


class _Gathered(NamedTuple):
    """Numbers of plates and something of each, in the order of the files."""

    numbers: Int64Array
    values: Int64Array


def load_rdw(settings: Settings, paths: Sequence[Path], tell: Progress) -> RdwReport:
    """Make the vehicles of some exports the register, all before it gone.

    Raises:
        InvalidInputError: a file is no export of the register, or none of them holds vehicles.
        ConfigError: the folder of registers cannot be written.
    """
    fuels: list[_Gathered] = []
    for path in paths:
        fuels += [_fuels_of(batch) for batch in batches_of(path) if FUEL_COLUMNS[0] in batch]
        tell(f"read {path}")
    fuel_table = _fuel_table(_joined(fuels))
    known: dict[Alike, int] = {}
    vehicles = [
        _vehicles_of(batch, fuel_table, known)
        for path in paths
        for batch in batches_of(path)
        if VEHICLE_COLUMNS[0] in batch
    ]
    if not vehicles:
        message = "none of the files holds vehicles: the data set m9d7-ebf2 is needed, with its column voertuigsoort"
        raise InvalidInputError(message)
    gathered = _joined(vehicles)
    numbers = gathered.numbers
    table = new_plate_table(numbers.size)
    with np.errstate(over="ignore"):  # hashes wrap on purpose
        added = put_plates(table, numbers, gathered.values)
    write_register(settings.registers_folder, VEHICLES, table)
    fuelled = int(((gathered.values >> 16 & 7) != Fuel.UNKNOWN).sum())
    return RdwReport(added, fuelled, int((numbers == 0).sum()), table.nbytes)


def _joined(parts: Sequence[_Gathered]) -> _Gathered:
    none = np.empty(0, np.int64)
    return _Gathered(
        np.concatenate([none, *(part.numbers for part in parts)]),
        np.concatenate([none, *(part.values for part in parts)]),
    )


def _numbers_of(batch: Batch) -> Int64Array:
    """Return the numbers by which tables know the plates of a batch."""
    _, bounds, text = batch[PLATE].buffers()
    first, rows = batch[PLATE].offset, len(batch[PLATE])
    spans = np.frombuffer(bounds, np.int64)[first : first + rows + 1]
    return home_numbers(plate_keys(np.frombuffer(text or b"", np.uint8), spans))


def _fuels_of(batch: Batch) -> _Gathered:
    """Return the fuel of each row, and its Euro class or that it is without emission."""
    fuel = _looked_up(batch, FUEL_COLUMNS[0], lambda text: 1 << fuel_of(text) if text.strip() else 0)
    euro = _looked_up(batch, FUEL_COLUMNS[1], _euro_bits)
    return _Gathered(_numbers_of(batch), fuel | euro)


def _euro_bits(text: str) -> int:
    """Return what is gathered of an emission code."""
    code = text.strip().upper()
    return _ZERO if code == "Z" else (int(code) + 1) << _EURO_PLACE if code in tuple("0123456") else 0


def _fuel_table(gathered: _Gathered) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """Return a table with all fuels of each plate together."""
    order = np.argsort(gathered.numbers, kind="stable")
    numbers, values = gathered.numbers[order], gathered.values[order]
    table = new_plate_table(numbers.size)
    if numbers.size:
        starts = np.flatnonzero(np.r_[True, numbers[1:] != numbers[:-1]])
        bits = ~(_EURO_MASK << _EURO_PLACE)
        euro = np.maximum.reduceat(values & ~bits, starts)
        together = np.bitwise_or.reduceat(values & bits, starts) | euro
        with np.errstate(over="ignore"):  # hashes wrap on purpose
            put_plates(table, numbers[starts], together)
    return table


def _vehicles_of(
    batch: Batch, fuels: "np.ndarray[tuple[int], np.dtype[np.uint64]]", known: dict[Alike, int]
) -> _Gathered:
    """Return what is kept of each vehicle of a batch; *known* remembers what alike vehicles became."""
    _, bounds, text = batch[PLATE].buffers()
    first, rows = batch[PLATE].offset, len(batch[PLATE])
    spans = np.frombuffer(bounds, np.int64)[first : first + rows + 1]
    keys = plate_keys(np.frombuffer(text or b"", np.uint8), spans)
    fuel = np.empty(rows, np.int64)
    with np.errstate(over="ignore"):  # hashes wrap on purpose
        attributes_of(fuels, keys, fuel)
    texts = [_encoded(batch, name) for name in VEHICLE_COLUMNS[:2]]
    mass = _looked_up(batch, VEHICLE_COLUMNS[2], _mass_step)
    year = _looked_up(batch, VEHICLE_COLUMNS[3], lambda text: int(text[:4]) if text[:4].isdecimal() else 0)
    parts = (texts[0][1], texts[1][1], mass, year, fuel & (KNOWN - 1))
    alike, place = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)
    values = [_attributes((texts[0][0], texts[1][0]), row, known) for row in alike.tolist()]
    return _Gathered(home_numbers(keys), np.array(values, np.int64)[place.reshape(-1)])


def _attributes(words: tuple[list[str], list[str]], row: list[int], known: dict[Alike, int]) -> int:
    """Return the attributes of alike vehicles."""
    kind, category, mass, year, fuel = row
    key = (words[0][kind], words[1][category], mass, year, fuel)
    if key not in known:
        euro = fuel >> _EURO_PLACE & _EURO_MASK
        facts = facts_of(
            kind=words[0][kind],
            category=words[1][category],
            gross_kg=_kilograms_of_step(mass),
            first_year=year,
            fuels=frozenset(code for code in Fuel if code and fuel >> code & 1),
            emission=str(euro - 1) if euro else "Z" if fuel & _ZERO else "",
        )
        known[key] = packed_facts(facts)
    return known[key]


def _mass_step(text: str) -> int:
    """Return between which masses one lies, from 1 on; 0 where it is none."""
    try:
        mass_kg = float(text)
    except ValueError:
        return 0
    return 1 + int(np.searchsorted(_STEPS_KG, mass_kg)) if 0 < mass_kg < float("inf") else 0


def _kilograms_of_step(step: int) -> float:
    """Return a mass that stands for all between the same two."""
    if step == 0:
        return 0.0
    return float(_STEPS_KG[step - 1]) if step <= _STEPS_KG.size else float(_STEPS_KG[-1]) + 1.0


def _encoded(batch: Batch, name: str) -> tuple[list[str], Int64Array]:
    """Return the words of a column and the place of each row's; one empty word where there is no column."""
    if name not in batch:
        return [""], np.zeros(len(batch[PLATE]), np.int64)
    encoded = batch[name].fill_null("").dictionary_encode()
    place: Int64Array = numbers_of(encoded.indices.cast(pa.int64()))
    return encoded.dictionary.to_pylist(), place


def _looked_up(batch: Batch, name: str, meaning: Callable[[str], int]) -> Int64Array:
    """Return a number for each row of a column, each word looked up once."""
    words, place = _encoded(batch, name)
    return np.array([meaning(word) for word in words], np.int64)[place]
