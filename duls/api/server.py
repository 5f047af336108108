"""The HTTP server: granian on a socket of ours, until a file descriptor says stop.

granian closes connections whose headers do not come in time, before the first byte, between requests and within
them; uvicorn would keep them for ever. Two things are ours: the socket, since granian's own shares its port with
any other process that asks, and the end, since granian waits for streams without limit.
"""

import asyncio
import resource
import socket
from typing import Any, Final

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp

from duls.errors import ConfigError, RefusedError

BACKLOG: Final = 1_024
HEADERS_MS: Final = 5_000  # a request's headers come within this, and a connection is idle no longer
HEADERS_BYTES: Final = 64 * 1024
STALLED_MS: Final = 20_000  # a client that takes nothing of its answer for so long is dropped by the kernel
MOST_CONNECTIONS: Final = 4_096
OTHER_FILES: Final = 256  # open files that are no connections of clients
DRAIN_S: Final = 4.0  # answers under way may end; a role ends within 10 s


class _Granian(Server):
    """granian within our event loop, on a socket that is bound already."""

    def __init__(self, application: ASGIApp, listener: socket.socket, **options: Any) -> None:
        super().__init__(application, interface=Interfaces.ASGINL, **options)
        self._listener = listener

    def end(self) -> None:
        """Ask to stop: accept no more, and close what is idle."""
        self.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # it has no types

    def _init_shared_socket(self) -> None:
        """Hand the socket over; from here on granian closes it."""
        make: Any = SocketHolder  # its types are those of other systems
        self._shd: Any = make(self._listener.detach(), False, BACKLOG)


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind *host* and *port* for this process alone; port 0 is any free one.

    Raises:
        ConfigError: the address cannot be used, or another process has it.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # connections inherit both
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {host} port {port} (http.bind): {error.strerror}"
        raise ConfigError(message) from error
    return listener


async def serve(
    application: ASGIApp, listener: socket.socket, *, stop_fd: int, stopping: asyncio.Event
) -> None:
    """Serve until *stop_fd* is readable, then set *stopping*, let answers end for a while, and return.

    Streams must end when *stopping* is set: what goes on longer than the while is cut.

    Raises:
        RefusedError: the server ended by itself.
    """
    loop = asyncio.get_running_loop()
    granian = _Granian(
        application,
        listener,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS, max_buffer_size=HEADERS_BYTES),
        log_enabled=False,
    )

    loop.add_reader(stop_fd, stopping.set)
    serving = loop.create_task(granian.serve())
    waiting = loop.create_task(stopping.wait())
    try:
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.is_set():
            serving.result()
            message = "the HTTP server ended by itself; its address may have gone, or it is a defect"
            raise RefusedError(message)
        granian.end()
        await asyncio.wait({serving}, timeout=DRAIN_S)
    finally:
        loop.remove_reader(stop_fd)
        waiting.cancel()


def _connections() -> int:
    """Return how many connections there may be, after asking for as many open files as are allowed.

    Without a free file descriptor no connection is accepted, so some are kept for the rest of the process.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return (
        MOST_CONNECTIONS
        if soft == resource.RLIM_INFINITY
        else max(1, min(MOST_CONNECTIONS, soft - OTHER_FILES))
    )
