"""B4: the whole pipeline, from Kafka to figures in the database, in records per CPU-second, beside a bound and peers.

`python -m benchmarks.pipeline [--quick]` starts its own services, prints its tables and writes
`results/pipeline.json`. All threads of our processes count; what the servers use is printed beside. Peers count
positions by zone and slot in each of the forms of `benchmarks.peer_forms`; one that counts wrongly has failed.

Every run is a whole process. What a process uses to start, to load compiled kernels and to end is measured by a run
over 800 records, and printed; rates are given with it and without it.
"""

import argparse
import time
from collections.abc import Mapping
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec

from benchmarks.city_records import PACKED, build_city, encoded, packed, simulate, slice_of
from benchmarks.decoders import OURS, rates
from benchmarks.installation import ServerCpu, Services, fresh_installation
from benchmarks.machine import Machine, this_machine
from benchmarks.peer_forms import BATCHES, PLAIN, WINDOWS
from benchmarks.peers import FORMS, PEERS, TITLES, Peer, PeerFailedError, Task, make_task, run_peer
from benchmarks.processes import Usage, run_all
from benchmarks.raw_topic import ARRIVING_PER_S, PARTITIONS, fill, paced
from benchmarks.report import say, table, write_json, write_section
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedPositions
from streams.topics import POSITIONS_TOPIC

START_RECORDS: Final = 800
START_TOPIC: Final = "duls.bench.start.v1"
FAUST_GOAL: Final = 100
BEST_GOAL: Final = 12
RUN_TIMEOUT_S: Final = 420.0  # the first run may have to compile, on a busy machine
PEER_TIMEOUT_S: Final = 180.0  # compiling included
BOUND: Final = "bound"
ROLES: Final = ("intake", "aggregate")
_RATES: Final = ("both", *ROLES)


class Sizes(NamedTuple):
    """How much is measured."""

    records: int
    peer_share: float  # of the records that a peer is given
    rounds: int
    peer_rounds: int
    vehicles: int = 40_000
    interval_s: float = 10.0


DEFAULT: Final = Sizes(records=5_000_000, peer_share=1.0, rounds=5, peer_rounds=3)
QUICK: Final = Sizes(records=500_000, peer_share=0.4, rounds=2, peer_rounds=1)
START_ROUNDS: Final = 2


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one contestant."""

    contestant: str
    records: int
    cpu_s: dict[str, float]  # by process
    wall_s: float
    broker_cpu_s: float
    database_cpu_s: float


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A contestant in the table: medians over its runs."""

    name: str
    contestant: str
    records: int
    cpu_s: float
    start_cpu_s: float
    wall_s: float
    broker_cpu_s: float
    database_cpu_s: float

    @property
    def rate(self) -> float:
        """Return records per CPU-second without the start of the processes."""
        return self.records / (self.cpu_s - self.start_cpu_s)

    @property
    def whole_rate(self) -> float:
        """Return records per CPU-second of whole processes."""
        return self.records / self.cpu_s


class Contest:
    """The contestants on one set of services."""

    def __init__(self, services: Services, city: SimulatedCity, decoders: dict[str, float]) -> None:
        self._services = services
        self._city = city
        self._bound_decoder = max(decoders, key=lambda name: decoders[name])
        self._runs = 0
        self.failures: dict[str, str] = {}  # by title of a peer: why

    def pipeline(self, records: int) -> Run:
        """Run intake and aggregate over the raw topic, into an empty database."""
        self._runs += 1
        installation = fresh_installation(self._services, self._city, f"bench_{self._runs}")
        before = self._services.cpu()
        used = installation.drain(RUN_TIMEOUT_S)
        servers = self._services.cpu().since(before)
        counts = installation.counts()
        assert (counts["accepted"], counts["rejected"]) == (records, 0), f"of {records} records: {counts}"
        return Run(
            contestant="pipeline",
            records=records,
            cpu_s={role: used[role].cpu_s for role in ROLES},
            wall_s=max(usage.wall_s for usage in used.values()),
            broker_cpu_s=servers.broker,
            database_cpu_s=servers.database,
        )

    def bound(self, topic: str, records: int) -> Run:
        """Read and decode, and nothing else."""
        servers = self._services.bootstrap_servers
        command = ["benchmarks.bare_consume", servers, topic, str(records), self._bound_decoder]
        before = self._services.cpu()
        used = run_all({BOUND: command}, {}, timeout_s=RUN_TIMEOUT_S)[BOUND]
        return _alone(BOUND, records, used, self._services.cpu().since(before))

    def peer(self, peer: Peer, task: Task) -> Run | None:
        """Let a peer count; nothing where it fails, which is said and kept."""
        before = self._services.cpu()
        try:
            used = run_peer(peer, self._services.bootstrap_servers, task, PEER_TIMEOUT_S)
        except PeerFailedError as error:
            say(f"  {peer.title}: {error}")
            self.failures[peer.title] = str(error)
            return None
        return _alone(peer.name, task.records, used, self._services.cpu().since(before))


