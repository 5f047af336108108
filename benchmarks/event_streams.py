"""Many open streams of live figures: each notes when it sees which figure of a zone, and comes back when it is cut."""

import asyncio
import contextlib
import re
import time
from typing import Final

RETRY_S: Final = 1.0  # what the server asks for
OPENING: Final = b"event: state\n"


class EventStream:
    """One reader of `/events` at *host* and *port*.

    Args:
        host: of the server.
        port: of the server.
        zone_id: the zone whose vehicles are the numbers of updates.
    """

    def __init__(self, host: str, port: int, zone_id: str) -> None:
        self.seen: list[tuple[int, float]] = []  # number and when, seconds since 1970
        self.opened_s: list[tuple[float, float]] = []  # when asked for, and when the first state was there
        self._address = (host, port)
        self._present = re.compile(rb'"%b":{"present":(\d+)' % zone_id.encode())

    async def follow(self) -> None:
        """Read until cancelled; what is cut is opened again."""
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._read()
            await asyncio.sleep(RETRY_S)

    async def _read(self) -> None:
        """Open a stream and read it to its end."""
        asked_s = time.time()
        reader, writer = await asyncio.open_connection(*self._address)
        try:
            writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
            while (await reader.readuntil(b"\r\n")) != b"\r\n":
                pass
            while size := int(await reader.readuntil(b"\r\n"), 16):
                self._note(await reader.readexactly(size + 2), asked_s)
        finally:
            writer.close()

    def _note(self, chunk: bytes, asked_s: float) -> None:
        """Note what a chunk, which holds whole events, tells."""
        now_s = time.time()
        if OPENING in chunk:
            self.opened_s.append((asked_s, now_s))
        if found := self._present.search(chunk):
            self.seen.append((int(found[1]), now_s))


def delays_s(written: list[tuple[int, float]], seen: list[tuple[int, float]]) -> list[float]:
    """Return how long after each update was written it, or a later one, was seen; infinite where it never was.

    Args:
        written: number and moment, in order.
        seen: number and moment, in order.
    """
    found, place = [], 0
    for number, written_s in written:
        while place < len(seen) and seen[place][0] < number:
            place += 1
        found.append(seen[place][1] - written_s if place < len(seen) else float("inf"))
    return found
