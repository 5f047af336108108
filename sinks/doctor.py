"""What `duls doctor` asks the figures database; times in microseconds since 1970 UTC."""

from typing import Any, NamedTuple
from uuid import UUID

from sinks.connection import Connection
from sinks.flow_store import DataGap
from sinks.queries import query


class Conservation(NamedTuple):
    """Visits of positions: opened less closed must be what the vehicle state has open.

    `opened` and `closed` are sums over the day cells that are stored, plus those that retention removed or
    kept out (`core.removed_visits`): the law is checked for ever, and on the stored rows themselves.
    """

    opened: int
    closed: int
    open_visits: int

    @property
    def holds(self) -> bool:
        """Tell whether the law holds."""
        return self.opened - self.closed == self.open_visits


class FeedState(NamedTuple):
    """A feed as operators see it."""

    feed: str
    complete_through_us: int | None
    lag_s: float | None
    rate_1m: float  # accepted rows per second in the last whole minute
    accepted_1h: int
    rejected_1h: int


class PartitionState(NamedTuple):
    """Progress of an observation partition."""

    topic_id: UUID
    partition: int
    next_offset: int
    epoch: int


class NoticedGap(NamedTuple):
    """Lost offsets and when they were noticed."""

    gap: DataGap
    noticed_us: int


class OldestFigure(NamedTuple):
    """The oldest bucket of a table (days: its end), and the horizon before which everything was removed."""

    table: str
    oldest_us: int | None
    horizon_us: int | None


class OutboxState(NamedTuple):
    """Messages that wait to be sent."""

    messages: int
    oldest_age_s: float


class UnknownCamera(NamedTuple):
    """A camera that no registry knows."""

    camera_id: UUID
    detections: int
    last_event_us: int


def conservation(connection: Connection) -> Conservation:
    """Return the two sides of the conservation law, read at one moment."""
    opened, closed, open_visits = _rows(connection, "conservation")[0]
    return Conservation(int(opened), int(closed), int(open_visits))


def feeds(connection: Connection) -> list[FeedState]:
    """Return the state of each feed."""
    return [FeedState(*row) for row in _rows(connection, "feeds")]


def offsets(connection: Connection) -> list[PartitionState]:
    """Return the progress of each observation partition."""
    return [PartitionState(*row) for row in _rows(connection, "offsets")]


def gaps(connection: Connection) -> list[NoticedGap]:
    """Return the newest hundred gaps."""
    return [NoticedGap(DataGap(*row[:4]), row[4]) for row in _rows(connection, "gaps")]


def oldest_figures(connection: Connection) -> list[OldestFigure]:
    """Return how far back each table reaches."""
    return [OldestFigure(*row) for row in _rows(connection, "oldest_figures")]


def outbox(connection: Connection) -> OutboxState:
    """Return what waits in the outbox."""
    return OutboxState(*_rows(connection, "outbox")[0])


def unknown_cameras(connection: Connection) -> list[UnknownCamera]:
    """Return the hundred busiest cameras that no registry knows."""
    return [UnknownCamera(*row) for row in _rows(connection, "unknown_cameras")]


def alert_shares(connection: Connection, lease_s: float) -> tuple[int, int, int]:
    """Return how many shares of the zones there are, how many nobody living watches, and how many processes live."""
    row = connection.execute(query("doctor", "alert_shares"), {"lease_s": lease_s}).fetchall()[0]
    return int(row[0]), int(row[1]), int(row[2])


def alert_backlog(connection: Connection) -> list[tuple[str, int, float, str | None]]:
    """Return what waits to be told, by channel: how much, for how many seconds, and why the oldest failed."""
    return [(str(row[0]), int(row[1]), float(row[2]), row[3]) for row in _rows(connection, "alert_backlog")]


def waiting_actions(connection: Connection) -> tuple[int, float]:
    """Return how many actions of operators nobody has handled, and for how many seconds the oldest waits."""
    count, oldest_s = _rows(connection, "waiting_actions")[0]
    return int(count), float(oldest_s)


def _rows(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    """Return all rows of a query of `doctor.sql`."""
    return connection.execute(query("doctor", name)).fetchall()
