"""Messages of the observation topic: rows as Arrow batches, progress of source partitions, control records.

Every message names the installation of its database in a header, so that another database on the same broker skips
it, and says its kind in another. Rows of one message come from one source topic, named in a third.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from duls.errors import RefusedError
from processors.columns import DetectionColumns, PositionColumns
from processors.source_clock import Mark

Headers = list[tuple[str, bytes]]
Columns = TypeVar("Columns", PositionColumns, DetectionColumns)

KIND_HEADER: Final = "duls-kind"
INSTALLATION_HEADER: Final = "duls-installation"
TOPIC_HEADER: Final = "duls-topic"
TICK_HEADER: Final = "duls-tick"

_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"
MAX_MESSAGE_BYTES: Final = 512 * 1024  # encoded; half of the broker's default limit, verified at start
LATER_COLUMNS: Final = {"traits": np.uint32, "carrier": np.uint32, "visitor": np.uint64}
OPTIONAL_COLUMNS: Final = frozenset({"visitor"})  # of which a message without any has no trace
SCHEMA_BYTES: Final = 8 * 1024  # more than the Arrow schema and framing of either shape take


class Kind(StrEnum):
    """What a message of the observation topic holds."""

    POSITIONS = "positions"
    DETECTIONS = "detections"
    PROGRESS = "progress"
    CONTROL = "control"


class Control(msgspec.Struct, frozen=True):
    """From here on, rows are read under this version of the zones, the cameras or the settings."""

    kind: str  # zones, cameras or settings
    version: int


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
        return Envelope(Kind(kind.decode()), found.get(TOPIC_HEADER))
    except ValueError as error:
        message = (
            f"an observation message is of a kind that this version does not know: {kind!r}; run a newer one"
        )
        raise RefusedError(message) from error


def headers_of(kind: Kind, installation: bytes, topic_id: bytes | None = None) -> Headers:
    """Return the headers of a message."""
    headers = [(KIND_HEADER, kind.value.encode()), (INSTALLATION_HEADER, installation)]
    return headers if topic_id is None else [*headers, (TOPIC_HEADER, topic_id)]


def rows_per_message(columns: PositionColumns | DetectionColumns) -> int:
    """Return how many rows fit a message of MAX_MESSAGE_BYTES."""
    width = sum(column.dtype.itemsize for column in columns)
    # Arrow pads every column to 64 bytes
    return (MAX_MESSAGE_BYTES - SCHEMA_BYTES - 64 * len(columns)) // width


def encode_rows(columns: PositionColumns | DetectionColumns) -> Iterator[bytes]:
    """Yield the rows as Arrow IPC streams of at most MAX_MESSAGE_BYTES each, in order."""
    rows = columns[0].size
    step = rows_per_message(columns)
    for start in range(0, rows, step):
        parts = {name: column[start : start + step] for name, column in columns._asdict().items()}
        for name in OPTIONAL_COLUMNS & parts.keys():
            if not parts[name].any():
                del parts[name]
        schema, head = _schema_of(tuple(parts), tuple(part.dtype for part in parts.values()))
        batch = pa.RecordBatch.from_arrays([pa.array(part) for part in parts.values()], schema=schema)
        # what a stream writer makes, whose buffer would grow, and be copied, again and again
        yield b"".join((head, batch.serialize(), _END_OF_STREAM))


@lru_cache(maxsize=16)
def _schema_of(names: tuple[str, ...], types: tuple[np.dtype[Any], ...]) -> tuple[pa.Schema, bytes]:
    """Return the schema of columns, and what a stream of them begins with."""
    schema = pa.schema(zip(names, map(pa.from_numpy_dtype, types), strict=True))
    return schema, bytes(schema.serialize())


def decode_rows(value: bytes, shape: type[Columns]) -> Columns:
    """Return the columns of a message as arrays of its own memory."""
    with pa.ipc.open_stream(pa.py_buffer(value)) as reader:
        batch = reader.read_next_batch()
    places = {name: place for place, name in enumerate(batch.schema.names)}
    return shape._make(_column(batch, places, name) for name in shape._fields)


def _column(batch: pa.RecordBatch, places: Mapping[str, int], name: str) -> NDArray[Any]:
    """Return a column; earlier versions sent rows without some, and the log still holds them."""
    if name in LATER_COLUMNS and name not in places:
        return np.zeros(batch.num_rows, LATER_COLUMNS[name])
    # copied: kernels are compiled for writable arrays, and the message may be freed
    return np.array(batch.column(places[name]).to_numpy(zero_copy_only=True))


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
