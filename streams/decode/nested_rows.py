"""Kernels that decide one row from an object with objects inside it, by the rules of OTM events and of Traccar."""

from typing import Final

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.identity import write_home_identity, write_identity
from processors.jit import inlined_kernel, lean_kernel
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import scan_category, scan_type, scan_zero_emission
from streams.decode.fields import (
    ABSENT,
    BOOLEAN,
    END,
    FLOAT,
    HARD,
    INTEGER,
    KIND,
    MANTISSA,
    POWER,
    START,
    TEXT,
)
from streams.decode.foreign_rows import KG
from streams.decode.lexer import LOWER_F, LOWER_T, exact_float
from streams.decode.nested_fields import (
    ACTORS,
    CATEGORY,
    CREATED,
    DEVICE,
    EMISSION,
    ENTITY_ID,
    ENTITY_TYPE,
    EVENT_TYPE,
    FIX_TIME,
    FUEL,
    GEO,
    LAT,
    LATITUDE,
    LIFECYCLE,
    LOADS,
    LON,
    LONGITUDE,
    NESTED,
    NODES,
    OBJECTS,
    ODD_KEY,
    OUTDATED,
    PLATE,
    POSITION,
    TOP_LAT,
    TOP_LON,
    UNIQUE_ID,
    UUID,
    VALID,
    VEHICLE_TYPE,
    WEIGHT_UNIT,
    WEIGHT_VALUE,
)
from streams.decode.netherlands import is_exchanged
from streams.decode.otm_rules import ACTUAL, EMPTY_SHARE, LOCATION, UPDATES
from streams.decode.position_formats import PositionFormat
from streams.decode.scanned_rows import HANDED_OVER, ScannedRows
from streams.decode.times import END_MS, NO_TIME, scan_iso_time, time_of_ms
from streams.decode.words import find_word, word_table

AUTO: Final = int(PositionFormat.AUTO)
OTM: Final = int(PositionFormat.OTM)
TRACCAR: Final = int(PositionFormat.TRACCAR)
OTHER_FORMAT: Final = -1

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_WRONG_TYPE: Final = int(Outcome.WRONG_TYPE)
_MISSING_FIELD: Final = int(Outcome.MISSING_FIELD)
_BAD_TIME: Final = int(Outcome.BAD_TIME)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_UNKNOWN_MESSAGE: Final = int(Outcome.UNKNOWN_MESSAGE)
_NOT_ACTUAL: Final = int(Outcome.NOT_ACTUAL)
_NO_FIX: Final = int(Outcome.NO_FIX)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_UNKNOWN_EMISSION: Final = int(ZeroEmission.UNKNOWN)


_LOCATION: Final = word_table({LOCATION: 1})
_UPDATES: Final = word_table(dict.fromkeys(UPDATES, 1))
_ACTUAL: Final = word_table(dict.fromkeys(ACTUAL, 1))
_UNITS: Final = word_table({unit: place for place, unit in enumerate(KG)})
_KG: Final = np.array(list(KG.values()))


@inlined_kernel
def write_nested_row(
    buffer: UInt8Array,
    words: UInt64Array,
    fields: Int64Array,
    format_: int,
    rows: ScannedRows,
    row: int,
    used: int,
) -> int:
    """Decide one row from the fields of its object and return the used identity bytes."""
    if format_ == OTM:
        outcome, time, lat, lon, vehicle = _judge_event(words, fields)
    else:
        outcome, time, lat, lon, vehicle = _judge_forwarded(buffer, fields)
    event_us = 0
    length = 0
    plate = 0
    if outcome == _ACCEPTED:
        event_us = _time_of(buffer, words, fields, time)
        outcome = _BAD_TIME if event_us == NO_TIME else _ACCEPTED
    if outcome == _ACCEPTED:
        start, end = fields[vehicle, START], fields[vehicle, END]
        if vehicle == PLATE:
            length, plate = write_home_identity(buffer, start, end, rows.identity, used)
        else:
            length, plate = write_identity(buffer, start, end, rows.identity, used)
        if length < 0:
            outcome = -length
            length = 0
    vehicle_class, zero_emission = _UNKNOWN_CLASS, _UNKNOWN_EMISSION
    if outcome == _ACCEPTED:
        vehicle_class, zero_emission = _attributes(words, fields, format_)
    else:
        event_us, lat, lon = 0, 0.0, 0.0
    rows.outcome[row] = outcome
    rows.event_us[row] = event_us
    rows.lat[row] = lat
    rows.lon[row] = lon
    rows.vehicle_class[row] = vehicle_class
    rows.zero_emission[row] = zero_emission
    rows.plate[row] = plate
    rows.identity_start[row] = used
    rows.identity_length[row] = length
    return used + length


