"""The state for detections: hold until stream time passes their arrival, then take them in one global order.

All detections go to one observation partition, because a repeated observation id counts once wherever and with
whatever content it comes again. They are few (1.4 million a day in 45 cities), so the state keeps exact sets.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.calendar import DAY_US
from processors.cameras import CameraIndex
from processors.cells import cell_of
from processors.columns import DetectionColumns, Int64Array, UInt64Array, rows_of
from processors.detection_steps import (
    ANPR,
    OPEN,
    TOO_OLD,
    UNREGISTERED,
    DayMarks,
    DetectionWorld,
    classify,
    take_detections,
)
from processors.feed_counts import (
    ACCEPTED,
    DUPLICATES,
    LATE,
    MINUTE_BITS,
    MINUTE_US,
    REJECTED,
    count_feed,
    count_rejections,
)
from processors.key_table import ABSENT, KeyTable, new_key_table, number_of_key, put_key, with_key_room
from processors.ledger import Ledger
from processors.rules import Rules
from processors.vehicle_table import FOREVER_US, NO_CLASS
from processors.vocabulary import FIRST_REJECTION, Outcome

IDENTIFIER_DAYS: Final = 8  # a repeated observation id is known for seven whole days
ROWS_PER_STEP: Final = 4_096


class CameraRejections(NamedTuple):
    """Detections of cameras that nobody registered, one row each, in the order of arrival."""

    partition: NDArray[np.int32]
    offset: Int64Array
    index: NDArray[np.int32]  # type: ignore[assignment]  # place in the record; tuple.index is not used
    camera_hi: UInt64Array
    camera_lo: UInt64Array
    event_us: Int64Array


class DetectionState:
    """Held detections, known observation ids and marks per event day, of one observation partition."""

    def __init__(
        self, rules: Rules, confidence_floor: float, cameras: CameraIndex, midnights_us: Int64Array
    ) -> None:
        self.rules = rules
        self.confidence_floor = confidence_floor
        self.cameras = cameras
        self.midnights_us = midnights_us
        self.held: list[DetectionColumns] = []
        self.identifiers: dict[int, KeyTable] = {}  # by UTC day of arrival
        self.days: dict[int, DayMarks] = {}  # by local day of the event
        self.camera_rows: KeyTable = new_key_table()

    def add(self, columns: DetectionColumns, ledger: Ledger) -> None:
        """Count the rows of a batch and hold the accepted ones."""
        ledger.reserve_minutes(columns.outcome.size)
        count_rejections(
            ledger.feeds, ledger.reasons, ANPR, columns.arrival_us, columns.outcome, FIRST_REJECTION
        )
        for row in np.flatnonzero(columns.outcome == Outcome.TOO_LATE):
            count_feed(ledger.feeds, ANPR, columns.arrival_us[row], LATE)
        kept = columns.outcome == Outcome.ACCEPTED
        if kept.any():
            self.held.append(rows_of(columns, kept))

    def advance(self, stream_us: int, ledger: Ledger) -> CameraRejections:
        """Take everything that arrived before a stream time, and forget days that are over for good.

        Returns:
            The detections of unregistered cameras among them.
        """
        rejections = self._take(stream_us, ledger)
        self._forget(stream_us)
        return rejections

    def drain(self, ledger: Ledger) -> CameraRejections:
        """Take all held detections in order, as at the end of a history."""
        return self._take(FOREVER_US, ledger)

    def holds_below(self, ends: Mapping[int, int]) -> bool:
        """Tell whether a detection is held that stands below the given offset of its source partition."""
        return any(
            offset < ends.get(partition, 0)
            for columns in self.held
            for partition, offset in zip(columns.partition.tolist(), columns.offset.tolist(), strict=True)
        )

    def _take(self, before_us: int, ledger: Ledger) -> CameraRejections:
        if not self.held:
            return _no_rejections()
        columns = DetectionColumns._make(np.concatenate(parts) for parts in zip(*self.held, strict=True))
        due = columns.arrival_us < before_us
        self.held = [] if due.all() else [rows_of(columns, ~due)]
        order = np.lexsort((columns.index, columns.offset, columns.partition, columns.arrival_us))
        order = order[due[order]]
        rejections = [_no_rejections()]
        for start in range(0, order.size, ROWS_PER_STEP):
            chosen = order[start : start + ROWS_PER_STEP]
            rejections.append(self._step(rows_of(columns, chosen), ledger))
        return CameraRejections._make(np.concatenate(parts) for parts in zip(*rejections, strict=True))

    def _step(self, columns: DetectionColumns, ledger: Ledger) -> CameraRejections:
        world = DetectionWorld(self.rules, self.confidence_floor, self.cameras, self.midnights_us)
        rows = columns.event_us.size
        ledger.reserve_minutes(rows)
        fate = np.empty(rows, np.uint8)
        classify(world, columns, fate)
        for row in np.flatnonzero(fate == TOO_OLD):
            count_feed(ledger.feeds, ANPR, columns.arrival_us[row], LATE)
        is_open = fate == OPEN
        for row in np.flatnonzero(is_open):
            is_open[row] = self._is_new(columns, int(row))
            if not is_open[row]:
                count_feed(ledger.feeds, ANPR, columns.arrival_us[row], DUPLICATES)
        for day in np.unique(columns.day[is_open]).tolist():
            self._take_day(world, columns, np.flatnonzero(is_open & (columns.day == day)), day, ledger)
        return self._reject(columns, np.flatnonzero(fate == UNREGISTERED), ledger)

    def _is_new(self, columns: DetectionColumns, row: int) -> bool:
        """Note the observation id of a row and tell whether no earlier row had it."""
        hi, lo = columns.observation_hi[row], columns.observation_lo[row]
        today = int(columns.arrival_us[row] // DAY_US)
        table = with_key_room(self.identifiers.get(today, new_key_table()), 1)
        self.identifiers[today] = table
        known = any(_holds(other, hi, lo) for day, other in self.identifiers.items() if day != today)
        return not known and put_key(table, hi, lo, 0)

    def _take_day(
        self, world: DetectionWorld, columns: DetectionColumns, rows: Int64Array, day: int, ledger: Ledger
    ) -> None:
        marks = self.days.get(day)
        if marks is None:
            marks = DayMarks(new_key_table(), np.full((0, 2), NO_CLASS, np.uint8), new_key_table())
        vehicles = int(marks.vehicles.used[0]) + rows.size
        groups = marks.groups
        if groups.shape[0] < vehicles:
            groups = np.full((1 << vehicles.bit_length(), 2), NO_CLASS, np.uint8)
            groups[: marks.groups.shape[0]] = marks.groups
        zones = int(np.diff(self.cameras.starts).max(initial=0))
        marks = DayMarks(
            with_key_room(marks.vehicles, rows.size),
            groups,
            with_key_room(marks.marks, rows.size * (1 + 3 * zones)),
        )
        self.days[day] = marks
        self.camera_rows = with_key_room(self.camera_rows, rows.size)
        place = 0
        while place < rows.size:
            place = take_detections(
                world, columns, rows, marks, self.camera_rows, ledger.flows, ledger.feeds, place
            )
            ledger.make_room()

    def _reject(self, columns: DetectionColumns, rows: Int64Array, ledger: Ledger) -> CameraRejections:
        """Move rows from accepted to rejected: only here is it known that their camera is not registered."""
        for row in rows:
            arrival_us = columns.arrival_us[row]
            count_feed(ledger.feeds, ANPR, arrival_us, REJECTED)
            minute = max(int(arrival_us) // MINUTE_US, 0)
            ledger.feeds.values[cell_of(ledger.feeds, (ANPR << MINUTE_BITS) | minute), ACCEPTED] -= 1
            key = (((ANPR << 8) | int(Outcome.UNREGISTERED_CAMERA)) << MINUTE_BITS) | minute
            ledger.reasons.values[cell_of(ledger.reasons, key), 0] += 1
        return CameraRejections(
            columns.partition[rows],
            columns.offset[rows],
            columns.index[rows],
            columns.camera_hi[rows],
            columns.camera_lo[rows],
            columns.event_us[rows],
        )

    def _forget(self, stream_us: int) -> None:
        """Drop identifiers and event days that no accepted detection can touch any more."""
        oldest = (stream_us - IDENTIFIER_DAYS * DAY_US) // DAY_US
        self.identifiers = {day: table for day, table in self.identifiers.items() if day >= oldest}
        latest_us = self.rules.detection_lateness_us
        self.days = {
            day: marks
            for day, marks in self.days.items()
            if int(self.midnights_us[day + 1]) + latest_us >= stream_us
        }


def _holds(table: KeyTable, hi: np.uint64, lo: np.uint64) -> bool:
    return bool(number_of_key(table, hi, lo) != ABSENT)


def _no_rejections() -> CameraRejections:
    empty = np.empty(0, np.int64)
    ids = np.empty(0, np.uint64)
    return CameraRejections(empty.astype(np.int32), empty, empty.astype(np.int32), ids, ids, empty)
