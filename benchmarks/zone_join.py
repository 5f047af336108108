"""B1: which zones contain a point, exactly; points per CPU-second beside peers, and every answer compared.

`python -m benchmarks.zone_join [--quick] [--write-docs]` prints two tables and writes `results/zone_join.json`. All
answer for overlapping zones, shapely in this process, other peers in theirs (`benchmarks.peer_joins`). A point exactly
on an edge is in one zone of ours by the half-open rule and in none or two of shapely's; random points lie on none. So
the answers are compared with those of peers for random points, and with the rule applied to every edge of every zone
for points on vertices, on edges, level with them, and one bit beside.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from benchmarks.country import Country, build_country, city_points, uniform_points
from benchmarks.machine import this_machine
from benchmarks.report import measure_and_report
from benchmarks.zone_join_peers import ZonePeers
from benchmarks.zone_join_text import DULS, SHAPELY, as_text
from benchmarks.zone_rule import hard_points, pairs_by_rule
from duls.app.zone_index_files import ZoneIndexFiles, file_name
from processors.columns import Float64Array, Int64Array
from processors.zone_index_build import build_zone_index
from processors.zone_index_bytes import encode_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

CHUNK: Final = 1_000_000  # points at a time, for both
ROUNDS: Final = 5
PEER_ROUNDS: Final = 3  # of them
KINDS: Final = {"uniform": uniform_points, "city-like": city_points}


class Sizes(NamedTuple):
    """How much is measured."""

    neighbourhoods: int
    points: int
    shapely_points: int  # of each kind, timed
    peer_points: int  # the same, of the peers in processes of their own
    compared: int  # with shapely and, again as many, with the rule
    worlds: tuple[int, ...]  # neighbourhoods, for cost against size


DEFAULT: Final = Sizes(
    neighbourhoods=14_000,
    points=10_000_000,
    shapely_points=500_000,
    peer_points=250_000,
    compared=10_000_000,
    worlds=(100, 1_000, 10_000, 100_000),
)
QUICK: Final = Sizes(
    neighbourhoods=2_000,
    points=2_000_000,
    shapely_points=100_000,
    peer_points=100_000,
    compared=200_000,
    worlds=(100, 1_000),
)


class Ours:
    """The zones in our index."""

    def __init__(self, country: Country) -> None:
        self.sets = ZoneSets()
        begin_s = time.process_time()
        self.index = build_zone_index(country.zones, self.sets)
        self.build_s = time.process_time() - begin_s

    def find(self, lon: Float64Array, lat: Float64Array) -> object:
        """Return the zone set of each point."""
        return lookup(self.index, self.sets, lon, lat)

    def pairs(self, lon: Float64Array, lat: Float64Array) -> Int64Array:
        """Return (point, zone number) of every containment as one ascending number each."""
        number = lookup(self.index, self.sets, lon, lat)
        arrays = self.sets.arrays()
        sizes = arrays.starts[number + 1] - arrays.starts[number]
        ends = np.cumsum(sizes, dtype=np.int64)
        place = np.repeat(arrays.starts[number] - (ends - sizes), sizes) + np.arange(sizes.sum())
        point = np.repeat(np.arange(lon.size, dtype=np.int64), sizes)
        return point << 32 | arrays.zones[place].astype(np.int64)


class KeptInFile(NamedTuple):
    """What it costs to keep an index in a file."""

    save_s: float  # processor time
    load_s: float  # until its first answer
    bytes: int

    @classmethod
    def measured(cls, ours: Ours) -> "KeptInFile":
        """Write an index that was just built, and load it as a process that starts does."""
        digest = bytes(16)
        with tempfile.TemporaryDirectory(prefix="duls-bench-") as folder:
            path = Path(folder) / file_name(digest)
            begin_s = time.process_time()
            with path.open("wb") as file:
                file.writelines(encode_index(ours.index, ours.sets, digest))
            saved_s = time.process_time()
            sets = ZoneSets()
            index = ZoneIndexFiles(Path(folder)).index((), digest, sets)
            lookup(index, sets, *uniform_points(1))
            return cls(saved_s - begin_s, time.process_time() - saved_s, path.stat().st_size)


class Shapely:
    """The zones in shapely's tree."""

    def __init__(self, country: Country) -> None:
        begin_s = time.process_time()
        polygons = [shapely.Polygon(zone.polygons[0][0]) for zone in country.zones]
        shapely.prepare(polygons)
        self.tree = shapely.STRtree(polygons)
        self.numbers = np.array([zone.zone_no for zone in country.zones], np.int64)
        self.build_s = time.process_time() - begin_s

    def find(self, lon: Float64Array, lat: Float64Array) -> object:
        """Return point and zone of every containment."""
        return self.tree.query(shapely.points(lon, lat), predicate="intersects")

    def pairs(self, lon: Float64Array, lat: Float64Array) -> Int64Array:
        """Return the same as `Ours.pairs`."""
        point, zone = self.tree.query(shapely.points(lon, lat), predicate="intersects")
        return np.sort(point.astype(np.int64) << 32 | self.numbers[zone])


