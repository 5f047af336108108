"""Cameras that detections tell of, as rows for the registry: those of accepted rows, and no others.

A message registers or updates its cameras. A passage describes its camera each time. The converter behind passages
has exchanged latitude and longitude of cameras: a place that is in the Netherlands only when they are exchanged is
exchanged again.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from processors.camera_rows import CameraRow, message_row
from processors.vocabulary import Outcome
from streams.decode.detection_row import DetectionRow
from streams.decode.documents import is_number
from streams.decode.foreign_rows import part_of, text_of
from streams.decode.netherlands import is_exchanged


def cameras_told(rows: Iterable[DetectionRow]) -> list[CameraRow]:
    """Return the cameras of messages in their order, and those that passages describe, each once.

    Each of a message is the newest word on its camera, whatever it calls itself, and so is an update; one that only a
    passage describes is none.
    """
    of_messages: list[CameraRow] = []
    described: dict[int, CameraRow] = {}
    for row in rows:
        said = row.said_of_camera
        if said is None:
            continue
        if row.outcome == Outcome.REGISTERED:  # such a row names no camera, what is said of it does
            of_messages.append(message_row(len(of_messages), said, is_update=True))
        elif row.camera not in described and (camera := described_camera(row.camera, said)) is not None:
            described[row.camera] = camera
    return [*of_messages, *described.values()]


def described_camera(camera: int, said: Mapping[str, Any]) -> CameraRow | None:
    """Return what a passage says of its camera, or None where it does not tell its place."""
    place = part_of(said, "locatie")
    lat, lon = place.get("latitude"), place.get("longitude")
    if not is_number(lat) or not is_number(lon):
        return None
    if is_exchanged(float(lat), float(lon)):
        lat, lon = lon, lat
    if abs(lat) > 90 or abs(lon) > 180:
        return None
    azimuth = said.get("kijkrichting")
    return CameraRow(
        0,
        camera_id=str(UUID(int=camera)),
        name=text_of(said.get("naam")).strip() or text_of(said.get("id")),
        lat=float(lat),
        lon=float(lon),
        azimuth_deg=float(azimuth) if is_number(azimuth) and 0 <= azimuth <= 360 else None,
        is_message=True,
    )
