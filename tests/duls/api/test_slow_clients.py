"""Clients that are slow on purpose hold nobody up: headers that trickle in, answers that nobody reads."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest

from duls.api import server
from tests.duls.api.conftest import OPERATOR, Api
from tests.duls.api.served import HOST

pytestmark = pytest.mark.services

SLOW_CLIENTS: Final = 500
TRICKLE_S: Final = 1.0
HEALTHY_P99_S: Final = 0.5
REQUESTS: Final = 1_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 200


@contextmanager
def slow_headers(port: int, count: int) -> Iterator[list[int]]:
    """Hold *count* connections whose headers never end, made again when the server closes them.

    Gives a list of one number: how often one was closed.
    """
    stop = threading.Event()
    closed = [0]

    def opened() -> socket.socket:
        """Begin a request."""
        connection = socket.create_connection((HOST, port), timeout=10.0)
        connection.sendall(b"GET /v1/now HTTP/1.1\r\nHost: a\r\n")
        return connection

    def trickle() -> None:
        """Send a header to each now and then, until it is time to stop."""
        while not stop.wait(TRICKLE_S):
            for place, connection in enumerate(connections):
                try:
                    connection.sendall(b"X-a: b\r\n")
                except OSError:
                    connection.close()
                    closed[0] += 1
                    connections[place] = opened()

    connections = [opened() for _ in range(count)]
    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    try:
        yield closed
    finally:
        stop.set()
        thread.join(30.0)
        for connection in connections:
            connection.close()


def times_s(api: Api, count: int) -> list[float]:
    """Return how long requests of a healthy client take, in order."""
    taken = []
    for _ in range(count):
        begun_s = time.perf_counter()
        assert 200 == api.ask("/v1/now", OPERATOR).status_code
        taken.append(time.perf_counter() - begun_s)
    return sorted(taken)


def test_slow_headers_hold_nobody_up(small_api: Api) -> None:
    """A healthy client is answered in time beside five hundred of them, and they are closed one after another."""
    with slow_headers(small_api.port, SLOW_CLIENTS) as closed:
        taken = times_s(small_api, REQUESTS)
        end_s = time.monotonic() + 30.0
        while not closed[0] and time.monotonic() < end_s:
            taken = sorted(taken + times_s(small_api, 20))

    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    print(f"p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, {closed[0]} closed")  # noqa: T201  # shown by pytest -s
    assert p99 <= HEALTHY_P99_S
    assert closed[0] > 0


def test_answers_that_nobody_reads_are_dropped(small_api: Api) -> None:
    """The kernel gives such a connection up; others are answered meanwhile."""
    request = small_api.ask("/v1/flows/hour", OPERATOR, limit=5_000, format="geojson").request
    lines = [f"GET {request.url.raw_path.decode()} HTTP/1.1", f"Host: {HOST}"]
    raw = "\r\n".join([*lines, f"Authorization: {request.headers['authorization']}", "", ""]).encode()
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect((HOST, small_api.port))
            connection.sendall(raw)

        assert times_s(small_api, 20)[-1] < 5.0


def test_connections_inherit_the_bound_of_the_listener() -> None:
    """It is the kernel that drops them, after the time that is set on the listening socket."""
    with (
        server.listening_socket(HOST, 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        bound_ms = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert server.STALLED_MS == bound_ms
