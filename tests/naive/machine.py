"""The state machine of one vehicle on one local day: what a position that is taken does to the flow cells."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from naive.buckets import midnight_us
from naive.figures import Cells, Kind
from naive.geometry import distance_um
from naive.rows import PositionRow
from naive.settings import Settings
from naive.zones import Zones


@dataclass
class Visit:
    """One vehicle's open stay in one zone; its last inside position is the vehicle's last taken one."""

    first_us: int
    run_start: PositionRow  # first position of the run that may become a stop


@dataclass
class VehicleDay:
    """What the oracle remembers of a pseudonym: a vehicle on one local day."""

    vehicle: Hashable
    day: int
    kind: Kind = ("unknown", "unknown")  # class and emission of the first taken position, once there is one
    carrier: int = 0  # of the first taken position
    last: PositionRow | None = None  # the last taken position
    version: int = 0  # of the zones under which `last` was taken
    visits: dict[Hashable, Visit] = field(default_factory=dict)  # by zone: where `last` is inside
    held: list[PositionRow] = field(default_factory=list)  # by event order

    @property
    def pseudonym(self) -> tuple[Hashable, int]:
        """Return what nothing links across."""
        return (self.vehicle, self.day)


def _between_um(a: PositionRow, b: PositionRow) -> int:
    """Return the distance between two positions in micrometres."""
    return distance_um(a.lat, a.lon, b.lat, b.lon)


def is_linked(a: PositionRow, b: PositionRow, settings: Settings) -> bool:
    """Tell whether two positions of one vehicle, one taken right after the other, are linked."""
    gap_us = b.event_us - a.event_us
    if gap_us <= settings.max_gap_us:
        return True
    return gap_us <= settings.park_gap_us and _between_um(a, b) <= settings.stop_radius_um


def end_proven_us(vehicle: VehicleDay, settings: Settings) -> int:
    """Return the stream time past which no linked position of *vehicle* can come: silence or midnight."""
    if vehicle.last is None:
        message = "only a vehicle with a taken position can end"
        raise ValueError(message)
    last_linked_us = vehicle.last.event_us + settings.park_gap_us
    return (
        min(last_linked_us, midnight_us(vehicle.day + 1)) + settings.allowed_lateness_us + settings.reorder_us
    )


class Machine:
    """Takes positions one by one and adds to flow cells."""

    def __init__(self, settings: Settings, cells: Cells, zones: Zones) -> None:
        self.settings = settings
        self.cells = cells
        self.zones = zones

    def take(self, vehicle: VehicleDay, b: PositionRow) -> None:
        """Take *b*, which is later than the vehicle's last taken position, and make it the last one."""
        a = vehicle.last
        if a is None:
            vehicle.kind = (b.vehicle_class, b.zero_emission)
            vehicle.carrier = b.carrier
        inside = self.zones.containing(b.lon, b.lat)
        if a is not None and is_linked(a, b, self.settings):
            self._through(vehicle, a, b, inside)  # first: it needs to know where a was inside
            self._exits(vehicle, a, b, inside)
            self._stays_and_entries(vehicle, a, b, inside)
        else:
            self.end_visits(vehicle, list(vehicle.visits))
            for zone_id in inside:
                self._start_visit(vehicle, zone_id, b, "appearances")
        for zone_id in inside:
            self.cells.observe(zone_id, b, vehicle.kind, vehicle.pseudonym, vehicle.carrier)
        vehicle.last = b
        vehicle.version = self.zones.version

    def end_visits(self, vehicle: VehicleDay, zone_ids: Iterable[Hashable]) -> None:
        """End the open visits to any of *zone_ids* as disappearances at the last taken position."""
        for zone_id in zone_ids:
            if zone_id in vehicle.visits and vehicle.last is not None:
                self._end_visit(vehicle, zone_id, vehicle.last, "disappearances", vehicle.last.event_us)

    def _has_a(self, vehicle: VehicleDay, zone_id: Hashable) -> bool:
        """Tell whether the last taken position counts as `a` for a zone: the zone is still as it was then."""
        return self.zones.by_id[zone_id].since <= vehicle.version

    def _through(self, vehicle: VehicleDay, a: PositionRow, b: PositionRow, inside: list[Hashable]) -> None:
        """Count the zones that the segment from *a* to *b* crosses while both are outside."""
        too_long = b.event_us - a.event_us > self.settings.max_gap_us
        if too_long or _between_um(a, b) > self.settings.max_jump_um:
            return
        # both positions are outside of the others
        for zone_id in self.zones.crossed((a.lon, a.lat), (b.lon, b.lat), but={*vehicle.visits, *inside}):
            if self._has_a(vehicle, zone_id):
                self.cells.add(zone_id, b.event_us, vehicle.kind, "through")

    def _exits(self, vehicle: VehicleDay, a: PositionRow, b: PositionRow, inside: list[Hashable]) -> None:
        """End the visits to zones that *b* is outside of, at the time of *b*."""
        for zone_id in [zone_id for zone_id in vehicle.visits if zone_id not in inside]:
            self._end_visit(vehicle, zone_id, a, "exits", b.event_us)

    def _stays_and_entries(
        self, vehicle: VehicleDay, a: PositionRow, b: PositionRow, inside: list[Hashable]
    ) -> None:
        """Go on with the visits to zones that linked *a* and *b* are inside of, and start the others."""
        for zone_id in inside:
            visit = vehicle.visits.get(zone_id)
            if visit is None:
                started = "entries" if self._has_a(vehicle, zone_id) else "appearances"
                self._start_visit(vehicle, zone_id, b, started)
                continue
            self.cells.add_dwell(zone_id, a.event_us, b.event_us, vehicle.kind)
            self.cells.add(zone_id, b.event_us, vehicle.kind, "distance_um", _between_um(a, b))
            if _between_um(visit.run_start, b) > self.settings.stop_radius_um:
                self._end_run(vehicle, zone_id, a.event_us)
                visit.run_start = b

    def _start_visit(self, vehicle: VehicleDay, zone_id: Hashable, b: PositionRow, figure: str) -> None:
        """Start a visit at *b* with an entry or an appearance."""
        self.cells.add(zone_id, b.event_us, vehicle.kind, figure)
        vehicle.visits[zone_id] = Visit(first_us=b.event_us, run_start=b)

    def _end_visit(
        self, vehicle: VehicleDay, zone_id: Hashable, last: PositionRow, figure: str, at_us: int
    ) -> None:
        """End a visit, whose last inside position is *last*, with an exit or a disappearance at a moment."""
        self._end_run(vehicle, zone_id, last.event_us)
        visit = vehicle.visits.pop(zone_id)
        self.cells.add(zone_id, at_us, vehicle.kind, figure)
        self.cells.add(zone_id, at_us, vehicle.kind, "visits")
        self.cells.add(zone_id, at_us, vehicle.kind, "visit_us", last.event_us - visit.first_us)

    def _end_run(self, vehicle: VehicleDay, zone_id: Hashable, last_us: int) -> None:
        """End the run of a visit at its last position; it is a stop if it lasted long enough."""
        length_us = last_us - vehicle.visits[zone_id].run_start.event_us
        if length_us >= self.settings.stop_min_us:
            self.cells.add(zone_id, last_us, vehicle.kind, "stops")
            self.cells.add(zone_id, last_us, vehicle.kind, "stop_us", length_us)
