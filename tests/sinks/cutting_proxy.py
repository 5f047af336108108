"""A TCP proxy before the database that can lose the answer to one request."""

import socket
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self


class CuttingProxy:
    """Forwards connections to a server; `lose_next_answer` cuts one once a request was carried out."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port of 127.0.0.1 for connections to forward to *host* and *port*."""
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lose = Event()
        self.cuts = 0
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        """Start to accept connections."""
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Accept no more connections."""
        self._listener.close()

    def lose_next_answer(self) -> None:
        """Cut the connection when the server answers the next request."""
        self._lose.set()

    def _accept(self) -> None:
        """Forward each connection in threads of its own."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                Thread(target=self._requests, args=(client, server), daemon=True).start()
                Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        """Forward what the client sends."""
        with suppress(OSError):
            while data := client.recv(1 << 16):
                server.sendall(data)
        _close(client, server)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        """Forward what the server answers, unless this answer is to be lost."""
        with suppress(OSError):
            while data := server.recv(1 << 16):
                if self._lose.is_set():
                    self._lose.clear()
                    self.cuts += 1
                    break
                client.sendall(data)
        _close(client, server)


def _close(client: socket.socket, server: socket.socket) -> None:
    """End both sides, so that the other thread of the pair ends too."""
    for side in (client, server):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()
