"""One observation partition while this process owns it: its state, how far it is read, and what was stored of it."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np

from duls.errors import ReplayError
from duls.pipelines.gathered_positions import GatheredPositions
from duls.pipelines.snapshot_codec import encode_snapshot
from processors.detections import CameraRejections
from processors.ledger import Ledger
from processors.observation_partition import ObservationPartition
from processors.positions import NowCounts
from processors.snapshot import FORMAT, snapshot_of
from processors.source_clock import Cursor as SourceCursor
from processors.vehicle_table import FOREVER_US
from sinks.flush_parts import Cursor, NowColumns, PartitionAdvance, Snapshot

UNREAD: Final = (0, 0)  # where a source partition begins
NOWHERE: Final = -1  # an offset that no state has
MAX_SNAPSHOT_AGE_S: Final = 3_600.0  # the log that a replay needs is kept for 48 h only


class Origin(Enum):
    """What the state of a partition was made of when it was taken over."""

    SNAPSHOT = auto()  # and the log behind it
    LOG = auto()  # all that matters to its figures
    PART_OF_LOG = auto()  # what an operator said would do, and which need not name each source


class OwnedPartition:
    """A partition between claim and release.

    `read_offset` is the next message to read; below `replay_until` the state is being read again and adds nothing
    to the database; `stored_offset` is what the database holds under our epoch.
    """

    def __init__(
        self,
        topic_id: UUID,
        number: int,
        state: ObservationPartition,
        *,
        epoch: int,
        start_offset: int,
        stored_offset: int,
        origin: Origin,
    ) -> None:
        self.topic_id = topic_id
        self.number = number
        self.state = state
        self.epoch = epoch
        self.read_offset = start_offset
        self.stored_offset = stored_offset
        self.replay_until = stored_offset
        self.origin = origin
        self.has_snapshot = origin is Origin.SNAPSHOT
        # the whole log is there, and made the state
        self.is_in_log = origin is Origin.LOG and start_offset == 0
        self.snapshot_offset = start_offset if self.has_snapshot else NOWHERE  # what the last snapshot holds
        self.gathered = GatheredPositions()  # read, and not in the state yet
        self.work_s = 0.0  # spent on messages since the last snapshot: what a replay would cost
        self.assigned_s = 0.0  # monotonic: when the group gave it
        self.snapshot_s = 0.0  # monotonic: when the last snapshot was stored, at the latest
        self.stored_now: NowCounts | None = None
        self.lost_visits = 0  # open in the database, and unknown to a state that part of a log made
        self.sent_now: NowCounts | None = None
        self.sent_s = 0.0  # monotonic: when these were sent
        self._now: tuple[int, tuple[int, NowCounts] | None] = (-1, None)  # by the offset that it was asked at

    @property
    def is_replaying(self) -> bool:
        """Tell whether the state is still behind the database."""
        return self.read_offset < self.replay_until

    @property
    def has_moved(self) -> bool:
        """Tell whether there is something to flush."""
        return not self.is_replaying and self.read_offset > self.stored_offset

    @property
    def can_be_made_again(self) -> bool:
        """Tell whether a replay gives the state again: from a snapshot, or from a log of which nothing is gone."""
        return self.has_snapshot or self.is_in_log

    @property
    def has_news_for_a_snapshot(self) -> bool:
        """Tell whether the state is another one than the last snapshot holds."""
        return not self.is_replaying and self.read_offset != self.snapshot_offset

    def now(self) -> tuple[int, NowCounts] | None:
        """Return stream time of positions and the vehicles in each zone then, or None before the first.

        The state is a function of the log below the read offset, so what was told there is not counted again.
        """
        if self._now[0] != self.read_offset:
            self._now = (self.read_offset, self.state.now())
        return self._now[1]

    def drain(self, ledger: Ledger) -> CameraRejections:
        """Take everything that is held, of which the log does not tell."""
        self._now = (-1, None)
        self.snapshot_offset = NOWHERE
        return self.state.drain(ledger)

    def end_replay(self, stored: list[Cursor], now: NowColumns, open_visits: int) -> None:
        """Check that the replayed cursors equal the stored ones, and take what was stored as known.

        Cursors of topics that are over are taken over: a log that begins after their end does not tell of them.
        Where the state is what a part of the log tells, so are others of which that part does not tell, and visits
        that it does not tell of will never end: the next flush counts them as closed.

        Args:
            stored: Cursors of the partition in the database.
            now: Vehicles in zones as the database has them.
            open_visits: Open visits as the database has them.

        Raises:
            ReplayError: They differ, so the log or the code is not what it was.
        """
        want = _places(stored)
        have = _places(self.cursors())
        for c in stored:
            is_told = have.get((c.source_topic_id, c.source_partition), UNREAD) != UNREAD
            if not is_told and (self.origin is Origin.PART_OF_LOG or c.arrival_us == FOREVER_US):
                self._adopt(c)
        have = _places(self.cursors())
        if have != want:
            differing = sorted(
                f"{topic}/{partition}: replayed {have.get((topic, partition))}, stored {want.get((topic, partition))}"
                for topic, partition in have.keys() | want.keys()
                if have.get((topic, partition)) != want.get((topic, partition))
            )
            message = (
                f"observation partition {self.number} was replayed to offset {self.replay_until}, but its cursors "
                f"differ from the database: {'; '.join(differing)}"
            )
            raise ReplayError(message)
        self.stored_now = NowCounts(
            now.zone_no,
            now.vehicle_class,
            now.zero_emission,
            now.present.astype(np.int32),
            now.silent.astype(np.int32),
        )
        self.lost_visits = open_visits - self.state.positions.open_visits

    def advance(self) -> PartitionAdvance:
        """Return the move of the stored offset."""
        return PartitionAdvance(self.topic_id, self.number, self.stored_offset, self.read_offset, self.epoch)

    def cursors(self) -> list[Cursor]:
        """Return the cursors of all source partitions as rows."""
        return [
            Cursor(
                self.topic_id,
                self.number,
                UUID(bytes=cursor.topic_id),
                cursor.partition,
                cursor.source,
                cursor.next_offset,
                cursor.next_index,
                cursor.arrival_us,
            )
            for cursor in self.state.cursors()
        ]

    def _adopt(self, stored: Cursor) -> None:
        """Take over a stored cursor."""
        clock = self.state.clock_of(stored.source_topic_id.bytes, stored.source)
        clock.adopt(
            SourceCursor(
                clock.topic_id,
                stored.source,
                stored.source_partition,
                stored.next_offset,
                stored.next_index,
                stored.arrival_us,
            )
        )

    def snapshot(self) -> Snapshot:
        """Return the state as of the read offset."""
        data = encode_snapshot(snapshot_of(self.state))
        return Snapshot(self.topic_id, self.number, self.read_offset, FORMAT, data)


def _places(cursors: Sequence[Cursor]) -> dict[tuple[UUID, int], tuple[int, int]]:
    """Return where each source partition is read to."""
    return {(c.source_topic_id, c.source_partition): (c.next_offset, c.next_index) for c in cursors}


class NowChange(NamedTuple):
    """Rows that replace what is stored; both counts 0 where nothing is left."""

    zone_no: "np.ndarray[tuple[int], np.dtype[np.int32]]"
    vehicle_class: "np.ndarray[tuple[int], np.dtype[np.uint8]]"
    zero_emission: "np.ndarray[tuple[int], np.dtype[np.uint8]]"
    present: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    silent: "np.ndarray[tuple[int], np.dtype[np.int64]]"


def snapshots_due(moved: Sequence[OwnedPartition], now_s: float, replay_s: float) -> list[OwnedPartition]:
    """Return the partitions that no replay would give again, and of the others that are due the longest to replay.

    Partitions work alike, so many become due at once: then a flush would take long, and hold them all in memory.

    Args:
        moved: What is to be flushed.
        now_s: Of the monotonic clock.
        replay_s: A replay that would last longer makes a snapshot due.
    """
    missing = [owned for owned in moved if not owned.can_be_made_again]
    late = [
        owned
        for owned in moved
        if owned.can_be_made_again
        and (owned.work_s > replay_s or now_s - owned.snapshot_s > MAX_SNAPSHOT_AGE_S)
    ]
    return missing + sorted(late, key=lambda owned: owned.work_s)[-1:]


def now_change(old: NowCounts | None, new: NowCounts) -> NowChange:
    """Return the rows of *new* that differ from *old*, and zeros for those that are gone."""
    new_keys, old_keys = _keys(new), _keys(old)
    keys = np.union1d(old_keys, new_keys)
    before, after = np.zeros((keys.size, 2), np.int64), np.zeros((keys.size, 2), np.int64)
    if old is not None:
        before[np.searchsorted(keys, old_keys)] = np.stack([old.present, old.silent], axis=1)
    after[np.searchsorted(keys, new_keys)] = np.stack([new.present, new.silent], axis=1)
    rows = (before != after).any(axis=1)
    keys, after = keys[rows], after[rows]
    return NowChange(
        (keys >> 8).astype(np.int32),
        (keys >> 4 & 15).astype(np.uint8),
        (keys & 15).astype(np.uint8),
        after[:, 0].copy(),
        after[:, 1].copy(),
    )


def _keys(counts: NowCounts | None) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return zone, class and emission of each row as one number, ascending."""
    if counts is None:
        return np.empty(0, np.int64)
    zone = counts.zone_no.astype(np.int64) << 8
    keys: np.ndarray[tuple[int], np.dtype[np.int64]] = (
        zone | (counts.vehicle_class.astype(np.int64) << 4) | counts.zero_emission
    )
    return keys


def now_columns(partition: int, change: NowChange) -> NowColumns:
    """Return a change as columns of a flush."""
    return NowColumns(np.full(change.zone_no.size, partition, np.int32), *change)
