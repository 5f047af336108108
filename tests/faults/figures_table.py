"""The figures as users see them: the views of the database, in the words of the oracle."""

from collections import Counter
from typing import Final, NamedTuple

import psycopg
from psycopg.rows import dict_row

from naive import Cell, CellKey
from processors.columns import FIGURES

VIEWS: Final = {
    "slot": ("live.zone_flow", "(extract(epoch FROM slot_start) * 1000000)::bigint"),
    "hour": ("live.zone_flow_hour", "(extract(epoch FROM hour_start) * 1000000)::bigint"),
    "day": ("live.zone_flow_day", "day - date '1970-01-01'"),
}
IN_UNITS: Final = {
    "dwell_us": "dwell_s",
    "visit_us": "visit_s",
    "stop_us": "stop_s",
    "distance_um": "distance_m",
}
"""Figures that views show in seconds and metres: millionths of those are whole numbers again."""

COUNTS: Final = ("accepted", "taken", "rejected", "duplicates", "out_of_order", "late", "low_confidence")
TABLES: Final = (
    *("flow_slot", "flow_hour", "flow_day", "camera_hour"),
    *("feed_minute", "rejection_minute", "camera_rejection"),
)
"""What is a function of the raw log alone; clocks and snapshots depend on the moment."""


class Difference(NamedTuple):
    """A cell in which two sets of figures differ; None where one has no such cell."""

    grain: str
    key: CellKey
    expected: Cell | None
    found: Cell | None


def read_cells(url: str) -> dict[str, dict[CellKey, Cell]]:
    """Return all flow cells by grain, in microseconds and micrometres."""
    with psycopg.connect(url, autocommit=True) as connection:
        return {grain: _read_view(connection, *view) for grain, view in VIEWS.items()}


def _read_view(
    connection: psycopg.Connection[tuple[object, ...]], view: str, bucket: str
) -> dict[CellKey, Cell]:
    """Return the cells of one view."""
    columns = ", ".join(
        f"round({IN_UNITS[name]} * 1000000)::bigint AS {name}" if name in IN_UNITS else name
        for name in FIGURES
    )
    text = f"SELECT zone_id, {bucket} AS bucket, vehicle_class, zero_emission, source, {columns} FROM {view}"  # noqa: S608  # our own names
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(text.encode()).fetchall()
    return {
        (r["zone_id"], r["bucket"], r["vehicle_class"], r["zero_emission"], r["source"]): {
            name: r[name] for name in FIGURES
        }
        for r in rows
    }


def differences(
    expected: dict[str, dict[CellKey, Cell]], found: dict[str, dict[CellKey, Cell]]
) -> list[Difference]:
    """Return all cells that differ; an absent cell equals one of zeros."""
    different = []
    for grain, wanted in expected.items():
        have = found[grain]
        for key in sorted(wanted.keys() | have.keys(), key=repr):
            want, got = wanted.get(key), have.get(key)
            if (want or zeros()) != (got or zeros()):
                different.append(Difference(grain, key, want, got))
    return different


def zeros() -> Cell:
    """Return a cell of zeros."""
    return dict.fromkeys(FIGURES, 0)


def feed_counts(url: str) -> dict[str, Counter[str]]:
    """Return what became of the rows of each feed."""
    sums = ", ".join(f"sum({name})::bigint" for name in COUNTS)
    text = f"SELECT core.source_name(source), {sums} FROM core.feed_minute GROUP BY 1"  # noqa: S608  # our own names
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(text.encode()).fetchall()
    return {row[0]: Counter(dict(zip(COUNTS, row[1:], strict=True))) for row in rows}


def rows_by_minute(url: str) -> Counter[tuple[str, int]]:
    """Return how many rows of each feed arrived in each minute, accepted or rejected, by (feed, minute)."""
    text = (
        "SELECT core.source_name(source), (extract(epoch FROM minute) / 60)::bigint, accepted + rejected "
        "FROM core.feed_minute"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        return Counter({(row[0], row[1]): row[2] for row in connection.execute(text.encode())})


def table_texts(url: str) -> dict[str, bytes]:
    """Return the rows of every table that the raw log decides, as text in the order of their keys."""
    texts = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        for table in TABLES:
            statement = f"COPY (SELECT * FROM core.{table} AS cell ORDER BY cell) TO STDOUT"  # noqa: S608  # our own names
            with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                texts[table] = b"".join(bytes(piece) for piece in copy)
    return texts
