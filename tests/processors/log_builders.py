"""Observation logs for tests: what intake writes, repeats after a crash included, read by state and oracle alike."""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, NamedTuple

from detection_strategies import random_detections, random_registry
from naive import (
    CarrierKey,
    Cell,
    CellKey,
    DetectionRow,
    Geometry,
    NaiveDetections,
    NaivePositions,
    PositionRow,
    Registry,
    RowOutcome,
    Settings,
)
from processors.detections import CameraRejections
from processors.ledger import Ledger
from processors.observation_partition import ObservationPartition, new_partition
from processors.snapshot import PartitionSnapshot, restore, snapshot_of
from processors.source_clock import Mark
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS, Source
from processors.zone_sets import ZoneSets
from strategies import LogShape, random_positions
from tests.processors.detection_builders import camera_index, detection_columns
from tests.processors.position_builders import (
    MIDNIGHTS_US,
    FlowTotals,
    NowKey,
    ZoneBook,
    carriers_of,
    filled_cells,
    position_columns,
    rules,
)
from zone_strategies import changed_zones, random_zones

TOPICS: Final = {Source.FMS: b"topic of FMS    ", Source.ANPR: b"topic of ANPR   "}
Row = PositionRow | DetectionRow


class Rows(NamedTuple):
    """A message with rows of one source."""

    source: Source
    rows: tuple[Row, ...]


class Marks(NamedTuple):
    """A message with the progress of source partitions."""

    marks: tuple[Mark, ...]


class NewZones(NamedTuple):
    """A control message: other zones are in force."""

    zones: Mapping[Hashable, Geometry]


class NewCameras(NamedTuple):
    """A control message: another registry is in force."""

    registry: Registry


Message = Rows | Marks | NewZones | NewCameras


@dataclass(frozen=True)
class ObservationLog:
    """What one observation partition reads, and what was in force before."""

    settings: Settings
    zones: Mapping[Hashable, Geometry]
    registry: Registry
    messages: list[Message]


@dataclass
class _Sender:
    """Intake for one source partition: how far it has sent, and how far its progress is known."""

    source: Source
    partition: int
    partitions: int
    rows: list[Row]
    sent: int = 0

    def mark(self) -> Mark | None:
        """Return the progress: below the last record that was sent whole; None before the first row."""
        if self.sent == 0:
            return None
        last = self.rows[self.sent - 1]
        is_whole = self.sent == len(self.rows) or self.rows[self.sent].offset > last.offset
        next_offset = last.offset + 1 if is_whole else last.offset
        return Mark(
            TOPICS[self.source], self.source, self.partitions, self.partition, next_offset, last.arrival_us
        )


def _senders(rows: list[Row], source: Source, partitions: int) -> list[_Sender]:
    return [
        _Sender(
            source,
            number,
            partitions,
            sorted((row for row in rows if row.partition == number), key=lambda row: row.identity),
        )
        for number in range(partitions)
    ]


def _end_marks(senders: list[_Sender], final_us: int) -> Marks:
    """Return progress after ticks in all partitions."""
    return Marks(
        tuple(
            Mark(
                TOPICS[sender.source],
                sender.source,
                sender.partitions,
                sender.partition,
                sender.rows[-1].offset + 2 if sender.rows else 1,
                final_us,
            )
            for sender in senders
        )
    )


def random_messages(rng: Random, senders: list[_Sender], final_us: int, *, repeats: bool) -> list[Message]:
    """Return rows of all partitions in turns with progress in between; after a crash some are sent again."""
    messages: list[Message] = []
    while unsent := [sender for sender in senders if sender.sent < len(sender.rows)]:
        sender = rng.choice(unsent)
        first = sender.sent
        sender.sent = min(first + rng.randint(1, 8), len(sender.rows))
        messages.append(Rows(sender.source, tuple(sender.rows[first : sender.sent])))
        if rng.random() < 0.5:
            marks = [mark for each in senders if (mark := each.mark()) is not None]
            messages.append(Marks(tuple(marks)))
        if repeats and rng.random() < 0.08:
            again = rng.choice(senders)
            again.sent = rng.randint(0, again.sent)
    return [*messages, _end_marks(senders, final_us)]