Find = Callable[[Float64Array, Float64Array], object]
Pairs = Callable[[Float64Array, Float64Array], Int64Array]


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    country = build_country(sizes.neighbourhoods)
    ours, shapely_tree = Ours(country), Shapely(country)
    kept = KeptInFile.measured(ours)
    some = {kind: points(sizes.peer_points) for kind, points in KINDS.items()}
    with ZonePeers(country, some) as peers:
        rates = _rates(sizes, ours, shapely_tree, peers)
        # peers count zones from 0
        figures = peers.figures({kind: ours.pairs(lon, lat) - 1 for kind, (lon, lat) in some.items()})
    return {
        "machine": machine,
        "sizes": sizes._asdict(),
        "rounds": {"ours": ROUNDS, "peers": PEER_ROUNDS},
        "zones": len(country.zones),
        "vertices": country.vertices,
        "build_s": {DULS: ours.build_s, SHAPELY: shapely_tree.build_s},
        "file": kept._asdict(),
        "rates": rates,
        "peers": figures,
        "failures": peers.failures,
        "mismatches": sum(
            _mismatches(ours.pairs, shapely_tree.pairs, *points(sizes.compared // len(KINDS)))
            for points in KINDS.values()
        ),
        "rule_mismatches": _mismatches(
            ours.pairs, partial(pairs_by_rule, country), *hard_points(country, sizes.compared), sizes.compared
        ),
        "worlds": [_world(neighbourhoods) for neighbourhoods in sizes.worlds],
    }


def _rates(
    sizes: Sizes, ours: Ours, shapely_tree: Shapely, peers: ZonePeers
) -> dict[str, dict[str, list[float]]]:
    """Let all take turns; return the rates of ours and of shapely by kind of points."""
    rates: dict[str, dict[str, list[float]]] = {kind: {DULS: [], SHAPELY: []} for kind in KINDS}
    for kind, points in KINDS.items():
        lon, lat = points(sizes.points)
        some = slice(sizes.shapely_points)
        _rate(ours.find, lon, lat)  # compiles, and fills the tables of states
        for number in range(ROUNDS):
            rates[kind][DULS].append(_rate(ours.find, lon, lat))
            rates[kind][SHAPELY].append(_rate(shapely_tree.find, lon[some], lat[some]))
            if number < PEER_ROUNDS:
                peers.measure(kind)
    return rates


def _world(neighbourhoods: int) -> dict[str, Any]:
    """Return what a world of so many zones costs."""
    country = build_country(neighbourhoods, over=neighbourhoods // 35)
    ours = Ours(country)
    kept = KeptInFile.measured(ours)
    lon, lat = uniform_points(4 * CHUNK)
    _rate(ours.find, lon, lat)
    return {
        "zones": len(country.zones),
        "vertices": country.vertices,
        "build_s": ours.build_s,
        "file": kept._asdict(),
        "rate": median(_rate(ours.find, lon, lat) for _ in range(3)),
    }


def _rate(find: Find, lon: Float64Array, lat: Float64Array) -> float:
    """Return points per CPU-second."""
    begin_s = time.process_time()
    for first in range(0, lon.size, CHUNK):
        find(lon[first : first + CHUNK], lat[first : first + CHUNK])
    return lon.size / (time.process_time() - begin_s)


def _mismatches(ours: Pairs, peer: Pairs, lon: Float64Array, lat: Float64Array, size: int = CHUNK) -> int:
    """Return how many containments only one of both tells of."""
    return sum(
        np.setxor1d(
            ours(lon[first : first + size], lat[first : first + size]),
            peer(lon[first : first + size], lat[first : first + size]),
            assume_unique=True,
        ).size
        for first in range(0, lon.size, size)
    )


def main() -> None:
    """Measure and report."""
    measure_and_report("zone_join", __doc__, lambda quick: measure(QUICK if quick else DEFAULT), as_text)


if __name__ == "__main__":
    main()
