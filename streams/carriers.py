"""Which carrier each position of a batch names; read from the records once more, only where grants are asked for.

Canonical positions and Arrow streams name it in `carrier`, events of Open Trip Model in an actor with that role; the
other formats name none. It costs some 20 µs a position, so it is no part of decoding.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from processors.columns import DecodedPositions
from processors.grants import NO_CARRIER, Carriers
from streams.decode.arrow_positions import is_arrow
from streams.decode.documents import documents_of
from streams.decode.position_formats import PositionFormat, format_of, rows_of_object

ROLE: Final = "carrier"
ONE_ROW: Final = frozenset({PositionFormat.CANONICAL, PositionFormat.OTM, PositionFormat.TRACCAR})


def carriers_of(values: Sequence[bytes | None], decoded: DecodedPositions) -> Carriers:
    """Return the carrier of each row of *decoded*, which came from *values*."""
    code = np.full(decoded.outcome.size, NO_CARRIER, np.int32)
    codes: dict[str, int] = {}
    bounds = np.searchsorted(decoded.record, np.arange(len(values) + 1))
    for record, value in enumerate(values):
        first, last = int(bounds[record]), int(bounds[record + 1])
        names = list(_names(value or b""))
        if len(names) != last - first:
            continue  # it is not what intake made of it, so nobody is named
        for row, name in enumerate(names, start=first):
            if name:
                code[row] = codes.setdefault(name, len(codes))
    return Carriers(list(codes), code)


def _names(value: bytes) -> Iterator[str]:
    """Yield the carrier of each row of a record, empty where it names none."""
    if is_arrow(value):
        yield from _arrow_names(value)
        return
    for document in documents_of(value):
        contents = (
            document.content
            if isinstance(document.content, list) and document.content
            else [document.content]
        )
        for content in contents:
            yield from _object_names(content)


def _object_names(content: object) -> Iterator[str]:
    """Yield the carrier of each row of an object."""
    if not isinstance(content, dict):
        yield ""
        return
    format_ = format_of(content)
    rows = 1 if format_ in ONE_ROW else len(rows_of_object(content, format_))
    name = _actor(content) if format_ == PositionFormat.OTM else content.get(ROLE)
    for _ in range(rows):
        yield name if isinstance(name, str) else ""


def _actor(event: Mapping[str, Any]) -> object:
    """Return the name, or else the id, of the actor of an event that is its carrier."""
    actors = event.get("actors")
    for actor in actors if isinstance(actors, list) else []:
        roles = actor.get("roles") if isinstance(actor, dict) else None
        if isinstance(roles, list) and ROLE in roles:
            entity = actor.get("entity")
            known = entity if isinstance(entity, dict) else {}
            return known.get("name") or known.get("id") or actor.get("uuid")
    return None


def _arrow_names(value: bytes) -> list[str]:
    """Return the carrier of each row of an Arrow stream; none where it cannot be read."""
    try:
        with pa.ipc.open_stream(value) as reader:
            table = reader.read_all()
        if ROLE not in table.schema.names:
            return [""] * max(int(table.num_rows), 1)
        return [name if isinstance(name, str) else "" for name in table.column(ROLE).to_pylist()]
    except (pa.ArrowException, OSError, ValueError):
        return [""]
