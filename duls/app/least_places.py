"""Records that letters name, a bounded number at a time: the letters can be read again, so none need be kept."""

from typing import NamedTuple


class Place(NamedTuple):
    """Where a record stands."""

    topic_id: str  # hexadecimal
    partition: int
    offset: int


class LeastPlaces:
    """The first *most* of the distinct places behind another one; holds at most twice as many at a time.

    Args:
        after: what was taken before, None at first.
        most: of those to find.
    """

    def __init__(self, after: Place | None, most: int) -> None:
        self._after = after
        self._most = most
        self._last: Place | None = None  # of those kept, once there are more
        self._found: set[Place] = set()

    @property
    def held(self) -> int:
        """Return how many places are held."""
        return len(self._found)

    def add(self, place: Place) -> None:
        """Take a place into account, in any order and any number of times."""
        if self._after is not None and place <= self._after:
            return
        if self._last is not None and place >= self._last:
            return
        self._found.add(place)
        if len(self._found) >= 2 * self._most:
            kept = self.sorted()
            self._found = set(kept)
            self._last = kept[-1]

    def sorted(self) -> list[Place]:
        """Return the places in their order."""
        return sorted(self._found)[: self._most]