def random_log(
    rng: Random, *, changes: bool = False, partitions: int = 3, repeats: bool = False
) -> ObservationLog:
    """Return a log of positions and detections; with *repeats* also what a crashing intake sends again."""
    settings = Settings(slot_s=rng.choice((60, 300, 900)), reorder_s=rng.choice((0, 5)))
    zones = random_zones(rng, rng.randint(1, 4))
    registry = random_registry(rng, list(zones)[:3])
    positions: list[Row] = [
        *random_positions(rng, zones, settings, LogShape(length=10, partitions=partitions))
    ]
    detections: list[Row] = [*random_detections(rng, registry, settings, count=20, partitions=2)]
    senders = _senders(positions, Source.FMS, partitions) + _senders(detections, Source.ANPR, 2)
    final_us = (
        max(row.arrival_us for row in [*positions, *detections]) + rng.choice((0, 1, 60, 90_000)) * 10**6
    )
    messages = random_messages(rng, senders, final_us, repeats=repeats)
    if changes:
        messages = with_changes(rng, messages, zones, registry)
    return ObservationLog(settings, zones, registry, messages)


def with_changes(
    rng: Random, messages: list[Message], zones: Mapping[Hashable, Geometry], registry: Registry
) -> list[Message]:
    """Return the messages with control messages among them."""
    result: list[Message] = []
    for message in messages:
        result.append(message)
        if rng.random() < 0.08:
            zones = changed_zones(rng, zones)
            result.append(NewZones(zones))
        if rng.random() < 0.08:
            registry = {**registry, **random_registry(rng, list(zones)[:3] or ["none"], cameras=1)}
            result.append(NewCameras(registry))
    return result


def repeated(rng: Random, log: ObservationLog) -> ObservationLog:
    """Return the log with every message read again later, in order, as a second run of intake would write it."""
    messages: list[Message] = []
    again = 0
    for place, message in enumerate(log.messages):
        messages.append(message)
        while again < place and rng.random() < 0.5:
            messages.append(log.messages[again])
            again += 1
    return replace(log, messages=[*messages, *log.messages[again:]])


class FastPartition:
    """An observation partition under test, with what its flushes brought."""

    def __init__(
        self, settings: Settings, book: ZoneBook, registry: Registry, totals: FlowTotals | None = None
    ) -> None:
        self.settings = settings
        self.book = book
        self.registry = registry
        self.ledger = Ledger(book.zone_sets)
        self.totals = FlowTotals() if totals is None else totals
        self.rejected: list[tuple[int, int, int]] = []
        self.state: ObservationPartition = new_partition(
            rules(settings),
            settings.confidence_floor,
            book.zone_sets,
            book.world,
            camera_index(registry, book.numbers),
            MIDNIGHTS_US,
        )

    def read(self, message: Message) -> None:
        """Read one message."""
        match message:
            case Rows(Source.FMS, rows):
                self.state.add_positions(TOPICS[Source.FMS], position_columns(rows), self.ledger)  # type: ignore[arg-type] # of one source
            case Rows(Source.ANPR, rows):
                self.state.add_detections(TOPICS[Source.ANPR], detection_columns(rows), self.ledger)  # type: ignore[arg-type] # as above
            case Marks(marks):
                self._note(self.state.progress(list(marks), self.ledger))
            case NewZones(zones):
                changed = self.book.change(zones)
                self.state.change_zones(self.book.world, changed, self.ledger)
            case NewCameras(registry):
                self.registry = registry
                cameras = camera_index(registry, self.book.numbers)
                self.state.change_cameras(self.state.versions.cameras + 1, cameras)

    def _note(self, rejections: CameraRejections | None) -> None:
        if rejections is not None:
            self.rejected += zip(*(column.tolist() for column in rejections[:3]), strict=True)

    def flush(self) -> None:
        """Bring what has been added to the totals."""
        self.totals.add(self.ledger.drain(slot_s=self.settings.slot_s, midnights_us=MIDNIGHTS_US))

    def cells(self) -> dict[str, dict[CellKey, Cell]]:
        """Return all flow cells so far."""
        self.flush()
        return self.totals.cells(self.book.numbers)

    def carriers(self) -> dict[str, Counter[CarrierKey]]:
        """Return all vehicles by carrier so far."""
        self.flush()
        return self.totals.carriers(self.book.numbers)

    def zone_now(self) -> tuple[int, dict[NowKey, tuple[int, int]]] | None:
        """Return stream time and (present, silent) of each zone and class, or None before the first."""
        now = self.state.now()
        if now is None:
            return None
        rows = zip(*(column.tolist() for column in now[1]), strict=True)
        return now[0], {
            (self.book.numbers.zone_id(zone_no), VEHICLE_CLASSES[kind], ZERO_EMISSIONS[emission]): (
                present,
                silent,
            )
            for zone_no, kind, emission, present, silent in rows
        }

    def restarted(self, zone_sets: ZoneSets | None = None) -> "FastPartition":
        """Return what another process makes of a snapshot; its zone sets may be numbered in another way."""
        self.flush()
        snapshot = frozen(snapshot_of(self.state))
        book = self.book.rebuilt(ZoneSets() if zone_sets is None else zone_sets)
        other = FastPartition(self.settings, book, self.registry, self.totals)
        other.rejected = self.rejected
        restore(other.state, snapshot)
        return other


