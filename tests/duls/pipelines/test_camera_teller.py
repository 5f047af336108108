"""What the detections topic tells of cameras reaches the registry, and only what is news."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from duls.pipelines.camera_teller import CameraTeller
from processors.camera_rows import CameraRow
from streams.decode.detections import decode_detections

CAMERA = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"


class Registry:
    """Rows that were told."""

    def __init__(self, *known: str) -> None:
        self.rows: list[CameraRow] = []
        self._known = [UUID(name).int for name in known]

    def register(self, rows: Sequence[CameraRow]) -> list[int]:
        """Take rows; return the cameras that are registered then."""
        self.rows += rows
        return self._known


def told(teller: CameraTeller, *messages: Any) -> None:
    """Read messages in one batch."""
    values = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
    teller.tell(values, decode_detections(values))


def camera(kind: str = "camera_registration", **changes: Any) -> dict[str, Any]:
    """Return a message about one camera."""
    fields = {"camera_id": CAMERA, "location_lat": 52.0, "location_lon": 5.0} | changes
    return {"message_type": kind, "schema_version": "anpr-2.0.0", "payload": [fields]}


def passage(name: str = CAMERA, **camera_fields: Any) -> dict[str, Any]:
    """Return a passage of a camera."""
    described = {"id": name, "locatie": {"latitude": 4.9, "longitude": 52.3}, "kijkrichting": 90}
    return {
        "id": "f9b90f2c-7e1c-4dc4-bb06-9e8a0d1c7f31",
        "timestamp": "2026-11-23T12:00:00+01:00",
        "camera": described | camera_fields,
        "voertuig": {"kenteken": {"kentekenHash": "abc", "landcode": "NL"}},
    }


def test_messages_are_told_in_their_order() -> None:
    """Each is the newest word on its camera; what is no message about cameras is not told."""
    registry = Registry()
    observations = {**camera("anpr_observation_batch"), "payload": [{}]}
    both = json.dumps(camera()).encode() + b"\n" + json.dumps(observations).encode()

    told(CameraTeller(registry.register), both, observations, camera("camera_update", azimuth_deg=90))

    assert [(CAMERA, True, None), (CAMERA, True, 90)] == [
        (row.camera_id, row.is_update, row.azimuth_deg) for row in registry.rows
    ]


def test_a_passage_tells_of_a_camera_once_with_its_place_put_right() -> None:
    """Later ones say the same, and detections by others say nothing of cameras."""
    registry = Registry()
    teller = CameraTeller(registry.register)
    for _ in range(2):
        told(teller, [passage(), passage("Kade 1")], passage())

    assert [(52.3, 4.9, 90.0, False)] * 2 == [
        (row.lat, row.lon, row.azimuth_deg, row.is_update) for row in registry.rows
    ]
    assert CAMERA in {row.camera_id for row in registry.rows}


def test_a_camera_that_was_registered_needs_no_word() -> None:
    """Once the registry has answered with all that it has."""
    registry = Registry(CAMERA)
    teller = CameraTeller(registry.register)
    told(teller, camera(camera_id="b1b2c3d4-e5f6-4890-abcd-ef1234567890"))
    told(teller, passage())

    assert 1 == len(registry.rows)


def test_a_passage_without_a_place_tells_nothing() -> None:
    """Its detections wait for the steward to load the camera."""
    registry = Registry()
    told(
        CameraTeller(registry.register), passage(locatie=None), passage("x", locatie={"latitude": "n"}), b"{}"
    )

    assert [] == registry.rows
