"""What the detections topic tells of cameras reaches the registry, and only what is news."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.pipelines.camera_teller import CameraTeller
from processors.camera_rows import CameraRow
from processors.vocabulary import Outcome
from streams.decode.detections import read_detections

CAMERA = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"


class Registry:
    """Rows that were told."""

    def __init__(self, *known: str) -> None:
        self.rows: list[CameraRow] = []
        self._known = known

    def register(self, rows: Sequence[CameraRow]) -> Sequence[str]:
        """Take rows; return the cameras that are registered then."""
        self.rows += rows
        return self._known


def told(teller: CameraTeller, *messages: Any) -> None:
    """Read messages in one batch."""
    values = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
    teller.tell(read_detections(values).cameras)


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


def test_a_message_that_was_rejected_tells_nothing() -> None:
    """Beside one that was accepted, and alone: what intake does not understand changes no registry."""
    registry = Registry()
    unversioned = {name: field for name, field in camera().items() if name != "schema_version"}
    other = camera(camera_id="b1b2c3d4-e5f6-4890-abcd-ef1234567890")
    beside = json.dumps(unversioned).encode() + b"\n" + json.dumps(other).encode()

    told(CameraTeller(registry.register), unversioned, beside, {**camera(), "schema_version": "anpr-3.0.0"})

    assert [other["payload"][0]["camera_id"]] == [row.camera_id for row in registry.rows]


def test_a_passage_of_the_nil_camera_silences_no_message() -> None:
    """Rows of messages have that number too, since they are of no camera."""
    registry = Registry()

    told(CameraTeller(registry.register), passage("00000000-0000-0000-0000-000000000000"), camera())

    assert CAMERA in {row.camera_id for row in registry.rows}


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_a_message_is_told_whatever_signs_stand_in_its_texts(sign: str) -> None:
    """They end no line, and those that JSON allows in texts are no fault."""
    registry = Registry()
    messages = [camera(address_formatted=f"Kade{sign}1"), camera("camera_update", azimuth_deg=90)]
    record = "\n".join(json.dumps(message, ensure_ascii=sign < " ") for message in messages).encode()

    told(CameraTeller(registry.register), record)

    assert [f"Kade{sign}1", None] == [row.name for row in registry.rows]


def test_a_passage_that_was_rejected_tells_nothing() -> None:
    """Though it describes its camera; one that is accepted later does."""
    registry = Registry()
    teller = CameraTeller(registry.register)
    told(teller, [passage(locatie=None), passage(locatie=None) | {"timestamp": "yesterday"}])
    told(teller, passage() | {"timestamp": "yesterday"})
    assert [] == registry.rows

    told(teller, passage())
    assert [CAMERA] == [row.camera_id for row in registry.rows]


CAMERAS = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([52.0, 5.0, "x", 99, None])),
    min_size=1,
    max_size=3,
)
MESSAGES = st.tuples(
    CAMERAS,
    st.sampled_from(["camera_registration", "camera_update"]),
    st.sampled_from(["anpr-2.0.0", "", None]),
)


@given(st.lists(st.lists(MESSAGES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_cameras_of_accepted_rows_are_told_and_no_others(records: list[Any]) -> None:
    """However they stand in records, each row that decoding calls registered is told of, in their order."""
    registry = Registry()
    messages = [
        [
            {
                "message_type": kind,
                "schema_version": version,
                "payload": [
                    {"camera_id": CAMERA.replace("a1", name + "1"), "location_lat": lat, "location_lon": 5.0}
                    for name, lat in cameras
                ],
            }
            for cameras, kind, version in record
        ]
        for record in records
    ]
    values = [b"\n".join(json.dumps(message).encode() for message in record) for record in messages]

    CameraTeller(registry.register).tell(read_detections(values).cameras)

    expected = [
        (each["camera_id"], each["location_lat"])
        for message in (message for record in messages for message in record)
        for each in message["payload"]
        if read_detections([json.dumps({**message, "payload": [each]}).encode()]).decoded.outcome.tolist()
        == [Outcome.REGISTERED]
    ]
    assert expected == [(row.camera_id, row.lat) for row in registry.rows]
