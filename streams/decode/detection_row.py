"""What a reader of detections decides for one row."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, NamedTuple

from processors.vocabulary import Direction, Outcome, VehicleClass, ZeroEmission


class TimeReading(IntEnum):
    """How a local time without an offset was read; all but the first are in the hour that comes twice in autumn."""

    CERTAIN = 0
    FIRST = 1  # of the two readings, since what follows goes on from it
    SECOND = 2  # since the rows before it are later than the first
    ASSUMED_FIRST = 3  # nothing tells: it is the only row of its hour in the record


class DetectionRow(NamedTuple):
    """One row of `DecodedDetections`; all but `outcome` have these defaults in a rejected row."""

    outcome: Outcome
    event_us: int = 0
    camera: int = 0  # UUID, 128 bits
    observation: int = 0  # UUID, 128 bits
    direction: Direction = Direction.UNKNOWN
    confidence: float = 1.0
    identity: bytes = b""
    vehicle_class: VehicleClass = VehicleClass.UNKNOWN
    zero_emission: ZeroEmission = ZeroEmission.UNKNOWN
    reading: TimeReading = TimeReading.CERTAIN
    said_of_camera: Mapping[str, Any] | None = None  # by a message about it, or a passage


_REJECTED: Final = {outcome: DetectionRow(outcome) for outcome in Outcome}


def rejected_detection(outcome: Outcome) -> DetectionRow:
    """Return the row of what was rejected: the same one each time, since a record may have half a million."""
    return _REJECTED[outcome]
