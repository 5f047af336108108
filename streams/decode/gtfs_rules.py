"""The rules of GTFS Realtime as JSON: a feed of entities, of which those with a vehicle are positions.

Field names may be of either spelling that is in use, `licensePlate` or `license_plate`; null says nothing. The time
is in seconds, as a number or, as JSON of protocol buffers writes long integers, as text; that of the feed where the
vehicle has none. Speeds are in m/s, and no figure uses them. An entity that is deleted tells of no vehicle any more.
"""

from collections.abc import Mapping
from typing import Any, Final

from processors.vocabulary import Outcome
from streams.decode.documents import is_number, type_error_of
from streams.decode.foreign_rows import MS_PER_S, Said, part_of, row_of_said
from streams.decode.position_row import PositionRow, rejected_position

_PLATES: Final = ("licensePlate", "license_plate")
_DELETED: Final = ("isDeleted", "is_deleted")
_LONGEST_TIME: Final = 12  # digits


def is_gtfs(content: Mapping[str, Any]) -> bool:
    """Tell whether an object is a feed, or one vehicle of it."""
    return content.get("entity") is not None or isinstance(part_of(content, "vehicle").get("position"), dict)


def rows_of_gtfs(content: Mapping[str, Any]) -> list[PositionRow]:
    """Return the rows of a feed or of one vehicle, at least one."""
    entities = content.get("entity")
    if entities is None:
        return [_row_of_vehicle(part_of(content, "vehicle"), None)]
    if not isinstance(entities, list):
        return [rejected_position(type_error_of(entities))]
    fallback = part_of(content, "header").get("timestamp")
    return [_row_of_entity(entity, fallback) for entity in entities] or [rejected_position(Outcome.EMPTY)]


def _row_of_entity(entity: object, feed_time: object) -> PositionRow:
    """Return the row of one entity; updates of trips, alerts and what is deleted are no positions."""
    if not isinstance(entity, dict):
        return rejected_position(type_error_of(entity))
    is_deleted = any(entity.get(name) is True for name in _DELETED)
    if is_deleted or entity.get("vehicle") is None:
        return rejected_position(Outcome.UNKNOWN_MESSAGE)
    return _row_of_vehicle(part_of(entity, "vehicle"), feed_time)


def _row_of_vehicle(vehicle: Mapping[str, Any], feed_time: object) -> PositionRow:
    """Return the row of one vehicle."""
    place, described = part_of(vehicle, "position"), part_of(vehicle, "vehicle")
    plates = (described.get(name) for name in _PLATES)
    plate = next((plate for plate in plates if plate not in (None, "")), None)
    time = vehicle.get("timestamp")
    return row_of_said(
        Said(
            vehicle=described.get("id") if plate is None else plate,
            time=_milliseconds(feed_time if time is None else time),
            lat=place.get("latitude"),
            lon=place.get("longitude"),
            is_plate=plate is not None,
        )
    )


def _milliseconds(seconds: object) -> object:
    """Return epoch seconds as milliseconds; anything else stays as it is, to be judged."""
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) <= _LONGEST_TIME:
        return int(seconds) * MS_PER_S
    return seconds * MS_PER_S if is_number(seconds) else seconds