@lean_kernel
def actors_of_fields(fields: Int64Array, format_: int) -> tuple[int, int]:
    """Return the bounds of the actors of an event; they are equal where there are none."""
    if format_ == OTM and fields[ACTORS, KIND] == NESTED:
        return fields[ACTORS, START], fields[ACTORS, END]
    return 0, 0


@lean_kernel
def format_of_fields(fields: Int64Array, wanted: int) -> int:
    """Return the format of an object, `OTM` or `TRACCAR`, or `OTHER_FORMAT` for what only the slow reader reads."""
    if wanted == TRACCAR:
        return TRACCAR
    if wanted == AUTO and (fields[TOP_LAT, KIND] != ABSENT or fields[TOP_LON, KIND] != ABSENT):
        return OTHER_FORMAT
    if fields[EVENT_TYPE, KIND] != ABSENT or fields[GEO, KIND] != ABSENT:
        return OTM
    if wanted == AUTO and fields[POSITION, KIND] != ABSENT and fields[DEVICE, KIND] != ABSENT:
        return TRACCAR
    return OTM if wanted == OTM and fields[ENTITY_TYPE, KIND] == ABSENT else OTHER_FORMAT


@lean_kernel
def _judge_event(words: UInt64Array, fields: Int64Array) -> tuple[int, int, float, float, int]:
    """Return outcome, node of the time, coordinates and node of the vehicle, but for what these two say."""
    vehicle = PLATE
    if fields[PLATE, KIND] == ABSENT:
        vehicle = ENTITY_ID if fields[ENTITY_ID, KIND] != ABSENT else UUID
    if _is_hard(fields) or fields[LOADS, KIND] != ABSENT:
        return HANDED_OVER, CREATED, 0.0, 0.0, vehicle
    if fields[EVENT_TYPE, KIND] != ABSENT and not _is_location_update(words, fields):
        return _UNKNOWN_MESSAGE, CREATED, 0.0, 0.0, vehicle
    has_happened = fields[LIFECYCLE, KIND] == ABSENT or _is_word(_ACTUAL, words, fields, LIFECYCLE)
    outcome = _judge_place(fields, CREATED, LAT, LON, vehicle)
    if outcome == _ACCEPTED and not has_happened:
        outcome = _NOT_ACTUAL
    if outcome != _ACCEPTED:
        return outcome, CREATED, 0.0, 0.0, vehicle
    lat, lon = _number(fields, LAT), _number(fields, LON)
    if is_exchanged(lat, lon):
        lat, lon = lon, lat
    return _checked_range(lat, lon, CREATED, vehicle)


@lean_kernel
def _judge_forwarded(buffer: UInt8Array, fields: Int64Array) -> tuple[int, int, float, float, int]:
    """Return what `_judge_event` does, of a position that Traccar forwards."""
    if _is_hard(fields):
        return HANDED_OVER, FIX_TIME, 0.0, 0.0, UNIQUE_ID
    outcome = _judge_place(fields, FIX_TIME, LATITUDE, LONGITUDE, UNIQUE_ID)
    invalid = fields[VALID, KIND] == BOOLEAN and buffer[fields[VALID, START]] == LOWER_F
    outdated = fields[OUTDATED, KIND] == BOOLEAN and buffer[fields[OUTDATED, START]] == LOWER_T
    if outcome == _ACCEPTED and (invalid or outdated):
        outcome = _NO_FIX
    if outcome != _ACCEPTED:
        return outcome, FIX_TIME, 0.0, 0.0, UNIQUE_ID
    return _checked_range(_number(fields, LATITUDE), _number(fields, LONGITUDE), FIX_TIME, UNIQUE_ID)


@lean_kernel
def _is_hard(fields: Int64Array) -> bool:
    """Tell whether a field needs the slow reader."""
    hard = fields[ODD_KEY, KIND] == HARD
    for node in range(OBJECTS, NODES):
        hard |= fields[node, KIND] == HARD
    return hard


