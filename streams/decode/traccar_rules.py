"""The rules of what Traccar forwards: `position` and `device` in one object.

The time is `fixTime`, as text with an offset or as epoch milliseconds, depending on Traccar's version; `serverTime`
and `deviceTime` are not when the vehicle was there. A position that is not `valid`, or is `outdated`, repeats an older
one. The vehicle is the `uniqueId` of its device; a `deviceId` is a number of one server. `speed` is in knots, and no
figure uses it. Names, phone numbers and attributes of devices are not looked at.
"""

from collections.abc import Mapping
from typing import Any

from processors.vocabulary import Outcome
from streams.decode.attributes import class_of_category
from streams.decode.foreign_rows import Said, part_of, row_of_said, text_of
from streams.decode.position_row import PositionRow


def is_traccar(content: Mapping[str, Any]) -> bool:
    """Tell whether an object is a forwarded position."""
    return content.get("position") is not None and content.get("device") is not None


def rows_of_traccar(content: Mapping[str, Any]) -> list[PositionRow]:
    """Return the row of a forwarded position."""
    position, device = part_of(content, "position"), part_of(content, "device")
    has_fix = position.get("valid") is not False and position.get("outdated") is not True
    return [
        row_of_said(
            Said(
                vehicle=device.get("uniqueId"),
                time=position.get("fixTime"),
                lat=position.get("latitude"),
                lon=position.get("longitude"),
                refusal=None if has_fix else Outcome.NO_FIX,
                vehicle_class=class_of_category(text_of(device.get("category"))),
            )
        )
    ]
