"""What each stage of the pipeline costs, in nanoseconds of processor time per position, by how positions are packed.

`python -m benchmarks.stages [--quick] [--write-docs]` starts its own services and runs intake, then aggregate, each
with a clock around its stages (`benchmarks.staged_role`), over the same positions one per record, in JSON arrays and in
Arrow streams.
"""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from benchmarks.city_records import ONE, PACKED, build_city, encoded, packed, simulate, slice_of
from benchmarks.installation import Services, fresh_installation
from benchmarks.machine import Machine, this_machine
from benchmarks.processes import run_all
from benchmarks.raw_topic import ARRIVING_PER_S, PARTITIONS, fill, paced
from benchmarks.report import measure_and_report, say, table
from benchmarks.staged_role import OTHER_THREADS, REST, Used
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from streams.topics import POSITIONS_TOPIC

ROLES: Final = ("intake", "aggregate")
KINDS: Final = (ONE, *PACKED)
START_RECORDS: Final = 800
VEHICLES: Final = 40_000
INTERVAL_S: Final = 10.0
RUN_TIMEOUT_S: Final = 420.0
LEAST_NS: Final = 0.5  # a stage below is not shown


def measure(quick: bool) -> dict[str, Any]:  # noqa: FBT001 the flag of the command
    """Run everything; return what is written as JSON."""
    records, rounds = (500_000, 1) if quick else (1_000_000, 3)
    machine = this_machine()
    city = build_city(VEHICLES)
    rows = simulate(city, records, interval_s=INTERVAL_S, end_us=time.time_ns() // 1_000)
    used = {kind: _runs(city, rows, kind, rounds) for kind in KINDS}
    return {"machine": machine, "records": records, "rounds": rounds, "used": used}


def _runs(city: SimulatedCity, rows: SimulatedPositions, kind: str, rounds: int) -> dict[str, list[Used]]:
    """Return what both roles used in each round, after one that may have to compile and one over few records."""
    with Services() as services:
        fresh_installation(services, city, "bench_topics")
        fill(services.bootstrap_servers, POSITIONS_TOPIC, encoded(slice_of(rows, 0, START_RECORDS)))
        _run(services, city, "compiling")
        start = _run(services, city, "start")
        rest = slice_of(rows, START_RECORDS, rows.vehicle.size)
        records = packed(rest, kind, PARTITIONS)
        fill(services.bootstrap_servers, POSITIONS_TOPIC, paced(records, ARRIVING_PER_S))
        runs = []
        for number in range(rounds):
            say(f"  {kind}, round {number + 1}")
            runs.append(_run(services, city, str(number)))
    return {role: [_without(run[role], start[role]) for run in runs] for role in ROLES}


def _without(used: Used, start: Used) -> Used:
    """Return what was used beyond a run over few records, which joins the group and waits for stream time as well."""
    stages_s = {name: spent - start.stages_s.get(name, 0.0) for name, spent in used.stages_s.items()}
    return Used(stages_s, used.other_threads_s - start.other_threads_s, used.total_s - start.total_s)


def _run(services: Services, city: SimulatedCity, name: str) -> dict[str, Used]:
    """Run intake, then aggregate, into an empty database."""
    installation = fresh_installation(services, city, f"bench_{name}")
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for role in ROLES:
            path = Path(folder) / role
            command = ["benchmarks.staged_role", role, str(path)]
            run_all({role: command}, installation.environment, timeout_s=RUN_TIMEOUT_S)
            found[role] = msgspec.json.decode(path.read_bytes(), type=Used)
    return found


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    return "\n\n".join(
        [
            (
                f"Machine: {machine.name()}; load before {machine.load_before}.\n"
                f"{result['records']:,} positions, 8 partitions, 400 zones, median of {result['rounds']} runs."
            ),
            *(_table(result, role) for role in ROLES),
        ]
    )


def _table(result: dict[str, Any], role: str) -> str:
    """Return the stages of a role, one column for each way of packing."""
    by_kind = {kind: result["used"][kind][role] for kind in KINDS}
    # some stages are of one way of packing only; all are shown, so that a column adds up
    stages = dict.fromkeys(name for kind in KINDS for name in by_kind[kind][0].stages_s if name != REST)
    names = [*stages, REST, OTHER_THREADS, "all"]

    def ns(used: Used, name: str) -> float:
        seconds = {**used.stages_s, OTHER_THREADS: used.other_threads_s, "all": used.total_s}
        return float(seconds.get(name, 0.0) / result["records"] * 1e9)

    costs = {name: [median(ns(used, name) for used in by_kind[kind]) for kind in KINDS] for name in names}
    rows = [
        (name, *(f"{cost:,.0f}" for cost in found)) for name, found in costs.items() if max(found) >= LEAST_NS
    ]
    return table((f"{role}, ns per position", *KINDS), rows)


def main() -> None:
    """Measure and report."""
    measure_and_report("stages", __doc__, measure, as_text)


if __name__ == "__main__":
    main()
