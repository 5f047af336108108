"""The database of tests of aggregate, in memory: what was flushed, and figures of it to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np

from duls.errors import DulsError, FencedError, ServiceAwayError
from processors.columns import FIGURES, FlowDelta
from sinks.claims import Claim
from sinks.flush_parts import Cursor, Flush, NowColumns, Snapshot
from sinks.registry import Versions
from tests.duls.pipelines.aggregate_entries import TOPIC_ID


class MemoryStore:
    """The database as aggregate sees it; a flush is one step, and only the newest owner may flush."""

    def __init__(self) -> None:
        self.offsets: dict[int, int] = {}
        self.epochs: Counter[int] = Counter()
        self.cursors: dict[tuple[int, UUID, int], Cursor] = {}
        self.snapshots: dict[int, Snapshot] = {}
        self.figures: dict[tuple[object, ...], np.ndarray[Any, Any]] = {}
        self.counts: Counter[tuple[object, ...]] = Counter()
        self.now: dict[tuple[int, ...], tuple[int, int]] = {}
        self.open_visits: dict[int, int] = {}
        self.lost_visits = 0  # counted as closed
        self.letters = 0
        self.flushes: list[Flush] = []
        self.fail_before: Exception | None = None  # the next flush does not take place
        self.fail_after: Exception | None = None  # the next flush takes place, and nobody hears of it
        self.beginnings: list[str | None] = []
        self.claimed: list[Mapping[int, int]] = []
        self.stream_us: int | None = None
        self.versions = Versions(1, 1, 1)

    def claim(
        self, topic_id: UUID, partitions: Sequence[int], earliest: Mapping[int, int], *, beginning: str | None
    ) -> dict[int, Claim]:
        """Take partitions over under a new epoch."""
        assert topic_id == TOPIC_ID
        self.beginnings.append(beginning)
        self.claimed.append(earliest)
        claims = {}
        for partition in partitions:
            self.epochs[partition] += 1
            start = self.offsets.setdefault(partition, earliest[partition])
            claims[partition] = Claim(self.epochs[partition], start)
        return claims

    def load_snapshot(self, _topic_id: UUID, partition: int) -> Snapshot | None:
        """Return the newest snapshot."""
        return self.snapshots.get(partition)

    def load_stream_us(self, _partition: int) -> int | None:
        """Return the stream time that the test says."""
        return self.stream_us

    def load_versions_at(self, _instant_us: int) -> Versions:
        """Return the versions that the test says."""
        return self.versions

    def load_cursors(self, _topic_id: UUID, partition: int) -> list[Cursor]:
        """Return the stored cursors."""
        return [cursor for (number, _, _), cursor in self.cursors.items() if number == partition]

    def load_now(self, partition: int) -> NowColumns:
        """Return the stored vehicles in zones."""
        rows = [(*key, *counts) for key, counts in self.now.items() if key[0] == partition]
        whole = np.array(rows, np.int64).reshape(len(rows), len(NowColumns._fields)).T
        types = (np.int32, np.int32, np.uint8, np.uint8, np.int64, np.int64)
        return NowColumns(*(column.astype(kind) for column, kind in zip(whole, types, strict=True)))

    def load_open_visits(self, partition: int) -> int:
        """Return the stored open visits."""
        return self.open_visits.get(partition, 0)

    def flush(self, parts: Flush) -> None:
        """Bring everything at once, or nothing."""
        failure, self.fail_before = self.fail_before, None
        if failure is not None:
            raise failure
        for advance in parts.advances:
            held = (self.offsets[advance.partition], self.epochs[advance.partition])
            if held != (advance.expected_offset, advance.epoch):
                message_text = f"partition {advance.partition} belongs to another process"
                raise FencedError(message_text)
        self.flushes.append(parts)
        self._apply(parts)
        failure, self.fail_after = self.fail_after, None
        if failure is not None:
            raise failure

    def _apply(self, parts: Flush) -> None:
        for advance in parts.advances:
            self.offsets[advance.partition] = advance.next_offset
        grains = [("hour", 0, parts.hours), ("day", 0, parts.days), ("slot", parts.slot_s, parts.slots)]
        grains += [("slot", slot_s, delta) for slot_s, delta in parts.other_slots]
        for grain, slot_s, delta in grains:
            self._add(grain, slot_s, delta)
        self.cursors |= {(c.partition, c.source_topic_id, c.source_partition): c for c in parts.cursors}
        for snapshot in parts.snapshots:
            self.snapshots[snapshot.partition] = snapshot
        for feed in parts.feed_minutes:
            for name in feed._fields[2:]:
                self.counts[feed.source, feed.minute_us, name] += getattr(feed, name)
        for rejection in parts.rejections:
            self.counts["rejected", rejection.source, rejection.minute_us, rejection.reason] += rejection.rows
        for rejected in parts.camera_rejections:
            self.counts["camera", rejected.camera_id] += rejected.detections
        for hour in parts.camera_hours:
            self.counts["passages", *hour[:5]] += hour.passages
            self.counts["camera vehicles", *hour[:5]] += hour.vehicles
        if parts.now is not None:
            for row in zip(*(np.asarray(column).tolist() for column in parts.now), strict=True):
                self.now[row[:4]] = row[4:]
        self.now = {key: counts for key, counts in self.now.items() if any(counts)}
        self.open_visits |= {row.partition: row.open_visits for row in parts.open_visits}
        self.lost_visits += parts.lost_visits
        self.letters += len(parts.outbox)

    def _add(self, grain: str, slot_s: int, delta: FlowDelta | None) -> None:
        if delta is None:
            return
        for row in range(delta.zone_no.size):
            key = (grain, slot_s, *(int(np.asarray(column)[row]) for column in delta[:5]))
            self.figures[key] = self.figures.get(key, np.zeros(len(FIGURES), np.int64)) + delta.figures[row]

    def contents(self) -> dict[str, object]:
        """Return everything that people see; figures that are all zero are as good as missing."""
        return {
            "figures": {key: figures.tolist() for key, figures in self.figures.items() if figures.any()},
            "counts": {key: count for key, count in self.counts.items() if count},
            "now": self.now,
            "open_visits": self.open_visits,
            "letters": self.letters,
            "cursors": self.cursors,
            "offsets": self.offsets,
        }

    def counts_of(self, name: str, source: int = 0) -> int:
        """Return a count of a feed over all minutes."""
        return sum(count for key, count in self.counts.items() if key[0] == source and key[2:] == (name,))

    def total(self, figure: str, grain: str = "hour") -> int:
        """Return the sum of a figure over all cells of a grain."""
        place = FIGURES.index(figure)
        return sum(int(figures[place]) for key, figures in self.figures.items() if key[0] == grain)

    @property
    def present(self) -> int:
        """Return the vehicles that are in zones now."""
        return sum(present for present, _ in self.now.values())

    @property
    def visits_left(self) -> int:
        """Return what figures of days say is open: opened less closed, and less what was counted as closed."""
        opened = self.total("entries", "day") + self.total("appearances", "day")
        closed = self.total("exits", "day") + self.total("disappearances", "day")
        return opened - closed - self.lost_visits


AWAY: Final[DulsError] = ServiceAwayError("the database is away")
