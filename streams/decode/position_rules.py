"""The rules of the canonical position, in obvious code: the slow reader, and the twin of the scanner.

`vehicle`, `time`, `lat` and `lon` are required; `class`, `fuel` and `emission` must be texts where they are
there; null means absent. A `carrier` that is no text names nobody; no other field is looked at. Of several faults
of one row the first of this order is its reason: a missing field, a wrong type or a number that is not finite,
coordinates out of range, the time, the vehicle.
"""

from collections.abc import Mapping
from typing import Any

from processors.identity import identity_of, plate_key_of
from processors.vocabulary import Outcome
from streams.decode.attributes import class_of, zero_emission_of
from streams.decode.carriers import digest_of
from streams.decode.documents import is_number, type_error_of
from streams.decode.position_row import PositionRow, rejected_position
from streams.decode.times import NO_TIME, time_of_number, time_of_text

_REQUIRED = ("vehicle", "time", "lat", "lon")
_OPTIONAL = ("class", "fuel", "emission")


def row_of_position(content: Mapping[str, Any]) -> PositionRow:
    """Return the row of a position object."""
    required = {name: content.get(name) for name in _REQUIRED}
    optional = {name: content[name] for name in _OPTIONAL if content.get(name) is not None}
    if None in required.values():
        return rejected_position(Outcome.MISSING_FIELD)
    for name, field in (required | optional).items():
        if not _has_right_type(name, field):
            return rejected_position(type_error_of(field))
    carrier = digest_of(content.get("carrier"))
    return _row_of_fields(**required, texts=optional, carrier=carrier)  # type: ignore[arg-type] # their types were just checked


def _has_right_type(name: str, field: object) -> bool:
    """Tell whether *field* has a type that the field *name* may have."""
    if name in ("lat", "lon"):
        return is_number(field)
    return isinstance(field, str) or (name == "time" and is_number(field))


def _row_of_fields(
    *, vehicle: str, time: str | float, lat: float, lon: float, texts: dict[str, str], carrier: int
) -> PositionRow:
    """Return the row of an object whose fields have the right types."""
    if abs(lat) > 90 or abs(lon) > 180:
        return rejected_position(Outcome.OUT_OF_RANGE)
    event_us = time_of_text(time) if isinstance(time, str) else time_of_number(time)
    if event_us == NO_TIME:
        return rejected_position(Outcome.BAD_TIME)
    identity = identity_of(vehicle)
    if isinstance(identity, Outcome):
        return rejected_position(identity)
    code = class_of(texts.get("class", ""))
    zero_emission = zero_emission_of(code, texts.get("fuel", ""), texts.get("emission", ""))
    plate = plate_key_of(identity)
    return PositionRow(
        Outcome.ACCEPTED, event_us, float(lat), float(lon), code, zero_emission, plate, carrier, identity
    )
