"""Positions as an Arrow IPC stream of canonical columns, for senders with very many of them.

Columns are named as the fields of the canonical position. `vehicle` is text, `time` a timestamp with a zone or a
number of epoch milliseconds, `lat` and `lon` are numbers; `class`, `fuel`, `emission` and `carrier` are text and may
be left out, and a `carrier` of another type names nobody; text may be dictionary-encoded. A column of nothing but
nulls, which writers give no type, is one of missing values. Bodies are not compressed, since Kafka does that and a
small record must not become a large one here. What cannot be read as such a stream is one row with the reason; else
each row fares by itself, by the rules of the canonical position.
"""

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa

from processors.carrier_names import NOBODY, carrier_digest
from processors.columns import (
    BoolArray,
    DecodedPositions,
    Float64Array,
    Int64Array,
    UInt8Array,
    UInt64Array,
)
from processors.jit import lean_kernel
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.arrow_arrays import numbers_of
from streams.decode.arrow_columns import StreamRefusedError, as_type, filled, is_text, missing, texts
from streams.decode.arrow_identities import write_identities
from streams.decode.attributes import class_of, zero_emission_of
from streams.decode.carriers import ROLE
from streams.decode.times import END_MS, END_US, NO_TIME

MAGIC: Final = b"\xff\xff\xff\xff"
"""What every Arrow IPC stream begins with, and no JSON text in UTF-8."""

_NANOSECONDS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_NS_PER_US: Final = 1_000
_MOST_COMBINATIONS: Final = 4_096  # of words that are looked up whether they occur or not
_ACCEPTED: Final = int(Outcome.ACCEPTED)
_NOT_FINITE: Final = int(Outcome.NOT_FINITE)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_BAD_TIME: Final = int(Outcome.BAD_TIME)


def is_arrow(value: bytes) -> bool:
    """Tell whether a record is meant to be an Arrow IPC stream."""
    return value.startswith(MAGIC)


def positions_of_arrows(values: Sequence[bytes], records: Sequence[int]) -> DecodedPositions:
    """Return the rows of records that are Arrow IPC streams, at least one of each, in the order given."""
    tables = [_table_or_reason(value) for value in values]
    counts = [1 if isinstance(table, Outcome) else table.num_rows for table in tables]
    bounds = [0, *accumulate(counts)]
    rows = _room_for(bounds[-1])
    identities: list[UInt8Array] = []
    used = 0
    refused: list[tuple[int, int]] = []  # bounds of places that are not used
    for record, table, (first, end) in zip(records, tables, pairwise(bounds), strict=True):
        room = _between(rows, first, end)
        room.record[:] = record
        read = table if isinstance(table, Outcome) else _read_or_reason(table, room)
        if isinstance(read, Outcome):
            _refuse(_between(rows, first, first + 1), read)
            refused.append((first + 1, end))
        else:
            room.identity_start[:] += used
            identities.append(read)
            used += read.size
    identity = np.concatenate(identities) if identities else rows.identity
    return _without(rows, refused)._replace(identity=identity)


def _table_or_reason(value: bytes) -> pa.Table | Outcome:
    """Return the columns of a stream, or why there are none."""
    try:
        return _table(value)
    except StreamRefusedError as refusal:
        return refusal.reason
    except (pa.ArrowException, OSError, ValueError, struct.error):
        return Outcome.NOT_ARROW


def _read_or_reason(table: pa.Table, room: DecodedPositions) -> UInt8Array | Outcome:
    """Write the rows of columns to *room* and return their identities, or why there are none."""
    try:
        return _read(table, room)
    except StreamRefusedError as refusal:
        return refusal.reason
    except (pa.ArrowException, OSError, ValueError):
        return Outcome.NOT_ARROW


def _table(value: bytes) -> pa.Table:
    """Return the columns of a stream, each in one piece and checked."""
    for message in pa.ipc.MessageReader.open_stream(value):
        if _is_compressed(message):
            raise StreamRefusedError(Outcome.NOT_ARROW)
    with pa.ipc.open_stream(value) as reader:
        table = reader.read_all()
    if table.num_rows > len(value):
        # columns of nulls, or of runs, say how many rows there are without a byte for each; ours have several
        raise StreamRefusedError(Outcome.NOT_ARROW)
    table.validate(full=True)
    table = table.combine_chunks()
    if not table.num_rows:
        raise StreamRefusedError(Outcome.EMPTY)
    return table


def _is_compressed(message: pa.Message) -> bool:
    """Tell whether a message of record or dictionary batches has a compressed body (Arrow's Message.fbs)."""
    text = message.metadata.to_pybytes()
    header = _part(text, struct.unpack_from("<I", text)[0], 2)
    if message.type == "dictionary":
        header = _part(text, header, 1)
    return message.type in ("record batch", "dictionary") and _part(text, header, 3) != 0


