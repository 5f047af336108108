"""A process tells over HTTP how it does."""

import http.client
import json
import socket
from contextlib import ExitStack, suppress

import pytest

from duls.api.health import HealthServer, Vitals
from duls.errors import ConfigError

HOST = "127.0.0.1"


def vitals(*reasons: str) -> Vitals:
    """Return the vitals of a process with *reasons* for not working."""
    return Vitals(not_ready=lambda: reasons, exposition=lambda: b"duls_build_info 1.0\n")


def answer(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask, and return status and body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_a_working_process_is_ready() -> None:
    """All three questions are answered with 200."""
    with HealthServer(HOST, 0, vitals()) as server:
        answers = {path: answer(server.port, path) for path in ("/healthz", "/readyz", "/metrics?x=1")}

    assert {200} == {status for status, _ in answers.values()}
    assert json.loads(answers["/readyz"][1]) == {"ready": True, "reasons": []}
    assert answers["/metrics?x=1"][1] == b"duls_build_info 1.0\n"


def test_a_process_that_does_not_work_says_why() -> None:
    """It lives, but is not ready; the reasons are for people."""
    with HealthServer(HOST, 0, vitals("the database is away")) as server:
        alive, ready = answer(server.port, "/healthz"), answer(server.port, "/readyz")

    assert alive[0] == 200
    assert (503, {"ready": False, "reasons": ["the database is away"]}) == (ready[0], json.loads(ready[1]))


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("POST", "/metrics", 501)])
def test_nothing_else_is_answered(method: str, path: str, status: int) -> None:
    """There is nothing to find and nothing to change."""
    with HealthServer(HOST, 0, vitals()) as server:
        assert answer(server.port, path, method)[0] == status


def test_a_second_process_takes_the_next_port() -> None:
    """Workers on one machine do not end each other."""
    with HealthServer(HOST, 0, vitals()) as first, HealthServer(HOST, first.port, vitals("x")) as second:
        assert first.port < second.port
        assert (200, 503) == (answer(first.port, "/readyz")[0], answer(second.port, "/readyz")[0])


def test_after_the_last_port_no_more_are_tried() -> None:
    """There is none above 65535."""
    refusal = r"cannot listen on 127\.0\.0\.1 port 65535: Address already in use"
    with ExitStack() as held:
        with suppress(OSError):  # another process has it
            held.enter_context(socket.create_server((HOST, 65_535)))

        with pytest.raises(ConfigError, match=refusal):
            HealthServer(HOST, 65_535, vitals())


def test_an_address_of_another_machine_is_a_wrong_setting() -> None:
    """The sentence names the address."""
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1 port 9464"):
        HealthServer("192.0.2.1", 9464, vitals())


def test_a_client_that_says_nothing_stops_nobody() -> None:
    """Others are answered while it keeps its connection."""
    with HealthServer(HOST, 0, vitals()) as server, socket.create_connection((HOST, server.port)) as mute:
        mute.sendall(b"GET /metr")

        assert answer(server.port, "/healthz")[0] == 200
