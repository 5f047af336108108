"""What tests of figures share: columns of oracle rows, numbers of zones, and the state read by steps.

`FastPositions` takes the steps of `strategies` as the oracle does and gives its figures in the same shape.
"""

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from typing import Final

import numba
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from naive import (
    CarrierKey,
    Cell,
    CellKey,
    Figures,
    Geometry,
    Identity,
    NaivePositions,
    PositionRow,
    RowOutcome,
    Settings,
    local_day,
    midnight_us,
)
from processors.columns import FIGURES, FlowDelta, Int64Array, PositionColumns
from processors.feed_counts import FEED_COUNTS
from processors.flow_cells import GRAINS
from processors.ledger import Ledger, LedgerDelta
from processors.positions import PositionState, ZoneWorld
from processors.reorder import NONE, RESOLVED
from processors.rules import FigureSettings, Rules, rules_of
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS, Outcome
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_sets import ZoneSets

COMPILED: Final = not numba.config.DISABLE_JIT
CARRIER_GRAINS: Final = ("hour", "day")
LAST_DAY: Final = 22_000  # in the year 2030
MIDNIGHTS_US: Final[Int64Array] = np.array([midnight_us(day) for day in range(LAST_DAY)], np.int64)

# a random log draws thousands of choices, which Hypothesis calls slow and large
large = settings(suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 2**32 - 1)  # for logs so large that drawing them choice by choice takes seconds

OUTCOME_OF_COUNT: Final = {
    "taken": RowOutcome.TAKEN,
    "duplicates": RowOutcome.DUPLICATE,
    "out_of_order": RowOutcome.OUT_OF_ORDER,
    "late": RowOutcome.LATE,
    "low_confidence": RowOutcome.LOW_CONFIDENCE,
    "rejected": RowOutcome.UNREGISTERED_CAMERA,  # the only rejection that the oracle knows
}
NowKey = tuple[Hashable, str, str]


def figure_settings(settings: Settings) -> FigureSettings:
    """Return the oracle's settings as processors take them."""
    names = FigureSettings.__struct_fields__
    return FigureSettings(**{name: getattr(settings, name) for name in names if hasattr(settings, name)})


def rules(settings: Settings) -> Rules:
    """Return the oracle's settings in the integers of kernels."""
    return rules_of(figure_settings(settings))


@cache
def pseudonym(vehicle: Hashable, day: int) -> tuple[int, int]:
    """Return the halves of the pseudonym of a vehicle on a local day."""
    digest = hashlib.sha256(f"{vehicle}|{day}".encode()).digest()
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:16])


def position_columns(rows: Sequence[PositionRow]) -> PositionColumns:
    """Return rows of the oracle as observations."""
    days = [local_day(row.event_us) for row in rows]
    names = [pseudonym(row.vehicle, day) for row, day in zip(rows, days, strict=True)]
    return PositionColumns(
        partition=np.array([row.partition for row in rows], np.int32),
        offset=np.array([row.offset for row in rows], np.int64),
        index=np.array([row.index for row in rows], np.int32),
        arrival_us=np.array([row.arrival_us for row in rows], np.int64),
        outcome=np.full(len(rows), Outcome.ACCEPTED, np.uint8),
        event_us=np.array([row.event_us for row in rows], np.int64),
        day=np.array(days, np.int32),
        pseudonym_hi=np.array([hi for hi, _ in names], np.uint64),
        pseudonym_lo=np.array([lo for _, lo in names], np.uint64),
        lat=np.array([row.lat for row in rows], np.float64),
        lon=np.array([row.lon for row in rows], np.float64),
        vehicle_class=np.array([VEHICLE_CLASSES.index(str(row.vehicle_class)) for row in rows], np.uint8),
        zero_emission=np.array([ZERO_EMISSIONS.index(str(row.zero_emission)) for row in rows], np.uint8),
        traits=np.zeros(len(rows), np.uint32),
        carrier=np.array([row.carrier for row in rows], np.uint32),
    )


