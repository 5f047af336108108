"""The closed vocabularies of the figures, as small integer codes.

Codes are stored in observation rows and in the database: append, never renumber.
"""

import re
from enum import IntEnum
from typing import Final


class Source(IntEnum):
    """What sent an observation."""

    FMS = 0
    ANPR = 1


class VehicleClass(IntEnum):
    """EU vehicle categories: M1 car, N1 van, N2 up to 12 t, N3 above."""

    M1 = 0
    M2 = 1
    M3 = 2
    N1 = 3
    N2 = 4
    N3 = 5
    L = 6
    OTHER = 7
    UNKNOWN = 8


class ZeroEmission(IntEnum):
    """Whether a vehicle drives without emission."""

    YES = 0
    NO = 1
    UNKNOWN = 2


class Direction(IntEnum):
    """Direction of a detection as the camera reports it: front plate (obverse) or rear plate (reverse)."""

    OBVERSE = 0
    REVERSE = 1
    UNKNOWN = 2


class Movement(IntEnum):
    """What a camera and direction mean for a zone."""

    IN = 0
    OUT = 1
    UNKNOWN = 2


class Outcome(IntEnum):
    """What became of a row at intake: accepted, too late for any key, registered, or rejected with a reason.

    Codes from `FIRST_REJECTION` on are rejections.
    """

    ACCEPTED = 0
    TOO_LATE = 1  # older than any key that is kept; counted late, carries no pseudonym
    REGISTERED = 2  # tells of a vehicle or a camera, and is no observation
    NOT_JSON = 16
    BAD_UTF8 = 17
    WRONG_TYPE = 18
    MISSING_FIELD = 19
    BAD_TIME = 20
    NOT_FINITE = 21
    OUT_OF_RANGE = 22
    BAD_VEHICLE = 23
    FUTURE = 24
    TOMBSTONE = 25
    EMPTY = 26
    TOO_DEEP = 27
    UNKNOWN_MESSAGE = 28
    BAD_IDENTIFIER = 29
    KEY_DESTROYED = 30
    TOO_LONG = 31
    UNREGISTERED_CAMERA = 32  # decided by aggregate, which reads the camera registry of the log
    NOT_ACTUAL = 33  # planned or expected, not something that happened
    NO_FIX = 34  # the receiver of satellites says that it did not know where it was
    NOT_ARROW = 35  # begins as an Arrow IPC stream, and cannot be read as one
    NO_GRANT = 36  # its carrier has not granted that it is taken


FIRST_REJECTION: Final = 16

VEHICLE_CLASSES: Final = ("M1", "M2", "M3", "N1", "N2", "N3", "L", "other", "unknown")
ZERO_EMISSIONS: Final = ("yes", "no", "unknown")
SOURCES: Final = ("fms", "anpr")

MUNICIPALITY_CODE: Final = re.compile(r"GM\d{4}", re.ASCII)
"""How Statistics Netherlands numbers municipalities."""

ZONE_KINDS: Final = (
    "municipality",
    "district",
    "neighbourhood",
    "environmental_zone",
    "zero_emission_zone",
    "smart_zone",
    "loading_zone",
    "construction_site",
    "hub",
    "other",
)
