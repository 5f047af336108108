"""Messages of the observation topic: narrow Arrow batches, progress of source partitions, control, ends of topics.

Every message names the installation of its database in a header, so that another database on the same broker skips
it, and says its kind in another. Rows of one message come from one source topic, named in a third.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from duls.errors import RefusedError
from processors.source_clock import Mark
from streams.arrow_arrays import arrow_array, numbers_of
from streams.narrow_rows import Columns, NarrowRows, Part, widened

Headers = list[tuple[str, bytes]]

KIND_HEADER: Final = "duls-kind"
INSTALLATION_HEADER: Final = "duls-installation"
TOPIC_HEADER: Final = "duls-topic"
TICK_HEADER: Final = "duls-tick"

_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"
MAX_MESSAGE_BYTES: Final = 512 * 1024  # encoded; half of the broker's default limit, verified at start
BASES: Final = b"duls-bases"  # in the metadata of the schema: those of `NarrowRows`, as JSON
SCHEMA_BYTES: Final = 8 * 1024  # more than the Arrow schema and framing of either shape take


class Kind(StrEnum):
    """What a message of the observation topic holds."""

    POSITIONS = "positions.narrow"
    DETECTIONS = "detections.narrow"
    PROGRESS = "progress"
    CONTROL = "control"
    TOPIC_END = "topic.end"


_EARLIER_KINDS: Final = {"positions": Kind.POSITIONS, "detections": Kind.DETECTIONS}
"""How earlier versions, whose columns all had the width of their type, named what the log may still hold."""


class Control(msgspec.Struct, frozen=True):
    """From here on, rows are read under this version of the zones, the cameras or the settings."""

    kind: str  # zones, cameras or settings
    version: int


class TopicEnd(msgspec.Struct, frozen=True):
    """From here on, nothing of a source topic is taken: another one has its name."""

    source: int  # Source code


class Envelope(NamedTuple):
    """What the headers of a message of our installation say."""

    kind: Kind
    topic_id: bytes | None  # 16 bytes, of the source topic


class _WireMark(msgspec.Struct, array_like=True, frozen=True):
    """A mark as it travels."""

    topic_id: bytes
    source: int
    partitions: int
    partition: int
    next_offset: int
    arrival_us: int


_encoder = msgspec.msgpack.Encoder()
_marks_decoder = msgspec.msgpack.Decoder(list[_WireMark])
_control_decoder = msgspec.json.Decoder(Control)
_end_decoder = msgspec.json.Decoder(TopicEnd)
_bases_decoder = msgspec.json.Decoder(dict[str, int])


def envelope_of(headers: Sequence[tuple[str, bytes | None]] | None, installation: bytes) -> Envelope | None:
    """Return what the headers of a message say, or None when it is not one of our installation.

    Raises:
        RefusedError: It is one of ours, of a kind that this version does not know: to skip it would lose rows.
    """
    found = dict(headers or ())
    kind = found.get(KIND_HEADER)
    # another installation may run another version, whose kinds are not ours to judge
    if kind is None or found.get(INSTALLATION_HEADER) != installation:
        return None
    try:
        name = kind.decode()
        return Envelope(_EARLIER_KINDS.get(name) or Kind(name), found.get(TOPIC_HEADER))
    except ValueError as error:
        message = (
            f"an observation message is of a kind that this version does not know: {kind!r}; run a newer one"
        )
        raise RefusedError(message) from error


def headers_of(kind: Kind, installation: bytes, topic_id: bytes | None = None) -> Headers:
    """Return the headers of a message."""
    headers = [(KIND_HEADER, kind.value.encode()), (INSTALLATION_HEADER, installation)]
    return headers if topic_id is None else [*headers, (TOPIC_HEADER, topic_id)]


def rows_per_message(rows: NarrowRows) -> int:
    """Return how many rows fit a message of MAX_MESSAGE_BYTES."""
    # Arrow pads every column to 64 bytes
    return (MAX_MESSAGE_BYTES - SCHEMA_BYTES - 64 * len(rows.columns)) // rows.row_bytes


def encode_rows(rows: NarrowRows) -> Iterator[bytes]:
    """Yield the rows as Arrow IPC streams of at most MAX_MESSAGE_BYTES each, in order."""
    for _, value in encode_parts(rows, [Part(0, 0, rows.rows)]):
        yield value


def encode_parts(rows: NarrowRows, parts: Sequence[Part]) -> Iterator[tuple[int, bytes]]:
    """Yield each destination with messages of its rows, in order, of at most MAX_MESSAGE_BYTES."""
    if not rows.rows:
        return
    step = rows_per_message(rows)
    types = tuple(column.dtype for column in rows.columns.values())
    schema, head = _schema_of(tuple(rows.columns), types, tuple(rows.bases.items()))
    batch = pa.RecordBatch.from_arrays(
        [arrow_array(column) for column in rows.columns.values()], schema=schema
    )
    for destination, first, end in parts:
        for start in range(first, end, step):
            message = batch.slice(start, min(step, end - start)).serialize()
            # what a stream writer makes, whose buffer would grow, and be copied, again and again
            yield destination, b"".join((head, message, _END_OF_STREAM))


@lru_cache(maxsize=16)
def _schema_of(
    names: tuple[str, ...], types: tuple[np.dtype[Any], ...], bases: tuple[tuple[str, int], ...]
) -> tuple[pa.Schema, bytes]:
    """Return the schema of columns, with their bases, and what a stream of them begins with."""
    fields = zip(names, map(pa.from_numpy_dtype, types), strict=True)
    schema = pa.schema(fields, metadata={BASES: msgspec.json.encode(dict(bases))})
    return schema, bytes(schema.serialize())


def decode_rows(value: bytes, shape: type[Columns]) -> Columns:
    """Return the columns of a message as arrays of its own memory; earlier versions sent rows without some."""
    return decode_messages([value], shape)


def decode_messages(values: Sequence[bytes], shape: type[Columns]) -> Columns:
    """Return the columns of messages, the rows of one after those of another, as `decode_rows` does."""
    return widened(shape, [_narrow_rows_of(value) for value in values])


def _narrow_rows_of(value: bytes) -> NarrowRows:
    """Return the rows of a message, on the memory of the message."""
    with pa.ipc.open_stream(pa.py_buffer(value)) as reader:
        batch = reader.read_next_batch()
    schema = batch.schema
    bases = _bases_decoder.decode((schema.metadata or {}).get(BASES, b"{}"))
    columns = {name: numbers_of(batch.column(place)) for place, name in enumerate(schema.names)}
    return NarrowRows(batch.num_rows, columns, bases)


def encode_progress(marks: Sequence[Mark]) -> bytes:
    """Return the value of a progress message."""
    return _encoder.encode([_WireMark(*mark) for mark in marks])


def decode_progress(value: bytes) -> list[Mark]:
    """Return the marks of a progress message."""
    return [
        Mark(mark.topic_id, mark.source, mark.partitions, mark.partition, mark.next_offset, mark.arrival_us)
        for mark in _marks_decoder.decode(value)
    ]


def control_message(installation: bytes, kind: str, version: int) -> tuple[bytes, Headers]:
    """Return value and headers of a control record for every observation partition."""
    return msgspec.json.encode(Control(kind, version)), headers_of(Kind.CONTROL, installation)


def decode_control(value: bytes) -> Control:
    """Return the content of a control record."""
    return _control_decoder.decode(value)


def topic_end_message(installation: bytes, topic_id: bytes, source: int) -> tuple[bytes, Headers]:
    """Return value and headers of the end of a source topic, for every observation partition."""
    return msgspec.json.encode(TopicEnd(source)), headers_of(Kind.TOPIC_END, installation, topic_id)


def decode_topic_end(value: bytes) -> TopicEnd:
    """Return the content of the end of a source topic, which the headers name."""
    return _end_decoder.decode(value)
