"""Messages with positions of one partition that wait to be held together."""

from typing import Final

FULL_BYTES: Final = 512 * 1024
"""One of the largest messages, or many small ones: their rows fit a second-level cache."""


class GatheredPositions:
    """Messages of one source topic, in the order of the log.

    What a state holds is taken only when progress says that it may be, so until then messages may wait. Held together
    they cost less: a message of few rows costs as much for the calls that it makes as for its rows, and finds the
    memory of vehicles and zones cold.
    """

    def __init__(self) -> None:
        self.topic_id = b""
        self._values: list[bytes] = []
        self._bytes = 0

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._values)

    @property
    def is_full(self) -> bool:
        """Tell whether they are held at once, whatever comes next."""
        return self._bytes >= FULL_BYTES

    def add(self, topic_id: bytes, value: bytes) -> None:
        """Let a message wait; those that wait already are of the same topic."""
        self.topic_id = topic_id
        self._values.append(value)
        self._bytes += len(value)

    def taken(self) -> list[bytes]:
        """Return the messages, which do not wait here any more."""
        values, self._values, self._bytes = self._values, [], 0
        return values
