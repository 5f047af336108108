"""The database as the aggregate role sees it: claims, flushes and snapshots that survive lost connections.

A connection is dropped after any OperationalError or InterfaceError. A flush whose outcome is unknown is
never repeated blindly: on a new connection the offset rows are locked, which waits for a transaction that the
server may still be finishing, and the number of the last flush tells whether ours took place.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np

from duls.errors import FencedError
from sinks.claims import Beginning, Claim, claim
from sinks.connection import Connection
from sinks.flush import Failpoint, flush, no_failpoint, prepare_session
from sinks.flush_parts import Cursor, Flush, NowColumns, PartitionAdvance, Snapshot
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.patience import Patience
from sinks.queries import query
from sinks.registry import Versions, versions_at


class DataGap(NamedTuple):
    """Offsets of a source partition that the broker had removed before they were read."""

    source_topic_id: UUID
    source_partition: int
    from_offset: int
    to_offset: int


class FlowStore:
    """The flow database of one process; used from one thread.

    Args:
        url: libpq URL of the database.
        patience: how long each call goes on trying while the database is away.
        failpoint: called with the name of each place that a flush passes.
        tell: called after each attempt with whether the database answered.
    """

    def __init__(
        self,
        url: str,
        *,
        patience: Patience,
        failpoint: Failpoint = no_failpoint,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = LastingConnection(
            url, application_name="duls aggregate", patience=patience, prepare=prepare_session, tell=tell
        )
        self._failpoint = failpoint
        self._flush_numbers = count(1)

    def __enter__(self) -> Self:
        """Return itself; the connection is made when first needed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection; a later call would make a new one."""
        self._database.close()

    def claim(
        self,
        topic_id: UUID,
        partitions: Sequence[int],
        earliest: Mapping[int, int],
        *,
        beginning: Beginning | None = None,
    ) -> dict[int, Claim]:
        """Take over partitions under a new epoch; see `sinks.claims.claim`."""
        return self._database.run(
            "claim partitions", lambda c: claim(c, topic_id, partitions, earliest, beginning)
        )

    def flush(self, parts: Flush) -> None:
        """Bring *parts* to the database exactly once.

        Raises:
            FencedError: another process owns one of the partitions; *parts* is not in the database, or it was
                there before the other process took over.
            ServiceAwayError: the database stayed away; the outcome is unknown, so the process must restart
                from the stored offsets.
        """
        flush_no = next(self._flush_numbers)
        doubts = False

        def once(connection: Connection) -> None:
            """Flush, unless an earlier attempt turns out to have succeeded."""
            nonlocal doubts
            if doubts and _was_committed(connection, parts.advances, flush_no):
                return
            doubts = True
            flush(connection, parts, flush_no, self._failpoint)

        self._database.run("flush to the database", once)

    def load_snapshot(self, topic_id: UUID, partition: int) -> Snapshot | None:
        """Return the current snapshot of a partition, if there is one."""
        return self._database.run("load a snapshot", lambda c: _load_snapshot(c, topic_id, partition))

    def load_cursors(self, topic_id: UUID, partition: int) -> list[Cursor]:
        """Return the stored cursors of a partition, by source topic and partition."""
        values = {"topic_id": topic_id, "partition": partition}
        statement = query("progress", "load_cursors")
        rows = self._database.run("load cursors", lambda c: c.execute(statement, values).fetchall())
        return [Cursor(*row) for row in rows]

    def load_now(self, partition: int) -> NowColumns:
        """Return the vehicles in zones that are stored of a partition, in no order."""
        statement = query("progress", "load_now")
        rows = self._database.run(
            "load present vehicles", lambda c: c.execute(statement, {"partition": partition}).fetchall()
        )
        whole = np.array(rows, np.int64).reshape(len(rows), len(NowColumns._fields))
        number, zone_no, vehicle_class, zero_emission, present, silent = whole.T
        return NowColumns(
            number.astype(np.int32),
            zone_no.astype(np.int32),
            vehicle_class.astype(np.uint8),
            zero_emission.astype(np.uint8),
            present,
            silent,
        )

    def load_open_visits(self, partition: int) -> int:
        """Return the open visits of positions that are stored of a partition."""
        statement = query("progress", "load_open_visits")
        row = self._database.run(
            "load open visits", lambda c: c.execute(statement, {"partition": partition}).fetchone()
        )
        return 0 if row is None else int(row[0])

    def load_stream_us(self, partition: int) -> int | None:
        """Return the stream time at which the figures of a partition stand, microseconds; None before there is any."""
        statement = query("progress", "stream_time")
        row = self._database.run(
            "load stream time", lambda c: c.execute(statement, {"partition": partition}).fetchone()
        )
        return None if row is None or row[0] is None else int(row[0])

    def load_versions_at(self, instant_us: int) -> Versions:
        """Return the newest versions of zones, cameras and settings at an instant."""
        return self._database.run("load versions", lambda c: versions_at(c, instant_us))

    def counted_to(self, topic_id: UUID, source_topic_id: bytes, source_partition: int) -> int | None:
        """Return the offset below which all observation partitions have a source partition; None where none has any.

        Args:
            topic_id: of the observation topic.
            source_topic_id: 16 bytes.
            source_partition: of the raw topic.
        """
        values = {
            "topic_id": topic_id,
            "source_topic_id": UUID(bytes=source_topic_id),
            "source_partition": source_partition,
        }
        counted = self._database.run(
            "read how far figures are",
            lambda c: c.execute(query("progress", "counted_to"), values).fetchone(),
        )
        return None if counted is None else counted[0]

    def record_gap(self, gap: DataGap) -> None:
        """Record offsets that were gone before they were read; repeating it changes nothing."""
        self._database.run("record a gap", lambda c: c.execute(query("progress", "add_gap"), gap._asdict()))


def _was_committed(connection: Connection, advances: Sequence[PartitionAdvance], flush_no: int) -> bool:
    """Tell whether a flush without an answer took place.

    Raises:
        FencedError: a partition was taken over meanwhile, so it does not matter any more.
    """
    outcomes = set()
    for topic_id in sorted({advance.topic_id for advance in advances}):
        expected = {a.partition: a.epoch for a in advances if a.topic_id == topic_id}
        values = {"topic_id": topic_id, "partitions": list(expected)}
        rows = connection.execute(query("progress", "lock_offsets"), values).fetchall()
        epochs = {partition: epoch for partition, _, epoch, _ in rows}
        lost = [partition for partition, epoch in expected.items() if epochs.get(partition) != epoch]
        if lost:
            message = f"observation partitions {lost} were taken over by another process"
            raise FencedError(message)
        outcomes |= {last_flush == flush_no for _, _, _, last_flush in rows}
    return outcomes == {True}


def _load_snapshot(connection: Connection, topic_id: UUID, partition: int) -> Snapshot | None:
    """Read the head and the pieces of a snapshot in one transaction, so that they belong together."""
    place = {"topic_id": topic_id, "partition": partition}
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute(query("progress", "lock_offsets"), {"topic_id": topic_id, "partitions": [partition]})
        head = cursor.execute(query("progress", "load_snapshot"), place).fetchone()
        if head is None:
            return None
        chunks = cursor.execute(query("progress", "load_snapshot_chunks"), place)
        data = b"".join(chunk for (chunk,) in chunks)
    return Snapshot(topic_id, partition, head[0], head[1], data)
