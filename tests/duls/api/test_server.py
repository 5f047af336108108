"""granian on our socket: it closes who is slow, shares its port with nobody, and ends in time."""

import asyncio
import socket
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from duls.api import server
from duls.api.server import listening_socket
from duls.errors import ConfigError
from tests.duls.api.served import HOST, get, said, served


def small() -> FastAPI:
    """Return an application that answers at one path."""
    application = FastAPI()
    application.add_api_route("/x", lambda: {"answer": 42})
    return application


@pytest.mark.parametrize(
    "beginning", [b"", b"GET /x HT", b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["nothing", "half", "idle"]
)
def test_a_client_that_says_no_more_is_closed(monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    """Before its first byte, within the headers, and between requests."""
    monkeypatch.setattr(server, "HEADERS_MS", 300)
    with served(small()) as port:
        begun_s = time.monotonic()
        said(port, beginning)

    assert time.monotonic() - begun_s < 30.0


def test_headers_that_trickle_in_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not keep a connection: all headers come within the time."""
    monkeypatch.setattr(server, "HEADERS_MS", 300)
    with served(small()) as port, socket.create_connection((HOST, port)) as slow:
        slow.sendall(b"GET /x HTTP/1.1\r\n")
        slow.settimeout(0.05)
        end_s = time.monotonic() + 30.0
        while time.monotonic() < end_s:
            try:
                slow.sendall(b"X-a: b\r\n")
                if slow.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break

    assert time.monotonic() < end_s


def test_headers_without_end_are_refused() -> None:
    """With the status that is meant for them."""
    with served(small()) as port:
        answer = said(port, b"GET /x HTTP/1.1\r\nX: " + b"a" * 70_000)

    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_port_is_not_shared() -> None:
    """Of two processes on one port one would be invisible."""
    with served(small()) as port, pytest.raises(ConfigError, match=f"cannot listen on {HOST} port {port}"):
        listening_socket(HOST, port)


def test_a_stream_ends_with_the_process() -> None:
    """It hears of the end, and its last words arrive."""
    stopping = asyncio.Event()

    async def lines() -> object:
        """Give a line, and another at the end."""
        yield b"first\n"
        await stopping.wait()
        yield b"last\n"

    assert b"last" in streamed(lines, stopping)


def test_a_stream_that_does_not_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A role ends within its time, whatever clients hold."""
    monkeypatch.setattr(server, "DRAIN_S", 0.2)

    async def lines() -> object:
        """Give a line, and go on for ever."""
        yield b"first\n"
        await asyncio.Event().wait()

    assert b"first" in streamed(lines, asyncio.Event())


def streamed(lines: Callable[[], object], stopping: asyncio.Event) -> bytes:
    """Open a stream, stop the server, and return what came."""
    application = FastAPI()
    application.add_api_route("/lines", lambda: StreamingResponse(lines()))  # type: ignore[arg-type] # a response, as FastAPI takes it
    connection = socket.socket()
    with served(application, stopping) as port:
        connection.connect((HOST, port))
        connection.settimeout(10.0)
        connection.sendall(get("/lines"))
        received = b""
        while b"first" not in received:
            received += connection.recv(4_096)
    while more := connection.recv(4_096):
        received += more
    connection.close()
    return received
