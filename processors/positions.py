"""The state of one observation partition for positions: hold, order, take, and what is there now."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.batch_survey import KEPT, LATE, survey
from processors.calendar import local_day
from processors.columns import Int32Array, Int64Array, PositionColumns, UInt8Array, rows_of
from processors.feed_counts import LATE as FEED_LATE
from processors.feed_counts import count_feeds, count_outcomes
from processors.jit import inner_kernel, lean_kernel
from processors.ledger import Ledger
from processors.look_ahead import BLOCK, due_block_for
from processors.reorder import (
    HELD_TOP,
    SCAN_STEPS,
    HeldArrays,
    forget_held,
    hold,
    link,
    new_held_arrays,
    newest_set,
    with_held_room,
    with_partitions,
)
from processors.rules import Rules
from processors.take import DONE, Positions, end_changed_visits, expire, take_due
from processors.vehicle_table import (
    DAY_MASK,
    FOREVER_US,
    NEVER_US,
    NEXT_EXPIRY_US,
    NONE,
    OPEN_VISITS,
    UNCOUNTED,
    VEHICLES_TOP,
    VISITS_TOP,
    VehicleArrays,
    look_for_vehicles,
    new_vehicle_arrays,
    vehicle_of,
    with_room,
)
from processors.visit_steps import FMS, FlowCells, World, expires_us
from processors.visited_zones import FREE_ZONE, LINE_ZONES, place_in_line, put_slot, slot_at
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS
from processors.zone_crossings import CrossingScratch
from processors.zone_index import ZoneIndex
from processors.zone_lookup import lookup
from processors.zone_sets import NO_ZONES, ZoneSetArrays, ZoneSets

# beyond this a batch is sorted first: out of order on purpose, or one huge array
LINK_STEPS_PER_ROW: Final = 32
GROUPS: Final = len(VEHICLE_CLASSES) * len(ZERO_EMISSIONS)


class ZoneWorld(NamedTuple):
    """One version of the zones, shared by all partitions of a process."""

    version: int
    zones: ZoneIndex
    changed: Int32Array  # by zone number: version that changed it last, 0 when never


class NowCounts(NamedTuple):
    """How many vehicles are in each zone now, one row per (zone, class, emission) with any; sorted by key."""

    zone_no: Int32Array
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    present: Int32Array
    silent: Int32Array


class PositionState:
    """Vehicles, visits and held positions of one observation partition."""

    def __init__(self, rules: Rules, zone_sets: ZoneSets, zones: ZoneWorld, midnights_us: Int64Array) -> None:
        self.rules = rules
        self.zone_sets = zone_sets
        self.zones = zones
        self.midnights_us = midnights_us
        self.arrays: VehicleArrays = new_vehicle_arrays()
        self.held: HeldArrays = new_held_arrays(partitions=1)
        self._scratch = _scratch_for(zones.zones)

    @property
    def open_visits(self) -> int:
        """Return the number of visits that have started and not ended."""
        return int(self.arrays.counts[OPEN_VISITS])

    def add(self, columns: PositionColumns, ledger: Ledger) -> tuple[int, int]:
        """Count the rows of a batch and hold those that may still be taken.

        Args:
            columns: Rows at or beyond the cursors; of each source partition in order.
            ledger: Where accepted, rejected and late rows are counted.

        Returns:
            The newest event time and arrival of the accepted rows, NEVER_US without any.
        """
        rows = columns.event_us.size
        fates = np.empty(rows, np.uint8)
        found = survey(
            columns.partition,
            columns.arrival_us,
            columns.event_us,
            columns.outcome,
            self.rules.allowed_lateness_us,
            fates,
        )
        if rows:
            ledger.reserve_minutes_between(found.first_arrival_us, found.last_arrival_us, rows)
            count_outcomes(ledger.feeds, ledger.reasons, FMS, columns.arrival_us, columns.outcome)
        if found.late:
            count_feeds(ledger.feeds, FMS, columns.arrival_us[fates == LATE], FEED_LATE)
        if found.kept:
            self._hold(columns if found.kept == rows else rows_of(columns, fates == KEPT), found.partitions)
        return found.event_us, found.arrival_us

    def _hold(self, columns: PositionColumns, partitions: int) -> None:
        rows = columns.event_us.size
        sets = lookup(self.zones.zones, self.zone_sets, columns.lon, columns.lat)
        self.arrays = with_room(self.arrays, vehicles=rows, visited=0, visits=0)
        self.held = with_partitions(with_held_room(self.held, rows), partitions)
        places = np.empty(rows, np.int32)
        linked = _hold_all(self.arrays, self.held, columns, sets, places, LINK_STEPS_PER_ROW * rows)
        if linked < rows:
            # sorted blocks merge with one walk along the list of each vehicle
            rest = places[linked:][np.argsort(columns.event_us[linked:], kind="stable")]
            _link_all(self.held, self.arrays, rest, FOREVER_US)

    def advance(self, stream_us: int, ledger: Ledger) -> None:
        """Take everything that is due at a stream time; then end what is silent or past its day."""
        self._take(stream_us - self.rules.reorder_us, ledger)
        if stream_us <= self.arrays.counts[NEXT_EXPIRY_US]:
            return
        while expire(self._world(), self._positions(ledger), stream_us) != DONE:
            ledger.make_room()

    def drain(self, ledger: Ledger) -> None:
        """Take all held positions in order, as at the end of a history; silence is not proven by that."""
        self._take(FOREVER_US, ledger)

    def _take(self, before_us: int, ledger: Ledger) -> None:
        largest = self.zone_sets.largest()
        world = self._world()
        # a step adds at most the slots of a parked gap in each zone of a position, and crosses every other zone
        slots = max(self.rules.park_gap_us, self.rules.max_gap_us) // self.rules.slot_us
        ledger.reserve_step(slots + 4, (slots + 4) * largest + self.zones.zones.zone_no.size, largest)
        while take_due(world, self._positions(ledger), before_us, largest) != DONE:
            self.arrays = with_room(self.arrays, vehicles=0, visited=2 * largest, visits=2 * largest)
            ledger.make_room()

    def change_zones(self, zones: ZoneWorld, changed: frozenset[int], ledger: Ledger) -> None:
        """Go over to another version of the zones; everything due under the old one must have been taken.

        Visits to changed zones end as disappearances at the last taken position. Held and newest positions
        are looked up again.

        Args:
            zones: The new version.
            changed: Numbers of the zones that are new, gone or of another shape.
            ledger: Where the disappearances are counted.
        """
        flags = np.zeros(zones.changed.size, np.uint8)
        flags[list(changed)] = 1
        kept = self.zone_sets.without(changed)
        while end_changed_visits(self._world(), self._positions(ledger), kept, flags) != DONE:
            ledger.make_room()
        self.zones = zones
        self._scratch = _scratch_for(zones.zones)
        rows = self.held.rows[: self.held.counts[HELD_TOP]]
        rows["zone_set"] = self._sets_of(rows)
        taken = self._sets_of(self.arrays.vehicles[: self.arrays.counts[VEHICLES_TOP]])
        _follow_again(self.arrays, self.held, taken)

    def _sets_of(self, records: NDArray[np.void]) -> Int32Array:
        """Look up the zones of records with places."""
        return lookup(
            self.zones.zones,
            self.zone_sets,
            np.ascontiguousarray(records["lon"]),
            np.ascontiguousarray(records["lat"]),
        )

    def change_rules(self, rules: Rules) -> None:
        """Go over to other settings; everything due must have been taken and flow cells drained."""
        if rules.slot_us != self.rules.slot_us:
            _convert_slots(self.arrays, self.rules.slot_us, rules.slot_us)
            self.arrays.vehicles["slot"] = UNCOUNTED
        self.rules = rules
        _expect_again(self._world(), self.arrays)

    def now(self, stream_us: int) -> NowCounts:
        """Return the vehicles of the running local day that are in each zone at a stream time."""
        sets = self.zone_sets.arrays()
        zones = self.zones.changed.size
        present = np.zeros((zones, GROUPS), np.int32)
        silent = np.zeros((zones, GROUPS), np.int32)
        today = local_day(max(stream_us, 0), self.midnights_us)
        _count_now(self.arrays, sets, self.rules, stream_us, today, present, silent)
        zone_no, group = np.nonzero(present | silent)
        return NowCounts(
            zone_no.astype(np.int32),
            (group // len(ZERO_EMISSIONS)).astype(np.uint8),
            (group % len(ZERO_EMISSIONS)).astype(np.uint8),
            present[zone_no, group],
            silent[zone_no, group],
        )

    def forget_from(self, offsets: Int64Array) -> None:
        """Forget the held positions at or beyond an offset of their source partition; beyond the last, all."""
        room = np.zeros(self.held.queue_head.size, np.int64)
        room[: offsets.size] = offsets[: room.size]
        forget_held(self.held, self.arrays, room)

    def holds_below(self, ends: Mapping[int, int]) -> bool:
        """Tell whether a position is held that stands below the given offset of its source partition."""
        return any(
            place != NONE and int(self.held.rows[place]["offset"]) < ends.get(partition, 0)
            for partition, place in enumerate(self.held.queue_head.tolist())
        )

    def _world(self) -> World:
        return World(
            self.rules,
            self.zone_sets.arrays(),
            self.zones.zones,
            self._scratch,
            self.zones.changed,
            self.zones.version,
            self.midnights_us,
        )

    def _positions(self, ledger: Ledger) -> Positions:
        cells = FlowCells(*ledger.flows, ledger.carriers)
        return Positions(
            self.arrays, self.held, cells, ledger.set_flows, ledger.feeds, due_block_for(self.held)
        )


def _scratch_for(index: ZoneIndex) -> CrossingScratch:
    zones = int(index.zone_no.max(initial=0)) + 1
    return CrossingScratch(np.zeros(zones, np.int64), np.zeros(1, np.int64), np.zeros(zones, np.int32))


@lean_kernel
def _link_all(held: HeldArrays, arrays: VehicleArrays, places: Int32Array, steps: int) -> int:
    """Link held positions until the search has cost too many steps; return how many were linked."""
    for row in range(places.size):
        if held.counts[SCAN_STEPS] > steps:
            return row
        link(held, arrays, places[row])
    return places.size


@lean_kernel
def _hold_all(
    arrays: VehicleArrays,
    held: HeldArrays,
    columns: PositionColumns,
    sets: Int32Array,
    places: Int32Array,
    steps: int,
) -> int:
    """Hold the rows, find their vehicles, and link them as `_link_all` does."""
    for row in range(columns.event_us.size):
        if row % BLOCK == 0:
            look_for_vehicles(arrays, columns.pseudonym_lo[row : row + BLOCK])
        number = vehicle_of(arrays, columns.pseudonym_hi[row], columns.pseudonym_lo[row], columns.day[row])
        place = hold(held, columns.partition[row], columns.arrival_us[row])
        places[row] = place
        position = held.rows[place]
        position["event_us"] = columns.event_us[row]
        position["offset"] = columns.offset[row]
        position["index"] = columns.index[row]
        position["lat"] = columns.lat[row]
        position["lon"] = columns.lon[row]
        position["vehicle"] = number
        position["zone_set"] = sets[row]
        position["carrier"] = columns.carrier[row]
        position["vehicle_class"] = columns.vehicle_class[row]
        position["zero_emission"] = columns.zero_emission[row]
    held.counts[SCAN_STEPS] = 0
    return _link_all(held, arrays, places, steps)


@lean_kernel
def _convert_slots(arrays: VehicleArrays, old_us: int, new_us: int) -> None:
    """Keep which hour and day counted a vehicle when the slot length changes; a new slot counts it again."""
    for visit in range(arrays.counts[VISITS_TOP]):
        record = arrays.visits[visit]
        if record["slot"] != UNCOUNTED:
            record["slot"] = _converted(record["slot"], old_us, new_us)
    for row in range(arrays.counts[VEHICLES_TOP]):
        vehicle = arrays.vehicles[row]
        if vehicle["in_use"] == 0:
            continue
        line = vehicle["visited"]
        while line != NONE:
            first = line * LINE_ZONES
            for place in range(first, first + place_in_line(arrays.visited, line, FREE_ZONE)):
                slot = slot_at(arrays.visited, place, vehicle["event_us"] // old_us)
                put_slot(arrays.visited, place, _converted(slot, old_us, new_us))
            line = arrays.visited[line]["following"]


@inner_kernel
def _converted(slot: int, old_us: int, new_us: int) -> int:
    """Return the slot of another length that begins in one, as one whose hour and day still count."""
    return ~int(np.int64(slot if slot >= 0 else ~slot) * old_us // new_us)


@lean_kernel
def _count_now(
    arrays: VehicleArrays,
    sets: ZoneSetArrays,
    rules: Rules,
    stream_us: int,
    today: int,
    present: Int32Array,
    silent: Int32Array,
) -> None:
    for row in range(arrays.counts[VEHICLES_TOP]):
        newest = arrays.newest[row]
        number = newest["zone_set"]
        age_us = stream_us - newest["us"]
        if number == NO_ZONES or age_us >= rules.park_gap_us or newest["day"] != today & DAY_MASK:
            continue
        group = newest["group"]
        for place in range(sets.starts[number], sets.starts[number + 1]):
            if age_us < rules.max_gap_us:
                present[sets.zones[place], group] += 1
            else:
                silent[sets.zones[place], group] += 1


@lean_kernel
def _follow_again(arrays: VehicleArrays, held: HeldArrays, taken: Int32Array) -> None:
    """Give the newest positions the zone sets of another version; *taken* are those of the last taken ones."""
    for row in range(taken.size):
        vehicle = arrays.vehicles[row]
        if vehicle["in_use"] == 1:
            arrays.newest[row]["zone_set"] = newest_set(held, vehicle, arrays.newest[row], taken[row])


@lean_kernel
def _expect_again(world: World, arrays: VehicleArrays) -> None:
    """Work out anew when each vehicle expires."""
    soonest_us = FOREVER_US
    for row in range(arrays.counts[VEHICLES_TOP]):
        vehicle = arrays.vehicles[row]
        if vehicle["in_use"] == 1 and vehicle["event_us"] != NEVER_US:
            arrays.expires_us[row] = expires_us(world, vehicle["event_us"], vehicle["day"])
            soonest_us = min(soonest_us, arrays.expires_us[row])
    arrays.counts[NEXT_EXPIRY_US] = soonest_us
