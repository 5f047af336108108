"""A camera of the registry, and what its directions mean for its zones."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from processors.vocabulary import Movement


class CameraZone(NamedTuple):
    """What a detection by a camera means for one zone, by the direction that the camera reports."""

    zone_id: str
    obverse: Movement  # the vehicle approaches the camera: front plate
    reverse: Movement  # the vehicle drives away from the camera: rear plate
    unknown: Movement  # the camera does not say


@dataclass(frozen=True, slots=True)
class CameraFeature:
    """A camera; a detection belongs to its zones."""

    camera_id: UUID
    name: str
    lat: float  # degrees WGS84
    lon: float  # degrees WGS84
    azimuth_deg: float | None  # where it looks, clockwise from north
    zones: tuple[CameraZone, ...]
