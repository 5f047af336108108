"""Removal of figures that were kept long enough, in one place.

First all horizons move, while no flush runs; from then on no flush writes what lies before them. Then the
rows go: whole chunks where the table is a hypertable, the rest by DELETE, so that nothing stays too long.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import psycopg

from processors.units import US_PER_S
from sinks.connection import Connection
from sinks.queries import query

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S


MONTHLY: Final = (
    "published_days",
    "published_month",
    "published_profile",
    "published_od_month",
    "published_camera_profile",
    "published_camera_month",
    "published_window",
    "published_origin",
    "published_visitor_origin",
    "published_visitor_branch",
    "published_visitor_size",
    "published_crosstab",
)
"""Tables by local month: a month goes when it has ended before the horizon."""


class Retention(NamedTuple):
    """How long figures are kept, in seconds."""

    slot_s: int = 48 * HOUR_S
    live_s: int = 8 * DAY_S
    alert_s: int = 365 * DAY_S
    history_s: int = 5 * 365 * DAY_S
    access_s: int = 365 * DAY_S
    reference_s: int = 90 * DAY_S
    upload_s: int = 7 * DAY_S
    revoked_s: int = (
        367 * DAY_S
    )  # a token that was issued the instant before it was revoked has expired by then
    visitor_s: int = (
        40 * DAY_S
    )  # from the beginning of their month: its days, the lateness of the last, and a day


class Removal(NamedTuple):
    """What was removed from a table of core; None rows: a reader held it, the next sweep tries again."""

    table: str
    horizon_us: int
    chunks: int
    rows: int | None


def reference_us(connection: Connection, clock: Literal["arrival", "event"]) -> int | None:
    """Return the time that ages are counted from: the database's clock, or stream time with the event clock.

    None: there is no stream time yet, so nothing is old.
    """
    name = "database_time" if clock == "arrival" else "stream_time"
    row = connection.execute(query("retention", name)).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def horizons_us(retention: Retention, reference: int) -> dict[str, int]:
    """Return for each table the time before which everything goes."""
    kept_s = {
        "flow_slot": retention.slot_s,
        "flow_hour": retention.live_s,
        "flow_day": retention.live_s,
        "camera_hour": retention.live_s,
        "carrier_hour": retention.live_s,
        "carrier_day": retention.live_s,
        "visitor": retention.visitor_s,
        "feed_minute": retention.live_s,
        "rejection_minute": retention.live_s,
        "camera_rejection": retention.live_s,
        "vehicle_reference": retention.reference_s,
        "alert": retention.alert_s,
        "alert_event": retention.alert_s,
        "alert_action": retention.alert_s,
        "alert_delivery": retention.alert_s,
        "zone_silence": retention.alert_s,
        "published_hour": retention.history_s,
        "published_day": retention.history_s,
        "published_camera_hour": retention.history_s,
        "published_left_out": retention.history_s,
        "published_od": retention.history_s,
        "published_feed_day": retention.history_s,
        **dict.fromkeys(MONTHLY, retention.history_s),
    }
    return {table: reference - seconds * US_PER_S for table, seconds in kept_s.items()}


def sweep(connection: Connection, retention: Retention, reference: int) -> list[Removal]:
    """Remove what is older than it may be at *reference* (microseconds) and return what was removed.

    The login must own the tables, for dropping chunks needs that.
    """
    wanted = horizons_us(retention, reference) | _access_horizon_us(connection, retention)
    horizons = _move_horizons(connection, wanted)
    is_timescale = bool(connection.execute(query("retention", "hypertables")).fetchall())
    return [_remove(connection, table, horizon, is_timescale) for table, horizon in horizons.items()]


def _access_horizon_us(connection: Connection, retention: Retention) -> dict[str, int]:
    """Return the horizons of what comes through the API: it is used by the wall clock, whatever clock figures have."""
    now = connection.execute(query("retention", "database_time")).fetchall()[0][0]
    kept_s = {
        "access_log": retention.access_s,
        "upload_key": retention.upload_s,
        "revoked_token": retention.revoked_s,
    }
    return {table: int(now) - seconds * US_PER_S for table, seconds in kept_s.items()}


def _move_horizons(connection: Connection, horizons: Mapping[str, int]) -> dict[str, int]:
    """Move the horizons forward between two flushes; return where they stand, never earlier than before."""
    stored = {}
    with connection.transaction():
        connection.execute(query("retention", "hold_horizons"))
        for table, horizon in horizons.items():
            values = {"table_name": table, "horizon_us": horizon}
            rows = connection.execute(query("retention", "move_horizon"), values).fetchall()
            stored[table] = int(rows[0][0])
    return stored


def _remove(connection: Connection, table: str, horizon: int, is_timescale: bool) -> Removal:  # noqa: FBT001  # private
    """Remove one table's rows before its horizon, in one transaction."""
    values: dict[str, str | int] = {"table_name": table, "horizon_us": horizon}
    try:
        with connection.transaction():
            connection.execute(query("retention", "limit_waiting"))
            if table == "flow_day":
                connection.execute(query("retention", "keep_removed_visits"), values)
            chunks = _drop_chunks(connection, values) if is_timescale else 0
            rows = connection.execute(query("retention", f"delete_{table}"), values).rowcount
    except psycopg.errors.LockNotAvailable:
        return Removal(table, horizon, 0, None)
    return Removal(table, horizon, chunks, rows)


def _drop_chunks(connection: Connection, values: Mapping[str, str | int]) -> int:
    """Drop the chunks of a hypertable that lie wholly before the horizon; return how many."""
    if not connection.execute(query("retention", "is_hypertable"), values).fetchall():
        return 0
    table = str(values["table_name"])
    name = "drop_day_chunks" if table.endswith("_day") else "drop_time_chunks"
    return len(connection.execute(query("retention", name), values).fetchall())
