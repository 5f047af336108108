"""A request ends within its time, whatever the other side does."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from duls.app import bounded_http
from duls.app.alert_posting import post
from duls.app.bounded_http import ask
from duls.local_process import LOCALHOST
from duls.pipelines.alert_tellers import ChannelAwayError, RefusedPostError

DRIP_S = 0.05


@contextmanager
def answering(head: bytes, drip: bytes = b"") -> Iterator[str]:
    """Answer one request with *head*, then with *drip* byte by byte until the other side goes; give the address."""
    listener = socket.create_server((LOCALHOST, 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(head)
            try:
                while drip:
                    connection.sendall(drip)
                    time.sleep(DRIP_S)
            except OSError:
                return

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"http://{LOCALHOST}:{listener.getsockname()[1]}/"
    finally:
        thread.join()
        listener.close()


def test_headers_that_drip_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the answer never does."""
    monkeypatch.setattr(bounded_http, "ANSWER_S", 5 * DRIP_S)
    begun_s = time.monotonic()

    with (
        answering(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x") as url,
        pytest.raises(ChannelAwayError, match="ReadTimeout"),
    ):
        post(url, b"{}", {})

    assert time.monotonic() - begun_s < 5.0


def test_content_is_not_waited_for() -> None:
    """The status says whether it arrived; the content would take hours."""
    begun_s = time.monotonic()

    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x") as url:
        post(url, b"{}", {})

    assert time.monotonic() - begun_s < bounded_http.ANSWER_S


@pytest.mark.parametrize(
    ("status", "error"),
    [("503 Away", ChannelAwayError), ("422 No", RefusedPostError), ("302 Found", RefusedPostError)],
)
def test_a_status_says_whether_it_is_sent_again(status: str, error: type[Exception]) -> None:
    """Nobody is followed to another place."""
    with (
        answering(f"HTTP/1.1 {status}\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n".encode()) as url,
        pytest.raises(error),
    ):
        post(url, b"{}", {})


class Resolver:
    """Stands in for the resolver of the system: some names hang until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.let_go = threading.Event()
        self.hung: list[threading.Thread] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.look_up)

    def look_up(self, host: str | bytes, port: int, *more: int) -> Any:
        """Look up a name."""
        if b"hangs" in (host.encode() if isinstance(host, str) else host):
            self.hung.append(threading.current_thread())
            assert self.let_go.wait(60.0)
            host = LOCALHOST
        return self._real(host, port, *more)


def test_a_look_up_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread hangs, however often the name is asked for; others do not wait, and later it is asked for anew."""
    monkeypatch.setattr(bounded_http, "ANSWER_S", 0.2)
    resolver = Resolver(monkeypatch)
    begun_s = time.monotonic()
    for _ in range(3):
        with pytest.raises(ChannelAwayError):
            post("http://hangs.example:1/", b"{}", {})
    took_s = time.monotonic() - begun_s

    assert took_s < 5.0
    assert [True] == [thread.is_alive() for thread in resolver.hung]
    monkeypatch.setattr(bounded_http, "ANSWER_S", 10.0)
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        post(url.replace(LOCALHOST, "localhost"), b"{}", {})
    resolver.let_go.set()
    resolver.hung[0].join(10.0)
    assert not resolver.hung[0].is_alive()
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as url:
        post(url.replace(LOCALHOST, "hangs.example"), b"{}", {})
    assert 2 == len(resolver.hung)


def test_a_name_that_is_none_is_an_error_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the resolver says reaches who asked, and the next one asks it anew."""
    answers = iter(
        [socket.gaierror(socket.EAI_NONAME, "no such name"), socket.gaierror(socket.EAI_AGAIN, "later")]
    )

    def refuse(*_question: Any) -> None:
        raise next(answers)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)

    for words in ("no such name", "later"):
        with pytest.raises(httpx.ConnectError, match=words):
            ask("GET", "http://none.example/")


def test_nobody_who_answers_is_an_error_of_the_request() -> None:
    """As httpx says it."""
    with pytest.raises(httpx.ConnectError):
        ask("GET", f"http://{LOCALHOST}:1/")