def _alone(contestant: str, records: int, used: Usage, servers: ServerCpu) -> Run:
    """Return the run of a contestant that is one process."""
    return Run(
        contestant=contestant,
        records=records,
        cpu_s={contestant: used.cpu_s},
        wall_s=used.wall_s,
        broker_cpu_s=servers.broker,
        database_cpu_s=servers.database,
    )


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    city = build_city(sizes.vehicles)
    rows = simulate(city, sizes.records, interval_s=sizes.interval_s, end_us=time.time_ns() // 1_000)
    decoders = rates(next(encoded(rows)).values)
    with Services() as services:
        contest = Contest(services, city, decoders)
        fresh_installation(services, city, "bench_topics")
        servers = services.bootstrap_servers
        first = slice_of(rows, 0, START_RECORDS)
        start = make_task(servers, START_TOPIC, first)
        fill(servers, POSITIONS_TOPIC, encoded(first))
        compile_run = contest.pipeline(START_RECORDS)
        starts = _starts(contest, start)
        rest = encoded(slice_of(rows, START_RECORDS, rows.vehicle.size))
        fill(servers, POSITIONS_TOPIC, paced(rest, ARRIVING_PER_S))
        runs = _rounds(contest, sizes, _tasks(servers, rows, sizes))
    return {
        "packed": {kind: _packed_run(city, rows, kind, sizes, starts) for kind in PACKED},
        "machine": machine,
        "sizes": sizes._asdict(),
        "bytes_per_record": _mean_bytes(rows),
        "zones_per_position": round(start.positions_in_zones / start.records, 1),
        "decoders": decoders,
        "first_run": compile_run,
        "starts": starts,
        "runs": runs,
        "failures": contest.failures,
        "lines": _lines(starts, runs),
    }


def _starts(contest: Contest, task: Task) -> list[Run]:
    """Run all contestants over few records, after one whose environment has to compile our decoder and index."""
    contest.peer(next(peer for peer in PEERS if (peer.framework, peer.form) == ("quix", BATCHES)), task)
    runs: list[Run | None] = []
    for number in range(START_ROUNDS):
        say(f"  starts, {number + 1} of {START_ROUNDS}")
        runs += [contest.pipeline(START_RECORDS), contest.bound(task.topic, START_RECORDS)]
        runs += [contest.peer(peer, task) for peer in PEERS]
    return [run for run in runs if run is not None]


def _tasks(servers: str, rows: SimulatedPositions, sizes: Sizes) -> dict[str, Task]:
    """Return a topic for each peer, filled."""
    tasks = {}
    for peer in PEERS:
        records = int(peer.records * sizes.peer_share)
        tasks[peer.name] = make_task(
            servers, f"duls.bench.{peer.framework}-{peer.form}.v1", slice_of(rows, 0, records)
        )
    return tasks


def _packed_run(
    city: SimulatedCity, rows: SimulatedPositions, kind: str, sizes: Sizes, starts: list[Run]
) -> dict[str, float]:
    """Return the positions per CPU-second of the pipeline where a record holds many, without the start."""
    with Services() as services:
        contest = Contest(services, city, {OURS: 1.0})
        fresh_installation(services, city, "bench_topics")
        records = packed(rows, kind, PARTITIONS)
        fill(services.bootstrap_servers, POSITIONS_TOPIC, paced(records, ARRIVING_PER_S))
        say(f"  {kind}")
        runs = [contest.pipeline(sizes.records) for _ in range(max(2, sizes.rounds - 2))]
    started = [run for run in starts if run.contestant == "pipeline"]
    used = {
        role: median(run.cpu_s[role] for run in runs) - median(run.cpu_s[role] for run in started)
        for role in ROLES
    }
    return {
        "positions": sizes.records,
        "both": sizes.records / sum(used.values()),
        **{role: sizes.records / used[role] for role in ROLES},
    }


def _mean_bytes(rows: SimulatedPositions) -> float:
    """Return the mean length of a record."""
    values = next(encoded(rows)).values
    return round(sum(map(len, values)) / len(values), 1)


def _rounds(contest: Contest, sizes: Sizes, tasks: Mapping[str, Task]) -> list[Run]:
    """Run all contestants, one after another, and that again and again: whoever else loads the machine loads all."""
    runs: list[Run | None] = []
    for number in range(sizes.rounds):
        say(f"  round {number + 1} of {sizes.rounds}, {sizes.records} records")
        runs += [contest.pipeline(sizes.records), contest.bound(POSITIONS_TOPIC, sizes.records)]
        if number < sizes.peer_rounds:
            runs += [contest.peer(peer, tasks[peer.name]) for peer in PEERS]
    return [run for run in runs if run is not None]


def _lines(starts: list[Run], runs: list[Run]) -> list[Line]:
    """Return the medians of each process, and of intake and aggregate together."""
    measured = {run.contestant for run in runs} & {run.contestant for run in starts}
    return [
        _line("pipeline: intake and aggregate", "pipeline", ROLES, starts, runs),
        _line("  intake", "pipeline", ("intake",), starts, runs),
        _line("  aggregate", "pipeline", ("aggregate",), starts, runs),
        _line("bound: bare consume and decode", BOUND, (BOUND,), starts, runs),
        *(
            _line(peer.title, peer.name, (peer.name,), starts, runs)
            for peer in PEERS
            if peer.name in measured
        ),
    ]


def _line(name: str, contestant: str, processes: tuple[str, ...], starts: list[Run], runs: list[Run]) -> Line:
    """Return the medians of some processes of a contestant."""
    ours = [run for run in runs if run.contestant == contestant]

    def cpu_s(run: Run) -> float:
        return sum(run.cpu_s[process] for process in processes)

    return Line(
        name=name,
        contestant=contestant,
        records=ours[0].records,
        cpu_s=median(cpu_s(run) for run in ours),
        start_cpu_s=median(cpu_s(run) for run in starts if run.contestant == contestant),
        wall_s=median(run.wall_s for run in ours),
        broker_cpu_s=median(run.broker_cpu_s for run in ours),
        database_cpu_s=median(run.database_cpu_s for run in ours),
    )


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines: list[Line] = result["lines"]
    machine: Machine = result["machine"]
    sizes = result["sizes"]
    decoders = ", ".join(f"{name} {rate / 1e6:.2f} M" for name, rate in result["decoders"].items())
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"One position of {result['bytes_per_record']} bytes per record, 8 partitions, 2 % out of order, "
                f"400 zones, a position is in {result['zones_per_position']} of them, "
                f"at most {ARRIVING_PER_S:,} arrived in a second; "
                f"{sizes['rounds']} interleaved rounds, peers in {sizes['peer_rounds']} of them. "
                "All peers that are shown counted right."
            ),
            "",
            _contestants(lines),
            "",
            f"Pipeline / bound: {lines[0].rate / lines[3].rate:.2f}. Missing or failed: {_failures(result)}.",
            "",
            ratios(lines),
            "",
            (
                f"Goals: {FAUST_GOAL} times Faust and {BEST_GOAL} times the best peer. "
                "They were set by measurements of code as in the first row; "
                "the second row is what the documentation of each shows."
            ),
            "",
            _packed_kinds(result["packed"]),
            "",
            f"Decoders in a loop, records per CPU-second: {decoders}.",
        ]
    )


