"""Uploads that are taken, through the whole API to a broker: what is answered, and that the broker has it then."""

import gzip
import json
import math
import uuid
from collections import Counter
from datetime import datetime

import pytest

from duls.api.uploads import PART_BYTES
from streams.decode.detection_formats import rows_of_record
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC
from tests.duls.api.uploads.gateway import POSITION, Gateway, batch

pytestmark = pytest.mark.services


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(POSITION).encode(),
        json.dumps([POSITION] * 3).encode(),
        b"\n".join([json.dumps(POSITION).encode()] * 3),
        b"no JSON: intake says so",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_positions_come_to_the_topic_as_they_are(gateway: Gateway, content: bytes, packed: bool) -> None:
    """One, an array, lines; packed or not."""
    sent = gzip.compress(content) if packed else content
    answer = gateway.positions(sent, **({"Content-Encoding": "gzip"} if packed else {}))

    assert (202, {"status": "accepted", "bytes": len(sent), "records": 1}) == (
        answer.status_code,
        answer.json(),
    )
    assert [content] == gateway.new(POSITIONS_TOPIC)


def test_a_large_upload_is_divided(gateway: Gateway) -> None:
    """Into records that every broker takes, with every observation in one of them."""
    message = batch(3_000, "x" * 400)
    answer = gateway.vesdi(json.dumps(message).encode())
    records = gateway.new(DETECTIONS_TOPIC)

    assert 202 == answer.status_code
    assert 3 <= len(records)
    assert all(len(record) <= PART_BYTES for record in records)
    parts = [json.loads(record) for record in records]
    assert {("anpr_observation_batch", "anpr-2.0.0")} == {
        (part["message_type"], part["schema_version"]) for part in parts
    }
    # the broker answers of each partition by itself, so the order may be another one
    assert sorted(row["observation_id"] for row in message["payload"]) == sorted(
        row["observation_id"] for part in parts for row in part["payload"]
    )


def test_a_receipt_says_what_vesdi_says(gateway: Gateway) -> None:
    """With what the sender named, and nothing where it did not."""
    content = json.dumps(batch(1)).encode()
    key, request = str(uuid.uuid4()), str(uuid.uuid4())
    named = gateway.vesdi(
        content, **{"X-Idempotency-Key": key, "X-Request-Id": request, "X-Filename": "batch.json"}
    )
    bare = gateway.vesdi(content)

    receipt = named.json()
    assert "application/json" == named.headers["content-type"]
    assert datetime.fromisoformat(receipt.pop("timestamp")).tzinfo is not None
    assert {
        "status": "accepted",
        "company": "duls",
        "requestId": request,
        "idempotencyKey": key,
        "sizeBytes": len(content),
        "filename": "batch.json",
    } == receipt
    assert {"status", "company", "requestId", "timestamp", "sizeBytes"} == bare.json().keys()


def test_an_upload_with_a_key_is_taken_once(gateway: Gateway) -> None:
    """Of each sender; keys that are no UUID, and uploads without one, are told apart by what they hold."""
    key = {"X-Idempotency-Key": str(uuid.uuid4())}
    content = json.dumps(batch(1)).encode()
    statuses = [
        gateway.vesdi(content, **key).status_code,
        gateway.vesdi(content, **key).status_code,
        gateway.vesdi(content, sender="another", **key).status_code,
        gateway.vesdi(content, **{"X-Idempotency-Key": "VB-123-K"}).status_code,
        gateway.vesdi(content, **{"X-Idempotency-Key": "VB-123-K"}).status_code,
    ]

    assert [202] * 5 == statuses
    assert [content] * 4 == gateway.new(DETECTIONS_TOPIC)


def test_a_key_that_is_no_uuid_counts_as_none(gateway: Gateway) -> None:
    """VESDI has no answer to it; the receipt leaves it out, for it may be a plate and was not heeded."""
    content = json.dumps(batch(1)).encode()

    answer = gateway.vesdi(content, **{"X-Idempotency-Key": "VB-123-K"})

    assert 202 == answer.status_code
    assert "idempotencyKey" not in answer.json()
    assert "VB-123-K" not in answer.text


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        pytest.param(
            json.dumps(
                {**batch(0), "payload": [*batch(4_000)["payload"], {"read_confidence": math.nan}]}
            ).encode(),
            4_001,
            id="NaN",
        ),
        pytest.param(
            json.dumps(
                {**batch(0), "payload": [*batch(4_000)["payload"], {"plate_text": "\ud800"}]}
            ).encode(),
            4_001,
            id="half of a surrogate pair",
        ),
        pytest.param(json.dumps({**batch(0), "x": "y" * PART_BYTES}).encode(), 1, id="nothing"),
        pytest.param(b"[" + b" " * PART_BYTES + b"]", 1, id="an empty array"),
        pytest.param(b"\n" * (PART_BYTES + 1), 1, id="blanks"),
    ],
)
def test_a_large_upload_gives_the_rows_that_kafka_gives(gateway: Gateway, content: bytes, rows: int) -> None:
    """NaN and halves of surrogate pairs are rejected row by row, and nothing at all is one rejected row."""
    assert len(content) > PART_BYTES
    answer = gateway.vesdi(content)

    assert 202 == answer.status_code
    parts = gateway.new(DETECTIONS_TOPIC)
    assert all(len(part) <= PART_BYTES for part in parts)
    found = Counter(row.outcome for part in parts for row in rows_of_record(part))
    assert Counter(row.outcome for row in rows_of_record(content)) == found
    assert rows == found.total()


def test_uploads_are_counted_and_no_plate_is_told(gateway: Gateway) -> None:
    """Bytes and outcomes by feed; whatever headers and bodies say."""
    plate = "ZZ-987-Z"
    content = json.dumps({**POSITION, "vehicle": plate}).encode()
    answers = [
        gateway.positions(content, **{"X-Idempotency-Key": plate}),
        gateway.vesdi(plate.encode(), **{"X-Request-Id": plate, "Content-Encoding": plate}),
        gateway.api.client.post("/v1/positions", content=content, headers={"X-API-Key": plate}),
    ]
    metrics = gateway.api.client.get("/metrics").text

    assert [202, 415, 401] == [answer.status_code for answer in answers]
    assert not any(plate in answer.text for answer in answers)
    assert plate not in metrics
    for line in (
        'uploads_total{feed="fms",outcome="taken"}',
        'uploads_total{feed="anpr",outcome="unknown-encoding"}',
    ):
        assert f"duls_{line}" in metrics
