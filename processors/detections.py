"""The state for detections: hold until stream time passes their arrival, then take them in one global order.

All detections go to one observation partition, because a repeated observation id counts once wherever and
with whatever content it comes again. They are few (1.4 million a day in 45 cities), so the state keeps exact sets.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from processors.cameras import CameraIndex
from processors.cells import cell_of
from processors.columns import BoolArray, DetectionColumns, Int32Array, Int64Array, UInt64Array, rows_of
from processors.detection_steps import (
    ANPR,
    OPEN,
    TOO_OLD,
    UNREGISTERED,
    DayMarks,
    DetectionWorld,
    classify,
    drop_known,
    drop_repeated,
    take_detections,
)
from processors.feed_counts import (
    ACCEPTED,
    DUPLICATES,
    LATE,
    MINUTE_BITS,
    REJECTED,
    count_feed,
    count_feeds,
    count_outcomes,
)
from processors.key_table import KeyTable, new_key_table, with_key_room
from processors.ledger import Ledger
from processors.rules import Rules
from processors.units import DAY_US, MINUTE_US
from processors.vehicle_table import FOREVER_US, NO_CLASS
from processors.vocabulary import Outcome

# days of arrival before today's: a repeat that is not late comes at most 7 days and 5 min after the first
IDENTIFIER_DAYS: Final = 8
ROWS_PER_STEP: Final = 4_096


class CameraRejections(NamedTuple):
    """Detections of cameras that nobody registered, one row each, in the order of arrival."""

    partition: Int32Array
    offset: Int64Array
    index: Int32Array  # type: ignore[assignment]  # place in the record; tuple.index is not used
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
        ledger.reserve_minutes(columns.arrival_us)
        count_outcomes(ledger.feeds, ledger.reasons, ANPR, columns.arrival_us, columns.outcome)
        count_feeds(ledger.feeds, ANPR, columns.arrival_us[columns.outcome == Outcome.TOO_LATE], LATE)
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

    def forget_from(self, offsets: Int64Array) -> None:
        """Forget the held detections at or beyond an offset of their source partition; beyond the last, all."""
        ends = dict(enumerate(offsets.tolist()))
        self.held = [
            rows_of(columns, columns.offset < [ends.get(number, 0) for number in columns.partition.tolist()])
            for columns in self.held
        ]

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
        ledger.reserve_minutes(columns.arrival_us)
        fate = np.empty(columns.event_us.size, np.uint8)
        classify(world, columns, fate)
        count_feeds(ledger.feeds, ANPR, columns.arrival_us[fate == TOO_OLD], LATE)
        is_new = self._first_of_id(columns, fate == OPEN)
        count_feeds(ledger.feeds, ANPR, columns.arrival_us[(fate == OPEN) & ~is_new], DUPLICATES)
        for day in np.unique(columns.day[is_new]).tolist():
            self._take_day(world, columns, np.flatnonzero(is_new & (columns.day == day)), day, ledger)
        return self._reject(columns, np.flatnonzero(fate == UNREGISTERED), ledger)

    def _first_of_id(self, columns: DetectionColumns, is_open: BoolArray) -> BoolArray:
        """Note the observation ids of open rows and return which of them no earlier row had.

        Rows stand in order of arrival, so that the days of arrival come one after another. Days before the
        last `IDENTIFIER_DAYS` are not asked, forgotten already or not: batches must not matter.
        """
        days = columns.arrival_us // DAY_US
        is_new = np.zeros_like(is_open)
        for day in np.unique(days[is_open]).tolist():
            of_day = is_open & (days == day)
            today = with_key_room(self.identifiers.get(day) or new_key_table(), int(of_day.sum()))
            self.identifiers[day] = today
            for other, known in self.identifiers.items():
                if day - IDENTIFIER_DAYS <= other < day:
                    drop_known(known, today, columns, of_day)
            drop_repeated(today, columns, of_day)
            is_new |= of_day
        return is_new

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
            with_key_room(marks.marks, rows.size * (2 + 3 * zones)),
        )
        self.days[day] = marks
        self.camera_rows = with_key_room(self.camera_rows, rows.size)
        ledger.reserve_cameras(rows.size)
        ledger.reserve_visitors(int(np.count_nonzero(columns.visitor[rows])) * zones)
        place = 0
        while place < rows.size:
            place = take_detections(
                world,
                columns,
                rows,
                marks,
                self.camera_rows,
                ledger.flows,
                ledger.feeds,
                ledger.cameras,
                ledger.visitors,
                place,
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
        oldest = stream_us // DAY_US - IDENTIFIER_DAYS
        self.identifiers = {day: table for day, table in self.identifiers.items() if day >= oldest}
        latest_us = self.rules.detection_lateness_us
        self.days = {
            day: marks
            for day, marks in self.days.items()
            if int(self.midnights_us[day + 1]) + latest_us >= stream_us
        }


def _no_rejections() -> CameraRejections:
    empty = np.empty(0, np.int64)
    ids = np.empty(0, np.uint64)
    return CameraRejections(empty.astype(np.int32), empty, empty.astype(np.int32), ids, ids, empty)
