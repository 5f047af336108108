"""Writing simulated positions as canonical JSON, the strict counterpart of the tolerant reader."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array, UInt8Array
from processors.jit import kernel
from processors.simulation.columns import SimulatedPositions
from processors.simulation.fleet import EMISSIONS, FUELS
from processors.vocabulary import VEHICLE_CLASSES

LONGEST_RECORD: Final = 256  # bytes; with the longest words and numbers it is 213
CARRIERS: Final = 97

PLATE_LETTERS: Final = b"BDFGHJKLNPRSTVWXYZMC"
PLATES_PER_FORM: Final = 8_000_000  # three letters of 20 and three digits
PLATE_STEP: Final = 7_368_787  # prime to the above: neighbouring vehicles get plates that look unrelated
MAX_VEHICLES: Final = 2 * PLATES_PER_FORM

_KEYS: Final = (
    '{"vehicle":"NL:',
    '","time":"',
    '","lat":',
    ',"lon":',
    ',"speed_kmh":',
    ',"heading_deg":',
    ',"class":"',
    '","fuel":"',
    '","emission":"',
    '","carrier":"carrier-',
    '"}',
)
_US_PER_MS: Final = 1_000
_MS_PER_DAY: Final = 86_400_000


class _Words(NamedTuple):
    """Texts one after another; text n is `text[starts[n]:starts[n + 1]]`."""

    text: UInt8Array
    starts: Int64Array


class _Wording(NamedTuple):
    """All texts of a record."""

    keys: _Words
    classes: _Words
    fuels: _Words
    emissions: _Words
    letters: UInt8Array


def encode_positions(rows: SimulatedPositions) -> list[bytes]:
    """Return each position as one JSON object."""
    wording = _Wording(
        _words(_KEYS),
        _words(VEHICLE_CLASSES),
        _words(FUELS),
        _words(EMISSIONS),
        np.frombuffer(PLATE_LETTERS, np.uint8),
    )
    text = np.empty(rows.vehicle.size * LONGEST_RECORD, np.uint8)
    ends = np.empty(rows.vehicle.size, np.int64)
    used = _write_rows(rows, wording, text, ends)
    whole = text[:used].tobytes()
    stops = ends.tolist()
    return [whole[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]  # pairs of neighbours


def pack_arrays(records: Sequence[bytes], size: int) -> list[bytes]:
    """Return the records as JSON arrays of at most *size* of them."""
    return [b"[" + b",".join(records[start : start + size]) + b"]" for start in range(0, len(records), size)]


def pack_lines(records: Sequence[bytes], size: int) -> list[bytes]:
    """Return the records as NDJSON documents of at most *size* lines."""
    return [b"\n".join(records[start : start + size]) + b"\n" for start in range(0, len(records), size)]


def plate_of(vehicle: int) -> str:
    """Return the invented Dutch plate of a vehicle: unique below `MAX_VEHICLES`, such as ZZ-123-K.

    It has the form of real plates, and may by chance be one.
    """
    plate = np.empty(8, np.uint8)
    _write_plate(plate, 0, vehicle, np.frombuffer(PLATE_LETTERS, np.uint8))
    return plate.tobytes().decode()


def _words(words: Sequence[str]) -> _Words:
    """Join ASCII words for a kernel."""
    starts = np.concatenate(([0], np.cumsum([len(word) for word in words]))).astype(np.int64)
    return _Words(np.frombuffer("".join(words).encode(), np.uint8), starts)


@kernel
def _write_rows(rows: SimulatedPositions, wording: _Wording, text: UInt8Array, ends: Int64Array) -> int:
    """Write all rows one after another; return how many bytes."""
    at = 0
    keys = wording.keys
    for row in range(rows.vehicle.size):
        vehicle = int(rows.vehicle[row])
        at = _write_word(text, at, keys, 0)
        at = _write_plate(text, at, vehicle, wording.letters)
        at = _write_word(text, at, keys, 1)
        at = _write_time(text, at, rows.event_us[row] // _US_PER_MS)
        at = _write_word(text, at, keys, 2)
        at = _write_decimal(text, at, round(rows.lat[row] * 1e6), 6)
        at = _write_word(text, at, keys, 3)
        at = _write_decimal(text, at, round(rows.lon[row] * 1e6), 6)
        at = _write_word(text, at, keys, 4)
        at = _write_decimal(text, at, round(rows.speed_kmh[row] * 10.0), 1)
        at = _write_word(text, at, keys, 5)
        at = _write_number(text, at, int(rows.heading_deg[row]), 1)
        at = _write_word(text, at, keys, 6)
        at = _write_word(text, at, wording.classes, rows.vehicle_class[row])
        at = _write_word(text, at, keys, 7)
        at = _write_word(text, at, wording.fuels, rows.fuel[row])
        at = _write_word(text, at, keys, 8)
        at = _write_word(text, at, wording.emissions, rows.emission[row])
        at = _write_word(text, at, keys, 9)
        at = _write_number(text, at, vehicle % CARRIERS, 1)
        at = _write_word(text, at, keys, 10)
        ends[row] = at
    return at


@kernel
def _write_word(text: UInt8Array, at: int, words: _Words, number: int) -> int:
    """Write one of *words*; return where the next byte goes, as all writers do."""
    for place in range(words.starts[number], words.starts[number + 1]):
        text[at] = words.text[place]
        at += 1
    return at


@kernel
def _write_number(text: UInt8Array, at: int, number: int, width: int) -> int:
    """Write a whole number, not negative, with at least *width* digits."""
    digits = 1
    rest = number // 10
    while rest > 0:
        digits += 1
        rest //= 10
    digits = max(digits, width)
    for place in range(at + digits - 1, at - 1, -1):
        text[place] = 48 + number % 10
        number //= 10
    return at + digits


@kernel
def _write_decimal(text: UInt8Array, at: int, units: int, decimals: int) -> int:
    """Write a number of *units* of the last of its decimals."""
    if units < 0:
        text[at] = 45
        at += 1
        units = -units
    scale = 10**decimals
    at = _write_number(text, at, units // scale, 1)
    text[at] = 46
    return int(_write_number(text, at + 1, units % scale, decimals))


@kernel
def _write_time(text: UInt8Array, at: int, time_ms: int) -> int:
    """Write an RFC 3339 time in UTC; the calendar is after H. Hinnant, "Low-Level Date Algorithms" (2013)."""
    day, rest_ms = time_ms // _MS_PER_DAY, time_ms % _MS_PER_DAY
    since = day + 719_468  # days since 0000-03-01
    era = since // 146_097
    of_era = since - era * 146_097
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    at = _write_part(text, at, year, 4, 45)
    at = _write_part(text, at, month, 2, 45)
    at = _write_part(text, at, of_year - (153 * march_month + 2) // 5 + 1, 2, 84)
    at = _write_part(text, at, rest_ms // 3_600_000, 2, 58)
    at = _write_part(text, at, rest_ms // 60_000 % 60, 2, 58)
    at = _write_part(text, at, rest_ms // 1_000 % 60, 2, 46)
    return int(_write_part(text, at, rest_ms % 1_000, 3, 90))


@kernel
def _write_part(text: UInt8Array, at: int, number: int, width: int, sign: int) -> int:
    """Write a part of a time and the sign after it."""
    at = _write_number(text, at, number, width)
    text[at] = sign
    return at + 1


@kernel
def _write_plate(text: UInt8Array, at: int, vehicle: int, letters: UInt8Array) -> int:
    """Write a plate: XX-999-X, and X-999-XX for the second `PLATES_PER_FORM` vehicles."""
    plate = (vehicle % PLATES_PER_FORM) * PLATE_STEP % PLATES_PER_FORM
    first = 2 if vehicle < PLATES_PER_FORM else 1
    spelt = plate // 1_000
    for place in range(8):
        if place in (first, first + 4):
            text[at + place] = 45
        elif first < place < first + 4:
            continue
        else:
            text[at + place] = letters[spelt % 20]
            spelt //= 20
    _write_number(text, at + first + 1, plate % 1_000, 3)
    return at + 8
