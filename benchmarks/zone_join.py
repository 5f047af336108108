"""B1: which zones contain a point, exactly; points per second on one core beside shapely, and every answer compared.

`python -m benchmarks.zone_join [--quick] [--write-docs]` prints one table and writes `results/zone_join.json`. Both
answer for overlapping zones. A point exactly on an edge is in one zone of ours by the half-open rule and in none or
two of shapely's; random points lie on none.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from benchmarks.country import Country, build_country, city_points, uniform_points
from benchmarks.machine import Machine, this_machine
from benchmarks.report import say, table, write_json, write_section
from processors.columns import Float64Array, Int64Array
from processors.zone_index import ZoneIndex, lookup
from processors.zone_index_build import build_zone_index
from processors.zone_sets import ZoneSets

GOAL: Final = 50e6  # points per second and core
BUILD_GOAL_S: Final = 10.0
CHUNK: Final = 1_000_000  # points at a time, for both
ROUNDS: Final = 5


class Sizes(NamedTuple):
    """How much is measured."""

    neighbourhoods: int
    points: int
    shapely_points: int  # of each kind, timed
    compared: int


DEFAULT: Final = Sizes(neighbourhoods=14_000, points=10_000_000, shapely_points=500_000, compared=10_000_000)
QUICK: Final = Sizes(neighbourhoods=2_000, points=2_000_000, shapely_points=100_000, compared=200_000)


class Ours:
    """The zones in our index."""

    def __init__(self, country: Country) -> None:
        self.sets = ZoneSets()
        begin_s = time.process_time()
        self.index: ZoneIndex = build_zone_index(country.zones, self.sets)
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


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    country = build_country(sizes.neighbourhoods)
    ours, peer = Ours(country), Shapely(country)
    kinds = {"uniform": uniform_points, "city-like": city_points}
    rates: dict[str, dict[str, list[float]]] = {kind: {"DULS": [], "shapely": []} for kind in kinds}
    ours.find(*uniform_points(CHUNK))  # compiles, and fills the tables of masks
    for kind, points in kinds.items():
        lon, lat = points(sizes.points)
        some = slice(sizes.shapely_points)
        for _ in range(ROUNDS):
            rates[kind]["DULS"].append(_rate(ours.find, lon, lat))
            rates[kind]["shapely"].append(_rate(peer.find, lon[some], lat[some]))
    return {
        "machine": machine,
        "sizes": sizes._asdict(),
        "zones": len(country.zones),
        "vertices": country.vertices,
        "build_s": {"DULS": ours.build_s, "shapely": peer.build_s},
        "rates": rates,
        "mismatches": sum(
            _mismatches(ours, peer, *points(sizes.compared // len(kinds))) for points in kinds.values()
        ),
    }


def _rate(find: Find, lon: Float64Array, lat: Float64Array) -> float:
    """Return points per CPU-second."""
    begin_s = time.process_time()
    for first in range(0, lon.size, CHUNK):
        find(lon[first : first + CHUNK], lat[first : first + CHUNK])
    return lon.size / (time.process_time() - begin_s)


def _mismatches(ours: Ours, peer: Shapely, lon: Float64Array, lat: Float64Array) -> int:
    """Return how many containments only one of both tells of."""
    return sum(
        np.setxor1d(
            ours.pairs(lon[first : first + CHUNK], lat[first : first + CHUNK]),
            peer.pairs(lon[first : first + CHUNK], lat[first : first + CHUNK]),
            assume_unique=True,
        ).size
        for first in range(0, lon.size, CHUNK)
    )


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    rows: list[Sequence[str]] = []
    for kind, rates in result["rates"].items():
        ours, peer = median(rates["DULS"]), median(rates["shapely"])
        rows.append((f"{kind} points", f"{ours / 1e6:.1f} M", f"{peer / 1e6:.2f} M", f"{ours / peer:.0f}"))
    rows.append(
        ("building the index", *(f"{result['build_s'][name]:.1f} s" for name in ("DULS", "shapely")), "")
    )
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{result['zones']:,} zones that overlap, {result['vertices']:,} vertices; one thread, "
                f"median of {ROUNDS} interleaved rounds."
            ),
            "",
            table(("points per CPU-second", "DULS", "shapely STRtree", "ratio"), rows),
            "",
            (
                f"{result['mismatches']} of the containments of {result['sizes']['compared']:,} points "
                f"differ from shapely's. Goals: {GOAL / 1e6:.0f} M points/s, no mismatch, "
                f"a build within {BUILD_GOAL_S:.0f} s."
            ),
        ]
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zone_join", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller measurement")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    result = measure(QUICK if chosen.quick else DEFAULT)
    text = as_text(result)
    say(text)
    path = write_json("zone_join", result)
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs:
        write_section("zone_join", text)


if __name__ == "__main__":
    main()
