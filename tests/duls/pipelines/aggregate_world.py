"""What tests of aggregate share: a database, versions of zones and logs in memory, and processes that come and go."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np
from confluent_kafka import Message

from duls.errors import DulsError, FencedError, ServiceAwayError
from duls.local_midnights import local_midnights
from duls.metrics import Metrics
from duls.pipelines.aggregate import Aggregate, AggregateOptions
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.partition_loader import ObservationTopic
from duls.pipelines.worlds import VersionSource, Worlds
from naive.zone_versions import last_changes
from processors.camera_feature import CameraFeature, CameraZone
from processors.columns import FIGURES, DetectionColumns, FlowDelta, PositionColumns
from processors.source_clock import Mark
from processors.units import US_PER_S
from processors.vocabulary import Movement, Outcome
from processors.zone_feature import ZoneFeature
from sinks.claims import Claim
from sinks.flush_parts import Cursor, Flush, NowColumns, Snapshot
from sinks.registry import Versions
from streams.narrow_rows import narrowed
from streams.observation_headers import Headers, Kind, control_message, headers_of, topic_end_message
from streams.observation_messages import encode_progress, encode_rows
from streams.topic_watch import TopicWatch
from tests.streams.client_fakes import FakeConsumer, FakeProducer, message

TOPIC: Final = "observations"
TOPIC_ID: Final = UUID(int=7)
OURS: Final = bytes(range(16))
FMS_ID: Final = b"f" * 16
ANPR_ID: Final = b"a" * 16
PARTITIONS: Final = 2
MIDNIGHTS_US: Final = local_midnights()
START_US: Final = 1_795_003_200 * US_PER_S  # noon of a day in November 2026
TODAY: Final = int(np.searchsorted(MIDNIGHTS_US, START_US, side="right")) - 1
CAMERA: Final = UUID(int=9)
UNKNOWN_CAMERA: Final = UUID(int=10)


class Entry(NamedTuple):
    """A message of an observation partition."""

    value: bytes | None
    headers: Headers


class StoredZone(NamedTuple):
    """A zone of a version."""

    zone_no: int
    geometry_hash: bytes
    feature: ZoneFeature


def square(zone_no: int, west: float, east: float) -> StoredZone:
    """Return a zone between two longitudes."""
    ring = ((west, 52.0), (east, 52.0), (east, 52.1), (west, 52.1), (west, 52.0))
    feature = ZoneFeature(f"zone-{zone_no}", "a zone", "other", None, None, 1.0, ((ring,),))
    return StoredZone(zone_no, repr(ring).encode(), feature)


ZONES: Final = {
    1: [square(1, 5.0, 5.1), square(2, 5.05, 5.2)],
    2: [square(1, 5.0, 5.1), square(2, 5.06, 5.2), square(3, 5.3, 5.4)],
    3: [square(1, 5.0, 5.1), square(2, 5.05, 5.2)],  # as version 1
}
SETTINGS: Final = {1: "{}", 2: '{"slot_s": 60, "reorder_s": 2}'}
CAMERAS: Final = {
    1: [
        CameraFeature(
            CAMERA,
            "",
            52.05,
            5.05,
            None,
            (CameraZone("zone-1", Movement.IN, Movement.OUT, Movement.UNKNOWN),),
        )
    ]
}


def shapes_of(zones: Mapping[int, Sequence[StoredZone]]) -> dict[int, dict[int, bytes]]:
    """Return what tells the shape of each zone, by version."""
    return {
        version: {zone.zone_no: zone.geometry_hash for zone in stored} for version, stored in zones.items()
    }


def version_source() -> VersionSource:
    """Return versions as the database gives them."""
    return VersionSource(
        zones=ZONES.__getitem__,
        zone_changes=partial(last_changes, shapes_of(ZONES)),
        cameras=CAMERAS.__getitem__,
        settings=SETTINGS.__getitem__,
        zone_numbers=lambda: {f"zone-{number}": number for number in (1, 2, 3)},
    )


class Seen(NamedTuple):
    """A position, in seconds after START_US."""

    offset: int
    arrival_s: float
    event_s: float
    vehicle: int
    lon: float
    source_partition: int = 0
    outcome: int = Outcome.ACCEPTED
    day: int = TODAY


def positions(rows: Sequence[Seen], *, topic_id: bytes = FMS_ID) -> Entry:
    """Return a message of positions."""
    columns = PositionColumns(
        np.array([row.source_partition for row in rows], np.int32),
        np.array([row.offset for row in rows], np.int64),
        np.zeros(len(rows), np.int32),
        np.array([START_US + round(row.arrival_s * US_PER_S) for row in rows], np.int64),
        np.array([row.outcome for row in rows], np.uint8),
        np.array([START_US + round(row.event_s * US_PER_S) for row in rows], np.int64),
        np.array([row.day for row in rows], np.int32),
        np.array([row.vehicle for row in rows], np.uint64),
        np.zeros(len(rows), np.uint64),
        np.full(len(rows), 52.05),
        np.array([row.lon for row in rows]),
        np.full(len(rows), 3, np.uint8),
        np.ones(len(rows), np.uint8),
        np.zeros(len(rows), np.uint32),
        np.zeros(len(rows), np.uint32),
    )
    (value,) = encode_rows(narrowed(columns))
    return Entry(value, headers_of(Kind.POSITIONS, OURS, topic_id))


def detections(
    offsets: Sequence[int],
    arrival_s: float,
    camera: UUID = CAMERA,
    *,
    event_s: float | None = None,
    vehicle: int | None = None,
) -> Entry:
    """Return a message of detections that happen when they arrive, each of a vehicle of its own, unless told."""
    rows = len(offsets)
    time_us = np.full(rows, START_US + round(arrival_s * US_PER_S), np.int64)
    event_us = time_us if event_s is None else np.full(rows, START_US + round(event_s * US_PER_S), np.int64)
    numbers = np.array(offsets, np.uint64)
    vehicles = numbers if vehicle is None else np.full(rows, vehicle, np.uint64)
    columns = DetectionColumns(
        np.zeros(rows, np.int32),
        np.array(offsets, np.int64),
        np.zeros(rows, np.int32),
        time_us,
        np.zeros(rows, np.uint8),
        event_us,
        np.full(rows, TODAY, np.int32),
        vehicles,
        vehicles,
        np.full(rows, 3, np.uint8),
        np.ones(rows, np.uint8),
        np.full(rows, camera.int >> 64, np.uint64),
        np.full(rows, camera.int & (1 << 64) - 1, np.uint64),
        numbers,
        numbers,
        np.zeros(rows, np.uint8),
        np.ones(rows),
        np.zeros(rows, np.uint32),
        np.zeros(rows, np.uint64),
    )
    (value,) = encode_rows(narrowed(columns))
    return Entry(value, headers_of(Kind.DETECTIONS, OURS, ANPR_ID))


def progress(
    next_offset: int,
    arrival_s: float,
    *,
    source: int = 0,
    partitions: int = 1,
    partition: int = 0,
    topic_id: bytes | None = None,
) -> Entry:
    """Return a message that moves the clock of a source partition."""
    topic_id = topic_id or (ANPR_ID if source else FMS_ID)
    time_us = START_US + round(arrival_s * US_PER_S)
    mark = Mark(topic_id, source, partitions, partition, next_offset, time_us)
    return Entry(encode_progress([mark]), headers_of(Kind.PROGRESS, OURS))


def control(kind: str, version: int) -> Entry:
    """Return a control record."""
    return Entry(*control_message(OURS, kind, version))


def topic_end(source: int) -> Entry:
    """Return the end of a source topic."""
    return Entry(*topic_end_message(OURS, ANPR_ID if source else FMS_ID, source))


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


class Process:
    """One aggregate process over the shared store and logs."""

    def __init__(self, store: MemoryStore, logs: Sequence[Sequence[Entry]], **options: Any) -> None:
        self.now_s = 1_000.0
        self.logs = logs
        self.consumer = FakeConsumer()
        self.consumer.bounds = {(TOPIC, number): (0, len(log)) for number, log in enumerate(logs)}
        self.producer = FakeProducer()
        self.topic_ids = {TOPIC: TOPIC_ID}
        self.is_away = False  # the broker, when it is asked for the ids of topics
        self.metrics = Metrics(version="1", clock=lambda: START_US / US_PER_S + 60.0)
        self.aggregate = Aggregate(
            self.consumer,  # type: ignore[arg-type]  # the fakes have the methods that are used
            store,  # type: ignore[arg-type]  # the same
            Worlds(version_source()),
            AggregateOptions(
                topic=ObservationTopic(TOPIC, TOPIC_ID, len(logs)),
                partial_topic="partial",
                dead_letter_topic="dead",
                installation=OURS,
                **{"flush_s": 1e9, "partial_s": 1e9, **options},
            ),
            watch=TopicWatch({TOPIC: TOPIC_ID}, self._told_ids),
            partial_producer=self.producer,  # type: ignore[arg-type]  # the same
            midnights_us=MIDNIGHTS_US,
            monotonic=lambda: self.now_s,
            metrics=AggregateMetrics(
                self.metrics, clock=lambda: START_US / US_PER_S + 60.0, monotonic=lambda: self.now_s
            ),
        )
        self.aggregate.subscribe()
        pace = self.aggregate._pace
        pace.due_s = pace.soonest_s = self.aggregate._partials.due_s = 1e12

    def _told_ids(self, _answer_s: float) -> dict[str, UUID]:
        """Give the ids of topics as the broker tells them."""
        if self.is_away:
            message = "no answer"
            raise ServiceAwayError(message)
        return self.topic_ids

    def own(self, *partitions: int) -> None:
        """Let the group assign partitions."""
        self.consumer.give(*((TOPIC, number) for number in partitions))

    def read(self, most: int = 1_000) -> int:
        """Read the next messages of every partition in one step."""
        taken: list[Message] = []
        for (_, number), start in sorted(self.consumer.assigned.items()):
            end = min(start + most, len(self.logs[number]))
            taken += [
                entry_message(self.logs[number][offset], number, offset) for offset in range(start, end)
            ]
            self.consumer.assigned[TOPIC, number] = end
        self.consumer.incoming.append(taken)
        return self.aggregate.step()

    def die(self) -> None:
        """End as the role does after an error: drop everything, then close, which revokes."""
        self.aggregate.abandon()
        self.consumer.take(*self.consumer.assigned)


def entry_message(entry: Entry, partition: int, offset: int) -> Message:
    """Return an entry as a received message."""
    return message(TOPIC, partition, offset, entry.value, headers=list(entry.headers))


def partial_counts(producer: FakeProducer) -> Iterator[dict[str, Any]]:
    """Yield the partial counts that were sent."""
    for sent in producer.sent:
        yield msgspec.json.decode(sent.value or b"", type=dict[str, Any])


AWAY: Final[DulsError] = ServiceAwayError("the database is away")
