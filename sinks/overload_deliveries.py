"""The outbox of alerts: what waits to be told, by channel, for the process that holds the shard of the zone."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from sinks.connection import Connection
from sinks.queries import query

TOPIC_CHANNEL: Final = "topic"
ALERTMANAGER_CHANNEL: Final = "alertmanager"
ERROR_CHARS: Final = 300  # of a failure, kept for people


class Delivery(NamedTuple):
    """Something to tell."""

    number: int
    zone_id: str
    alert_id: str
    event: str
    payload: str
    attempts: int


class Backlog(NamedTuple):
    """What waits on a channel."""

    channel: str
    count: int  # type: ignore[assignment]  # tuple.count is not used
    oldest_s: float


def waiting(connection: Connection, channel: str, worker_id: UUID, limit: int) -> list[Delivery]:
    """Return the oldest that is due, of zones that this process watches."""
    values = {"channel": channel, "worker_id": worker_id, "limit": limit}
    rows = connection.execute(query("overload_deliveries", "waiting"), values).fetchall()
    return [Delivery(*row) for row in rows]


def remove(connection: Connection, numbers: Sequence[int]) -> None:
    """Remove what has arrived and is kept elsewhere."""
    connection.execute(query("overload_deliveries", "remove"), {"numbers": list(numbers)})


def arrived(connection: Connection, numbers: Sequence[int]) -> None:
    """Note what has arrived."""
    connection.execute(query("overload_deliveries", "arrived"), {"numbers": list(numbers)})


def failed(connection: Connection, number: int, error: str, wait_s: float) -> None:
    """Note a failure, and try again after a while."""
    values = {"number": number, "error": error[:ERROR_CHARS], "wait_s": wait_s}
    connection.execute(query("overload_deliveries", "failed"), values)


def backlog(connection: Connection) -> list[Backlog]:
    """Return what waits, by channel."""
    return [Backlog(*row) for row in connection.execute(query("overload_deliveries", "backlog")).fetchall()]


def running_pages(connection: Connection, worker_id: UUID) -> list[str]:
    """Return the messages of the alerts that run and of which somebody was paged."""
    values = {"worker_id": worker_id}
    rows = connection.execute(query("overload_deliveries", "running_pages"), values).fetchall()
    return [row[0] for row in rows]
