"""The figures of detections: a camera registry instead of geometry, and repeats instead of links."""

import heapq
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from naive.buckets import HOUR_US, local_day, month_of
from naive.figures import Cells, Figures, Identity, Kind, RowOutcome
from naive.rows import ArrivalOrder, DetectionRow
from naive.settings import Settings

Movements = Mapping[Hashable, str]  # direction -> in, out or unknown
Registry = Mapping[Hashable, Sequence[tuple[Hashable, Movements]]]  # camera -> its zones

CameraKey = tuple[Hashable, int, Hashable, Hashable, Hashable]
"""Camera, start of the UTC hour, direction, class, emission."""


@dataclass
class CameraHours:
    """Passages and distinct vehicles by camera and UTC hour."""

    passages: Counter[CameraKey] = field(default_factory=Counter)
    vehicles: Counter[CameraKey] = field(default_factory=Counter)
    seen: set[Hashable] = field(default_factory=set)

    def count(self, row: DetectionRow, kind: Kind, pseudonym: Hashable) -> None:
        """Count a taken detection; a vehicle counts once per camera, direction and hour."""
        hour_us = row.event_us // HOUR_US * HOUR_US
        key = (row.camera, hour_us, row.direction, *kind)
        self.passages[key] += 1
        sight = (pseudonym, row.camera, row.direction, hour_us)
        if sight not in self.seen:
            self.seen.add(sight)
            self.vehicles[key] += 1


VisitorKey = tuple[int, Hashable, int]
"""First day of the month, zone, pseudonym of the month."""


@dataclass
class Visitors:
    """On which days of a month vehicles came to zones, and what is known of them."""

    days: dict[VisitorKey, set[int]] = field(default_factory=dict)
    holders: dict[VisitorKey, tuple[bool, int, int]] = field(default_factory=dict)
    counted: set[Hashable] = field(default_factory=set)

    def count(self, zone_id: Hashable, row: DetectionRow, pseudonym: tuple[Hashable, int]) -> None:
        """Note a vehicle by the first row that counts it in a zone on a day, if that row knows the month."""
        if (zone_id, pseudonym) in self.counted:
            return
        self.counted.add((zone_id, pseudonym))
        if row.visitor:
            month, place = month_of(pseudonym[1])
            key = (month, zone_id, row.visitor)
            self.days.setdefault(key, set()).add(place)
            self.holders.setdefault(key, row.holder)


FIGURE_OF_MOVEMENT = {"in": "entries", "out": "exits"}


class NaiveDetections:
    """The figures of detections, fed step by step as an observation partition reads its log."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._registry = registry
        self._cells = Cells(settings, "anpr")
        self._stream_us: int | None = None
        self._outcomes: dict[Identity, RowOutcome] = {}
        self._waiting: list[tuple[ArrivalOrder, DetectionRow]] = []  # heap
        self._ids: set[Hashable] = set()  # observation ids seen, also those of low confidence
        self._windows: set[tuple[Hashable, ...]] = (
            set()
        )  # pseudonym, camera, direction, window: already counted
        self.camera_hours = CameraHours()
        self.visitors = Visitors()
        self._kinds: dict[tuple[Hashable, int], Kind] = {}  # by pseudonym: of its first taken detection

    def add(self, rows: Iterable[DetectionRow]) -> None:
        """Read rows; nothing is decided before stream time passes their arrival.

        Raises:
            ValueError: A row repeats an identity, or arrived before stream time, which waits for all rows.
        """
        for row in rows:
            if row.identity in self._outcomes:
                message = f"row {row.identity} was added before"
                raise ValueError(message)
            if self._stream_us is not None and row.arrival_us < self._stream_us:
                message = (
                    f"row {row.identity} arrived at {row.arrival_us}, before stream time {self._stream_us}"
                )
                raise ValueError(message)
            self._outcomes[row.identity] = RowOutcome.HELD
            heapq.heappush(self._waiting, (row.arrival_order, row))

    def advance(self, stream_us: int) -> None:
        """Move stream time and process every row that arrived before it.

        Raises:
            ValueError: Stream time would go back.
        """
        if self._stream_us is not None and stream_us < self._stream_us:
            message = f"stream time goes back from {self._stream_us} to {stream_us}"
            raise ValueError(message)
        self._stream_us = stream_us
        while self._waiting and stream_us > self._waiting[0][1].arrival_us:
            self._process(heapq.heappop(self._waiting)[1])

    def drain(self) -> None:
        """Process all rows that wait."""
        while self._waiting:
            self._process(heapq.heappop(self._waiting)[1])

    def change_cameras(self, registry: Registry) -> None:
        """Put another camera registry in force; rows that are due were processed under the old one."""
        self._registry = registry

    def figures(self) -> Figures:
        """Return the figures as they are now; detections open no visits."""
        return Figures(self._cells.copy(), dict(self._outcomes), {})

    def _process(self, row: DetectionRow) -> None:
        """Decide about one row and count it if it is taken."""
        outcome = self._decide(row)
        self._outcomes[row.identity] = outcome
        if outcome is RowOutcome.TAKEN:
            self._take(row)

    def _decide(self, row: DetectionRow) -> RowOutcome:
        """Return the outcome of a row by the rules in their order; remember its id and its window."""
        if row.camera not in self._registry:
            return RowOutcome.UNREGISTERED_CAMERA
        if row.arrival_us - row.event_us > self._settings.detection_lateness_us:
            return RowOutcome.LATE
        if row.observation_id in self._ids:
            return RowOutcome.DUPLICATE
        self._ids.add(row.observation_id)
        if row.confidence < self._settings.confidence_floor:
            return RowOutcome.LOW_CONFIDENCE
        window = (*_pseudonym(row), row.camera, row.direction, row.event_us // self._settings.dedupe_us)
        if window in self._windows:
            return RowOutcome.DUPLICATE
        self._windows.add(window)
        return RowOutcome.TAKEN

    def _take(self, row: DetectionRow) -> None:
        """Count a taken detection at its camera and in every zone of it."""
        pseudonym = _pseudonym(row)
        kind = self._kinds.setdefault(pseudonym, (row.vehicle_class, row.zero_emission))
        self.camera_hours.count(row, kind, pseudonym)
        for zone_id, movements in self._registry[row.camera]:
            self._cells.observe(zone_id, row, kind, pseudonym)
            self.visitors.count(zone_id, row, pseudonym)
            figure = FIGURE_OF_MOVEMENT.get(movements[row.direction])
            if figure is not None:
                self._cells.add(zone_id, row.event_us, kind, figure)


def _pseudonym(row: DetectionRow) -> tuple[Hashable, int]:
    """Return the vehicle and the local day of a detection."""
    return (row.vehicle, local_day(row.event_us))


def run_detections(
    rows: Iterable[DetectionRow],
    registry: Registry,
    settings: Settings,
    *,
    stream_us: int | None,
    drained: bool = False,
) -> Figures:
    """Return the figures of all *rows* at a final stream time; None if it was never known.

    Args:
        rows: All rows of all source partitions, in any order, with their arrivals.
        registry: Zones of each camera.
        settings: What decides the figures.
        stream_us: Final stream time; None if it was never known, so that nothing is due.
        drained: Whether all waiting rows are processed at the end (event clock).
    """
    oracle = NaiveDetections(settings, registry)
    oracle.add(rows)
    if stream_us is not None:
        oracle.advance(stream_us)
    if drained:
        oracle.drain()
    return oracle.figures()
