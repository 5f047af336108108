"""The order of positions: lateness, reorder, silence, midnight, changes of zones, and the zones now."""

import heapq
from bisect import insort
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from itertools import count, takewhile

from naive.buckets import local_day
from naive.figures import Cells, Figures, Identity, RowOutcome
from naive.geometry import Geometry
from naive.machine import Machine, VehicleDay, end_proven_us
from naive.rows import ArrivalOrder, PositionRow
from naive.settings import Settings
from naive.zones import Zones

NowKey = tuple[Hashable, Hashable, Hashable]  # zone, vehicle class, zero emission
Pseudonym = tuple[Hashable, int]  # vehicle, local day


class NaivePositions:
    """The figures of positions, fed step by step as an observation partition reads its log."""

    def __init__(self, settings: Settings, zones: Mapping[Hashable, Geometry]) -> None:
        self._settings = settings
        self._cells = Cells(settings, "fms")
        self._machine = Machine(settings, self._cells, Zones(zones))
        self._stream_us: int | None = None
        self._vehicles: dict[Pseudonym, VehicleDay] = {}
        self._outcomes: dict[Identity, RowOutcome] = {}
        self._coming_up: list[
            tuple[ArrivalOrder, PositionRow]
        ] = []  # heap of all held, and of some since taken
        self._ends: list[
            tuple[int, int, VehicleDay]
        ] = []  # heap: proven past, tie breaker, vehicle; some outdated
        self._ticket = count()

    def add(self, rows: Iterable[PositionRow]) -> None:
        """Read rows: the late are counted at once, the others are held.

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
            if row.arrival_us - row.event_us > self._settings.allowed_lateness_us:
                self._outcomes[row.identity] = RowOutcome.LATE
                continue
            self._outcomes[row.identity] = RowOutcome.HELD
            insort(self._vehicle_of(row).held, row, key=lambda held: held.event_order)
            heapq.heappush(self._coming_up, (row.arrival_order, row))

    def advance(self, stream_us: int) -> None:
        """Move stream time: all due positions are taken first; silence and midnight follow.

        Raises:
            ValueError: Stream time would go back.
        """
        if self._stream_us is not None and stream_us < self._stream_us:
            message = f"stream time goes back from {self._stream_us} to {stream_us}"
            raise ValueError(message)
        self._stream_us = stream_us
        while self._coming_up and stream_us > self._coming_up[0][1].arrival_us + self._settings.reorder_us:
            self._come_up(heapq.heappop(self._coming_up)[1])
        while self._ends and stream_us > self._ends[0][0]:
            proven_us, _, vehicle = heapq.heappop(self._ends)
            if proven_us == end_proven_us(vehicle, self._settings):
                self._machine.end_visits(vehicle, list(vehicle.visits))

    def drain(self) -> None:
        """Take all held positions in the order in which they would come up; stream time and silence stay."""
        while self._coming_up:
            self._come_up(heapq.heappop(self._coming_up)[1])

    def change_zones(self, zones: Mapping[Hashable, Geometry]) -> None:
        """Put other zones in force; visits to those that changed or vanished end as disappearances.

        All that is due was taken by `advance`; what is held is looked up when taken. Zones with the same
        geometry notice nothing; for the others, also new ones, the next position of a vehicle has no `a`.
        """
        previous = self._machine.zones
        self._machine.zones = Zones(zones, previous)
        changed = self._machine.zones.changed_from(previous)
        for vehicle in self._vehicles.values():
            self._machine.end_visits(vehicle, changed)

    def figures(self) -> Figures:
        """Return the figures as they are now."""
        open_visits = Counter(zone_id for vehicle in self._vehicles.values() for zone_id in vehicle.visits)
        carriers = {grain: counter.copy() for grain, counter in self._cells.carriers.items()}
        return Figures(self._cells.copy(), dict(self._outcomes), dict(open_visits), carriers)

    def zone_now(self, stream_us: int | None = None) -> dict[NowKey, tuple[int, int]]:
        """Return (present, silent) of each zone and class where either is not zero.

        Args:
            stream_us: Stream time to compare with; the last one given to `advance` by default.
        """
        now_us = self._stream_us if stream_us is None else stream_us
        if now_us is None:
            return {}
        present: Counter[NowKey] = Counter()
        silent: Counter[NowKey] = Counter()
        for vehicle in self._vehicles.values():
            if vehicle.day != local_day(now_us):
                continue
            newest = _newest(vehicle)
            kind = vehicle.kind if vehicle.last is not None else (newest.vehicle_class, newest.zero_emission)
            age_us = now_us - newest.event_us
            counter = present if age_us < self._settings.max_gap_us else silent
            if age_us < self._settings.park_gap_us:
                counter.update(
                    (zone_id, *kind) for zone_id in self._machine.zones.containing(newest.lon, newest.lat)
                )
        return {key: (present[key], silent[key]) for key in present.keys() | silent.keys()}

    def _vehicle_of(self, row: PositionRow) -> VehicleDay:
        """Return the vehicle of a row on the local day of its event."""
        pseudonym = (row.vehicle, local_day(row.event_us))
        if pseudonym not in self._vehicles:
            self._vehicles[pseudonym] = VehicleDay(*pseudonym)
        return self._vehicles[pseudonym]

    def _come_up(self, due: PositionRow) -> None:
        """Take those still held that precede *due* and arrived at most `reorder_s` after it; then *due*."""
        if self._outcomes[due.identity] is not RowOutcome.HELD:
            return
        vehicle = self._vehicle_of(due)
        latest_us = due.arrival_us + self._settings.reorder_us
        preceding = list(takewhile(lambda held: held.event_order < due.event_order, vehicle.held))
        waiting = [held for held in preceding if held.arrival_us > latest_us]
        vehicle.held[: len(preceding) + 1] = waiting  # due itself stands right after those that precede it
        for position in preceding:
            if position.arrival_us <= latest_us:
                self._take(vehicle, position)
        self._take(vehicle, due)

    def _take(self, vehicle: VehicleDay, position: PositionRow) -> None:
        """Take one position, unless it is out of order or a duplicate."""
        if vehicle.last is not None and position.event_us < vehicle.last.event_us:
            self._outcomes[position.identity] = RowOutcome.OUT_OF_ORDER
        elif vehicle.last is not None and position.event_us == vehicle.last.event_us:
            self._outcomes[position.identity] = RowOutcome.DUPLICATE
        else:
            self._outcomes[position.identity] = RowOutcome.TAKEN
            self._machine.take(vehicle, position)
            if vehicle.visits:
                heapq.heappush(
                    self._ends, (end_proven_us(vehicle, self._settings), next(self._ticket), vehicle)
                )


def _newest(vehicle: VehicleDay) -> PositionRow:
    """Return the newest position of a vehicle, held or taken; of equals the one that is taken first."""
    known = vehicle.held if vehicle.last is None else [vehicle.last, *vehicle.held]
    return max(known, key=lambda position: position.event_us)


def run_positions(
    rows: Iterable[PositionRow],
    zones: Mapping[Hashable, Geometry],
    settings: Settings,
    *,
    stream_us: int | None,
    drained: bool = False,
) -> Figures:
    """Return the figures of all *rows* at a final stream time.

    Args:
        rows: All rows of all source partitions, in any order, with their arrivals.
        zones: Geometry by zone id.
        settings: What decides the figures.
        stream_us: Final stream time; None if it was never known, so that nothing is due.
        drained: Whether all held positions are taken at the end (event clock).
    """
    oracle = NaivePositions(settings, zones)
    oracle.add(rows)
    if stream_us is not None:
        oracle.advance(stream_us)
    if drained:
        oracle.drain()
    return oracle.figures()
