"""Detections are decoded to columns, row by row, each rejection with its reason."""

import json
import math
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.columns import DecodedDetections
from processors.vocabulary import Direction, Outcome, VehicleClass, ZeroEmission
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions

OBSERVATION = "0b0e7a39-53a1-4a6d-9c0e-5f3d0a9b7c11"
CAMERA = "c4d1e2f3-0001-4aaa-8bbb-0123456789ab"
GOOD = {
    "observation_id": OBSERVATION,
    "camera_id": CAMERA,
    "event_time": "2026-11-23T07:12:15.120Z",
    "plate_country": "NL",
    "plate_text": "VB123K",
}
GOOD_US = 1_795_417_935_120_000


def detection(**changes: object) -> dict[str, object]:
    """Return a good detection with some fields changed; a field that becomes `...` is left out."""
    return {name: content for name, content in (GOOD | changes).items() if content is not ...}


def envelope(*payload: object, **changes: object) -> bytes:
    """Return an envelope with some fields changed; a field that becomes `...` is left out."""
    fields = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": payload}
    return json.dumps(
        {name: content for name, content in (fields | changes).items() if content is not ...}
    ).encode()


def identities(decoded: DecodedDetections) -> list[bytes]:
    """Return the identity of each row."""
    spans = zip(decoded.identity_start.tolist(), decoded.identity_length.tolist(), strict=True)
    return [decoded.identity[start : start + length].tobytes() for start, length in spans]


def test_a_valid_envelope_gives_its_detections() -> None:
    """Each entry of the payload is one row with all its fields."""
    value = envelope(
        detection(read_confidence=0.96, detection_direction="obverse", lane=1),
        detection(plate_country="d", plate_text=" tü-ab 12", detection_direction="reverse"),
        detection(observation_id=OBSERVATION.upper(), read_confidence=None, detection_direction="sideways"),
    )

    decoded = decode_detections([value])

    assert decoded.outcome.tolist() == [Outcome.ACCEPTED] * 3
    assert (decoded.record.tolist(), decoded.index.tolist()) == ([0, 0, 0], [0, 1, 2])
    assert decoded.event_us.tolist() == [GOOD_US] * 3
    assert decoded.confidence.tolist() == [0.96, 1.0, 1.0]
    assert decoded.direction.tolist() == [Direction.OBVERSE, Direction.REVERSE, Direction.UNKNOWN]
    assert decoded.vehicle_class.tolist() == [VehicleClass.UNKNOWN] * 3
    assert decoded.zero_emission.tolist() == [ZeroEmission.UNKNOWN] * 3
    assert identities(decoded) == [b"plate:NL:VB123K", "plate:D:TÜAB12".encode(), b"plate:NL:VB123K"]
    for hi, lo in zip(decoded.camera_hi, decoded.camera_lo, strict=True):
        assert UUID(int=int(hi) << 64 | int(lo)) == UUID(CAMERA)
    for hi, lo in zip(decoded.observation_hi, decoded.observation_lo, strict=True):
        assert UUID(int=int(hi) << 64 | int(lo)) == UUID(OBSERVATION)


def test_the_columns_have_their_types() -> None:
    """Columns have the types that their shape declares, also for nothing at all."""
    types = [
        "i4",
        "i4",
        "u1",
        "i8",
        "u1",
        "u1",
        "u8",
        "u8",
        "u8",
        "u8",
        "u1",
        "f8",
        "i8",
        "u1",
        "i8",
        "i4",
        "u1",
    ]

    for values in ([], [None], [envelope(detection())]):
        assert [column.dtype for column in decode_detections(values)] == types


