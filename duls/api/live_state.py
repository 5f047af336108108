"""What every open page shows, in numbered steps: a page that has seen step n is sent what changed since, once.

No client has a queue. Each part of the state knows the step at which it changed last; however slow a client is,
what it is sent next is one message that brings it to the newest state. Clients that are at the same step and see
the same municipalities share its bytes.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from sinks.live_now import FeedNow, LiveReading

MOST_GONE: Final = 1_000  # parts remembered as gone; beyond, clients of before get the whole state
RATE_DIGITS: Final = 1
MOST_MADE: Final = 64  # events of one step that are kept; clients are at few steps, unless they make them up
WHOLE: Final = -1  # the step of a client that knows nothing

Key = tuple[str, str]  # family (zones, feeds, alerts) and name
Sight = tuple[str, ...] | None  # municipalities that a client sees, sorted; None: everything


class Head(NamedTuple):
    """What every message tells besides its parts. Times are milliseconds since 1970."""

    as_of: int | None = None  # stream time of the counts; None before anything is known
    database_since: int | None = None  # since when the database does not answer; None while it does
    settling: bool = False  # shortly after local midnight: vehicles are being seen anew
    zones_version: str = ""  # changes with the zones


class FeedShown(msgspec.Struct, frozen=True):
    """A feed as pages show it."""

    last_arrival: int | None
    last_event_time: int | None
    complete_through: int | None
    rate_per_s: float
    accepted_1h: int
    rejected_1h: int


class Part(NamedTuple):
    """A part of the state."""

    step: int  # of the last change
    content: object | None  # None: gone
    municipality: str | None  # whose it is; None with a feed, which all see, and with a zone that is nobody's


class LiveState:
    """The state and its steps; used from one event loop.

    Args:
        name: of this state, in the ids of its events: another process, or this one after a restart, has another.
    """

    def __init__(self, name: str) -> None:
        self.step = 0
        self.head = Head()
        self._name = name
        self._parts: dict[Key, Part] = {}
        self._floor = 0  # clients at an earlier step are sent everything
        self._made: dict[tuple[int, Sight], bytes] = {}  # events of this step

    def take(
        self,
        reading: LiveReading,
        rates: Mapping[str, float],
        head: Head,
        municipalities: Mapping[str, str | None],
    ) -> bool:
        """Take a reading; return whether anything changed.

        Args:
            reading: what is there now.
            rates: observations per second, by feed.
            head: what is told besides.
            municipalities: of the zones.
        """
        shown = _shown(reading, rates, municipalities)
        changed = {key: part for key, part in shown.items() if not _equal(self._parts.get(key), part)}
        gone = {
            key: part._replace(content=None)
            for key, part in self._parts.items()
            if part.content is not None and key not in shown
        }
        if not changed and not gone and head == self.head:
            return False
        if head.zones_version != self.head.zones_version:
            self._floor = self.step + 1  # who sees what may have changed
        self._begin(head)
        self._parts |= {key: part._replace(step=self.step) for key, part in (changed | gone).items()}
        self._forget()
        return True

    def tell(self, head: Head) -> bool:
        """Change what is told besides parts; return whether it differs."""
        if head == self.head:
            return False
        self._begin(head)
        return True

    def since(self, step: int, sight: Sight) -> bytes:
        """Return the event that brings a client from *step* to the newest one; WHOLE: from nothing."""
        begin = step if self._floor <= step <= self.step else WHOLE
        made = self._made.get((begin, sight))
        if made is None:
            made = self._made[begin, sight] = self._event(begin, sight)
            if len(self._made) > MOST_MADE:
                del self._made[next(iter(self._made))]
        return made

    def step_of(self, event_id: str) -> int:
        """Return the step of the event of this state that a client saw last; WHOLE where it is of another."""
        name, _, step = event_id.rpartition("-")
        return int(step) if name == self._name and step.isascii() and step.isdigit() else WHOLE

    def _begin(self, head: Head) -> None:
        """Begin a step."""
        self.step += 1
        self.head = head
        self._made.clear()

    def _forget(self) -> None:
        """Forget what is gone when there is much of it."""
        kept = {key: part for key, part in self._parts.items() if part.content is not None}
        if len(self._parts) - len(kept) > MOST_GONE:
            self._parts, self._floor = kept, self.step

    def _event(self, begin: int, sight: Sight) -> bytes:
        """Return an event with what changed after a step."""
        families: dict[str, dict[str, object]] = {"zones": {}, "feeds": {}, "alerts": {}}
        for (family, name), part in self._parts.items():
            is_seen = sight is None or family == "feeds" or part.municipality in sight
            if is_seen and part.step > begin and (part.content is not None or begin != WHOLE):
                families[family][name] = part.content
        message = self.head._asdict() | {family: parts for family, parts in families.items() if parts}
        return event("state" if begin == WHOLE else "delta", message, f"{self._name}-{self.step}")


def event(kind: str, message: object, event_id: str = "") -> bytes:
    """Return one event of a stream."""
    mark = b"id: %b\n" % event_id.encode() if event_id else b""
    return b"%bevent: %b\ndata: %b\n\n" % (mark, kind.encode(), msgspec.json.encode(message))


def _shown(
    reading: LiveReading, rates: Mapping[str, float], municipalities: Mapping[str, str | None]
) -> dict[Key, Part]:
    """Return the parts of a reading."""
    parts = {("zones", zone): Part(0, now, municipalities.get(zone)) for zone, now in reading.zones.items()}
    parts |= {
        ("alerts", alert_id): Part(0, alert, municipalities.get(alert.zone_id))
        for alert_id, alert in reading.alerts.items()
    }
    return parts | {
        ("feeds", feed.feed): Part(0, _feed(feed, rates.get(feed.feed, 0.0)), None) for feed in reading.feeds
    }


def _feed(feed: FeedNow, rate_per_s: float) -> FeedShown:
    """Return a feed as it is shown."""
    times, counts = feed[1:4], feed[4:]
    return FeedShown(*times, round(rate_per_s, RATE_DIGITS), *counts)


def _equal(known: Part | None, part: Part) -> bool:
    """Tell whether a part is what it was, whenever that was."""
    return known is not None and known[1:] == part[1:]
