"""B7: batches of observations to figures, in observations per CPU-second on one core, and bytes per vehicle.

`python -m benchmarks.aggregate [--quick] [--write-docs]` prints four tables and writes `results/aggregate.json`.
Positions of the simulated city go through the state of eight observation partitions as aggregate calls it, without
Kafka and database: zones, reorder, visits, stops, distinct vehicles, figures drained every 300,000. The peers group the
same columns by zone set, slot and class, and count rows and vehicles; they keep no state and are given the zone sets.
"""

import time
from collections.abc import Callable, Iterator
from importlib import import_module
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.city_records import build_city, simulate
from benchmarks.machine import Machine, this_machine
from benchmarks.report import measure_and_report, say, table
from duls.local_midnights import local_midnights
from processors.columns import Int64Array, PositionColumns, UInt64Array
from processors.ledger import Ledger
from processors.positions import PositionState, ZoneWorld
from processors.rules import FigureSettings, rules_of
from processors.simulation.columns import SimulatedPositions
from processors.units import US_PER_S
from processors.vehicle_table import LINES, OPEN_VISITS, VEHICLES, VISITED
from processors.vocabulary import ZERO_EMISSIONS, Outcome
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

PARTITIONS: Final = 8
CARRIERS: Final = 50
BATCH: Final = 20_000  # observations that one poll of aggregate gives, over all partitions
FLUSH_BATCHES: Final = 15  # a flush each second at 300,000 observations a second
INTERVAL_S: Final = 10.0
PARTITION_COUNTS: Final = (1, 4, 16, 64)
SPREAD_VEHICLES: Final = 40_000  # over these partitions
GOAL: Final = 10e6
BYTES_GOAL: Final = (200, 16)  # per active vehicle, and per zone that it visited today
STEPS: Final = ("find zones", "hold and find vehicles", "take", "drain figures")
SLOT_S: Final = 300


class Sizes(NamedTuple):
    """How much is measured."""

    vehicles: tuple[int, ...]
    rows: int
    rounds: int


DEFAULT: Final = Sizes(vehicles=(1_000, 40_000, 200_000, 1_200_000), rows=3_000_000, rounds=3)
QUICK: Final = Sizes(vehicles=(1_000, 40_000), rows=500_000, rounds=2)


class Input(NamedTuple):
    """The same rows for all contestants."""

    zones: list[IndexedZone]
    batches: list[list[PositionColumns]]  # of each poll, by observation partition
    columns: PositionColumns


class States:
    """The states of observation partitions, as one process of aggregate has them."""

    def __init__(self, zones: list[IndexedZone], partitions: int = PARTITIONS) -> None:
        self.sets = ZoneSets()
        world = ZoneWorld(1, build_zone_index(zones, self.sets), np.zeros(len(zones) + 1, np.int32))
        rules = rules_of(FigureSettings())
        self.midnights_us = local_midnights()
        self.ledger = Ledger(self.sets)
        self.partitions = [
            PositionState(rules, self.sets, world, self.midnights_us) for _ in range(partitions)
        ]

    def run(self, batches: list[list[PositionColumns]]) -> dict[str, float]:
        """Take all batches in; return the processor time of each step, in seconds."""
        used = dict.fromkeys(STEPS, 0.0)
        for number, poll in enumerate(batches, start=1):
            stream_us = max(int(part.arrival_us.max()) for part in poll if part.arrival_us.size)
            for state, columns in zip(self.partitions, poll, strict=True):
                begin_s = time.process_time()
                lookup(state.zones.zones, self.sets, columns.lon, columns.lat)
                looked_s = time.process_time()
                state.add(columns, self.ledger)
                held_s = time.process_time()
                state.advance(stream_us, self.ledger)
                used["find zones"] += looked_s - begin_s
                # finding zones is a part of holding, measured by itself above
                used["hold and find vehicles"] += held_s - looked_s - (looked_s - begin_s)
                used["take"] += time.process_time() - held_s
            if number % FLUSH_BATCHES == 0:
                used["drain figures"] += self._flush_s()
        begin_s = time.process_time()
        for state in self.partitions:
            state.drain(self.ledger)
        used["take"] += time.process_time() - begin_s
        used["drain figures"] += self._flush_s()
        return used

    def _flush_s(self) -> float:
        """Drain the figures; return the processor time of it."""
        begin_s = time.process_time()
        self.ledger.drain(slot_s=SLOT_S, midnights_us=self.midnights_us)
        return time.process_time() - begin_s

    def memory(self) -> dict[str, int]:
        """Return how much the vehicles take, as used and as allotted, and how many there are."""
        every = [state.arrays for state in self.partitions]
        places = sum(arrays.places.nbytes for arrays in every)
        counts = {
            name: sum(int(arrays.counts[place]) for arrays in every)
            for name, place in (("vehicles", VEHICLES), ("visited", VISITED), ("visits", OPEN_VISITS))
        }
        row = every[0]
        vehicle_bytes = sum(table.itemsize for table in (row.vehicles, row.newest, row.expires_us))
        return {
            **counts,
            "vehicle_bytes": counts["vehicles"] * vehicle_bytes + places,
            "visit_bytes": counts["visits"] * row.visits.itemsize,
            "visited_bytes": sum(int(arrays.counts[LINES]) for arrays in every) * row.visited.itemsize,
            "allotted_bytes": sum(array.nbytes for arrays in every for array in arrays),
            "held_bytes": self.partitions[0].held.rows.itemsize,
        }


