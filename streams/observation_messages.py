"""Messages of the observation topic that intake sends: narrow Arrow batches, and progress of source partitions.

What all messages of the topic have in common is in `streams.observation_headers`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from processors.source_clock import Mark
from streams.arrow_arrays import arrow_array, numbers_of
from streams.narrow_rows import Columns, NarrowRows, Part, widened

_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"
MAX_MESSAGE_BYTES: Final = 512 * 1024  # encoded; half of the broker's default limit, verified at start
BASES: Final = b"duls-bases"  # in the metadata of the schema: those of `NarrowRows`, as JSON
SCHEMA_BYTES: Final = 8 * 1024  # more than the Arrow schema and framing of either shape take


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
_bases_decoder = msgspec.json.Decoder(dict[str, int])


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
