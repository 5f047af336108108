"""How a process does, over HTTP: /healthz (it lives), /readyz (it works, or why not), /metrics (Prometheus).

Reads only; each connection has its own thread, ends after one answer, and is dropped when it is slow.
"""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, NamedTuple, Self

from duls.errors import ConfigError

SLOW_S: Final = 5.0  # a client that is slower to send its request is dropped
PORTS_TRIED: Final = 16
LAST_PORT: Final = 65_535
JSON_TYPE: Final = "application/json"
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Vitals(NamedTuple):
    """What is asked of the process; called from other threads."""

    not_ready: Callable[[], Sequence[str]]  # reasons why it does not work; empty when it does
    exposition: Callable[[], bytes]  # metrics in the text format


class HealthServer:
    """A server on *host* and *port*, or one of the next ports when others have it; 0 is any free one.

    Several processes share a machine, and a second worker must not end for want of a port.

    Raises:
        ConfigError: the address cannot be used, or all of the ports are taken.
    """

    def __init__(self, host: str, port: int, vitals: Vitals) -> None:
        self._server = _listening(host, port, vitals)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True
        )

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop answering; answers under way are not waited for."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """Threads per connection, none of which keeps the process."""

    daemon_threads = True
    block_on_close = False
    # two processes must never share a port: one of them would be invisible
    allow_reuse_port = False

    def __init__(self, address: tuple[str, int], vitals: Vitals) -> None:
        """Listen on *address*."""
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.vitals = vitals
        super().__init__(address, _Handler)

    def handle_error(self, _request: object, _client_address: object) -> None:
        """Leave a broken connection alone: the client went away."""


class _Handler(BaseHTTPRequestHandler):
    """One connection, one answer."""

    timeout = SLOW_S
    server: _Server

    def do_GET(self) -> None:
        """Answer one of the three questions."""
        vitals = self.server.vitals
        match self.path.partition("?")[0]:
            case "/healthz":
                self._answer(HTTPStatus.OK, JSON_TYPE, b'{"status": "ok"}\n')
            case "/readyz":
                reasons = list(vitals.not_ready())
                status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
                body = json.dumps({"ready": not reasons, "reasons": reasons})
                self._answer(status, JSON_TYPE, f"{body}\n".encode())
            case "/metrics":
                self._answer(HTTPStatus.OK, METRICS_TYPE, vitals.exposition())
            case _:
                self._answer(HTTPStatus.NOT_FOUND, JSON_TYPE, b'{"error": "not found"}\n')

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        """Send one whole answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Name the program, not the versions of what it is made with."""
        return "duls"

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: probes come every few seconds."""


def _listening(host: str, port: int, vitals: Vitals) -> _Server:
    """Return a server on the first port that is free."""
    refusal: OSError | None = None
    for candidate in range(port, min(port + PORTS_TRIED, LAST_PORT + 1) if port else 1):
        try:
            return _Server((host, candidate), vitals)
        except OSError as error:
            refusal = error
    message = f"cannot listen on {host} port {port}: {refusal.strerror if refusal else 'no port was tried'}"
    raise ConfigError(message) from refusal
