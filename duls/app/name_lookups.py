"""Look-ups of names that may hang: each by a thread that nobody has to wait for, and never two for one question.

The resolver of the system cannot be interrupted. An event loop looks up in a pool of threads, and waits for it when it
ends, so a look-up that hangs would outlast every limit.
"""

import socket
import threading
from concurrent.futures import Future
from typing import Any, NamedTuple

Addresses = list[Any]  # as socket.getaddrinfo gives them, whose type differs between versions of the stubs


class Question(NamedTuple):
    """What the resolver is asked, as it takes it."""

    host: bytes | str | None
    port: bytes | str | int | None
    family: int = 0
    type: int = 0
    proto: int = 0
    flags: int = 0


class NameLookups:
    """Asks the resolver; whoever asks what is being looked up waits for that, so that threads are as few as names."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[Question, Future[Addresses]] = {}

    def look_up(self, question: Question) -> Future[Addresses]:
        """Return what becomes the answer, or the error of the resolver; it cannot be cancelled."""
        with self._lock:
            if question in self._running:
                return self._running[question]
            answer: Future[Addresses] = Future()
            answer.set_running_or_notify_cancel()
            threading.Thread(
                target=self._answer, args=(question, answer), name="look up", daemon=True
            ).start()
            self._running[question] = answer
        return answer

    def _answer(self, question: Question, answer: "Future[Addresses]") -> None:
        """Ask the resolver, and tell all who wait."""
        try:
            found = socket.getaddrinfo(*question)
        except Exception as error:  # noqa: BLE001  # whoever asked is told
            self._forget(question)
            answer.set_exception(error)
        else:
            self._forget(question)
            answer.set_result(found)

    def _forget(self, question: Question) -> None:
        """Let who asks from now on be answered anew."""
        with self._lock:
            del self._running[question]
