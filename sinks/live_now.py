"""What is there now, as the live page shows it: vehicles in zones, feeds and alerts.

Times are milliseconds since 1970.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from sinks.connection import Connection
from sinks.queries import query

MOST_ALERTS = 200  # more than anybody can look at
MOST_RISING = 20


class ZoneNow(msgspec.Struct, frozen=True):
    """Vehicles in a zone that has any."""

    present: int
    silent: int
    zero_emission: int  # of those present
    classes: msgspec.Raw  # those present by class, a JSON object


class FeedNow(NamedTuple):
    """Clocks and counts of a feed."""

    feed: str
    last_arrival: int | None
    last_event_time: int | None
    complete_through: int | None
    accepted_1h: int
    rejected_1h: int


class AlertNow(msgspec.Struct, frozen=True):
    """An alert that lasts or ended a short while ago, or a zone that is likely too full soon (`rising`)."""

    zone_id: str
    rule: str
    state: str
    value: float | None
    capacity: int | None
    pct: float | None
    since: int
    until: int | None
    acknowledged_by: str | None
    acknowledged_at: int | None
    reason: str | None  # in Dutch
    reason_en: str | None
    probability: float | None = None  # of being too full within half an hour
    expected: int | None = None  # when it likely will be


class LiveReading(NamedTuple):
    """One reading of everything."""

    as_of: int | None  # stream time of the counts; None before anything is known
    zones: dict[str, ZoneNow]  # a zone that is not there has no vehicles
    feeds: list[FeedNow]
    accepted_by_minute: dict[tuple[str, int], int]  # (feed, minute of arrival) of the last three minutes
    alerts: dict[str, AlertNow]


def read_live(connection: Connection) -> LiveReading:
    """Read what is there now, all of one moment where the connection's transaction sees one."""
    clock = connection.execute(query("live_now", "clock")).fetchone()
    zones = connection.execute(query("live_now", "zones")).fetchall()
    feeds = connection.execute(query("live_now", "feeds")).fetchall()
    minutes = connection.execute(query("live_now", "minutes")).fetchall()
    alerts = connection.execute(query("live_now", "alerts"), {"limit": MOST_ALERTS}).fetchall()
    rising = connection.execute(query("live_now", "rising"), {"limit": MOST_RISING}).fetchall()
    return LiveReading(
        milliseconds(clock[0]) if clock and clock[0] else None,
        {
            zone: ZoneNow(present, silent, clean, msgspec.Raw(classes.encode()))
            for zone, present, silent, clean, classes in zones
        },
        [FeedNow(*_plain(row)) for row in feeds],
        {(feed, milliseconds(minute)): accepted for feed, minute, accepted in minutes},
        {alert_id: AlertNow(*_plain(row)) for alert_id, *row in (*alerts, *rising)},
    )


def milliseconds(moment: datetime) -> int:
    """Return a moment as milliseconds since 1970."""
    return round(moment.timestamp() * 1_000)


def _plain(row: Iterable[Any]) -> Iterator[Any]:
    """Yield the values of a row, moments as milliseconds."""
    return (milliseconds(value) if isinstance(value, datetime) else value for value in row)