class ZoneNumbers:
    """A number for every zone id, with gaps, as those of a database have."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number_of(self, zone_id: Hashable) -> int:
        """Return the number of a zone, giving it one at first."""
        return self._numbers.setdefault(zone_id, 3 * len(self._numbers) + 2)

    def zone_id(self, zone_no: int) -> Hashable:
        """Return the zone of a number."""
        return next(zone_id for zone_id, number in self._numbers.items() if number == zone_no)

    def __len__(self) -> int:
        """Return the number above all that were given."""
        return 3 * len(self._numbers) + 2


class ZoneBook:
    """Versions of the zones of a test, and when each zone last changed."""

    def __init__(self, zones: Mapping[Hashable, Geometry], zone_sets: ZoneSets | None = None) -> None:
        self.zone_sets = ZoneSets() if zone_sets is None else zone_sets
        self.numbers = ZoneNumbers()
        self._zones: Mapping[Hashable, Geometry] = zones
        self._changed: dict[int, int] = {}
        self._version = 1
        self.world = self._build()

    def change(self, zones: Mapping[Hashable, Geometry]) -> frozenset[int]:
        """Go over to another version and return the numbers of the zones that changed."""
        ids = self._zones.keys() | zones.keys()
        changed = frozenset(
            self.numbers.number_of(zone_id)
            for zone_id in ids
            if self._zones.get(zone_id) != zones.get(zone_id)
        )
        self._version += 1
        self._changed |= dict.fromkeys(changed, self._version)
        self._zones = zones
        self.world = self._build()
        return changed

    def rebuilt(self, zone_sets: ZoneSets) -> "ZoneBook":
        """Return the same book in another process, with zone sets of its own."""
        book = copy(self)
        book.zone_sets = zone_sets
        book.world = book._build()
        return book

    def _build(self) -> ZoneWorld:
        indexed = [
            IndexedZone(self.numbers.number_of(zone_id), zone) for zone_id, zone in self._zones.items()
        ]
        changed = np.zeros(len(self.numbers), np.int32)
        for zone_no, version in self._changed.items():
            changed[zone_no] = version
        return ZoneWorld(self._version, build_zone_index(indexed, self.zone_sets), changed)


class FlowTotals:
    """The sums of flushes, as the database would hold them."""

    def __init__(self) -> None:
        self.feeds: Counter[str] = Counter()
        self.passages: Counter[tuple[int, ...]] = Counter()
        self.camera_vehicles: Counter[tuple[int, ...]] = Counter()
        self._flows: dict[str, dict[tuple[int, ...], Int64Array]] = {grain: {} for grain in GRAINS}
        self._carriers: dict[str, Counter[tuple[int, ...]]] = {grain: Counter() for grain in CARRIER_GRAINS}

    def add(self, delta: LedgerDelta) -> None:
        """Add what a flush would bring."""
        for grain, flow in delta.flows.items():
            for key, figures in zip(flow_keys(flow), flow.figures, strict=True):
                self._flows[grain][key] = self._flows[grain].get(key, np.zeros_like(figures)) + figures
        for grain, carriers in delta.carriers.items():
            for *key, vehicles in zip(*(column.tolist() for column in carriers), strict=True):
                self._carriers[grain][tuple(key)] += vehicles
        for name, count in zip(FEED_COUNTS, delta.feeds.counts.sum(axis=0).tolist(), strict=True):
            self.feeds[name] += count
        *keys, counts = delta.cameras
        for (hi, lo, *key), (passages, vehicles) in zip(
            zip(*(column.tolist() for column in keys), strict=True), counts.tolist(), strict=True
        ):
            self.passages[hi << 64 | lo, *key] += passages
            self.camera_vehicles[hi << 64 | lo, *key] += vehicles

    def cells(self, numbers: ZoneNumbers) -> dict[str, dict[CellKey, Cell]]:
        """Return the flow cells with anything in them as the oracle gives them."""
        return {
            grain: {
                (
                    numbers.zone_id(zone_no),
                    bucket,
                    VEHICLE_CLASSES[vehicle_class],
                    ZERO_EMISSIONS[zero_emission],
                    SOURCES[source],
                ): dict(zip(FIGURES, figures.tolist(), strict=True))
                for (zone_no, bucket, vehicle_class, zero_emission, source), figures in flow.items()
                if figures.any()
            }
            for grain, flow in self._flows.items()
        }

    def carriers(self, numbers: ZoneNumbers) -> dict[str, Counter[CarrierKey]]:
        """Return vehicles by carrier as the oracle gives them."""
        return {
            grain: Counter(
                {
                    (
                        (
                            numbers.zone_id(zone_no),
                            bucket,
                            VEHICLE_CLASSES[kind],
                            ZERO_EMISSIONS[emission],
                            "fms",
                        ),
                        carrier,
                    ): vehicles
                    for (zone_no, bucket, kind, emission, carrier), vehicles in counter.items()
                }
            )
            for grain, counter in self._carriers.items()
        }

    def outcomes(self) -> Counter[RowOutcome]:
        """Return how many rows had each outcome, those still held left out."""
        return +Counter({outcome: self.feeds[name] for name, outcome in OUTCOME_OF_COUNT.items()})


def flow_keys(flow: FlowDelta) -> list[tuple[int, ...]]:
    """Return the keys of the rows of a delta."""
    return list(zip(*(column.tolist() for column in flow[:5]), strict=True))


def filled_cells(figures: Figures) -> dict[str, dict[CellKey, Cell]]:
    """Return the oracle's cells without those that hold zeros only."""
    return {
        grain: {key: cell for key, cell in cells.items() if any(cell.values())}
        for grain, cells in figures.cells.items()
    }


