"""Clients that are slow on purpose hold nobody up: whatever trickles in, answers and streams that nobody reads."""

import os
import socket
import time
from contextlib import ExitStack, closing
from typing import Final

import httpx
import pytest

from duls.api import server
from tests.duls.api.conftest import OPERATOR, Api
from tests.duls.api.served import HOST
from tests.duls.api.slow_clients import Beats, SlowClients, SlowKind, slow_clients

pytestmark = pytest.mark.services

IS_SOAK: Final = os.environ.get("DULS_TEST_SOAK") == "1"
SLOW_CLIENTS: Final = 1_000 if IS_SOAK else 200
SOAK_S: Final = 60.0 if IS_SOAK else 1.5  # what closes a connection takes up to twenty
REQUESTS_AT_ONCE: Final = 20
HEALTHY_P99_S: Final = 0.5 if IS_SOAK else 5.0  # of a hundred answers that is the slowest
PAUSE_S: Final = 8.0 if IS_SOAK else 30.0  # after which the page gives a stream up
CLOSED_IN_A_SOAK: Final = ("headers", "body", "silence", "answer")


def slow_kinds(api: Api, count: int) -> list[SlowKind]:
    """Return *count* of all kinds, mixed; those with a token are the fewest."""
    headers = SlowKind("headers", b"GET /v1/now HTTP/1.1\r\nHost: a\r\n", b"X-a: b\r\n")
    body = SlowKind("body", b"PUT /v1/rules HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", b" ")
    silence = SlowKind("silence", b"")
    stream = SlowKind("stream", raw(api.ask("/v1/now", OPERATOR).request, "/events"), reads=False)
    largest = api.ask("/v1/flows/hour", OPERATOR, limit=5_000, format="geojson").request
    # it hears that it was dropped only when it says something: an empty line, which is no request
    answer = SlowKind("answer", raw(largest, largest.url.raw_path.decode()), b"\r\n", reads=False)
    hundred = [headers] * 40 + [body] * 20 + [silence] * 20 + [stream] * 18 + [answer] * 2
    return [hundred[place * 37 % 100] for place in range(count)]


def raw(request: httpx.Request, path: str) -> bytes:
    """Return the bytes that ask for a path with the token of a request."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: {request.headers['authorization']}"]
    return "\r\n".join([*lines, "", ""]).encode()


def times_s(api: Api, count: int) -> list[float]:
    """Return how long requests of a healthy client take, in order."""
    taken = []
    for _ in range(count):
        begun_s = time.perf_counter()
        assert 200 == api.ask("/v1/now", OPERATOR).status_code
        taken.append(time.perf_counter() - begun_s)
    return sorted(taken)


def test_slow_clients_hold_nobody_up(small_api: Api) -> None:
    """Beside hundreds of them, each kind at once, a healthy client is answered in time and a stream goes on."""
    kinds = slow_kinds(small_api, SLOW_CLIENTS)
    listening = raw(small_api.ask("/v1/now", OPERATOR).request, "/events")
    taken: list[float] = []
    with (
        slow_clients(small_api.port, kinds) as slow,
        closing(Beats(small_api.port, listening)) as beats,
    ):
        end_s = time.monotonic() + SOAK_S
        while time.monotonic() < end_s or not slow.cycles or not beats.count:
            taken = sorted(taken + times_s(small_api, REQUESTS_AT_ONCE))

    told(taken, beats, slow)
    assert taken[len(taken) * 99 // 100] <= HEALTHY_P99_S
    assert beats.longest_s < PAUSE_S
    if IS_SOAK:
        assert all(slow.closed[name] > 0 for name in CLOSED_IN_A_SOAK)


def told(taken: list[float], beats: Beats, slow: SlowClients) -> None:
    """Say what was measured; pytest -s shows it."""
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    print(  # noqa: T201 shown by pytest -s
        f"{SLOW_CLIENTS} slow clients, {len(taken)} answers: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, "
        f"slowest {taken[-1] * 1e3:.1f} ms; longest pause of a stream {beats.longest_s:.2f} s; closed {slow.closed}"
    )


def test_answers_that_nobody_reads_are_dropped(small_api: Api) -> None:
    """The kernel gives such a connection up; others are answered meanwhile."""
    request = small_api.ask("/v1/flows/hour", OPERATOR, limit=5_000, format="geojson").request
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.connect((HOST, small_api.port))
            connection.sendall(raw(request, request.url.raw_path.decode()))

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
