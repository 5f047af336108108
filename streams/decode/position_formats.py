"""The formats of positions: which one an object is, by its content, and the rows that it gives."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final

from streams.decode.documents import type_error_of
from streams.decode.gtfs_rules import is_gtfs, rows_of_gtfs
from streams.decode.otm_rules import is_event, is_vehicle, rows_of_otm
from streams.decode.position_row import PositionRow, rejected_position
from streams.decode.position_rules import row_of_position
from streams.decode.rfms_rules import is_rfms, rows_of_rfms
from streams.decode.traccar_rules import is_traccar, rows_of_traccar


class PositionFormat(IntEnum):
    """How positions are written; `AUTO` tells each object by its content."""

    AUTO = 0
    CANONICAL = 1
    OTM = 2
    RFMS = 3
    TRACCAR = 4
    GTFS = 5


_READERS: Final[Mapping[PositionFormat, Callable[[Mapping[str, Any]], list[PositionRow]]]] = {
    PositionFormat.CANONICAL: lambda content: [row_of_position(content)],
    PositionFormat.OTM: rows_of_otm,
    PositionFormat.RFMS: rows_of_rfms,
    PositionFormat.TRACCAR: rows_of_traccar,
    PositionFormat.GTFS: rows_of_gtfs,
}


def format_of(content: Mapping[str, Any]) -> PositionFormat:
    """Return the format of an object; what is of no other one is canonical, or meant to be."""
    if content.get("lat") is not None or content.get("lon") is not None:
        return PositionFormat.CANONICAL  # no other format has them at the top
    if is_event(content):
        return PositionFormat.OTM
    if is_traccar(content):
        return PositionFormat.TRACCAR
    if is_vehicle(content):
        return PositionFormat.OTM
    if is_rfms(content):
        return PositionFormat.RFMS
    return PositionFormat.GTFS if is_gtfs(content) else PositionFormat.CANONICAL


def rows_of_object(content: object, format_: PositionFormat = PositionFormat.AUTO) -> list[PositionRow]:
    """Return the rows of what should be an object in a format, at least one."""
    if not isinstance(content, dict):
        return [rejected_position(type_error_of(content))]
    return _READERS[format_of(content) if format_ == PositionFormat.AUTO else format_](content)
