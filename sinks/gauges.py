"""What monitoring reads of the figures database."""

from typing import Final

from sinks.connection import Connection
from sinks.queries import query

MOST_ZONES: Final = 500
"""Each zone is a time series of Prometheus; the same zones are told at every reading."""


def zone_loads(connection: Connection, most: int = MOST_ZONES) -> dict[str, float]:
    """Return vehicles present by capacity, by zone id; empty before there is any stream time."""
    rows = connection.execute(query("gauges", "zone_loads"), {"most": most}).fetchall()
    return {str(zone_id): float(load) for zone_id, load in rows}


def database_bytes(connection: Connection) -> int:
    """Return the size of the database on disk."""
    row = connection.execute(query("gauges", "database_bytes")).fetchone()
    return int(row[0]) if row else 0
