"""A proxy before the database that loses the answer to a COMMIT."""

import socket
from contextlib import suppress
from threading import Event

from tests.sinks.cutting_proxy import CuttingProxy, _close

COMMIT = b"COMMIT\0"  # as psycopg sends it, in a message of its own


class CommitCutter(CuttingProxy):
    """Forwards connections; `lose_next_commit` cuts one when the server answers its COMMIT."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port of 127.0.0.1 for connections to forward to *host* and *port*."""
        super().__init__(host, port)
        self._awaited = Event()

    def lose_next_commit(self) -> None:
        """Cut the next connection that commits, once the server has done so."""
        self._awaited.set()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        """Forward what the client sends, and look for COMMIT in it."""
        with suppress(OSError):
            while data := client.recv(1 << 16):
                if self._awaited.is_set() and COMMIT in data:
                    self._awaited.clear()
                    self.lose_next_answer()
                server.sendall(data)
        _close(client, server)
