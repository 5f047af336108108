"""A small town in the database whose local days are final: zones, cells, carriers and the clocks of the feed."""

from typing import Final

import numpy as np

from processors.columns import FIGURES
from processors.publication.zone_family import family_of_shapes
from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.registry import load_zones, store_zones
from tests.processors.publication.city import Figures, count, tracks
from tests.sinks.flush_values import DAY_US, HOUR_US

DAY: Final = 20_770  # 2026-11-13, a winter day: it starts at 23:00 UTC
VAN, EMITTING = 3, 1
COLUMNS: Final = ", ".join(FIGURES)


def start_us(day: int) -> int:
    """Return the start of a local day in winter."""
    return day * DAY_US - HOUR_US


def box(name: str, kind: str, west: float, east: float) -> ZoneFeature:
    """Return a rectangular zone."""
    ring = ((west, 52.0), (east, 52.0), (east, 52.1), (west, 52.1), (west, 52.0))
    return ZoneFeature(name, name, kind, "GM0344", None, 1.0, ((ring,),))


TOWN: Final = (
    box("town", "municipality", 5.0, 5.4),
    *(box(f"part{part}", "neighbourhood", 5.0 + part / 10, 5.1 + part / 10) for part in range(4)),
    box("across", "other", 5.05, 5.15),
)


def fill(
    connection: Connection, *, day: int = DAY, vehicles: int = 150, carriers: int = 5, seed: int = 2
) -> Figures:
    """Store a day of the town; return its figures by the family's order of zones."""
    version = store_zones(connection, TOWN, lambda _: [])
    stored = load_zones(connection, version)
    family = family_of_shapes([zone.feature for zone in stored])
    numbers = [stored[member].zone_no for member in family.members]
    figures = count(family, tracks(np.random.default_rng(seed), family, vehicles, 24))
    _add(connection, day, numbers, figures)
    for zone, zone_no in enumerate(numbers):
        for carrier in range(carriers):
            for hour in range(24):
                share = _share(figures.hours["vehicles"][zone, hour], carrier, carriers)
                _add_carrier(connection, "hour", zone_no, hour_text(day, hour), carrier + 1, share)
            share = _share(figures.days["vehicles"][zone], carrier, carriers)
            _add_carrier(connection, "day", zone_no, f"date '1970-01-01' + {day}", carrier + 1, share)
    for hour in range(24):
        connection.execute(
            f"INSERT INTO core.feed_minute VALUES (0, {hour_text(day, hour)}, 9000, 9000, 1, 0, 0, 2, 0)".encode()  # noqa: S608  # numbers of ours
        )
    return figures


def hour_text(day: int, hour: int) -> str:
    """Return the start of an hour as SQL."""
    return f"core.instant({start_us(day) + hour * HOUR_US})"


def set_clock(connection: Connection, source: int, stream_us: int) -> None:
    """Let the feed's stream time be an instant."""
    connection.execute(
        "INSERT INTO core.feed_clock VALUES (0, %s, core.instant(%s), core.instant(%s), core.instant(%s))"
        " ON CONFLICT (partition, source) DO UPDATE SET stream_time = excluded.stream_time",
        (source, stream_us, stream_us, stream_us),
    )


def _share(vehicles: int, carrier: int, carriers: int) -> int:
    """Return the vehicles of one of so many carriers of nearly equal size."""
    return int(vehicles) // carriers + (carrier < int(vehicles) % carriers)


def _add(connection: Connection, day: int, numbers: list[int], figures: Figures) -> None:
    """Store cells that are not zero."""
    for zone, zone_no in enumerate(numbers):
        for hour in range(24):
            values = [int(figures.hours.get(name, zeros)[zone, hour]) for name in FIGURES]
            _insert(connection, "flow_hour", "hour_start", zone_no, hour_text(day, hour), values)
        values = [int(figures.days.get(name, zeros[:, 0])[zone]) for name in FIGURES]
        _insert(connection, "flow_day", "day", zone_no, f"date '1970-01-01' + {day}", values)


zeros = np.zeros((len(TOWN), 24), np.int64)


def _insert(
    connection: Connection, table: str, bucket: str, zone_no: int, at: str, values: list[int]
) -> None:
    """Store one cell, unless it is zero."""
    if any(values):
        listed = ", ".join(map(str, values))
        connection.execute(
            f"INSERT INTO core.{table} (zone_no, {bucket}, vehicle_class, zero_emission, source, {COLUMNS})"  # noqa: S608  # names and numbers of ours
            f" VALUES ({zone_no}, {at}, {VAN}, {EMITTING}, 0, {listed})".encode()
        )


def _add_carrier(
    connection: Connection, grain: str, zone_no: int, at: str, carrier: int, vehicles: int
) -> None:
    """Store the vehicles of a carrier in a cell."""
    if vehicles:
        values = f"{zone_no}, {at}, {VAN}, {EMITTING}, {carrier}, {vehicles}"
        connection.execute(f"INSERT INTO core.carrier_{grain} VALUES ({values})".encode())  # noqa: S608  # numbers of ours
