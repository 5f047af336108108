"""Publication of a local day of one source: read what is final, and write what is shown, once.

Reading sees one state of the database. Writing is one transaction that begins with the mark of the day: it
publishes the whole day or nothing, and a day that has a mark is never written again.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from processors.columns import FIGURES, BoolArray, Int64Array
from processors.publication.carriers import CarrierRows
from processors.publication.day_cells import KINDS, OBSERVATIONS, DayCells, Rule
from processors.publication.day_figures import Shown
from processors.units import HOUR_US
from processors.vocabulary import ZERO_EMISSIONS, Source
from sinks.connection import Connection
from sinks.copy_binary import CopyColumn, FieldKind, image_pieces
from sinks.published_day import BELOW_K, NO_FEED, OK, LocalDay
from sinks.published_detections import ShownDetections, write_detections
from sinks.queries import query
from sinks.turns import Turn, give_back_turn, hold_turn

ALL: Final = 2
"""The part of a zone that is left out as a whole."""


class FeedCounts(NamedTuple):
    """What the feed gave on a day."""

    accepted: int
    taken: int
    rejected: int
    late: int


class ReadDay(NamedTuple):
    """What was read of a day: cells of the given zones, counts, all observations, and passages of cameras."""

    cells: DayCells
    feed: FeedCounts
    counted: int
    cameras: list[
        tuple[Any, ...]
    ]  # camera, direction, class, emission, hour (microseconds), passages, vehicles


class LeftOutZone(NamedTuple):
    """What is left out of a zone's history on a day, and why."""

    zone_no: int
    part: int  # 0 entries, 1 exits, ALL
    crossed_zone_no: int | None  # None: cameras were changed on that day


class Decided(NamedTuple):
    """What is to be published of a day."""

    numbers: Sequence[int]  # of the zones
    cells: DayCells  # of these zones
    shown: Sequence[Shown]  # by kind
    told: int  # observations that shown days tell of
    left_out: Sequence[LeftOutZone]
    detections: ShownDetections | None = None


class Report(NamedTuple):
    """What was published of a day; cells that are zero are not counted."""

    source: Source
    day: int
    zones: int
    guests: int
    hour_cells: int
    hour_cells_ok: int
    day_cells: int
    day_cells_ok: int


class Versions(NamedTuple):
    """What the zones of a family are of."""

    zones: int
    cameras: int


def try_lock(connection: Connection) -> bool:
    """Become the one process that publishes; False: another one does."""
    return hold_turn(connection, Turn.PUBLICATION)


def unlock(connection: Connection) -> None:
    """Let another process publish."""
    give_back_turn(connection, Turn.PUBLICATION)


def due_days(connection: Connection, source: Source, *, wait_s: float) -> list[int]:
    """Return the local days, as days since 1970, that ended *wait_s* of stream time ago and are not published."""
    values = {"source": int(source), "wait_s": wait_s}
    return [row[0] for row in connection.execute(query("publication", "due_days"), values).fetchall()]


