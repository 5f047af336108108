"""Zones as the API reads them; every function runs within a transaction of a reading role."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sinks.connection import Connection
from sinks.queries import query


class ZoneFilter(NamedTuple):
    """Which zones; None lets every value through."""

    zones: list[str] | None = None
    municipalities: list[str] | None = None
    kinds: list[str] | None = None
    granted: list[str] | None = None  # municipalities that the caller may see


class ZoneRow(NamedTuple):
    """A zone of the newest version."""

    zone_id: str
    name: str
    kind: str
    municipality: str | None
    capacity: int | None
    area_km2: float


def zones(connection: Connection, where: ZoneFilter, *, after: str | None, limit: int) -> list[ZoneRow]:
    """Return one page of zones, by id, from the one behind *after* on."""
    values = {**where._asdict(), "after": after, "limit": limit}
    return [ZoneRow(*row) for row in connection.execute(query("api_zones", "zones"), values)]


def zone_numbers(connection: Connection, where: ZoneFilter) -> list[int] | None:
    """Return the numbers of the zones that a filter lets through, old ones too; None: all."""
    if where == ZoneFilter():
        return None
    return [int(row[0]) for row in connection.execute(query("api_zones", "keys_where"), where._asdict())]


def zone_ids(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the ids of zones by number."""
    values = {"numbers": sorted(set(numbers))}
    return {
        int(number): str(name) for number, name in connection.execute(query("api_zones", "keys_of"), values)
    }


def shapes(connection: Connection, zones: Sequence[str]) -> dict[str, str]:
    """Return the geometries of zones by id, as GeoJSON text."""
    values = {"zones": sorted(set(zones))}
    return {
        str(zone): str(text) for zone, text in connection.execute(query("api_zones", "shapes_of"), values)
    }
