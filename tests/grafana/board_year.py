"""A year of a city as the boards read it: 300 zones, 8 classes; published sums and tables, and half a day live."""

from datetime import date, datetime, timedelta
from pathlib import Path

from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.registry import store_zones

ZONES = 300
CLASSES = 8
CAMERAS = 40
BRANCHES = 20
PARTITIONS = 8
SLOTS = 144  # twelve hours of five minutes
LAYERS = ("district", "neighbourhood", "loading_zone")
SIDE_DEG = 0.004
SCRIPT = Path(__file__).with_suffix(".sql")


def fill(connection: Connection, now: datetime) -> None:
    """Fill a migrated database: figures up to *now*, published days up to yesterday."""
    yesterday = now.date() - timedelta(days=1)
    store_zones(connection, [_zone(number) for number in range(ZONES)], lambda _version: [])
    values = {
        "first_day": first_day(now),
        "last_day": yesterday,
        "now": now,
        "slots": SLOTS,
        "partitions": PARTITIONS,
    }
    for statement in SCRIPT.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            connection.execute(statement.encode(), values)
    connection.execute(b"ANALYZE")


def first_day(now: datetime) -> date:
    """Return the first of the 365 published days."""
    return now.date() - timedelta(days=365)


def _zone(number: int) -> ZoneFeature:
    """Return a square zone; every tenth has no capacity, and two municipalities share the city."""
    west, south = 5.0 + number % 20 * SIDE_DEG, 52.0 + number // 20 * SIDE_DEG
    east, north = west + SIDE_DEG, south + SIDE_DEG
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return ZoneFeature(
        f"zone-{number:03d}",
        f"Zone '{number}'",
        LAYERS[number % len(LAYERS)],
        None if number % 50 == 0 else f"GM{number % 2:04d}",
        None if number % 10 == 0 else 40 + number,
        0.1,
        (((ring),),),
    )
