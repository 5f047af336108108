"""What the figures database keeps of people, since when, and who may read it."""

from collections.abc import Sequence
from typing import NamedTuple

from processors.vocabulary import Source
from sinks.connection import Connection
from sinks.queries import query


class PublishedDays(NamedTuple):
    """How much history of a source is published."""

    source: Source
    days: int
    first: str  # local days, ISO 8601
    last: str


def oldest_us(connection: Connection) -> dict[str, int | None]:
    """Return the time of the oldest row of each table, microseconds since 1970 UTC; None where it is empty."""
    return dict(connection.execute(query("privacy", "oldest")).fetchall())


def readers(connection: Connection, relations: Sequence[str]) -> list[str]:
    """Return the roles and logins that may read any of the relations, superusers aside."""
    rows = connection.execute(query("privacy", "readers"), {"relations": list(relations)}).fetchall()
    return [row[0] for row in rows]


def published_days(connection: Connection) -> list[PublishedDays]:
    """Return how much history is published."""
    rows = connection.execute(query("privacy", "publications")).fetchall()
    return [PublishedDays(Source(source), *rest) for source, *rest in rows]