def test_position_and_detection_of_one_plate_share_an_identity() -> None:
    """A van is one vehicle to both sources."""
    position = {"vehicle": "NL:VB-123-K", "time": 1_795_417_935_120, "lat": 52.1, "lon": 5.1}
    decoded = decode_positions([json.dumps(position).encode()])

    assert decoded.identity.tobytes() == identities(decode_detections([envelope(detection())]))[0]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Outcome.TOMBSTONE),
        (b"", Outcome.EMPTY),
        (envelope(), Outcome.EMPTY),
        (b"garbage", Outcome.NOT_JSON),
        (envelope(detection())[:-1], Outcome.NOT_JSON),
        (b'{"\xff":1}', Outcome.BAD_UTF8),
        (b"[" * 1_000, Outcome.TOO_DEEP),
        (b"[]", Outcome.EMPTY),
        (b"[7]", Outcome.WRONG_TYPE),
        (b"7", Outcome.WRONG_TYPE),
        (b"NaN", Outcome.NOT_FINITE),
        (b"{}", Outcome.MISSING_FIELD),
        (envelope(message_type=...), Outcome.MISSING_FIELD),
        (envelope(message_type=7), Outcome.WRONG_TYPE),
        (envelope(message_type="camera_registration"), Outcome.EMPTY),
        (envelope(message_type="camera_update", payload=7), Outcome.WRONG_TYPE),
        (envelope(message_type="camera_removal"), Outcome.UNKNOWN_MESSAGE),
        (envelope(schema_version=None), Outcome.MISSING_FIELD),
        (envelope(schema_version=2), Outcome.WRONG_TYPE),
        (envelope(schema_version="anpr-3.0.0"), Outcome.UNKNOWN_MESSAGE),
        (envelope(payload=...), Outcome.MISSING_FIELD),
        (envelope(payload={}), Outcome.WRONG_TYPE),
    ],
)
def test_a_record_without_detections_is_one_row_with_its_reason(value: bytes | None, reason: Outcome) -> None:
    """What holds no detections is one row with the reason."""
    decoded = decode_detections([value])

    assert decoded.outcome.tolist() == [reason]
    assert (decoded.record.tolist(), decoded.index.tolist()) == ([0], [0])


BAD: list[tuple[object, Outcome]] = [
    (7, Outcome.WRONG_TYPE),
    (None, Outcome.WRONG_TYPE),
    ([], Outcome.WRONG_TYPE),
    ({}, Outcome.MISSING_FIELD),
    *((detection(**{name: ...}), Outcome.MISSING_FIELD) for name in GOOD),
    *((detection(**{name: None}), Outcome.MISSING_FIELD) for name in GOOD),
    *((detection(**{name: 7}), Outcome.WRONG_TYPE) for name in GOOD),
    (detection(observation_id=OBSERVATION[:-1]), Outcome.BAD_IDENTIFIER),
    (detection(observation_id=OBSERVATION.replace("-", "")), Outcome.BAD_IDENTIFIER),
    (detection(camera_id="camera 7"), Outcome.BAD_IDENTIFIER),
    (detection(camera_id=CAMERA + "\n"), Outcome.BAD_IDENTIFIER),
    (detection(event_time="2026-11-23T07:12:15"), Outcome.BAD_TIME),
    (detection(event_time=""), Outcome.BAD_TIME),
    (detection(plate_country=""), Outcome.BAD_VEHICLE),
    (detection(plate_country=" "), Outcome.BAD_VEHICLE),
    (detection(plate_text=""), Outcome.BAD_VEHICLE),
    (detection(plate_text="- ."), Outcome.BAD_VEHICLE),
    (detection(plate_text="\ud800"), Outcome.BAD_VEHICLE),
    (detection(plate_text="X" * 120), Outcome.TOO_LONG),
    (detection(read_confidence=-0.1), Outcome.OUT_OF_RANGE),
    (detection(read_confidence=1.1), Outcome.OUT_OF_RANGE),
    (detection(read_confidence="0.9"), Outcome.WRONG_TYPE),
    (detection(read_confidence=True), Outcome.WRONG_TYPE),
    (detection(read_confidence=math.nan), Outcome.NOT_FINITE),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_detection_leaves_the_others_alone(bad: object, reason: Outcome) -> None:
    """A bad entry of a payload is one bad row with its reason, and the others live."""
    decoded = decode_detections([envelope(detection(), bad, detection())])

    assert decoded.outcome.tolist() == [Outcome.ACCEPTED, reason, Outcome.ACCEPTED]
    assert identities(decoded)[1] == b""


def test_envelopes_may_stand_one_per_line() -> None:
    """Envelopes in newline-delimited JSON number their rows through the record."""
    decoded = decode_detections(
        [envelope(detection(), detection()) + b"\nbad\n" + envelope(detection()), None]
    )

    assert (decoded.record.tolist(), decoded.index.tolist()) == ([0, 0, 0, 0, 1], [0, 1, 2, 3, 0])
    assert decoded.outcome.tolist() == [0, 0, Outcome.NOT_JSON, 0, Outcome.TOMBSTONE]


@given(
    st.lists(
        st.binary(max_size=30)
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(GOOD)), inner),
        ).map(lambda payload: envelope(payload=payload)),
        max_size=4,
    )
)
@settings(deadline=None)
def test_no_bytes_raise(values: list[bytes]) -> None:
    """Any bytes and any payload give rows, at least one per record."""
    decoded = decode_detections(values)

    assert np.unique(decoded.record).tolist() == list(range(len(values)))
    assert np.isfinite(decoded.confidence).all()