def frozen(snapshot: PartitionSnapshot) -> PartitionSnapshot:
    """Return a copy of a snapshot that does not follow the state and cannot be written."""
    copied = {name: array.copy() for name, array in snapshot.arrays.items()}
    for array in copied.values():
        array.flags.writeable = False
    return snapshot._replace(arrays=copied)


@dataclass
class OraclePartition:
    """The oracle behind the same messages: rows that were read before and older progress change nothing."""

    positions: NaivePositions
    detections: NaiveDetections
    _seen: set[tuple[Source, tuple[int, int, int]]] = field(default_factory=set)
    _clocks: dict[Source, dict[int, int]] = field(default_factory=dict)
    _stream_us: dict[Source, int] = field(default_factory=dict)

    @classmethod
    def of(cls, log: ObservationLog) -> "OraclePartition":
        """Return the oracle at the beginning of a log."""
        return cls(NaivePositions(log.settings, log.zones), NaiveDetections(log.settings, log.registry))

    def read(self, message: Message) -> None:
        """Read one message."""
        match message:
            case Rows(source, rows):
                reader = self.positions if source is Source.FMS else self.detections
                new = [row for row in rows if (source, row.identity) not in self._seen]
                self._seen |= {(source, row.identity) for row in new}
                reader.add(new)  # type: ignore[arg-type] # rows of one source
            case Marks(marks):
                for mark in marks:
                    clocks = self._clocks.setdefault(Source(mark.source), {})
                    clocks[mark.partition] = max(clocks.get(mark.partition, 0), mark.arrival_us)
                    self._advance(Source(mark.source), mark.partitions)
            case NewZones(zones):
                self.positions.change_zones(zones)
            case NewCameras(registry):
                self.detections.change_cameras(registry)

    def _advance(self, source: Source, partitions: int) -> None:
        clocks = self._clocks[source]
        if len(clocks) == partitions and min(clocks.values()) > self._stream_us.get(source, 0):
            self._stream_us[source] = min(clocks.values())
            reader = self.positions if source is Source.FMS else self.detections
            reader.advance(self._stream_us[source])

    def cells(self) -> dict[str, dict[CellKey, Cell]]:
        """Return all flow cells with anything in them."""
        positions, detections = (
            filled_cells(self.positions.figures()),
            filled_cells(self.detections.figures()),
        )
        return {grain: positions[grain] | detections[grain] for grain in positions}

    def carriers(self) -> dict[str, Counter[CarrierKey]]:
        """Return all vehicles by carrier."""
        return carriers_of(self.positions.figures())

    def zone_now(self) -> tuple[int, dict[NowKey, tuple[int, int]]] | None:
        """Return stream time of positions and (present, silent) of each zone and class."""
        stream_us = self._stream_us.get(Source.FMS)
        return None if stream_us is None else (stream_us, self.positions.zone_now(stream_us))  # type: ignore[return-value] # classes are strings here

    def rejected(self) -> list[tuple[int, int, int]]:
        """Return the rows of cameras that nobody registered."""
        outcomes = self.detections.figures().outcomes.items()
        return sorted(identity for identity, each in outcomes if each is RowOutcome.UNREGISTERED_CAMERA)
