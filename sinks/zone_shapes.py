"""The zones as the live page draws them: GeoJSON Features, their coordinates cut to what a screen can show."""

import re
from typing import Final, NamedTuple

import msgspec

from sinks.connection import Connection
from sinks.queries import query

# six decimals of a degree are 11 cm; the rest would double the document
_LATER_DECIMALS: Final = re.compile(rb"(\.\d{6})\d+")
PROPERTIES: Final = (
    *("id", "name", "kind", "municipality", "capacity", "area_km2"),
    *("busy", "full"),  # load from which the zone is busy, and full
    *("lon", "lat"),  # of its label
)


class ZoneShape(NamedTuple):
    """A zone with its Feature."""

    zone_id: str
    municipality: str | None
    feature: msgspec.Raw


def read_zones_mark(connection: Connection) -> str:
    """Return a text that changes when the zones or their limits do."""
    row = connection.execute(query("live_now", "zones_mark")).fetchone()
    return str(row[0]) if row else ""


def read_zone_shapes(connection: Connection) -> list[ZoneShape]:
    """Return all zones, the largest first."""
    rows = connection.execute(query("live_now", "zone_shapes")).fetchall()
    return [ZoneShape(row[0], row[3], _feature(row[:-1], row[-1])) for row in rows]


def _feature(values: tuple[object, ...], geojson: str) -> msgspec.Raw:
    """Return one zone as a Feature."""
    shape = msgspec.Raw(_LATER_DECIMALS.sub(rb"\1", geojson.encode()))
    properties = dict(zip(PROPERTIES, values, strict=True))
    return msgspec.Raw(msgspec.json.encode({"type": "Feature", "properties": properties, "geometry": shape}))
