"""The flush: one transaction that moves offsets and brings everything that belongs to them.

Order matters. Offsets come first, by compare-and-set, so that a process whose partitions were taken over
changes nothing. Then come rows that only this process writes, then cells that all processes share, so that
shared rows are locked for the shortest time; within a table rows are sorted by key, so that flushes cannot
deadlock.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import psycopg
from numpy.typing import NDArray

from duls.errors import FencedError, RefusedError
from processors.columns import CarrierDelta, FlowDelta, VisitorDelta
from sinks.connection import Connection
from sinks.copy_binary import CopyColumn, FieldKind, image_pieces
from sinks.flush_parts import Cursor, Flush, NowColumns, PartitionAdvance, Snapshot
from sinks.outbox import add_messages
from sinks.queries import query
from sinks.row_columns import columns_of

SNAPSHOT_CHUNK_BYTES: Final = 8 << 20  # well below the 1 GB of a field, and few round trips

Failpoint = Callable[[str], None]


def no_failpoint(name: str) -> None:
    """Do nothing: the place *name* was passed."""
    del name


def prepare_session(connection: Connection) -> None:
    """Make the session tables that `flush` copies into, and limit how long a stopped process can hold its locks."""
    connection.execute(query("session", "limit_transactions"))
    connection.execute(query("session", "buffer_session_tables"))
    for table in (
        "slot_delta",
        "hour_delta",
        "day_delta",
        "carrier_hour_delta",
        "carrier_day_delta",
        "visitor_delta",
        "now_part",
    ):
        connection.execute(query("staging", f"stage_{table}"))


def flush(connection: Connection, parts: Flush, flush_no: int, failpoint: Failpoint = no_failpoint) -> None:
    """Bring *parts* to the database in one transaction.

    Args:
        connection: an autocommit connection on which `prepare_session` was called.
        parts: what to bring.
        flush_no: different for each flush of one epoch; tells whether an unanswered COMMIT took place.
        failpoint: called with the name of each place that is passed.

    Raises:
        FencedError: an offset or epoch is not as expected; nothing was changed.
        RefusedError: a cursor would go back; nothing was changed.
        psycopg.OperationalError: the outcome is unknown if it comes from COMMIT.
    """
    failpoint("flush-before-transaction")
    with connection.transaction():
        _move_offsets(connection, parts.advances, flush_no)
        _arm_idle_timer(connection)
        failpoint("flush-after-offsets")
        _copy_parts(connection, parts)
        _add_own_rows(connection, parts)
        _add_shared_rows(connection, parts)
        for slot_s, slots in parts.other_slots:
            connection.execute(query("staging", "clear_slot_delta"))
            _copy_flow(connection, "slot_delta", FieldKind.TIMESTAMPTZ, slots)
            connection.execute(query("flow", "add_flow_slot"), {"slot_s": slot_s})
        _arm_idle_timer(connection)
        failpoint("flush-before-commit")
    failpoint("flush-after-commit")


def _arm_idle_timer(connection: Connection) -> None:
    """Make sure that the server ends this session, and frees its locks, should this process be stopped now.

    The last message of psycopg's pipelines disarms idle_in_transaction_session_timeout; a plain statement arms it.
    """
    connection.execute(query("session", "arm_idle_timer"))


def _move_offsets(connection: Connection, advances: Sequence[PartitionAdvance], flush_no: int) -> None:
    """Move all offsets or raise FencedError naming the partitions that are not ours any more."""
    values = {**columns_of(advances), "flush_no": flush_no}
    with connection.pipeline():
        cursor = connection.execute(query("progress", "move_offsets"), values)
        connection.execute(query("progress", "share_horizons"))
        moved = {row[0] for row in cursor.fetchall()}
    lost = [advance.partition for advance in advances if advance.partition not in moved]
    if lost:
        message = (
            f"observation partitions {lost} were taken over by another process: this flush changed nothing"
        )
        raise FencedError(message)


def _copy_parts(connection: Connection, parts: Flush) -> None:
    """Copy flow cells and present counts into the session tables."""
    _copy_flow(connection, "slot_delta", FieldKind.TIMESTAMPTZ, parts.slots)
    _copy_flow(connection, "hour_delta", FieldKind.TIMESTAMPTZ, parts.hours)
    _copy_flow(connection, "day_delta", FieldKind.DATE, parts.days)
    _copy_carriers(connection, "carrier_hour_delta", FieldKind.TIMESTAMPTZ, parts.carrier_hours)
    _copy_carriers(connection, "carrier_day_delta", FieldKind.DATE, parts.carrier_days)
    _copy_visitors(connection, parts.visitors)
    if parts.now is not None and parts.now.partition.size:
        _copy(connection, "now_part", _now_columns(parts.now))


def _copy_flow(connection: Connection, table: str, bucket: FieldKind, delta: FlowDelta | None) -> None:
    """Copy the cells of one grain into its session table."""
    if delta is None or not delta.zone_no.size:
        return
    columns = [
        CopyColumn(FieldKind.INTEGER, delta.zone_no),
        CopyColumn(bucket, delta.bucket),
        CopyColumn(FieldKind.SMALLINT, delta.vehicle_class),
        CopyColumn(FieldKind.SMALLINT, delta.zero_emission),
        CopyColumn(FieldKind.SMALLINT, delta.source),
    ]
    columns += [CopyColumn(FieldKind.BIGINT, figure) for figure in delta.figures.T]
    _copy(connection, table, columns)


def _copy_carriers(connection: Connection, table: str, bucket: FieldKind, delta: CarrierDelta | None) -> None:
    """Copy vehicles by carrier of one grain into its session table."""
    if delta is None or not delta.vehicles.size:
        return
    kinds = (FieldKind.INTEGER, bucket, *(FieldKind.SMALLINT,) * 2, *(FieldKind.BIGINT,) * 2)
    columns = [CopyColumn(kind, values) for kind, values in zip(kinds, _arrays(delta), strict=True)]
    _copy(connection, table, columns)


def _copy_visitors(connection: Connection, delta: VisitorDelta | None) -> None:
    """Copy who came into the session table; a pseudonym is stored as the signed number of the same bits."""
    if delta is None or not delta.visitor.size:
        return
    columns = [
        CopyColumn(FieldKind.DATE, delta.month),
        CopyColumn(FieldKind.INTEGER, delta.zone_no),
        CopyColumn(FieldKind.BIGINT, delta.visitor.view(np.int64)),
        CopyColumn(FieldKind.INTEGER, delta.days),
        *(CopyColumn(FieldKind.SMALLINT, part) for part in (delta.at_home, delta.branch, delta.company_size)),
    ]
    _copy(connection, "visitor_delta", columns)


def _now_columns(now: NowColumns) -> list[CopyColumn]:
    """Return present counts as columns of their session table."""
    kinds = (FieldKind.INTEGER,) * 2 + (FieldKind.SMALLINT,) * 2 + (FieldKind.BIGINT,) * 2
    return [CopyColumn(kind, values) for kind, values in zip(kinds, _arrays(now), strict=True)]


def _arrays(columns: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
    """Return columns as a plain tuple, for a named tuple of arrays of several types iterates as objects."""
    return columns


def _copy(connection: Connection, table: str, columns: Sequence[CopyColumn]) -> None:
    """Copy columns into a session table."""
    with connection.cursor() as cursor, cursor.copy(query("staging", f"copy_{table}")) as copy:
        for piece in image_pieces(columns):
            copy.write(piece)


def _add_own_rows(connection: Connection, parts: Flush) -> None:
    """Bring the rows that only the owner of a partition writes."""
    for snapshot in parts.snapshots:
        _replace_snapshot(connection, snapshot)
    with connection.pipeline():
        moved = _set_cursors(connection, parts.cursors)
        if parts.now is not None and parts.now.partition.size:
            connection.execute(query("feeds", "set_now_parts"))
            connection.execute(query("feeds", "delete_empty_now_parts"))
        _add_rows(connection, "set_now_clocks", parts.now_clocks)
        _add_rows(connection, "set_feed_clocks", parts.feed_clocks)
        _add_rows(connection, "set_open_visits", parts.open_visits)
    _refuse_backward(parts.cursors, moved)


def _set_cursors(connection: Connection, cursors: Sequence[Cursor]) -> psycopg.Cursor[Any] | None:
    """Store cursors; the result names those that did not go back."""
    return connection.execute(query("progress", "set_cursors"), columns_of(cursors)) if cursors else None


def _refuse_backward(cursors: Sequence[Cursor], moved: psycopg.Cursor[Any] | None) -> None:
    """Raise when a cursor would have gone back: the rows in between would be counted twice."""
    stored = set(moved.fetchall()) if moved is not None else set()
    back = [c for c in cursors if (c.partition, c.source_topic_id, c.source_partition) not in stored]
    if back:
        message = f"cursors would go back, and rows be counted twice: {back}; restart from the snapshot"
        raise RefusedError(message)


def _add_shared_rows(connection: Connection, parts: Flush) -> None:
    """Add to the rows that all processes share, in the same order of tables everywhere."""
    with connection.pipeline():
        if _has_rows(parts.slots):
            connection.execute(query("flow", "add_flow_slot"), {"slot_s": parts.slot_s})
        if _has_rows(parts.hours):
            connection.execute(query("flow", "add_flow_hour"))
        if _has_rows(parts.days):
            connection.execute(query("flow", "add_flow_day"))
            connection.execute(query("flow", "keep_removed_visits"))
        if parts.lost_visits:
            connection.execute(query("flow", "close_lost_visits"), {"visits": parts.lost_visits})
        if parts.carrier_hours is not None and parts.carrier_hours.vehicles.size:
            connection.execute(query("flow", "add_carrier_hour"))
        if parts.carrier_days is not None and parts.carrier_days.vehicles.size:
            connection.execute(query("flow", "add_carrier_day"))
        if parts.visitors is not None and parts.visitors.visitor.size:
            connection.execute(query("flow", "add_visitors"))
        _add_rows(connection, "add_feed_minutes", parts.feed_minutes)
        _add_rows(connection, "add_rejections", parts.rejections)
        _add_rows(connection, "add_camera_rejections", parts.camera_rejections)
        _add_rows(connection, "add_camera_hours", parts.camera_hours)
        add_messages(connection, parts.outbox)


def _add_rows(connection: Connection, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement of `feeds.sql` over small rows; none cost nothing."""
    if rows:
        connection.execute(query("feeds", name), columns_of(rows))


def _replace_snapshot(connection: Connection, snapshot: Snapshot) -> None:
    """Put a snapshot in the place of the one before, in pieces."""
    place = {"topic_id": snapshot.topic_id, "partition": snapshot.partition}
    head = {**place, "next_offset": snapshot.next_offset, "format": snapshot.format}
    connection.execute(query("progress", "delete_snapshot"), place)
    connection.execute(query("progress", "add_snapshot"), head)
    for chunk_no, start in enumerate(range(0, len(snapshot.data), SNAPSHOT_CHUNK_BYTES)):
        piece = snapshot.data[start : start + SNAPSHOT_CHUNK_BYTES]
        chunk = {**place, "chunk_no": chunk_no, "data": piece}
        connection.execute(query("progress", "add_snapshot_chunk"), chunk)


def _has_rows(delta: FlowDelta | None) -> bool:
    """Tell whether there is anything to add."""
    return delta is not None and delta.zone_no.size > 0
