"""Uploads that are refused: who may not send, what is too much or too large, and a broker that is away."""

import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import jsonschema
import pytest
from confluent_kafka import Producer

from duls.api.tokens import Scope
from duls.api.upload_bounds import MESSAGES_A_MINUTE, MOST_BYTES, Room
from duls.api.uploads import PART_BYTES
from streams.upload_sender import UploadSender
from tests.duls.api.conftest import Api, running_api
from tests.duls.api.uploads.gateway import ERROR, Gateway, NotingProducer, uploads_to
from tests.faults.waiting import wait_until

pytestmark = pytest.mark.services


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
