"""Alerts as operators see them."""

from datetime import datetime
from typing import NamedTuple

from sinks.connection import Connection
from sinks.queries import query


class AlertLine(NamedTuple):
    """One alert."""

    alert_id: str
    zone_id: str
    rule: str
    severity: str | None
    state: str
    value: float | None
    capacity: int | None
    pct: float | None
    since: datetime
    until: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    muted: bool
    text_nl: str | None
    text_en: str | None
    reason: str | None
    reason_en: str | None


def read_alerts(connection: Connection, *, is_all: bool, zone_id: str | None, limit: int) -> list[AlertLine]:
    """Return the alerts that run, the newest first; with *is_all* those that are over behind them."""
    values = {"is_all": is_all, "zone_id": zone_id, "limit": limit}
    rows = connection.execute(query("overload_reading", "alerts"), values).fetchall()
    return [AlertLine(*row) for row in rows]
