"""Kernels that decide one row from the fields of its object, by the rules of `position_rules`."""

from typing import Final, NamedTuple

from processors.columns import Float64Array, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.identity import write_identity
from processors.jit import inlined_kernel, inner_kernel
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import scan_class, scan_zero_emission
from streams.decode.carrier_spans import NO_ROOM, CarrierSpans, code_of_span
from streams.decode.fields import (
    ABSENT,
    BOOLEAN,
    CARRIER,
    CLASS,
    EMISSION,
    END,
    FLOAT,
    FUEL,
    HARD,
    INTEGER,
    KIND,
    LAT,
    LON,
    MANTISSA,
    ODD_KEY,
    POWER,
    START,
    TEXT,
    TIME,
    USED,
    VEHICLE,
)
from streams.decode.lexer import QUOTE, exact_float
from streams.decode.times import END_MS, NO_TIME, scan_time, time_of_ms

HANDED_OVER: Final = 255
"""Code in `outcome` of a row that the slow reader must decide."""

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_WRONG_TYPE: Final = int(Outcome.WRONG_TYPE)
_MISSING_FIELD: Final = int(Outcome.MISSING_FIELD)
_BAD_TIME: Final = int(Outcome.BAD_TIME)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_UNKNOWN_CLASS: Final = int(VehicleClass.UNKNOWN)
_UNKNOWN_EMISSION: Final = int(ZeroEmission.UNKNOWN)


class ScannedRows(NamedTuple):
    """What the scanner writes: one entry per row, and the identities of all rows one after another."""

    record: Int32Array
    place: Int32Array  # of the row within its record
    outcome: UInt8Array  # Outcome code, or HANDED_OVER
    event_us: Int64Array
    lat: Float64Array
    lon: Float64Array
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    plate: Int64Array
    carrier: (
        UInt64Array  # code of the span that names it (see `carrier_spans`), and its digest once that is read
    )
    identity_start: Int64Array
    identity_length: Int32Array
    identity: UInt8Array
    span_start: Int64Array  # first byte of the row's JSON in the buffer
    span_end: Int64Array  # place after it


@inlined_kernel
def write_row(
    buffer: UInt8Array, words: UInt64Array, fields: Int64Array, rows: ScannedRows, row: int, used: int
) -> int:
    """Decide one row from the fields of its object and return the used identity bytes."""
    outcome, event_us = _judge(buffer, words, fields)
    length = 0
    plate = 0
    if outcome == _ACCEPTED:
        length, plate = write_identity(
            buffer, fields[VEHICLE, START], fields[VEHICLE, END], rows.identity, used
        )
        if length < 0:
            outcome = -length
            length = 0
    accepted = outcome == _ACCEPTED
    vehicle_class = _class_of(words, fields) if accepted else _UNKNOWN_CLASS
    rows.outcome[row] = outcome
    rows.event_us[row] = event_us if accepted else 0
    rows.lat[row] = exact_float(fields[LAT, MANTISSA], fields[LAT, POWER]) if accepted else 0.0
    rows.lon[row] = exact_float(fields[LON, MANTISSA], fields[LON, POWER]) if accepted else 0.0
    rows.vehicle_class[row] = vehicle_class
    rows.zero_emission[row] = (
        _zero_emission_of(words, fields, vehicle_class) if accepted else _UNKNOWN_EMISSION
    )
    rows.plate[row] = plate
    rows.identity_start[row] = used
    rows.identity_length[row] = length
    return used + length


@inner_kernel
def carrier_of_fields(buffer: UInt8Array, fields: Int64Array) -> tuple[int, int]:
    """Return the bounds of the text that names the carrier, quotes included; they are equal where there is none."""
    start = fields[CARRIER, START]
    kind = fields[CARRIER, KIND]
    if kind == TEXT or (kind == HARD and buffer[start - 1] == QUOTE):
        return start - 1, fields[CARRIER, END] + 1
    return 0, 0


@inlined_kernel
def write_carrier(
    words: UInt64Array, start: int, end: int, spans: CarrierSpans, rows: ScannedRows, row: int
) -> None:
    """Note of a row, decided but for this, which span names its carrier."""
    code = 0
    if start != end and rows.outcome[row] == _ACCEPTED:
        code = code_of_span(words, start, end, spans)
        if code == NO_ROOM:
            rows.outcome[row] = HANDED_OVER
            code = 0
    rows.carrier[row] = code


@inner_kernel
def _judge(buffer: UInt8Array, words: UInt64Array, fields: Int64Array) -> tuple[int, int]:
    """Return the outcome of a row, but for its identity, and its event time."""
    if fields[ODD_KEY, KIND] == HARD:
        return HANDED_OVER, 0
    for field in range(USED):
        if fields[field, KIND] == HARD:
            return HANDED_OVER, 0
    if fields[LAT, KIND] == ABSENT and fields[LON, KIND] == ABSENT:
        return HANDED_OVER, 0  # it may be of another format
    for field in range(CLASS):
        if fields[field, KIND] == ABSENT:
            return _MISSING_FIELD, 0
    if not _has_right_types(fields):
        return _WRONG_TYPE, 0
    for field in range(LAT, CLASS):
        limit = 90.0 if field == LAT else 180.0
        if abs(exact_float(fields[field, MANTISSA], fields[field, POWER])) > limit:
            return _OUT_OF_RANGE, 0
    event_us = _time_of(buffer, words, fields)
    return (_BAD_TIME if event_us == NO_TIME else _ACCEPTED), event_us


@inner_kernel
def _has_right_types(fields: Int64Array) -> bool:
    """Tell whether every used field that is there has a type that it may have."""
    for field in range(LAT, CLASS):
        if fields[field, KIND] != INTEGER and fields[field, KIND] != FLOAT:
            return False
    for field in range(CLASS, USED):
        if fields[field, KIND] != TEXT and fields[field, KIND] != ABSENT:
            return False
    return fields[VEHICLE, KIND] == TEXT and fields[TIME, KIND] != BOOLEAN


@inner_kernel
def _time_of(buffer: UInt8Array, words: UInt64Array, fields: Int64Array) -> int:
    """Return the event time of a row in microseconds, or `NO_TIME`."""
    kind = fields[TIME, KIND]
    if kind == TEXT:
        return scan_time(buffer, words, fields[TIME, START], fields[TIME, END])
    mantissa = fields[TIME, MANTISSA]
    if kind == INTEGER:
        return mantissa * 1000 if 0 <= mantissa < END_MS else NO_TIME
    return time_of_ms(exact_float(mantissa, fields[TIME, POWER]))


@inner_kernel
def _class_of(words: UInt64Array, fields: Int64Array) -> int:
    """Return the class that a row says."""
    if fields[CLASS, KIND] == ABSENT:
        return _UNKNOWN_CLASS
    return scan_class(words, fields[CLASS, START], fields[CLASS, END])


@inner_kernel
def _zero_emission_of(words: UInt64Array, fields: Int64Array, vehicle_class: int) -> int:
    """Return whether a row says that its vehicle drives without emission."""
    fuel_end = fields[FUEL, END] if fields[FUEL, KIND] == TEXT else fields[FUEL, START]
    emission_end = fields[EMISSION, END] if fields[EMISSION, KIND] == TEXT else fields[EMISSION, START]
    return scan_zero_emission(
        vehicle_class, words, fields[FUEL, START], fuel_end, fields[EMISSION, START], emission_end
    )
