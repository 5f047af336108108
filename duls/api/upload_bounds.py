"""How much is taken at once: bytes that wait for the broker, and messages of one sender in a minute."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MEBIBYTE: Final = 1024 * 1024
MOST_BYTES: Final = 50 * MEBIBYTE  # of one upload, as VESDI has it; unpacked, too
ROOM_BYTES: Final = 3 * MOST_BYTES  # of all uploads that are received or wait for the broker
MESSAGES_A_MINUTE: Final = 600  # of one sender, as VESDI has it
MINUTE_S: Final = 60.0


class FullError(Exception):
    """There is no room now."""


class Room:
    """Bytes of uploads that are held at this moment; used from one event loop."""

    def __init__(self, most_bytes: int = ROOM_BYTES) -> None:
        self._free = most_bytes

    @property
    def free(self) -> int:
        """Return how many bytes more there is room for."""
        return self._free

    @contextmanager
    def stay(self) -> Iterator["Stay"]:
        """Hold bytes until the block ends."""
        stay = Stay(self)
        try:
            yield stay
        finally:
            stay.grow(-stay.bytes)

    def take(self, count: int) -> None:
        """Take bytes, or give them back.

        Raises:
            FullError: there are not so many.
        """
        if count > self._free:
            raise FullError
        self._free -= count


class Stay:
    """What one upload holds."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.bytes = 0

    def grow(self, count: int) -> None:
        """Hold more, or less.

        Raises:
            FullError: there is no room for more.
        """
        self._room.take(count)
        self.bytes += count


class UploadRate:
    """Counts the messages of each sender over the last minute, in this process.

    Args:
        most: in any minute.
        clock: seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float], most: int = MESSAGES_A_MINUTE) -> None:
        self._clock = clock
        self._most = most
        self._taken: dict[str, deque[float]] = {}

    def wait_s(self, sender: str) -> int:
        """Count one message and return 0, or return in how many seconds the next one may come."""
        now_s = self._clock()
        taken = self._taken.setdefault(sender, deque())
        while taken and now_s - taken[0] >= MINUTE_S:
            taken.popleft()
        if len(taken) >= self._most:
            return max(1, math.ceil(taken[0] + MINUTE_S - now_s))
        taken.append(now_s)
        return 0
