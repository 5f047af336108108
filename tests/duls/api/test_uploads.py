"""Uploads through the whole API to a broker: who may, what is answered, and that the broker has it then."""

import gzip
import json
import math
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
import hypothesis
import jsonschema
import pytest
import schemathesis
from confluent_kafka import Producer
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from duls.api.gate import Gate
from duls.api.tokens import Grant, Scope, issue
from duls.api.upload_bounds import MESSAGES_A_MINUTE, MOST_BYTES, Room
from duls.api.uploads import PART_BYTES, Uploads
from duls.metrics import Metrics
from sinks.reading import Reader
from streams.decode.detection_formats import rows_of_record
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC
from streams.upload_sender import UploadSender
from tests.duls.api.conftest import KEY, Api, running_api
from tests.faults.waiting import wait_until

pytestmark = pytest.mark.services

CASES: Final = 5_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 200
REFERENCE: Final = next(
    (
        found
        for folder in Path(__file__).parents
        if (found := folder / "shared/reference/anpr/vesdi-anpr-openapi-v2.yaml").is_file()
    ),
    None,
)
CHECKS: Final = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
POSITION: Final = {"vehicle": "NL:VB-123-K", "time": "2026-11-23T07:12:15Z", "lat": 52.09, "lon": 5.12}
ERROR: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("code", "message", "trace_id")},
            "required": ["code", "message", "trace_id"],
            "additionalProperties": False,
        }
    },
    "required": ["error"],
    "additionalProperties": False,
}