def make_input(vehicles: int, rows: int, partitions: int = PARTITIONS) -> Input:
    """Return positions of a city with that many vehicles."""
    city = build_city(vehicles)
    positions = simulate(city, rows, interval_s=INTERVAL_S, end_us=time.time_ns() // 1_000)
    zones = [IndexedZone(number + 1, zone.polygons) for number, zone in enumerate(city.zones)]
    columns = _columns(positions)
    partition = (columns.pseudonym_lo >> np.uint64(40)).astype(np.int64) % partitions
    return Input(zones, list(_batches(columns, partition, partitions)), columns)


def _columns(rows: SimulatedPositions) -> PositionColumns:
    """Return positions as intake sends them; a record arrives a second after its time."""
    count = rows.vehicle.size
    hi = _mixed(rows.vehicle.astype(np.uint64) + np.uint64(1))
    return PositionColumns(
        partition=(rows.vehicle % PARTITIONS).astype(np.int32),
        offset=np.arange(count, dtype=np.int64),
        index=np.zeros(count, np.int32),
        arrival_us=np.maximum.accumulate(rows.event_us) + US_PER_S,
        outcome=np.full(count, Outcome.ACCEPTED, np.uint8),
        event_us=rows.event_us,
        day=(np.searchsorted(local_midnights(), rows.event_us, side="right") - 1).astype(np.int32),
        pseudonym_hi=hi,
        pseudonym_lo=_mixed(hi),
        lat=rows.lat,
        lon=rows.lon,
        vehicle_class=rows.vehicle_class.astype(np.uint8),
        zero_emission=(rows.emission % len(ZERO_EMISSIONS)).astype(np.uint8),
        traits=np.zeros(count, np.uint32),
        carrier=(rows.vehicle % CARRIERS + 1).astype(np.uint32),
    )


def _mixed(values: UInt64Array) -> UInt64Array:
    """Return numbers that look random, one for each (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _batches(
    columns: PositionColumns, partition: Int64Array, partitions: int
) -> Iterator[list[PositionColumns]]:
    for first in range(0, partition.size, BATCH):
        here = partition[first : first + BATCH]
        poll = [column[first : first + BATCH] for column in columns]
        yield [
            PositionColumns._make(column[here == number] for column in poll) for number in range(partitions)
        ]


def peers(given: Input) -> dict[str, Callable[[], object]]:
    """Return the group-by of each peer that is installed."""
    sets = ZoneSets()
    index = build_zone_index(given.zones, sets)
    columns = given.columns
    zone_set = lookup(index, sets, columns.lon, columns.lat)
    keys = {"zone_set": zone_set, "slot": columns.event_us // (SLOT_S * US_PER_S)}
    data = {
        **keys,
        "vehicle_class": columns.vehicle_class,
        "zero_emission": columns.zero_emission,
        "vehicle": columns.pseudonym_lo,
    }
    return {"polars": lambda: _polars(data), "pandas": lambda: _pandas(data)}


def _polars(data: dict[str, Any]) -> Any:
    pl = import_module("polars")
    by = [name for name in data if name != "vehicle"]
    return pl.DataFrame(data).group_by(by).agg(pl.len(), pl.col("vehicle").n_unique().alias("vehicles"))


def _pandas(data: dict[str, Any]) -> Any:
    pd = import_module("pandas")
    by = [name for name in data if name != "vehicle"]
    return pd.DataFrame(data).groupby(by)["vehicle"].agg(["size", "nunique"])


def _peer_rates(given: Input, rounds: int) -> dict[str, float | None]:
    """Return rows per CPU-second of each peer, nothing for one that is missing."""
    found: dict[str, float | None] = {}
    for name, group in peers(given).items():
        try:
            group()
        except ModuleNotFoundError:
            found[name] = None
            continue
        found[name] = median(given.columns.event_us.size / _cpu_s(group) for _ in range(rounds))
    return found


def _cpu_s(action: Callable[[], object]) -> float:
    begin_s = time.process_time()
    action()
    return time.process_time() - begin_s


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    warm = make_input(100, 4 * BATCH)
    States(warm.zones).run(warm.batches)
    lines = []
    for vehicles in sizes.vehicles:
        given = make_input(vehicles, max(sizes.rows, 2 * vehicles))
        rows = given.columns.event_us.size
        rounds: list[dict[str, float]] = []
        for _ in range(sizes.rounds):
            states = States(given.zones)
            rounds.append(states.run(given.batches))
        lines.append(
            {
                "vehicles": vehicles,
                "rows": rows,
                "ns": {step: median(used[step] for used in rounds) / rows * 1e9 for step in STEPS},
                "rate": median(rows / sum(used.values()) for used in rounds),
                "memory": states.memory(),
                "peers": _peer_rates(given, sizes.rounds),
            }
        )
        say(f"  {vehicles:,} vehicles measured")
    return {
        "machine": machine,
        "sizes": sizes._asdict(),
        "lines": lines,
        "partitions": {str(count): _rate_of(count, sizes) for count in PARTITION_COUNTS},
    }


def _rate_of(partitions: int, sizes: Sizes) -> float:
    """Return observations per CPU-second where a process owns so many observation partitions."""
    given = make_input(SPREAD_VEHICLES, sizes.rows, partitions)
    rows = given.columns.event_us.size
    return median(
        rows / sum(States(given.zones, partitions).run(given.batches).values()) for _ in range(sizes.rounds)
    )


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    lines = result["lines"]
    names = list(lines[0]["peers"])

    def rate(value: float | None) -> str:
        return "missing" if value is None else f"{value / 1e6:.2f} M"

    rates = [
        (f"{line['vehicles']:,}", rate(line["rate"]), *(rate(line["peers"][name]) for name in names))
        for line in lines
    ]
    steps = [
        (f"{line['vehicles']:,}", *(f"{line['ns'][step]:.0f}" for step in STEPS), f"{1e9 / line['rate']:.0f}")
        for line in lines
    ]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{lines[0]['rows']:,} positions or more, each vehicle every {INTERVAL_S:.0f} s, {len(lines)} sizes, "
                f"reorder on; one thread (polars: all), median of {result['sizes']['rounds']} rounds."
            ),
            "",
            table(("vehicles", "DULS, observations/CPU-s", *(f"{n} group-by" for n in names)), rates),
            "",
            table(("vehicles", *(f"{step}, ns" for step in STEPS), "all, ns"), steps),
            "",
            table(
                ("vehicles", "bytes per vehicle", "per visited zone", "per open visit", "all as allotted"),
                [_memory_row(line["memory"]) for line in lines],
            ),
            "",
            table(
                ("observation partitions of a process", "observations/CPU-s"),
                [(count, rate(found)) for count, found in result["partitions"].items()],
            ),
            "",
            (
                f"Goals: {GOAL / 1e6:.0f} M observations/s; {BYTES_GOAL[0]} bytes per active vehicle and "
                f"{BYTES_GOAL[1]} per zone visited today."
            ),
        ]
    )


def _memory_row(memory: dict[str, int]) -> tuple[str, ...]:
    vehicles = memory["vehicles"]
    return (
        f"{vehicles:,}",
        f"{memory['vehicle_bytes'] / vehicles:.0f}",
        f"{memory['visited_bytes'] / max(memory['visited'], 1):.0f}",
        f"{memory['visit_bytes'] / max(memory['visits'], 1):.0f}",
        f"{memory['allotted_bytes'] / vehicles:.0f}",
    )


def main() -> None:
    """Measure and report."""
    measure_and_report("aggregate", __doc__, lambda quick: measure(QUICK if quick else DEFAULT), as_text)


if __name__ == "__main__":
    main()
