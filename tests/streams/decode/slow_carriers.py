"""The twin of what decoding says of carriers: every record is read once more, by the obvious code."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from processors.carrier_names import NOBODY, carrier_digest
from processors.columns import DecodedPositions
from processors.vocabulary import Outcome
from streams.decode.arrow_positions import is_arrow
from streams.decode.documents import documents_of
from streams.decode.position_formats import PositionFormat, format_of, rows_of_object

ROLE: Final = "carrier"
NAMING: Final = frozenset({PositionFormat.CANONICAL, PositionFormat.OTM})


def slow_carriers(values: Sequence[bytes | None], decoded: DecodedPositions) -> list[int]:
    """Return the carrier of each row of *decoded*, which came from *values*."""
    names = [name for value in values for name in _names(value or b"")]
    return [
        carrier_digest(name) if isinstance(name, str) and outcome == Outcome.ACCEPTED else NOBODY
        for name, outcome in zip(names, decoded.outcome.tolist(), strict=True)
    ]


def _names(value: bytes) -> Iterator[object]:
    """Yield the carrier of each row of a record, whatever stands there."""
    if is_arrow(value):
        yield from _arrow_names(value)
        return
    for document in documents_of(value):
        content = document.content
        for each in content if isinstance(content, list) and content else [content]:
            yield from _object_names(each)


def _object_names(content: object) -> Iterator[object]:
    """Yield the carrier of each row of an object."""
    if not isinstance(content, dict):
        yield None
        return
    format_ = format_of(content)
    for _ in rows_of_object(content):
        if format_ in NAMING:
            yield _actor(content) if format_ == PositionFormat.OTM else content.get(ROLE)
        else:
            yield None


def _actor(event: Mapping[str, Any]) -> object:
    """Return the name, or else the id, of the actor of an event that is its carrier."""
    actors = event.get("actors")
    carriers = [
        actor
        for actor in (actors if isinstance(actors, list) else [])
        if isinstance(actor, dict) and isinstance(actor.get("roles"), list) and ROLE in actor["roles"]
    ]
    if not carriers:
        return None
    entity = carriers[0].get("entity")
    known = entity if isinstance(entity, dict) else {}
    return known.get("name") or known.get("id") or carriers[0].get("uuid")


def _arrow_names(value: bytes) -> list[object]:
    """Return the carrier of each row of an Arrow stream; none where it cannot be read."""
    try:
        with pa.ipc.open_stream(value) as reader:
            table = reader.read_all()
    except (pa.ArrowException, OSError, ValueError):
        return [None]
    if ROLE not in table.schema.names:
        return [None] * max(int(table.num_rows), 1)
    return list(table.column(ROLE).to_pylist())
