"""How far an installation has come, asked of its database."""

from typing import NamedTuple

import psycopg

from processors.vehicle_table import FOREVER_US
from tests.faults.installation import Installation
from tests.faults.raw_topics import TOPICS, Ends


class Reached(NamedTuple):
    """Stored cursors and clocks at one moment."""

    cursors: dict[
        tuple[str, int], int
    ]  # least next offset over observation partitions, by (source, partition)
    stream_us: dict[str, int | None]  # least stream time over observation partitions, by source


def reached(installation: Installation) -> Reached | None:
    """Return how far the database is, None while it is away."""
    try:
        with psycopg.connect(installation.database_url, autocommit=True, connect_timeout=2) as connection:
            return _reached(connection, installation.partitions)
    except psycopg.OperationalError:
        return None


def _reached(connection: psycopg.Connection[tuple[object, ...]], partitions: int) -> Reached:
    """Read cursors and clocks; what not all observation partitions know is unknown, and what is over is left out."""
    cursors = connection.execute(
        "SELECT core.source_name(source), source_partition, min(next_offset) FROM core.source_cursor "
        "WHERE arrival_us < %s GROUP BY 1, 2 HAVING count(*) = %s",
        [FOREVER_US, partitions],
    ).fetchall()
    clocks = connection.execute(
        "SELECT core.source_name(source), (extract(epoch FROM min(stream_time)) * 1000000)::bigint "
        "FROM core.feed_clock WHERE stream_time IS NOT NULL GROUP BY 1 HAVING count(*) = %s",
        [partitions],
    ).fetchall()
    known: dict[tuple[str, int], int] = {(row[0], row[1]): row[2] for row in cursors}  # type: ignore[misc]  # rows are untyped
    times: dict[str, int] = {row[0]: row[1] for row in clocks}  # type: ignore[misc]  # rows are untyped
    return Reached(known, {source: times.get(source) for source in TOPICS})


def has_all(installation: Installation, ends: Ends, *, after_us: int) -> bool:
    """Tell whether everything below *ends* is in the database, taken.

    Args:
        installation: whose database is asked.
        ends: of the raw topics.
        after_us: how far stream time must be past the newest arrival: what positions wait for.
    """
    found = reached(installation)
    if found is None:
        return False
    if any(found.cursors.get(place, 0) < offset for place, offset in ends.offsets.items()):
        return False
    times = [(found.stream_us[source], newest) for source, newest in ends.arrival_us.items()]
    return all(time is not None and time > newest + after_us for time, newest in times)


def rows_stored(installation: Installation) -> int | None:
    """Return how many rows the database has counted, None while it is away or being restored."""
    try:
        with psycopg.connect(installation.database_url, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT coalesce(sum(accepted + rejected), 0)::bigint FROM core.feed_minute"
            ).fetchone()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None
    return int(row[0]) if row else 0
