"""A square zone, places in and around it, and rows with hand-made times, for the examples of the oracle.

Times are seconds after `T0`, 2026-06-01 12:00 in Amsterdam, which starts a slot and a UTC hour.
"""

from collections.abc import Hashable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from typing import Final

from naive import Cell, CellKey, Figures, Geometry, PositionRow, Settings, run_positions
from naive.settings import US

DEFAULTS: Final = Settings()


def square(left: float, low: float, right: float, high: float) -> list[list[tuple[float, float]]]:
    """Return a polygon of one rectangular ring, closed."""
    return [[(left, low), (right, low), (right, high), (left, high), (left, low)]]


def utc_us(text: str) -> int:
    """Return an ISO time with offset as microseconds since 1970 UTC."""
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * US


def day_number(text: str) -> int:
    """Return an ISO date as days since 1970-01-01."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


T0: Final = utc_us("2026-06-01T12:00:00+02:00")
DAY0: Final = day_number("2026-06-01")

Place = tuple[float, float]  # lon, lat
ZONES: Final[Mapping[Hashable, Geometry]] = {"box": [square(5.10, 52.00, 5.12, 52.02)]}
IN: Final[Place] = (5.11, 52.01)
IN_33_M: Final[Place] = (5.11, 52.0103)  # 0.0003 degrees of latitude are 33.4 m
IN_67_M: Final[Place] = (5.11, 52.0106)
IN_111_M: Final[Place] = (5.11, 52.011)
WEST: Final[Place] = (5.095, 52.01)
EAST: Final[Place] = (5.125, 52.01)  # 2.05 km from WEST, with the zone between them
METRE_111_UM: Final = 111_195_080  # 0.001 degrees of latitude: R * pi / 180 / 1000 = 111.195080 m

_offsets = count(1_000)  # examples that need an offset of their own name one below


def at_us(second: float) -> int:
    """Return the time in microseconds that lies *second* seconds after `T0`."""
    return T0 + round(second * US)


def row(second: float, place: Place, *, arrival: float | None = None, **fields: Hashable) -> PositionRow:
    """Return a position of "van" at a second, arriving at once unless *arrival* gives another second."""
    given = {"partition": 0, "offset": next(_offsets), "vehicle": "van", **fields}
    arrival_us = at_us(second if arrival is None else arrival)
    return PositionRow(event_us=at_us(second), arrival_us=arrival_us, lon=place[0], lat=place[1], **given)


def figures_of(*rows: PositionRow, stream: float = 3_600, settings: Settings = DEFAULTS) -> Figures:
    """Return the figures of rows over `ZONES` when stream time is *stream* seconds after `T0`."""
    return run_positions(rows, ZONES, settings, stream_us=at_us(stream))


def box_key(bucket: int) -> CellKey:
    """Return the key of the cell of zone "box" for vans that emit."""
    return ("box", bucket, "N1", "no", "fms")


def nonzero(cell: Cell) -> Cell:
    """Return a cell without its zeros."""
    return {figure: value for figure, value in cell.items() if value}


def hour_of(figures: Figures) -> Cell:
    """Return the figures of zone "box" in the hour from `T0`, without zeros."""
    return nonzero(figures.cells["hour"].get(box_key(T0), {}))


def slot_of(figures: Figures, second: float) -> Cell:
    """Return the figures of zone "box" in the slot that starts at *second*, without zeros."""
    return nonzero(figures.cells["slot"].get(box_key(at_us(second)), {}))
