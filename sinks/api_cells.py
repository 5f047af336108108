"""Flow cells as the API reads them; every function runs within a transaction of a reading role.

Rows carry codes and whole microseconds and micrometres, as they are stored.
"""

from datetime import date, datetime
from enum import Enum
from typing import NamedTuple

from sinks.connection import Connection
from sinks.queries import query

Bucket = datetime | date
"""Start of a slot or an hour, or a local day."""


class Grain(Enum):
    """Length of the buckets of cells."""

    SLOT = "slot"
    HOUR = "hour"
    DAY = "day"


class CellFilter(NamedTuple):
    """Which cells: buckets from *first* to before *end*; None lets every value through."""

    first: Bucket
    end: Bucket
    zones: list[int] | None = None
    classes: list[int] | None = None
    emissions: list[int] | None = None
    sources: list[int] | None = None


class CellKey(NamedTuple):
    """The place of a cell in the order that pages have."""

    bucket: Bucket
    zone_no: int
    vehicle_class: int
    zero_emission: int
    source: int
    slot_s: int | None


class CellRow(NamedTuple):
    """One cell; figures are None where they are suppressed."""

    bucket: Bucket
    zone_no: int
    vehicle_class: int
    zero_emission: int
    source: int
    slot_s: int | None  # of slots only
    observations: int | None
    vehicles: int | None
    entries: int | None
    exits: int | None
    appearances: int | None
    disappearances: int | None
    dwell_us: int | None
    visits: int | None
    visit_us: int | None
    stops: int | None
    stop_us: int | None
    distance_um: int | None
    through: int | None
    late: int | None
    k: int = 0
    k_status: int = 0

    @property
    def key(self) -> CellKey:
        """Return the place of the cell."""
        return CellKey(*self[:6])


class By(NamedTuple):
    """What totals tell apart."""

    bucket: bool
    zone: bool
    vehicle_class: bool
    zero_emission: bool


class TotalRow(NamedTuple):
    """Additive figures of several cells; the parts of the key that are not told apart are None."""

    bucket: Bucket | None
    zone_no: int | None
    vehicle_class: int | None
    zero_emission: int | None
    cells: int
    suppressed: int  # of the cells, whose figures are in no sum
    observations: int | None
    entries: int | None
    exits: int | None
    appearances: int | None
    disappearances: int | None
    dwell_us: int | None
    visits: int | None
    visit_us: int | None
    stops: int | None
    stop_us: int | None
    distance_um: int | None
    through: int | None
    k: int


class ProfileRow(NamedTuple):
    """Hour cells of a zone and class at one local weekday (1 Monday to 7) and hour."""

    zone_no: int
    weekday: int
    hour: int
    vehicle_class: int
    cells: int
    suppressed: int
    observations: int | None
    vehicles: int | None
    entries: int | None
    exits: int | None
    stops: int | None
    dwell_us: int | None
    k: int


def cells(
    connection: Connection, grain: Grain, where: CellFilter, *, after: CellKey | None, limit: int
) -> list[CellRow]:
    """Return one page of cells in the order of their keys, from the one behind *after* on."""
    place = after or CellKey(None, 0, 0, 0, 0, None)  # type: ignore[arg-type]  # no bucket: the first page
    values = {
        **where._asdict(),
        "after_bucket": place.bucket,
        "after_zone": place.zone_no,
        "after_class": place.vehicle_class,
        "after_emission": place.zero_emission,
        "after_source": place.source,
        "after_slot_s": place.slot_s,
        "limit": limit,
    }
    return [CellRow(*row) for row in connection.execute(query("api_cells", f"{grain.value}s"), values)]


def totals(connection: Connection, grain: Grain, where: CellFilter, by: By, *, limit: int) -> list[TotalRow]:
    """Return sums of cells by the named parts of their key; hours and days only."""
    values = {
        **where._asdict(),
        "by_bucket": by.bucket,
        "by_zone": by.zone,
        "by_class": by.vehicle_class,
        "by_emission": by.zero_emission,
        "limit": limit,
    }
    return [TotalRow(*row) for row in connection.execute(query("api_cells", f"{grain.value}_totals"), values)]


def profile(connection: Connection, where: CellFilter) -> list[ProfileRow]:
    """Return hour cells summed by zone, local weekday, local hour and class."""
    return [ProfileRow(*row) for row in connection.execute(query("api_cells", "profile"), where._asdict())]


def hours_of_week(connection: Connection, where: CellFilter) -> dict[tuple[int, int], int]:
    """Return how many hours of the period lie at each local (weekday, hour), on days that have any cell.

    The period begins with a whole hour.
    """
    rows = connection.execute(query("api_cells", "hours_of_week"), where._asdict())
    return {(weekday, hour): hours for weekday, hour, hours in rows}


def last_day(connection: Connection) -> date | None:
    """Return the last local day that has cells; for planners, the last that was published."""
    day: date | None = connection.execute(query("api_cells", "published_through")).fetchall()[0][0]
    return day