def _contestants(lines: list[Line]) -> str:
    """Return what each contestant used, as Markdown."""
    head = (
        "median of runs",
        "records",
        "CPU s",
        "of it start",
        "records/CPU-s",
        "with start",
        "wall s",
        "broker CPU s",
        "database CPU s",
    )
    rows = [
        (
            line.name,
            f"{line.records / 1e3:,.0f} k",
            f"{line.cpu_s:.2f}",
            f"{line.start_cpu_s:.2f}",
            f"{line.rate / 1e3:,.1f} k",
            f"{line.whole_rate / 1e3:,.1f} k",
            f"{line.wall_s:.1f}",
            f"{line.broker_cpu_s:.2f}",
            f"{line.database_cpu_s:.2f}",
        )
        for line in lines
    ]
    return table(head, rows)


def _packed_kinds(packed: dict[str, dict[str, float]]) -> str:
    """Return the rates where a record holds many positions, as Markdown."""
    head = ("many positions per record", "positions", "positions/CPU-s, both", "intake", "aggregate")
    rows = [
        (kind, f"{found['positions'] / 1e3:,.0f} k", *(f"{found[name] / 1e3:,.0f} k" for name in _RATES))
        for kind, found in packed.items()
    ]
    return table(head, rows)


def _failures(result: dict[str, Any]) -> str:
    """Return which peers failed, and why, in one line."""
    return ", ".join(f"{title} ({why[:60]})" for title, why in result["failures"].items()) or "none"


def ratios(lines: list[Line]) -> str:
    """Return how many times the rate of each peer the pipeline has, as Markdown."""
    rate = {line.contestant: line.rate for line in lines[3:]}
    pipeline = lines[0].rate
    rows = []
    for form in (PLAIN, WINDOWS, BATCHES):
        found = [rate.get(f"{framework} {form}") for framework in TITLES]
        rows.append((FORMS[form], *(f"{pipeline / each:.1f}" if each else "-" for each in found)))
    return table(("pipeline / peer", *TITLES.values()), rows)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smaller measurement, below 90 seconds")
    parser.add_argument("--rounds", type=int, help="of each contestant")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    began_s = time.monotonic()
    sizes = QUICK if chosen.quick else DEFAULT
    rounds = chosen.rounds or sizes.rounds
    result = measure(sizes._replace(rounds=rounds, peer_rounds=min(rounds, sizes.peer_rounds)))
    text = as_text(result)
    say(text)
    path = write_json("pipeline", result)
    say(f"{path.relative_to(path.parent.parent)} after {time.monotonic() - began_s:.0f} s")
    if chosen.write_docs:
        write_section("pipeline", text)


if __name__ == "__main__":
    main()
