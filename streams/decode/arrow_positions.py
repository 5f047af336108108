"""Positions as an Arrow IPC stream of canonical columns, for senders with very many of them.

Columns are named as the fields of the canonical position. `vehicle` is text, `time` a timestamp with a zone or a
number of epoch milliseconds, `lat` and `lon` are numbers; `class`, `fuel`, `emission` and `carrier` are text and may
be left out, and a `carrier` of another type names nobody; text may be dictionary-encoded. Bodies are not compressed,
since Kafka does that and a small record must not become a large one here. What cannot be read as such a stream is one
row with the reason; else each row fares by itself, by the rules of the canonical position.
"""

import math
import struct
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from processors.carrier_names import NOBODY, carrier_digest
from processors.columns import (
    BoolArray,
    DecodedPositions,
    Float64Array,
    Int32Array,
    Int64Array,
    UInt8Array,
    UInt64Array,
)
from processors.identity import identity_of, plate_key_of, write_identity
from processors.jit import lean_kernel
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.attributes import class_of, zero_emission_of
from streams.decode.carriers import ROLE
from streams.decode.times import END_MS, END_US, NO_TIME

MAGIC: Final = b"\xff\xff\xff\xff"
"""What every Arrow IPC stream begins with, and no JSON text in UTF-8."""

_NANOSECONDS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_ROOM: Final = 6  # bytes that an identity may have beyond its text
_SPACE: Final = ord(" ")
_LAST_PLAIN: Final = ord("~")
_NOT_PLAIN: Final = 255
_MOST_COMBINATIONS: Final = 4_096  # of words that are looked up whether they occur or not
_ACCEPTED: Final = int(Outcome.ACCEPTED)
_NOT_FINITE: Final = int(Outcome.NOT_FINITE)
_OUT_OF_RANGE: Final = int(Outcome.OUT_OF_RANGE)
_BAD_TIME: Final = int(Outcome.BAD_TIME)


class _RefusedError(Exception):
    """A stream that gives no rows; holds the reason."""

    def __init__(self, reason: Outcome) -> None:
        super().__init__(reason)
        self.reason = reason


def is_arrow(value: bytes) -> bool:
    """Tell whether a record is meant to be an Arrow IPC stream."""
    return value.startswith(MAGIC)


def positions_of_arrow(value: bytes, record: int) -> DecodedPositions:
    """Return the rows of a record that is an Arrow IPC stream, at least one."""
    try:
        return _positions(_table(value), record)
    except _RefusedError as refusal:
        return _refused(refusal.reason, record)
    except (pa.ArrowException, OSError, ValueError, struct.error):
        return _refused(Outcome.NOT_ARROW, record)


def _table(value: bytes) -> pa.Table:
    """Return the columns of a stream, each in one piece and checked."""
    for message in pa.ipc.MessageReader.open_stream(value):
        if _is_compressed(message):
            raise _RefusedError(Outcome.NOT_ARROW)
    with pa.ipc.open_stream(value) as reader:
        table = reader.read_all()
    table.validate(full=True)
    table = table.combine_chunks()
    if not table.num_rows:
        raise _RefusedError(Outcome.EMPTY)
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


def _positions(table: pa.Table, record: int) -> DecodedPositions:
    """Return the rows of columns."""
    rows = table.num_rows
    required = [_column(table, name) for name in ("vehicle", "time", "lat", "lon")]
    spelled = _identities(required[0])
    event_us, is_finite = _event_us(required[1])
    # of their own memory: kernels are compiled for writable arrays
    lat, lon = _floats(required[2]).copy(), _floats(required[3]).copy()
    outcome = spelled.outcome
    _judge(event_us, is_finite, lat, lon, outcome)
    for column in required:
        if column.null_count:
            outcome[column.is_null().to_numpy(zero_copy_only=False)] = Outcome.MISSING_FIELD
    vehicle_class, zero_emission = _attributes(table)
    decoded = DecodedPositions(
        record=np.full(rows, record, np.int32),
        index=np.arange(rows, dtype=np.int32),
        outcome=outcome,
        event_us=event_us,
        lat=lat,
        lon=lon,
        vehicle_class=vehicle_class,
        zero_emission=zero_emission,
        plate=spelled.plate,
        carrier=_carriers(table),
        identity_start=spelled.start,
        identity_length=spelled.length,
        identity=spelled.identity,
    )
    accepted = outcome == _ACCEPTED
    return decoded if accepted.all() else _without_rejected(decoded, accepted)


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


