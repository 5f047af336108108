"""One observation partition: a state that is a pure function of the log read so far.

Rows come in through `add_positions` and `add_detections`, time through `progress`, versions through `change_*`.
What the database shall add goes to a ledger. Nothing else moves the state, so reading the log again gives it
again.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from processors.cameras import CameraIndex
from processors.columns import DetectionColumns, Int64Array, PositionColumns, rows_of
from processors.detections import CameraRejections, DetectionState
from processors.ledger import Ledger
from processors.positions import NowCounts, PositionState, ZoneWorld
from processors.rules import Rules
from processors.source_clock import Cursor, Mark, SourceClock
from processors.vehicle_table import NEVER_US
from processors.vocabulary import Outcome, Source
from processors.zone_sets import ZoneSets

SETTLING_US = 300_000_000  # after local midnight, while vehicles are being seen anew


class Versions(NamedTuple):
    """The versions that the next row is read under; 0 before the first."""

    zones: int
    cameras: int
    settings: int


class ObservationPartition:
    """Cursors, clocks, vehicles and detections of one observation partition."""

    def __init__(
        self,
        positions: PositionState,
        detections: DetectionState,
        versions: Versions = Versions(0, 0, 0),  # noqa: B008 a tuple of integers cannot change
    ) -> None:
        self.positions = positions
        self.detections = detections
        self.versions = versions
        self.clocks: dict[bytes, SourceClock] = {}

    def clock_of(self, topic_id: bytes, source: int) -> SourceClock:
        """Return the clock of a source topic, new at its first row or mark."""
        return self.clocks.setdefault(topic_id, SourceClock(topic_id, source))

    def stream_us(self, source: Source) -> int | None:
        """Return stream time of a source: the least over its topics, None while one is unknown."""
        times = [clock.stream_us for clock in self._running(source)]
        known = [time for time in times if time is not None]
        return min(known) if known and len(known) == len(times) else None

    def add_positions(self, topic_id: bytes, columns: PositionColumns, ledger: Ledger) -> int:
        """Take a batch of rows in, dropping those that were read before; return how many were new."""
        clock = self.clock_of(topic_id, Source.FMS)
        new = clock.admit(columns.partition, columns.offset, columns.index)
        if new is not None:
            columns = rows_of(columns, new)
        clock.saw(*self.positions.add(columns, ledger))
        return int(columns.outcome.size)

    def add_detections(self, topic_id: bytes, columns: DetectionColumns, ledger: Ledger) -> int:
        """Take a batch of rows in, dropping those that were read before; return how many were new."""
        clock = self.clock_of(topic_id, Source.ANPR)
        new = clock.admit(columns.partition, columns.offset, columns.index)
        if new is not None:
            columns = rows_of(columns, new)
        accepted = columns.outcome == Outcome.ACCEPTED
        clock.saw(_newest(columns.event_us[accepted]), _newest(columns.arrival_us[accepted]))
        self.detections.add(columns, ledger)
        return int(columns.outcome.size)

    def progress(self, marks: list[Mark], ledger: Ledger) -> CameraRejections | None:
        """Move cursors and clocks, then take what is due; return rejected detections where any were due."""
        before = {source: self.stream_us(source) for source in Source}
        for mark in marks:
            self.clock_of(mark.topic_id, mark.source).progress(mark)
        fms_us, anpr_us = self.stream_us(Source.FMS), self.stream_us(Source.ANPR)
        if fms_us is not None and fms_us != before[Source.FMS]:
            self.positions.advance(fms_us, ledger)
        if anpr_us is not None and anpr_us != before[Source.ANPR]:
            return self.detections.advance(anpr_us, ledger)
        return None

    def end_topic(self, topic_id: bytes, source: Source, ledger: Ledger) -> CameraRejections | None:
        """Let a source topic be over, since another one has its name: from here on nothing of it is taken.

        What progress had passed is taken now, since nothing can come before it any more. What it had not is
        forgotten: intake tells progress only of what it knows to be of the topic, and rows beyond it may be of the
        other one, which is read from its beginning. Where that is being read already, it has the rows that are held.

        Returns:
            The detections of unregistered cameras among what is taken, None where nothing is.
        """
        clock = self.clock_of(topic_id, source)
        is_alone = not clock.is_over and self._running(source) == [clock]
        clock.end()
        if not is_alone:
            return None
        if source == Source.FMS:
            self.positions.forget_from(clock.told_offset)
            self.positions.drain(ledger)
            return None
        self.detections.forget_from(clock.told_offset)
        return self.detections.drain(ledger)

    def _running(self, source: Source) -> list[SourceClock]:
        """Return the clocks of the topics of a source that are not over."""
        return [clock for clock in self.clocks.values() if clock.source == source and not clock.is_over]

    def drain(self, ledger: Ledger) -> CameraRejections:
        """Take everything that is held, as at the end of a history (event clock)."""
        self.positions.drain(ledger)
        return self.detections.drain(ledger)

    def change_zones(self, zones: ZoneWorld, changed: frozenset[int], ledger: Ledger) -> None:
        """Go over to another version of the zones."""
        if zones.version > self.versions.zones:
            self.positions.change_zones(zones, changed, ledger)
            self.versions = self.versions._replace(zones=zones.version)

    def change_cameras(self, version: int, cameras: CameraIndex) -> None:
        """Go over to another version of the camera registry."""
        if version > self.versions.cameras:
            self.detections.cameras = cameras
            self.versions = self.versions._replace(cameras=version)

    def change_settings(self, version: int, rules: Rules, confidence_floor: float) -> None:
        """Go over to other settings; the ledger must have been drained when the slot length changes."""
        if version > self.versions.settings:
            self.positions.change_rules(rules)
            self.detections.rules = rules
            self.detections.confidence_floor = confidence_floor
            self.versions = self.versions._replace(settings=version)

    def has_taken(self, topic_id: bytes, ends: Mapping[int, int]) -> bool:
        """Tell whether all rows of a source topic below the given offsets were read and none of them is held."""
        clock = self.clocks.get(topic_id)
        if clock is None or not self.has_read(topic_id, ends):
            return not any(ends.values())
        state = self.positions if clock.source == Source.FMS else self.detections
        return not state.holds_below(ends)

    def has_read(self, topic_id: bytes, ends: Mapping[int, int]) -> bool:
        """Tell whether all rows of a source topic below the given offsets were read."""
        clock = self.clocks.get(topic_id)
        read = {} if clock is None else dict(enumerate(clock.next_offset.tolist()))
        return all(read.get(partition, 0) >= end for partition, end in ends.items())

    def cursors(self) -> list[Cursor]:
        """Return the cursors of all source partitions."""
        return [cursor for clock in self.clocks.values() for cursor in clock.cursors()]

    def now(self) -> tuple[int, NowCounts] | None:
        """Return stream time of positions and the vehicles in each zone then, or None before the first."""
        stream_us = self.stream_us(Source.FMS)
        return None if stream_us is None else (stream_us, self.positions.now(stream_us))


def _newest(times_us: Int64Array) -> int:
    """Return the newest of some times, NEVER_US of none."""
    return int(times_us.max(initial=NEVER_US))


def is_settling(stream_us: int, midnights_us: Int64Array) -> bool:
    """Tell whether stream time is within five minutes after a local midnight."""
    last = int(np.searchsorted(midnights_us, stream_us, side="right")) - 1
    return stream_us - int(midnights_us[last]) < SETTLING_US


def new_partition(
    rules: Rules,
    confidence_floor: float,
    zone_sets: ZoneSets,
    zones: ZoneWorld,
    cameras: CameraIndex,
    midnights_us: Int64Array,
) -> ObservationPartition:
    """Return the state at the beginning of an observation partition."""
    return ObservationPartition(
        PositionState(rules, zone_sets, zones, midnights_us),
        DetectionState(rules, confidence_floor, cameras, midnights_us),
    )
