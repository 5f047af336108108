"""What every answer carries, and what no request gets past."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Message
from structlog.testing import capture_logs

from duls.api import shield
from duls.api.problems import PROBLEM_TYPE, add_problem_handlers
from duls.api.shield import Shield
from duls.metrics import Metrics


async def echo(request: Request) -> int:
    """Return how long the body was."""
    return len(await request.body())


async def broken() -> None:
    """Fail with words that must not get out."""
    message = "NL:VB-123-K"
    raise ValueError(message)


def shielded(metrics: Metrics | None = None) -> Shield:
    """Return an application behind its shield."""
    application = FastAPI()
    add_problem_handlers(application)
    application.add_api_route("/echo/{name}", echo, methods=["GET", "POST"])
    application.add_api_route("/broken", broken)
    return Shield(application, metrics or Metrics(version="1", clock=lambda: 0.0))


async def ask(
    method: str, path: str, content: bytes | None = None, metrics: Metrics | None = None
) -> httpx.Response:
    """Send one request to the application."""
    transport = httpx.ASGITransport(shielded(metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://duls.test") as client:
        return await client.request(method, path, content=content)


def answer(
    method: str, path: str, content: bytes | None = None, metrics: Metrics | None = None
) -> httpx.Response:
    """Send one request and wait."""
    return asyncio.run(ask(method, path, content, metrics))


@pytest.mark.parametrize("path", ["/echo/a", "/nothing", "/broken"])
def test_every_answer_keeps_browsers_at_this_host(path: str) -> None:
    """The errors too; and it names the program, not what it is made with."""
    headers = answer("GET", path).headers

    assert "default-src 'self'" in headers["content-security-policy"]
    assert ("nosniff", "DENY", "duls") == (
        headers["x-content-type-options"],
        headers["x-frame-options"],
        headers["server"],
    )


def test_a_defect_is_admitted_without_its_words() -> None:
    """The log says where it is; neither it nor the answer quotes data, which is for the debug log only."""
    with capture_logs() as lines:
        response = answer("GET", "/broken")

    assert (500, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])
    assert "urn:duls:problem:defect" == response.json()["type"]
    logged = str([line for line in lines if line["log_level"] != "debug"])
    assert "test_shield.py" in logged
    assert "VB-123-K" not in response.text + logged


def test_a_body_may_have_its_full_size() -> None:
    """The bound itself is allowed."""
    assert shield.BODY_BYTES == answer("POST", "/echo/a", b"x" * shield.BODY_BYTES).json()


def test_a_larger_body_is_refused() -> None:
    """By its announced length, before anything is read."""
    response = answer("POST", "/echo/a", b"x" * (shield.BODY_BYTES + 1))

    assert (413, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])


def exchange(messages: Iterator[Message], headers: list[tuple[bytes, bytes]]) -> int:
    """Run the shield on messages of a body that is given piece by piece; return the status."""
    sent: list[Message] = []

    async def receive() -> Message:
        """Give the next message, or wait for ever."""
        message = next(messages, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def send(message: Message) -> None:
        """Keep what is sent."""
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/echo/a", "raw_path": b"/echo/a", "query_string": b""}
    asyncio.run(shielded()({**scope, "headers": headers}, receive, send))
    return int(sent[0]["status"])


def test_a_body_without_announced_length_is_counted() -> None:
    """Chunks add up."""
    half = {"type": "http.request", "body": b"x" * 40_000, "more_body": True}

    assert 413 == exchange(iter([half, half]), [])


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client cannot hold a request by sending nothing."""
    monkeypatch.setattr(shield, "BODY_S", 0.05)

    assert 408 == exchange(iter([{"type": "http.request", "body": b"x", "more_body": True}]), [])


def test_requests_are_counted_by_route() -> None:
    """Paths and methods are endless, routes and known methods are not."""
    metrics = Metrics(version="1", clock=lambda: 0.0)
    for method, path in [
        ("GET", "/echo/a"),
        ("GET", "/echo/b"),
        ("BREW", "/echo/a"),
        ("GET", "/secret-path"),
    ]:
        answer(method, path, metrics=metrics)

    text = metrics.exposition().decode()
    assert 'duls_http_requests_total{method="GET",route="/echo/{name}",status="200"} 2.0' in text
    assert 'duls_http_requests_total{method="other",route="/echo/{name}",status="405"} 1.0' in text
    assert 'duls_http_requests_total{method="GET",route="none",status="404"} 1.0' in text
    assert "secret-path" not in text
    assert "duls_http_requests_open 0.0" in text