class NotingProducer(Producer):
    """A producer that notes what the broker has taken."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.taken: list[tuple[str, bytes]] = []

    def produce(self, topic: str, value: bytes, *, on_delivery: Callable[[Any, Any], None]) -> None:
        """Send a record."""

        def report(error: Any, message: Any) -> None:
            if error is None:
                self.taken.append((topic, value))
            on_delivery(error, message)

        super().produce(topic, value, on_delivery=report)


class Gateway:
    """An API that takes uploads, the broker that has them, and tokens."""

    def __init__(self, api: Api, producer: "NotingProducer") -> None:
        self.api = api
        self._producer = producer

    def headers(self, *scopes: Scope, sender: str = "supplier") -> dict[str, str]:
        """Return the headers of a sender with a token."""
        token = issue(Grant(sender, scopes, None, 3_600), KEY, now_s=int(time.time()), serial="serial-2")
        return {"Authorization": f"Bearer {token}"}

    def positions(self, content: bytes, **more: str) -> httpx.Response:
        """Send positions."""
        headers = {**self.headers(Scope.SEND_POSITIONS), **more}
        return self.api.client.post("/v1/positions", content=content, headers=headers)

    def vesdi(self, content: bytes, *, sender: str = "supplier", **more: str) -> httpx.Response:
        """Send a message as VESDI has it."""
        bearer = self.headers(Scope.SEND_DETECTIONS, sender=sender)["Authorization"]
        headers = {"X-API-Key": bearer.removeprefix("Bearer "), **more}
        return self.api.client.post("/", content=content, headers=headers)

    def new(self, topic: str) -> list[bytes]:
        """Return what the broker has taken into a topic since the test began, in the order of its reports."""
        return [value for name, value in self._producer.taken if name == topic]

    def forget(self) -> None:
        """Forget what the broker has taken before."""
        self._producer.taken.clear()


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """Give a gateway of which the records of other tests are forgotten."""
    shared_gateway.forget()
    return shared_gateway


@pytest.fixture(scope="module")
def shared_gateway(small_api: Api) -> Iterator[Gateway]:
    """Run a gateway whose broker takes everything."""
    producer = NotingProducer(
        {"test.mock.num.brokers": 1, "linger.ms": 0, "log_level": 0, "compression.type": "lz4"}
    )
    sender = UploadSender(lambda: producer)
    with running_api(small_api.url, uploads_to(sender)) as api:
        yield Gateway(api, producer)
    sender.close()


def uploads_to(sender: UploadSender, room: Room | None = None) -> Callable[[Gate, Reader, Metrics], Uploads]:
    """Return what makes uploads to a sender."""
    return lambda gate, reader, metrics: Uploads(
        gate, sender, reader, metrics, clock=time.monotonic, room=room
    )


def batch(count: int, padding: str = "") -> dict[str, Any]:
    """Return a message of VESDI."""
    row = {
        "camera_id": str(uuid.uuid4()),
        "event_time": "2026-11-23T07:12:15.123Z",
        "plate_country": "NL",
        "plate_text": "VB123K",
        "notes": padding,
    }
    rows = [{"observation_id": str(uuid.uuid4()), **row} for _ in range(count)]
    return {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}


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


@pytest.mark.parametrize(("path", "scope"), [("/", "send-detections"), ("/v1/positions", "send-positions")])
def test_who_may_not_send_hears_so(gateway: Gateway, path: str, scope: str) -> None:
    """401 without a token or with a wrong one, 403 without the scope of the feed, however large the body is."""
    others = [other for other in Scope if other.value != scope]
    body = b"x" * 3_000_000
    answers = [
        gateway.api.client.post(path, content=body),
        gateway.api.client.post(path, content=body, headers={"X-API-Key": "wrong"}),
        gateway.api.client.post(path, content=body, headers={"Authorization": "Basic wrong"}),
        gateway.api.client.post(path, content=body, headers=gateway.headers(*others)),
    ]

    assert [401, 401, 401, 403] == [answer.status_code for answer in answers]
    assert all("Bearer" in answer.headers["www-authenticate"] for answer in answers[:3])
    for answer in answers:
        if path == "/":
            jsonschema.validate(answer.json(), ERROR)
        else:
            assert answer.json()["type"].startswith("urn:duls:problem:")


def test_a_sender_does_not_read(gateway: Gateway) -> None:
    """A token of a supplier opens nothing else."""
    headers = gateway.headers(Scope.SEND_POSITIONS, Scope.SEND_DETECTIONS)

    assert 403 == gateway.api.client.get("/v1/zones", headers=headers).status_code


def test_a_sender_has_six_hundred_messages_a_minute(gateway: Gateway) -> None:
    """The next one is told when it may come."""
    answers = [gateway.vesdi(b"{}", sender="busy") for _ in range(MESSAGES_A_MINUTE + 1)]

    assert {202} == {answer.status_code for answer in answers[:-1]}
    assert 429 == answers[-1].status_code
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    jsonschema.validate(answers[-1].json(), ERROR)


@pytest.mark.parametrize("path", ["/", "/v1/positions"])
def test_what_is_too_large_is_refused(gateway: Gateway, path: str) -> None:
    """Announced or not, packed or not, and a single message that no record has room for."""
    headers = gateway.headers(*Scope, sender="large")
    packed = {**headers, "Content-Encoding": "gzip"}
    post = gateway.api.client.post
    answers = [
        post(path, content=b" " * (MOST_BYTES + 1), headers=headers),
        post(path, content=iter([b" " * 1_000_000] * 53), headers=headers),
        post(path, content=gzip.compress(b" " * (MOST_BYTES + 1)), headers=packed),
        post(path, content=json.dumps({"a": "x" * PART_BYTES}), headers=headers),
    ]

    assert [413] * 4 == [answer.status_code for answer in answers]
    names = [json.dumps(answer.json()) for answer in answers]
    assert [True] * 3 + [False] == ["content-too-large" in name for name in names]
    assert "indivisible-content" in names[3]


def test_what_is_packed_in_another_way_is_refused(gateway: Gateway) -> None:
    """Rather than taken and lost."""
    assert 415 == gateway.positions(b"x", **{"Content-Encoding": "br"}).status_code
    assert 400 == gateway.positions(b"x", **{"Content-Encoding": "gzip"}).status_code
    assert 415 == gateway.vesdi(b"x", **{"Content-Encoding": "br"}).status_code


def test_without_a_broker_nothing_is_acknowledged(small_api: Api) -> None:
    """503 with Retry-After, in the time of one upload; and without a setting as well."""
    away = UploadSender(
        lambda: Producer({"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 300, "log_level": 0})
    )
    answers = []
    for make in (uploads_to(away), None):
        with running_api(small_api.url, make) as api:
            gateway = Gateway(api, NotingProducer({"log_level": 0}))
            answers += [gateway.positions(b"{}"), gateway.vesdi(b"{}")]
    away.close()

    assert [503] * 4 == [answer.status_code for answer in answers]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    jsonschema.validate(answers[1].json(), ERROR)


def test_what_there_is_no_room_for_comes_again(small_api: Api) -> None:
    """While one upload waits for the broker another one hears 429; when it has gone, there is room."""
    away = UploadSender(
        lambda: Producer({"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 8_000, "log_level": 0})
    )
    large = b'{"a":"' + b"x" * 60_000 + b'"}'
    room = Room(100_000)
    with running_api(small_api.url, uploads_to(away, room)) as api:
        gateway = Gateway(api, NotingProducer({"log_level": 0}))
        with httpx.Client(base_url=str(api.client.base_url), timeout=30.0) as other:
            headers = gateway.headers(Scope.SEND_POSITIONS)
            sent = other.build_request("POST", "/v1/positions", content=large, headers=headers)
            first = _in_thread(lambda: other.send(sent))
            wait_until(lambda: room.free <= 50_000, "the first upload is there", deadline_s=30.0)
            answers = [gateway.positions(large), gateway.vesdi(large), gateway.positions(iter_of(large))]
            small = gateway.positions(b"{}")
            assert 503 == first().status_code
        assert 100_000 == room.free
    away.close()

    assert [429, 429, 429, 503] == [answer.status_code for answer in [*answers, small]]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)


def iter_of(content: bytes) -> Any:
    """Return content that is sent without its length."""
    return iter([content[:30_000], content[30_000:]])


def _in_thread(action: Callable[[], httpx.Response]) -> Callable[[], httpx.Response]:
    """Run an action in a thread; return what waits for its result."""
    executor = ThreadPoolExecutor(1)
    future = executor.submit(action)

    def result() -> httpx.Response:
        executor.shutdown()
        return future.result()

    return result


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


@pytest.mark.timeout(3_600)
@pytest.mark.skipif(REFERENCE is None, reason="the specification of VESDI is not at hand")
def test_every_answer_is_one_that_vesdi_describes(gateway: Gateway) -> None:
    """Right and wrong messages, tokens and headers: never a 5xx, never an answer beside the specification."""
    schema = schemathesis.openapi.from_path(str(REFERENCE))
    operation = schema["/"]["POST"]
    statuses: dict[int, int] = {}
    wrong = {"X-API-Key": "wrong"}
    forbidden = {"X-API-Key": gateway.headers(Scope.OPERATOR)["Authorization"].removeprefix("Bearer ")}

    @hypothesis.settings(
        max_examples=CASES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), database=None
    )
    @hypothesis.given(
        case=hypothesis.strategies.one_of(
            operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        ),
        who=hypothesis.strategies.sampled_from([None, None, None, None, None, wrong, forbidden]),
        sender=hypothesis.strategies.integers(0, 50),
    )
    def send(case: schemathesis.Case, who: dict[str, str] | None, sender: int) -> None:
        """Send, and hold the answer to the specification."""
        bearer = gateway.headers(Scope.SEND_DETECTIONS, sender=f"sender {sender}")["Authorization"]
        given = who or {"X-API-Key": bearer.removeprefix("Bearer ")}
        named = {
            name: value
            for name, value in (case.headers or {}).items()
            if name.lower() in ("x-filename", "x-request-id", "x-idempotency-key") and sendable(value)
        }
        answer = gateway.api.client.post("/", content=body_of(case), headers={**named, **given})
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    send()
    print(f"{sum(statuses.values())} cases: {statuses}")  # noqa: T201  # shown by pytest -s
    assert {202, 401, 403} <= statuses.keys() <= {202, 401, 403, 429}
    assert statuses[202] > CASES / 2


def body_of(case: schemathesis.Case) -> bytes:
    """Return the body of a case as bytes."""
    body = case.body
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body).encode()
    except (TypeError, ValueError):
        return repr(body).encode()


def sendable(value: object) -> bool:
    """Tell whether a client can put a value into a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable()
