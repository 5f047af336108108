"""An application on granian in a thread of this process, and what to say to it in raw bytes."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.types import ASGIApp

from duls.api.server import listening_socket, serve
from duls.app.stopping import StopFlag

HOST = "127.0.0.1"


@contextmanager
def served(application: ASGIApp, stopping: asyncio.Event | None = None) -> Iterator[int]:
    """Serve *application* on a free port until the block ends."""
    listener = listening_socket(HOST, 0)
    port = listener.getsockname()[1]
    stop = StopFlag()
    event = stopping or asyncio.Event()

    def run() -> None:
        asyncio.run(serve(application, listener, stop_fd=stop.fileno(), stopping=event))

    thread = threading.Thread(target=run, name="served", daemon=True)
    thread.start()
    try:
        yield port
    finally:
        stop.set()
        thread.join(30.0)
        assert not thread.is_alive()


def said(port: int, request: bytes, timeout_s: float = 20.0) -> bytes:
    """Send raw bytes and return everything that comes back until the server closes, which it must do in time."""
    end_s = time.monotonic() + timeout_s
    answer = bytearray()
    with socket.create_connection((HOST, port), timeout=timeout_s) as connection:
        connection.sendall(request)
        while time.monotonic() < end_s:
            part = connection.recv(65_536)
            if not part:
                return bytes(answer)
            answer += part
    pytest.fail(
        f"the server still sends after {timeout_s:g} s; its answer begins with {bytes(answer[:60])!r}"
    )


def get(path: str, *headers: str) -> bytes:
    """Return the bytes of a request after which the server closes."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()