def carriers_of(figures: Figures) -> dict[str, Counter[CarrierKey]]:
    """Return the oracle's vehicles by carrier of hours and days."""
    return {grain: figures.carriers[grain] for grain in CARRIER_GRAINS}


class FastPositions:
    """The state under test, read by steps as the oracle is."""

    def __init__(self, settings: Settings, zones: Mapping[Hashable, Geometry]) -> None:
        self.settings = settings
        self.book = ZoneBook(zones)
        self.state = PositionState(rules(settings), self.book.zone_sets, self.book.world, MIDNIGHTS_US)
        self.ledger = Ledger(self.book.zone_sets)
        self.totals = FlowTotals()

    def add(self, rows: Iterable[PositionRow]) -> None:
        """Read rows."""
        self.state.add(position_columns(list(rows)), self.ledger)

    def advance(self, stream_us: int) -> None:
        """Move stream time."""
        self.state.advance(stream_us, self.ledger)

    def drain(self) -> None:
        """Take all held positions."""
        self.state.drain(self.ledger)

    def change_zones(self, zones: Mapping[Hashable, Geometry]) -> None:
        """Put other zones in force."""
        changed = self.book.change(zones)
        self.state.change_zones(self.book.world, changed, self.ledger)

    def change_settings(self, settings: Settings) -> None:
        """Put other settings in force; cells are flushed first."""
        self.flush()
        self.settings = settings
        self.state.change_rules(rules(settings))

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

    def outcomes(self) -> Counter[RowOutcome]:
        """Return the outcomes so far."""
        self.flush()
        return self.totals.outcomes()

    def undecided(self) -> Iterator[Identity]:
        """Yield the rows that are held and not counted yet."""
        rows = self.state.held.rows
        for head in self.state.held.queue_head.tolist():
            place = head
            while place != NONE:
                if rows[place]["state"] != RESOLVED:
                    yield tuple(int(rows[place][name]) for name in ("partition", "offset", "index"))
                place = int(rows[place]["queued"])

    def zone_now(self, stream_us: int) -> dict[NowKey, tuple[int, int]]:
        """Return (present, silent) of each zone and class."""
        rows = zip(*(column.tolist() for column in self.state.now(stream_us)), strict=True)
        return {
            (self.book.numbers.zone_id(zone_no), VEHICLE_CLASSES[vehicle_class], ZERO_EMISSIONS[emission]): (
                present,
                silent,
            )
            for zone_no, vehicle_class, emission, present, silent in rows
        }


def assert_equal(oracle: NaivePositions, fast: FastPositions, stream_us: int | None) -> None:
    """Fail unless the oracle and the state agree on everything that they tell.

    A row that came too late to precede is out of order for the oracle as soon as that is certain, and for the
    state when it is due: the same count, some seconds apart.
    """
    figures = oracle.figures()
    expected = figures.counts
    for identity in fast.undecided():
        assert figures.outcomes[identity] in (RowOutcome.HELD, RowOutcome.OUT_OF_ORDER)
        expected[figures.outcomes[identity]] -= 1

    assert filled_cells(figures) == fast.cells()
    assert carriers_of(figures) == fast.carriers()
    assert +expected == fast.outcomes()
    assert sum(figures.open_visits.values()) == fast.state.open_visits
    if stream_us is not None:
        assert oracle.zone_now(stream_us) == fast.zone_now(stream_us)