@lean_kernel
def _judge_place(fields: Int64Array, time: int, lat: int, lon: int, vehicle: int) -> int:
    """Return whether what a row needs is there and has the right types."""
    if (
        fields[vehicle, KIND] == ABSENT
        or fields[time, KIND] == ABSENT
        or fields[lat, KIND] == ABSENT
        or fields[lon, KIND] == ABSENT
    ):
        return _MISSING_FIELD
    if fields[vehicle, KIND] != TEXT or not (fields[time, KIND] == TEXT or _is_number(fields, time)):
        return _WRONG_TYPE
    return _ACCEPTED if _is_number(fields, lat) and _is_number(fields, lon) else _WRONG_TYPE


@lean_kernel
def _checked_range(lat: float, lon: float, time: int, vehicle: int) -> tuple[int, int, float, float, int]:
    """Return an accepted row, or one with coordinates out of range."""
    if abs(lat) > 90.0 or abs(lon) > 180.0:
        return _OUT_OF_RANGE, time, 0.0, 0.0, vehicle
    return _ACCEPTED, time, lat, lon, vehicle


@lean_kernel
def _is_location_update(words: UInt64Array, fields: Int64Array) -> bool:
    """Tell whether an event is a location update."""
    if fields[EVENT_TYPE, KIND] != TEXT:
        return False
    start, end = fields[EVENT_TYPE, START], fields[EVENT_TYPE, END]
    middle = start + len(LOCATION)
    return end > middle and bool(
        find_word(_LOCATION, words, start, middle, 0) and find_word(_UPDATES, words, middle, end, 0)
    )


@lean_kernel
def _is_word(table: UInt64Array, words: UInt64Array, fields: Int64Array, node: int) -> bool:
    """Tell whether a field is a text and one of the words of a table."""
    return fields[node, KIND] == TEXT and bool(
        find_word(table, words, fields[node, START], fields[node, END], 0)
    )


@lean_kernel
def _is_number(fields: Int64Array, node: int) -> bool:
    return fields[node, KIND] in (INTEGER, FLOAT)


@lean_kernel
def _number(fields: Int64Array, node: int) -> float:
    return exact_float(fields[node, MANTISSA], fields[node, POWER])


@lean_kernel
def _time_of(buffer: UInt8Array, words: UInt64Array, fields: Int64Array, node: int) -> int:
    """Return the time that a text or a number of milliseconds says, in microseconds, or `NO_TIME`."""
    if fields[node, KIND] == TEXT:
        return scan_iso_time(buffer, words, fields[node, START], fields[node, END])
    mantissa = fields[node, MANTISSA]
    if fields[node, KIND] == INTEGER:
        return mantissa * 1000 if 0 <= mantissa < END_MS else NO_TIME
    return time_of_ms(_number(fields, node))


@lean_kernel
def _attributes(words: UInt64Array, fields: Int64Array, format_: int) -> tuple[int, int]:
    """Return class and emission that a row says."""
    if format_ == TRACCAR:
        start, end = _span(fields, CATEGORY)
        return scan_category(words, start, end), _UNKNOWN_EMISSION
    start, end = _span(fields, VEHICLE_TYPE)
    vehicle_class = scan_type(words, start, end, EMPTY_SHARE * _empty_kg(words, fields))
    fuel_start, fuel_end = _span(fields, FUEL)
    start, end = _span(fields, EMISSION)
    return vehicle_class, scan_zero_emission(vehicle_class, words, fuel_start, fuel_end, start, end)


@lean_kernel
def _empty_kg(words: UInt64Array, fields: Int64Array) -> float:
    """Return the empty mass of a vehicle, 0 where it cannot be told."""
    if not _is_number(fields, WEIGHT_VALUE):
        return 0.0
    start, end = _span(fields, WEIGHT_UNIT)
    unit = find_word(_UNITS, words, start, end, -1)
    return max(_number(fields, WEIGHT_VALUE) * _KG[unit], 0.0) if unit >= 0 else 0.0


@lean_kernel
def _span(fields: Int64Array, node: int) -> tuple[int, int]:
    """Return the bounds of a text, which is empty where a field is none."""
    start = fields[node, START]
    return start, fields[node, END] if fields[node, KIND] == TEXT else start
