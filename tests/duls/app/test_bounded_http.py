"""A request ends within its time, whatever the other side does."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

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


def test_nobody_who_answers_is_an_error_of_the_request() -> None:
    """As httpx says it."""
    with pytest.raises(httpx.ConnectError):
        ask("GET", f"http://{LOCALHOST}:1/")