def read_day(connection: Connection, day: LocalDay, zone_numbers: Sequence[int]) -> ReadDay:
    """Read the cells of a day of the zones with these numbers, all from one state of the database."""
    place = {zone_no: place for place, zone_no in enumerate(zone_numbers)}
    with connection.transaction():
        connection.execute(query("publication", "see_one_state"))
        hours, has_hour = _hours(_rows(connection, "hour_cells", day), day, place)
        days = _days(_rows(connection, "day_cells", day), place)
        by_hour = _rows(connection, "feed_hours", day)
        hour_carriers = _carriers(_rows(connection, "hour_carriers", day), place, day)
        day_carriers = _carriers(_rows(connection, "day_carriers", day), place, None)
        counted = counted_now(connection, day)
        cameras = _rows(connection, "camera_hours", day) if day.source == Source.ANPR else []
    for hour_us, accepted, *_ in by_hour:
        has_hour[(hour_us - day.start_us) // HOUR_US] |= accepted > 0
    feed = FeedCounts(*(sum(row[column] for row in by_hour) for column in range(1, 5)))
    return ReadDay(DayCells(hours, days, has_hour, hour_carriers, day_carriers), feed, counted, cameras)


def counted_now(connection: Connection, day: LocalDay) -> int:
    """Return how many observations of a day are counted by now."""
    return int(_rows(connection, "counted", day)[0][0])


def write_day(  # the parts of one publication
    connection: Connection, day: LocalDay, read: ReadDay, decided: Decided, rule: Rule, versions: Versions
) -> Report | None:
    """Publish a day; None: it is published already, and nothing is changed."""
    report = _report(day, decided)
    head = {
        "source": int(day.source),
        "day": day.day,
        "zone_version": versions.zones,
        "camera_version": versions.cameras,
        "counted": read.counted,
        **rule._asdict(),
        **{name: getattr(report, name) for name in Report._fields[3:]},
    }
    with connection.transaction():
        if not connection.execute(query("publication", "freeze"), head).fetchall():
            return None
        _copy_days(connection, day, decided, rule)
        _copy_hours(connection, day, decided, rule)
        if decided.detections is not None:
            write_detections(connection, day, decided.numbers, decided.detections, rule.k)
        _add_left_out(connection, day, decided.left_out)
        _add_feed_day(connection, day, read, decided, rule)
        connection.execute(query("publication", "roll_up"), {"day": day.day})
        if decided.detections is not None:
            connection.execute(query("publication", "roll_up_detections"), {"day": day.day})
        if day.source == Source.FMS:
            for name in ("delete_hour_carriers", "delete_day_carriers"):
                connection.execute(query("publication", name), _values(day))
    return report


def count_later(connection: Connection, day: LocalDay) -> None:
    """Count what came after a day was published; it is added to no cell."""
    values = {**_values(day), "counted": counted_now(connection, day)}
    connection.execute(query("publication", "count_later"), values)


def open_days(connection: Connection) -> list[tuple[Source, int]]:
    """Return the published days of which more may come."""
    rows = connection.execute(query("publication", "open_days")).fetchall()
    return [(Source(source), day) for source, day in rows]


def _values(day: LocalDay) -> dict[str, int]:
    """Return a day as parameters."""
    return {**day._asdict(), "source": int(day.source)}


def _rows(connection: Connection, name: str, day: LocalDay) -> list[tuple[Any, ...]]:
    """Return the rows of a query about a day."""
    return connection.execute(query("publication", name), _values(day)).fetchall()


def _hours(rows: list[tuple[Any, ...]], day: LocalDay, place: dict[int, int]) -> tuple[Int64Array, BoolArray]:
    """Return the hour cells, shape (KINDS, zones, hours, figures), and the hours in which anything was seen."""
    cells = np.zeros((KINDS, len(place), day.hours, len(FIGURES)), np.int64)
    seen = np.zeros(day.hours, np.bool_)
    for zone_no, vehicle_class, emission, start_us, *figures in rows:
        hour = (start_us - day.start_us) // HOUR_US
        seen[hour] |= figures[OBSERVATIONS] > 0
        if zone_no in place:
            cells[vehicle_class * len(ZERO_EMISSIONS) + emission, place[zone_no], hour] = figures
    return cells, seen


def _days(rows: list[tuple[Any, ...]], place: dict[int, int]) -> Int64Array:
    """Return the day cells, shape (KINDS, zones, figures)."""
    cells = np.zeros((KINDS, len(place), len(FIGURES)), np.int64)
    for zone_no, vehicle_class, emission, *figures in rows:
        if zone_no in place:
            cells[vehicle_class * len(ZERO_EMISSIONS) + emission, place[zone_no]] = figures
    return cells


def _carriers(rows: list[tuple[Any, ...]], place: dict[int, int], day: LocalDay | None) -> CarrierRows:
    """Return carriers by the place of their cell: (kind, zone, hour) of *day*, or (kind, zone) without it."""
    taken = []
    for zone_no, vehicle_class, emission, *hour, carrier, vehicles in rows:
        if zone_no in place:
            kind = vehicle_class * len(ZERO_EMISSIONS) + emission
            cell = kind * len(place) + place[zone_no]
            if day is not None:
                cell = cell * day.hours + (hour[0] - day.start_us) // HOUR_US
            taken.append((cell, carrier, vehicles))
    columns = np.array(taken, np.int64).reshape(-1, 3)
    return CarrierRows(columns[:, 0], columns[:, 1], columns[:, 2])


def _report(day: LocalDay, decided: Decided) -> Report:
    """Count cells that are not zero, and how many of them are shown."""
    hours, days = decided.cells.hours.any(axis=-1), decided.cells.days.any(axis=-1)
    hours_ok = np.array([kind.hours for kind in decided.shown])
    days_ok = np.array([kind.days for kind in decided.shown])
    counts = (hours.sum(), (hours & hours_ok).sum(), days.sum(), (days & days_ok).sum())
    guests = sum(left.part == ALL for left in decided.left_out)
    return Report(day.source, day.day, len(decided.numbers), guests, *map(int, counts))


def _add_left_out(connection: Connection, day: LocalDay, left_out: Sequence[LeftOutZone]) -> None:
    """Say what is left out, and why."""
    columns = zip(*left_out, strict=True) if left_out else ((), (), ())
    names = dict(zip(LeftOutZone._fields, map(list, columns), strict=True))
    connection.execute(query("publication", "add_left_out"), {**_values(day), **names})


def _keys(
    cells: tuple[Any, ...], bucket: CopyColumn, numbers: Any, day: LocalDay, rule: Rule, status: Any
) -> list[CopyColumn]:
    """Return the key columns of cells given as (kind, zone, …)."""
    kind, zone = cells[:2]
    return [
        CopyColumn(FieldKind.INTEGER, numbers[zone]),
        bucket,
        CopyColumn(FieldKind.SMALLINT, kind // len(ZERO_EMISSIONS)),
        CopyColumn(FieldKind.SMALLINT, kind % len(ZERO_EMISSIONS)),
        CopyColumn(FieldKind.SMALLINT, np.full(kind.size, int(day.source))),
        CopyColumn(FieldKind.SMALLINT, np.full(kind.size, rule.k)),
        CopyColumn(FieldKind.SMALLINT, status),
    ]


def _copy_days(connection: Connection, day: LocalDay, decided: Decided, rule: Rule) -> None:
    """Write a row for each zone and kind."""
    cells, numbers = decided.cells, np.array(decided.numbers, np.int32)
    is_ok = np.array([kind.days for kind in decided.shown])
    other = BELOW_K if cells.has_feed.any() else NO_FEED
    for name, chosen, status in (("copy_days", is_ok, OK), ("copy_withheld_days", ~is_ok, other)):
        places = np.nonzero(chosen)
        bucket = CopyColumn(FieldKind.DATE, np.full(places[0].size, day.day))
        columns = _keys(places, bucket, numbers, day, rule, np.full(places[0].size, status))
        if status == OK:
            columns += [CopyColumn(FieldKind.BIGINT, figure) for figure in cells.days[places].T]
        _copy(connection, name, columns)


def _copy_hours(connection: Connection, day: LocalDay, decided: Decided, rule: Rule) -> None:
    """Write a row for each hour of each shown day."""
    cells, numbers = decided.cells, np.array(decided.numbers, np.int32)
    is_ok = np.array([kind.hours for kind in decided.shown])
    withheld = np.array([kind.days for kind in decided.shown])[..., None] & ~is_ok
    for name, chosen in (("copy_hours", is_ok), ("copy_withheld_hours", withheld)):
        places = np.nonzero(chosen)
        bucket = CopyColumn(FieldKind.TIMESTAMPTZ, day.start_us + places[2] * HOUR_US)
        status = OK if chosen is is_ok else np.where(cells.has_feed[places[2]], BELOW_K, NO_FEED)
        columns = _keys(places, bucket, numbers, day, rule, np.broadcast_to(status, places[0].shape))
        if chosen is is_ok:
            columns += [CopyColumn(FieldKind.BIGINT, figure) for figure in cells.hours[places].T]
        _copy(connection, name, columns)


def _copy(connection: Connection, name: str, columns: Sequence[CopyColumn]) -> None:
    """Copy columns into a table; no rows are no copy."""
    if len(columns[0].values):
        with connection.cursor() as cursor, cursor.copy(query("publication", name)) as copy:
            for piece in image_pieces(columns):
                copy.write(piece)


def _add_feed_day(  # the parts of one publication
    connection: Connection, day: LocalDay, read: ReadDay, decided: Decided, rule: Rule
) -> None:
    """Say how complete the day was; how much was accepted only where it leaves enough to what is withheld."""
    counts: dict[str, int | None] = dict(read.feed._asdict())
    if read.feed.taken - decided.told <= rule.k:
        counts["accepted"] = counts["taken"] = None
    values = {
        **_values(day),
        **counts,
        "k": rule.k,
        "hours": day.hours,
        "hours_with_feed": int(decided.cells.has_feed.sum()),
    }
    connection.execute(query("publication", "add_feed_day"), values)