def _without_rejected(decoded: DecodedPositions, accepted: BoolArray) -> DecodedPositions:
    """Return rows of which those that were rejected say nothing but why."""
    return decoded._replace(
        event_us=np.where(accepted, decoded.event_us, 0),
        lat=np.where(accepted, decoded.lat, 0.0),
        lon=np.where(accepted, decoded.lon, 0.0),
        vehicle_class=np.where(accepted, decoded.vehicle_class, np.uint8(VehicleClass.UNKNOWN)),
        zero_emission=np.where(accepted, decoded.zero_emission, np.uint8(ZeroEmission.UNKNOWN)),
        plate=np.where(accepted, decoded.plate, 0),
        carrier=np.where(accepted, decoded.carrier, np.uint64(NOBODY)),
        identity_length=np.where(accepted, decoded.identity_length, np.int32(0)),
    )


def _refused(reason: Outcome, record: int) -> DecodedPositions:
    """Return the one row of a stream that gives none."""
    zero = np.zeros(1, np.int64)
    return DecodedPositions(
        np.full(1, record, np.int32),
        zero.astype(np.int32),
        np.full(1, reason, np.uint8),
        zero,
        np.zeros(1),
        np.zeros(1),
        np.full(1, VehicleClass.UNKNOWN, np.uint8),
        np.full(1, ZeroEmission.UNKNOWN, np.uint8),
        zero,
        zero.astype(np.uint64),
        zero,
        zero.astype(np.int32),
        np.empty(0, np.uint8),
    )


def _column(table: pa.Table, name: str) -> pa.Array:
    """Return a required column."""
    if table.schema.names.count(name) != 1:
        raise _RefusedError(Outcome.MISSING_FIELD)
    return table.column(name).chunk(0)


def _floats(column: pa.Array) -> Float64Array:
    """Return numbers, 0 where there is none."""
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise _RefusedError(Outcome.WRONG_TYPE)
    numbers: Float64Array = _filled(column.cast(pa.float64(), safe=False), 0.0).to_numpy()
    return numbers


def _filled(column: pa.Array, value: object) -> pa.Array:
    """Return a column with a value where it has none."""
    return column.fill_null(value) if column.null_count else column


def _event_us(column: pa.Array) -> tuple[Int64Array, BoolArray]:
    """Return times in microseconds, `NO_TIME` where there is none, and where they were finite numbers."""
    is_finite = np.ones(len(column), bool)
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return _scaled(_integers(column), _NANOSECONDS[column.type.unit]), is_finite
    if pa.types.is_integer(column.type):
        return _scaled(_integers(column), _NANOSECONDS["ms"]), is_finite
    if not pa.types.is_floating(column.type):
        raise _RefusedError(Outcome.BAD_TIME)
    times_ms = _floats(column)
    is_time = (times_ms >= 0) & (times_ms < END_MS)
    event_us = np.rint(np.where(is_time, times_ms, 0.0) * 1_000).astype(np.int64)
    return np.where(is_time & (event_us < END_US), event_us, NO_TIME), np.isfinite(times_ms)


def _integers(column: pa.Array) -> Int64Array:
    """Return whole numbers, 0 where there is none; what is too large becomes negative."""
    integers: Int64Array = _filled(column.cast(pa.int64(), safe=False), 0).to_numpy()
    return integers


def _scaled(times: Int64Array, nanoseconds: int) -> Int64Array:
    """Return times of a unit in microseconds."""
    event_us = np.empty_like(times)
    _scale(times, nanoseconds, END_US * 1_000 // nanoseconds, event_us)
    return event_us


@lean_kernel
def _scale(times: Int64Array, nanoseconds: int, end: int, event_us: Int64Array) -> None:
    """Write times of a unit, below *end*, in microseconds, `NO_TIME` for others."""
    for row in range(times.size):
        time = times[row]
        event_us[row] = time * nanoseconds // 1_000 if 0 <= time < end else NO_TIME


class _Identities(NamedTuple):
    """Identities of rows, as `DecodedPositions` has them."""

    outcome: UInt8Array
    start: Int64Array
    length: Int32Array
    plate: Int64Array
    identity: UInt8Array


def _identities(column: pa.Array) -> _Identities:
    """Return the identities of texts; those of a dictionary are spelled once."""
    if not pa.types.is_dictionary(column.type):
        return _spelled(_texts(column))
    spelled = _spelled(_texts(column.dictionary))
    row = _filled(column.indices.cast(pa.int64()), 0).to_numpy()
    if not len(column.dictionary):
        row, spelled = np.zeros(row.size, np.int64), _spelled(pa.array([""], pa.large_string()))
    return _Identities(
        spelled.outcome[row], spelled.start[row], spelled.length[row], spelled.plate[row], spelled.identity
    )


def _texts(column: pa.Array) -> pa.Array:
    """Return texts, empty where there is none."""
    if not _is_text(column.type):
        raise _RefusedError(Outcome.WRONG_TYPE)
    return _filled(column.cast(pa.large_string()), "")


def _is_text(type_: pa.DataType) -> bool:
    """Tell whether a column is one of texts."""
    return pa.types.is_string(type_) or pa.types.is_large_string(type_)


def _spelled(texts: pa.Array) -> _Identities:
    """Return the identity of each text."""
    count = len(texts)
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + count + 1]
    text = np.frombuffer(data or b"", np.uint8)
    for array in (bounds, text):  # either way where it comes from: one kernel for both
        array.flags.writeable = False
    spelled = _Identities(
        np.empty(count, np.uint8),
        np.empty(count, np.int64),
        np.empty(count, np.int32),
        np.empty(count, np.int64),
        np.empty(int(bounds[-1] - bounds[0]) + count * _ROOM, np.uint8),
    )
    used = _spell(text, bounds, *spelled)
    added = [spelled.identity[:used].tobytes()]
    for row in np.flatnonzero(spelled.outcome == _NOT_PLAIN).tolist():
        identity = identity_of(texts[row].as_py())
        reason = identity if isinstance(identity, Outcome) else Outcome.ACCEPTED
        spelled.outcome[row] = reason
        if not isinstance(identity, Outcome):
            spelled.start[row], spelled.length[row] = used, len(identity)
            spelled.plate[row] = plate_key_of(identity)
            added.append(identity)
            used += len(identity)
    return spelled._replace(identity=np.frombuffer(b"".join(added), np.uint8))


