"""What the detections topic tells of cameras goes to the registry before the detections beside it are sent.

Suppliers register and update their cameras by messages. Amsterdam passages describe their camera each time, which
registers a camera that nobody knows yet and changes none.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from processors.camera_rows import CameraRow

MOST_REMEMBERED: Final = 100_000

Register = Callable[[Sequence[CameraRow]], Iterable[object]]
"""Changes the registry by rows, and returns the ids of all cameras that are in it then, as rows have them."""


class CameraTeller:
    """Tells the registry of cameras; remembers which ones need no word any more."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._remembered: set[object] = set()

    def tell(self, cameras: Sequence[CameraRow]) -> None:
        """Tell of the cameras that the accepted rows of a batch tell of.

        Raises:
            ServiceAwayError: the registry does not answer; the records are read again.
        """
        strangers = {
            row.camera_id: row
            for row in reversed(cameras)  # the first word on a stranger counts
            if not row.is_update and row.camera_id not in self._remembered
        }
        rows = [row for row in cameras if row.is_update] + list(reversed(strangers.values()))
        if rows:
            self._remember(self._register(rows))
            self._remember(strangers)

    def _remember(self, cameras: Iterable[object]) -> None:
        """Remember cameras; a registry is far smaller than what can be remembered."""
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered.update(cameras)
