"""Publication of the visitors of a local month: read who came, write what is shown, and forget who it was.

A month goes by its first local day, as days since 1970-01-01. Writing is one transaction that begins with the mark of
the month, as with days.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from processors.columns import BoolArray, Int64Array
from processors.publication.visitors import Tables, VisitorGroups
from sinks.connection import Connection
from sinks.queries import query


class ZoneCameras(NamedTuple):
    """A zone, and the cameras that counted for it at any time of a month."""

    zone_no: int
    kind: str
    cameras: Sequence[str]


class ReadMonth(NamedTuple):
    """What was read of a month."""

    groups: VisitorGroups  # of the given zones
    counted_days: int  # days of the month on which anybody was counted


class DecidedMonth(NamedTuple):
    """What is to be published of a month."""

    numbers: Sequence[int]  # of the zones
    shared_zones: int  # left out, for they share cameras with these
    tables: Tables
    shown: Mapping[str, BoolArray]
    types: int  # visitor types that are possible
    counted_days: int


class MonthReport(NamedTuple):
    """What was published of a month; cells that are zero are not counted."""

    month: int
    days: int
    zones: int
    shared_zones: int
    cells: int
    cells_ok: int


def due_months(connection: Connection, *, wait_s: float) -> list[int]:
    """Return the months that ended *wait_s* of stream time ago and are not published."""
    return [
        row[0] for row in connection.execute(query("visitors", "due_months"), {"wait_s": wait_s}).fetchall()
    ]


def cameras_of_zones(connection: Connection, month: int) -> list[ZoneCameras]:
    """Return the zones that cameras count for, with all that did since before the month."""
    rows = connection.execute(query("visitors", "cameras_of_zones"), {"month": month}).fetchall()
    return [ZoneCameras(*row) for row in rows]


def read_month(connection: Connection, month: int, zone_numbers: Sequence[int]) -> ReadMonth:
    """Read who came to the zones with these numbers in a month, all from one state of the database."""
    place = {zone_no: place for place, zone_no in enumerate(zone_numbers)}
    values = {"month": month, "zones": list(zone_numbers)}
    with connection.transaction():
        connection.execute(query("publication", "see_one_state"))
        counted = connection.execute(query("visitors", "counted_days"), values).fetchall()[0][0]
        rows = connection.execute(query("visitors", "groups"), values).fetchall()
    columns = np.array([(place[zone_no], *rest) for zone_no, *rest in rows], np.int64).reshape(-1, 6)
    return ReadMonth(VisitorGroups(*columns.T), int(counted))


def write_month(connection: Connection, month: int, decided: DecidedMonth, k: int) -> MonthReport | None:
    """Publish a month and forget who came; None: it is published already, and nothing is changed."""
    report = _report(month, decided)
    with connection.transaction():
        if not connection.execute(query("visitors", "freeze"), {**report._asdict(), "k": k}).fetchall():
            return None
        for name, table in decided.tables.items():
            cells = _cells(decided, table[:, : decided.types], decided.shown[name][:, : decided.types])
            connection.execute(query("visitors", f"add_{name}"), {**cells, "month": month, "k": k})
        forget_published(connection)
    return report


def forget_published(connection: Connection) -> None:
    """Forget who came in published months: also what a flush brought while one was published."""
    connection.execute(query("visitors", "forget_published"))


def forget_all(connection: Connection) -> int:
    """Forget who came in all months; return how many rows that were."""
    return connection.execute(query("visitors", "forget_all")).rowcount


def _report(month: int, decided: DecidedMonth) -> MonthReport:
    """Count cells that are not zero, and how many of them are shown."""
    filled = {name: table > 0 for name, table in decided.tables.items()}
    return MonthReport(
        month,
        decided.counted_days,
        len(decided.numbers),
        decided.shared_zones,
        sum(int(cells.sum()) for cells in filled.values()),
        sum(int((cells & decided.shown[name]).sum()) for name, cells in filled.items()),
    )


def _cells(decided: DecidedMonth, table: Int64Array, shown: BoolArray) -> dict[str, list[int | None]]:
    """Return the cells of a table as parameters; numbers that are withheld are None."""
    zone, kind, category = np.indices(table.shape).reshape(3, -1)
    vehicles = zip(table.ravel().tolist(), shown.ravel().tolist(), strict=True)
    return {
        "zone_no": np.array(decided.numbers, np.int64)[zone].tolist(),
        "visitor_type": kind.tolist(),
        "category": category.tolist(),
        "vehicles": [count if is_shown else None for count, is_shown in vehicles],
    }