def _part(text: bytes, table: int, field: int) -> int:
    """Return where a part of a flatbuffers table stands, 0 where it is left out."""
    vtable = table - int(struct.unpack_from("<i", text, table)[0])
    size = struct.unpack_from("<H", text, vtable)[0]
    offset = struct.unpack_from("<H", text, vtable + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
    place = table + offset
    return place + int(struct.unpack_from("<I", text, place)[0]) if offset else 0


def _room_for(rows: int) -> DecodedPositions:
    """Return columns for so many rows, without identities."""
    return DecodedPositions(
        record=np.empty(rows, np.int32),
        index=np.empty(rows, np.int32),
        outcome=np.empty(rows, np.uint8),
        event_us=np.empty(rows, np.int64),
        lat=np.empty(rows, np.float64),
        lon=np.empty(rows, np.float64),
        vehicle_class=np.empty(rows, np.uint8),
        zero_emission=np.empty(rows, np.uint8),
        plate=np.empty(rows, np.int64),
        carrier=np.empty(rows, np.uint64),
        identity_start=np.empty(rows, np.int64),
        identity_length=np.empty(rows, np.int32),
        identity=np.empty(0, np.uint8),
    )


def _between(rows: DecodedPositions, first: int, end: int) -> DecodedPositions:
    """Return the places from *first* to before *end*, which write to the same memory."""
    columns: list[Any] = list(rows[:-1])
    return DecodedPositions._make([*(column[first:end] for column in columns), rows.identity])


def _without(rows: DecodedPositions, unused: Sequence[tuple[int, int]]) -> DecodedPositions:
    """Return rows without places that are not used."""
    is_used = np.ones(rows.outcome.size, np.bool_)
    for first, end in unused:
        is_used[first:end] = False
    if is_used.all():
        return rows
    columns: list[Any] = list(rows[:-1])
    return DecodedPositions._make([*(column[is_used] for column in columns), rows.identity])


def _read(table: pa.Table, room: DecodedPositions) -> UInt8Array:
    """Write the rows of columns to *room*; return their identities, one after another."""
    required = [_column(table, name) for name in ("vehicle", "time", "lat", "lon")]
    identity = write_identities(required[0], room)
    is_finite = _write_times(required[1], room.event_us)
    room.lat[:], room.lon[:] = _floats(required[2]), _floats(required[3])
    _judge(room.event_us, is_finite, room.lat, room.lon, room.outcome)
    for column in required:
        absent = missing(column)
        if absent is not None:
            room.outcome[absent] = Outcome.MISSING_FIELD
    _write_attributes(table, room)
    room.carrier[:] = _carriers(table)
    room.index[:] = np.arange(table.num_rows)
    rejected = room.outcome != _ACCEPTED
    if rejected.any():
        _silence(room, rejected)
    return identity


def _silence(room: DecodedPositions, rejected: BoolArray) -> None:
    """Let rows that were rejected say nothing but why."""
    for column in (room.event_us, room.lat, room.lon, room.plate, room.identity_length):
        column[rejected] = 0
    room.vehicle_class[rejected] = VehicleClass.UNKNOWN
    room.zero_emission[rejected] = ZeroEmission.UNKNOWN
    room.carrier[rejected] = NOBODY


def _refuse(room: DecodedPositions, reason: Outcome) -> None:
    """Let a row stand for a stream that gives none."""
    room.outcome[:] = reason
    room.index[:] = 0
    room.identity_start[:] = 0
    _silence(room, np.ones(1, np.bool_))


@lean_kernel
def _judge(
    event_us: Int64Array, is_finite: BoolArray, lat: Float64Array, lon: Float64Array, outcome: UInt8Array
) -> None:
    """Reject rows, in place, whose numbers are none, are beyond the earth, or are no time, in this order."""
    for row in range(outcome.size):
        if not (is_finite[row] and np.isfinite(lat[row]) and np.isfinite(lon[row])):
            outcome[row] = _NOT_FINITE
        elif abs(lat[row]) > 90 or abs(lon[row]) > 180:
            outcome[row] = _OUT_OF_RANGE
        elif event_us[row] == NO_TIME:
            outcome[row] = _BAD_TIME


def _column(table: pa.Table, name: str) -> pa.Array:
    """Return a required column."""
    if table.schema.names.count(name) != 1:
        raise StreamRefusedError(Outcome.MISSING_FIELD)
    return table.column(name).chunk(0)


def _floats(column: pa.Array) -> Float64Array:
    """Return numbers, 0 where there is none."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or _is_empty(column)):
        raise StreamRefusedError(Outcome.WRONG_TYPE)
    numbers: Float64Array = numbers_of(filled(as_type(column, pa.float64()), 0.0))
    return numbers


def _write_times(column: pa.Array, event_us: Int64Array) -> BoolArray:
    """Write times in microseconds, `NO_TIME` where there is none; return where they were finite numbers."""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        _scale(_integers(column), *_scale_of(_NANOSECONDS[column.type.unit]), event_us)
    elif pa.types.is_integer(column.type) or _is_empty(column):
        _scale(_integers(column), *_scale_of(_NANOSECONDS["ms"]), event_us)
    elif pa.types.is_floating(column.type):
        times_ms = _floats(column)
        is_time = (times_ms >= 0) & (times_ms < END_MS)
        event_us[:] = np.rint(np.where(is_time, times_ms, 0.0) * 1_000)
        event_us[~is_time | (event_us >= END_US)] = NO_TIME
        return np.isfinite(times_ms)
    else:
        raise StreamRefusedError(Outcome.BAD_TIME)
    return np.ones(event_us.size, np.bool_)


def _is_empty(column: pa.Array) -> bool:
    """Tell whether a column was made of nothing but nulls, which then have no type."""
    return bool(pa.types.is_null(column.type))


def _integers(column: pa.Array) -> Int64Array:
    """Return whole numbers, 0 where there is none; what is too large becomes negative."""
    integers: Int64Array = numbers_of(filled(as_type(column, pa.int64()), 0))
    return integers


def _scale_of(nanoseconds: int) -> tuple[int, int]:
    """Return how many nanoseconds a unit has, and the first number of such units that is no time."""
    return nanoseconds, END_US * _NS_PER_US // nanoseconds


@lean_kernel
def _scale(times: Int64Array, nanoseconds: int, end: int, event_us: Int64Array) -> None:
    """Write times of a unit, below *end*, in microseconds, `NO_TIME` for others."""
    if nanoseconds < _NS_PER_US:
        for row in range(times.size):
            time = times[row]
            event_us[row] = time * nanoseconds // _NS_PER_US if 0 <= time < end else NO_TIME
    else:
        microseconds = nanoseconds // _NS_PER_US
        for row in range(times.size):
            time = times[row]
            event_us[row] = time * microseconds if 0 <= time < end else NO_TIME


def _write_attributes(table: pa.Table, room: DecodedPositions) -> None:
    """Write class and emission of each row; each combination of words is looked up once."""
    combinations: list[tuple[str, ...]] = [()]
    place = np.zeros(table.num_rows, np.int64)
    for name in ("class", "fuel", "emission"):
        known, places = _words(table, name)
        if places is None:
            combinations = [(*words, *known) for words in combinations]
            continue
        place = places if len(combinations) == 1 else place * len(known) + places
        if len(combinations) * len(known) <= _MOST_COMBINATIONS:
            combinations = [(*words, word) for words in combinations for word in known]
        else:  # as many words as a sender likes: only those combinations that occur
            found, place = np.unique(place, return_inverse=True)
            pairs = (divmod(number, len(known)) for number in found.tolist())
            combinations = [(*combinations[words], known[word]) for words, word in pairs]
    codes = np.array([_codes_of(*words) for words in combinations], np.uint8)
    place.flags.writeable = False  # either way where it comes from: one kernel for both
    _take_codes(codes, place, room.vehicle_class, room.zero_emission)


def _codes_of(kind: str, fuel: str, emission: str) -> tuple[int, int]:
    """Return class and emission of a vehicle of which these words are said."""
    code = class_of(kind)
    return code, zero_emission_of(code, fuel, emission)


@lean_kernel
def _take_codes(
    codes: UInt8Array, place: Int64Array, vehicle_class: UInt8Array, zero_emission: UInt8Array
) -> None:
    """Write the two codes, shape (combinations, 2), that stand for each row's words."""
    for row in range(place.size):
        vehicle_class[row] = codes[place[row], 0]
        zero_emission[row] = codes[place[row], 1]


def _carriers(table: pa.Table) -> UInt64Array:
    """Return the digest of the carrier of each row; that of each name is made once."""
    if table.schema.names.count(ROLE) == 1:
        type_ = table.schema.field(ROLE).type
        if is_text(type_.value_type if pa.types.is_dictionary(type_) else type_):
            names, place = _words(table, ROLE)
            if place is not None:
                return np.array([carrier_digest(name) for name in names], np.uint64)[place]
    return np.full(table.num_rows, NOBODY, np.uint64)


def _words(table: pa.Table, name: str) -> tuple[list[str], Int64Array | None]:
    """Return the words of an optional column, the last of which is empty, and the place of each row's.

    Where the column is left out, all rows have that one, and no places are given.
    """
    if table.schema.names.count(name) != 1:
        return [""], None
    column = table.column(name).chunk(0)
    encoded = column if pa.types.is_dictionary(column.type) else texts(column).dictionary_encode()
    known = texts(encoded.dictionary).to_pylist()
    place: Int64Array = numbers_of(filled(as_type(encoded.indices, pa.int64()), len(known)))
    return [*known, ""], place
