"""Everything that a flush will add to the database, kept in tables that kernels fill."""

from typing import Final, NamedTuple

from processors.camera_counts import CameraDelta, drain_cameras, new_camera_counts, with_camera_room
from processors.carrier_counts import drain_carriers, has_carrier_room, new_carrier_counts, with_carrier_room
from processors.cells import (
    CellTable,
    clear,
    drain,
    grown,
    is_full,
    new_cell_table,
    with_cell_room,
    with_spare,
)
from processors.columns import CarrierDelta, FlowDelta, Int64Array, VisitorDelta
from processors.feed_counts import FEED_COLUMNS, FeedDelta, RejectionDelta, feed_delta, rejection_delta
from processors.flow_cells import FLOW_COLUMNS, roll_up
from processors.set_steps import SET_COLUMNS, spread
from processors.units import MINUTE_US
from processors.visitor_rows import drain_visitors, new_visitor_rows, with_visitor_room
from processors.zone_sets import ZoneSets

SPARE_FLOWS: Final = 1 << 12  # one step adds at most 12 zones over a parked gap of 240 slots of a minute
SPARE_FEEDS: Final = 64
SPARE_CARRIERS: Final = 1 << 10
REASONS: Final = 256  # that a code of one byte can tell


class LedgerDelta(NamedTuple):
    """What to add: flow deltas by grain, feed counts, rejections, counts of cameras and of carriers, visitors."""

    flows: dict[str, FlowDelta]
    feeds: FeedDelta
    rejections: RejectionDelta
    cameras: CameraDelta
    carriers: dict[str, CarrierDelta]  # vehicles of hours and days by carrier
    visitors: VisitorDelta  # who came to zones, where vehicles are known over months


class Ledger:
    """The additive tables of one process between two flushes.

    Args:
        zone_sets: Those of the positions that are counted; needed where positions are.
    """

    def __init__(self, zone_sets: ZoneSets | None = None) -> None:
        self._zone_sets = zone_sets or ZoneSets()
        self.flows: CellTable = new_cell_table(1 << 12, FLOW_COLUMNS, spare=SPARE_FLOWS)
        self.set_flows: CellTable = new_cell_table(1 << 12, SET_COLUMNS, spare=SPARE_FLOWS)
        self.feeds: CellTable = new_cell_table(1 << 8, FEED_COLUMNS, spare=SPARE_FEEDS)
        self.reasons: CellTable = new_cell_table(1 << 8, 1, spare=SPARE_FEEDS)
        self.cameras = new_camera_counts()
        self.visitors = new_visitor_rows()
        self.carriers = new_carrier_counts()
        self._carrier_step = 1  # most cells that one step adds to them

    def make_room(self) -> None:
        """Grow every table that is full."""
        if is_full(self.flows):
            self.flows = grown(self.flows)
        if is_full(self.set_flows):
            self.set_flows = grown(self.set_flows)
        if is_full(self.feeds):
            self.feeds = grown(self.feeds)
        if is_full(self.reasons):
            self.reasons = grown(self.reasons)
        if not has_carrier_room(self.carriers, self._carrier_step):
            # twice as many at least, so that growing costs a step the same however many there are
            more = max(int(self.carriers.places.used[0]), SPARE_CARRIERS, self._carrier_step)
            self.carriers = with_carrier_room(self.carriers, more)

    def reserve_minutes(self, arrival_us: Int64Array) -> None:
        """Make room for the feed counts and rejections of rows with these arrivals."""
        if arrival_us.size:
            self.reserve_minutes_between(int(arrival_us.min()), int(arrival_us.max()), arrival_us.size)

    def reserve_minutes_between(self, first_us: int, last_us: int, rows: int) -> None:
        """Make room for the feed counts and rejections of so many rows that arrived between two times."""
        need = min((last_us - first_us) // MINUTE_US + 2, rows)
        self.feeds = with_cell_room(self.feeds, need)
        self.reasons = with_cell_room(self.reasons, min(need * REASONS, rows))

    def reserve_cameras(self, rows: int) -> None:
        """Make room for the camera counts of so many detections."""
        self.cameras = with_camera_room(self.cameras, rows)

    def reserve_visitors(self, rows: int) -> None:
        """Make room for so many vehicles that come to a zone."""
        self.visitors = with_visitor_room(self.visitors, rows)

    def reserve_step(self, set_cells: int, cells: int, carriers: int) -> None:
        """Let the set cells, flow cells and carriers count as full when a step that adds so many would not fit."""
        self._carrier_step = carriers
        self.set_flows = with_spare(self.set_flows, max(set_cells, SPARE_FLOWS))
        self.flows = with_spare(self.flows, max(cells, SPARE_FLOWS))

    def is_empty(self) -> bool:
        """Tell whether there is nothing to add."""
        return not (
            self.flows.used[0] or self.set_flows.used[0] or self.feeds.used[0] or self.reasons.used[0]
        )

    def drain(self, *, slot_s: int, midnights_us: Int64Array) -> LedgerDelta:
        """Return everything that was added since the last call, and forget it."""
        self._spread_sets()
        keys, values = drain(self.flows)
        cameras, self.cameras = drain_cameras(self.cameras), new_camera_counts()
        carriers, self.carriers = drain_carriers(self.carriers, midnights_us), new_carrier_counts()
        visitors, self.visitors = drain_visitors(self.visitors), new_visitor_rows()
        return LedgerDelta(
            roll_up(keys, values, slot_s=slot_s, midnights_us=midnights_us),
            feed_delta(*drain(self.feeds)),
            rejection_delta(*drain(self.reasons)),
            cameras,
            carriers,
            visitors,
        )

    def _spread_sets(self) -> None:
        """Add what was counted by zone set to the flow cells of its zones."""
        sets = self._zone_sets.arrays()
        self.flows = with_spare(self.flows, max(self._zone_sets.largest(), SPARE_FLOWS))
        place = 0
        while (place := spread(self.set_flows, sets, self.flows, place)) < self.set_flows.keys.size:
            self.flows = grown(self.flows)
        clear(self.set_flows)