@lean_kernel
def _spell(
    text: UInt8Array,
    bounds: Int64Array,
    outcome: UInt8Array,
    start: Int64Array,
    length: Int32Array,
    plate: Int64Array,
    identity: UInt8Array,
) -> int:
    """Write the identity of each plain text one after another; the others are `_NOT_PLAIN`."""
    used = 0
    for row in range(outcome.size):
        start[row] = used
        length[row] = 0
        plate[row] = 0
        outcome[row] = _NOT_PLAIN
        if not _is_plain(text, bounds[row], bounds[row + 1]):
            continue
        written, key = write_identity(text, bounds[row], bounds[row + 1], identity, used)
        outcome[row] = -written if written < 0 else _ACCEPTED
        if written > 0:
            length[row] = written
            plate[row] = key
            used += written
    return used


@lean_kernel
def _is_plain(text: UInt8Array, start: int, end: int) -> bool:
    """Tell whether all bytes are printable ASCII."""
    plain = True
    for place in range(start, end):
        plain &= _SPACE <= text[place] <= _LAST_PLAIN
    return plain


def _attributes(table: pa.Table) -> tuple[UInt8Array, UInt8Array]:
    """Return class and emission of each row; each combination of words is looked up once."""
    words: list[list[str]] = []
    place = np.zeros(table.num_rows, np.int64)
    for name in ("class", "fuel", "emission"):
        known, places = _words(table, name)
        words.append(known)
        if len(known) > 1:
            place = place * len(known) + places
    combinations = np.arange(math.prod(map(len, words)))
    if combinations.size > _MOST_COMBINATIONS:
        combinations, place = np.unique(place, return_inverse=True)
    found = []
    for combination in combinations.tolist():
        rest, emission = divmod(combination, len(words[2]))
        kind, fuel = divmod(rest, len(words[1]))
        code = class_of(words[0][kind])
        found.append((code, zero_emission_of(code, words[1][fuel], words[2][emission])))
    classes, emissions = np.array(found, np.uint8).T.copy()
    return classes.take(place), emissions.take(place)


def _carriers(table: pa.Table) -> UInt64Array:
    """Return the digest of the carrier of each row; that of each name is made once."""
    if table.schema.names.count(ROLE) == 1:
        type_ = table.schema.field(ROLE).type
        if _is_text(type_.value_type if pa.types.is_dictionary(type_) else type_):
            names, place = _words(table, ROLE)
            return np.array([carrier_digest(name) for name in names], np.uint64)[place]
    return np.full(table.num_rows, NOBODY, np.uint64)


def _words(table: pa.Table, name: str) -> tuple[list[str], Int64Array]:
    """Return the words of an optional column, the first of which is empty, and the place of each row's."""
    if table.schema.names.count(name) != 1:
        return [""], np.zeros(table.num_rows, np.int64)
    column = table.column(name).chunk(0)
    encoded = column if pa.types.is_dictionary(column.type) else _texts(column).dictionary_encode()
    known = ["", *_texts(encoded.dictionary).to_pylist()]
    place: Int64Array = _filled(encoded.indices.cast(pa.int64()), -1).to_numpy() + 1
    return known, place
