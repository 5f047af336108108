"""What operators see of this moment, as the API reads it; every function runs within a transaction of theirs."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sinks.api_zones import ZoneFilter
from sinks.connection import Connection
from sinks.queries import query


class NowFilter(NamedTuple):
    """Which vehicles count; None lets every value through."""

    classes: list[str] | None
    emissions: list[str] | None


class NowRow(NamedTuple):
    """A zone and the vehicles in it now."""

    zone_id: str
    name: str
    kind: str
    municipality: str | None
    capacity: int | None
    present: int
    silent: int
    load: float | None  # present / capacity


class AlertPlace(NamedTuple):
    """The place of an alert in the order that pages have."""

    since: datetime
    alert_id: str


class AlertFilter(NamedTuple):
    """Which alerts: those that were firing at any time from *first* to before *end*; None lets every value through."""

    states: list[str] | None
    first: datetime | None
    end: datetime | None


class AlertRow(NamedTuple):
    """An alert."""

    alert_id: str
    zone_id: str
    rule: str
    state: str
    value: float | None
    capacity: int | None
    pct: float | None
    since: datetime
    until: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    reason: str | None


class Whereabouts(NamedTuple):
    """Where a zone or an alert is."""

    municipality: str | None
    is_over: bool  # of an alert


class DeedStatus(NamedTuple):
    """What came of a deed."""

    is_handled: bool
    refusal: str | None


class FeedRow(NamedTuple):
    """A feed: how old its data is, and what became of it in the last hour."""

    feed: str
    last_event_time: datetime | None
    last_arrival: datetime | None
    complete_through: datetime | None
    lag_s: float | None
    rate_1m: float
    accepted_1h: int
    rejected_1h: int
    duplicates_1h: int
    out_of_order_1h: int
    late_1h: int
    low_confidence_1h: int


def now(
    connection: Connection, where: ZoneFilter, vehicles: NowFilter, *, after: str | None, limit: int
) -> list[NowRow]:
    """Return one page of zones with the vehicles in them, by id, from the one behind *after* on."""
    values = {**where._asdict(), **vehicles._asdict(), "after": after, "limit": limit}
    return [NowRow(*row) for row in connection.execute(query("api_live", "now"), values)]


def now_as_of(connection: Connection) -> datetime | None:
    """Return the time that the counts of this moment stand at; None before there are any."""
    as_of: datetime | None = connection.execute(query("api_live", "now_as_of")).fetchall()[0][0]
    return as_of


def alerts(
    connection: Connection, where: ZoneFilter, which: AlertFilter, *, after: AlertPlace | None, limit: int
) -> list[AlertRow]:
    """Return one page of alerts, the newest first, from the one behind *after* on."""
    values = {
        **where._asdict(),
        **which._asdict(),
        "after_since": after.since if after else None,
        "after_id": after.alert_id if after else None,
        "limit": limit,
    }
    return [AlertRow(*row) for row in connection.execute(query("api_live", "alerts"), values)]


def alert_whereabouts(connection: Connection, alert_id: str) -> list[Whereabouts]:
    """Return where an alert is, nothing where there is none."""
    rows = connection.execute(query("api_live", "alert_whereabouts"), {"alert_id": alert_id})
    return [Whereabouts(*row) for row in rows]


def zone_whereabouts(connection: Connection, zone_id: str) -> list[Whereabouts]:
    """Return where a zone of the newest version is, nothing where there is none."""
    rows = connection.execute(query("api_live", "zone_whereabouts"), {"zone_id": zone_id})
    return [Whereabouts(*row) for row in rows]


def watched_zones(connection: Connection) -> list[tuple[str, str, str | None, int | None]]:
    """Return id, kind, municipality and capacity of every zone of the newest version."""
    return list(connection.execute(query("api_live", "watched_zones")))


def deed_status(connection: Connection, action_id: UUID) -> list[DeedStatus]:
    """Return what came of a deed, nothing where no alert process has read it."""
    rows = connection.execute(query("api_live", "deed_status"), {"action_id": action_id})
    return [DeedStatus(*row) for row in rows]


def feeds(connection: Connection) -> list[FeedRow]:
    """Return every feed."""
    return [FeedRow(*row) for row in connection.execute(query("api_live", "feeds"))]


def complete_through(connection: Connection) -> dict[str, datetime | None]:
    """Return up to when everything that arrived is in the live figures, per feed; None before it has begun."""
    return dict(connection.execute(query("api_live", "complete_through")).fetchall())
