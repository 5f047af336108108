"""Clients that hold connections on purpose: each kind in its own way, and made again when the server closes it."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from tests.duls.api.served import HOST

TRICKLE_S: Final = 1.0
CONNECT_S: Final = 30.0
SMALL_BUFFER: Final = 4_096


class SlowKind(NamedTuple):
    """A way to hold a connection."""

    name: str
    begins: bytes  # sent at once
    trickles: bytes = b""  # sent each second
    reads: bool = True  # takes what comes; else its window fills up


class SlowClients:
    """Connections of several kinds, held by a thread until `stop`.

    Args:
        port: of the server.
        kinds: one for each connection.
    """

    def __init__(self, port: int, kinds: Sequence[SlowKind]) -> None:
        self.closed: dict[str, int] = {kind.name: 0 for kind in kinds}
        self.cycles = 0  # of trickling, over all connections
        self._port = port
        self._kinds = kinds
        self._stop = threading.Event()
        self._connections = [self._opened(kind) for kind in kinds]
        self._thread = threading.Thread(target=self._hold, name="slow clients", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Go away."""
        self._stop.set()
        self._thread.join(30.0)
        for connection in self._connections:
            connection.close()

    def _opened(self, kind: SlowKind) -> socket.socket:
        """Begin a connection."""
        connection = socket.socket()
        if not kind.reads:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.settimeout(CONNECT_S)
        connection.connect((HOST, self._port))
        connection.sendall(kind.begins)
        connection.setblocking(False)
        return connection

    def _hold(self) -> None:
        """Send a little on each now and then, and open those again that were closed."""
        while not self._stop.wait(TRICKLE_S):
            for place, kind in enumerate(self._kinds):
                if not _is_held(self._connections[place], kind):
                    self._connections[place].close()
                    self.closed[kind.name] += 1
                    self._connections[place] = self._opened(kind)
            self.cycles += 1


def _is_held(connection: socket.socket, kind: SlowKind) -> bool:
    """Tell whether the server still holds a connection, after sending a little."""
    try:
        if kind.trickles:
            connection.send(kind.trickles)
        return not kind.reads or connection.recv(65_536) != b""
    except BlockingIOError:
        return True  # nothing to take, which is how it should be
    except OSError:
        return False


@contextmanager
def slow_clients(port: int, kinds: Sequence[SlowKind]) -> Iterator[SlowClients]:
    """Hold a connection for each of *kinds* until the block ends."""
    clients = SlowClients(port, kinds)
    try:
        yield clients
    finally:
        clients.stop()


class Beats:
    """An honest client of the stream of events: how long it heard nothing, at most."""

    def __init__(self, port: int, request: bytes) -> None:
        self.longest_s = 0.0
        self.count = 0
        self._connection = socket.create_connection((HOST, port), timeout=CONNECT_S)
        self._connection.sendall(request)
        self._thread = threading.Thread(target=self._listen, name="beats", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(CONNECT_S)
        self._connection.close()

    def _listen(self) -> None:
        """Note the pauses between events."""
        heard_s = time.monotonic()
        for line in self._connection.makefile("rb"):
            if line.startswith(b"event: beat"):
                now_s = time.monotonic()
                self.longest_s = max(self.longest_s, now_s - heard_s)
                self.count += 1
                heard_s = now_s
