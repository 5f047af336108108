"""B3: reading a topic of positions, in records per CPU-second: with message objects, below them, and with peers.

`python -m benchmarks.read [--quick]` starts a broker, prints two tables and writes `results/read.json`. What a process
uses to start is measured by a run over few records and taken off. A peer that is missing or fails is shown as such.
The second table has topics that intake's reader reads and decodes: one partition, and many positions per record.
"""

import sys
import time
from statistics import median
from typing import Any, Final, NamedTuple

from benchmarks.city_records import ONE, PACKED, build_city, packed, simulate
from benchmarks.machine import Machine, this_machine
from benchmarks.peer_environment import peer_python, peer_variables
from benchmarks.peer_forms import NOTHING
from benchmarks.processes import ProcessFailedError, run_all
from benchmarks.raw_topic import PARTITIONS, fill, make_topic
from benchmarks.report import measure_and_report, say, table
from processors.simulation.columns import SimulatedPositions
from tests.services.kafka import KafkaServer

START_RECORDS: Final = 800
TOPIC: Final = "duls.bench.read.v1"
START_TOPIC: Final = "duls.bench.read-start.v1"
TIMEOUT_S: Final = 120.0
READER: Final = "read_and_decode"
OTHERS: Final = {"one per record, one partition": (ONE, 1), **{kind: (kind, PARTITIONS) for kind in PACKED}}
"""What a record of the other topics holds, and over how many partitions they are."""
WAYS: Final = {
    "consume": "bare consume(20000)",
    "consume_and_decode": "bare consume and decode",
    "read": "DULS: columns below message objects",
    "read_and_decode": "DULS: the same, and decode",
    "poll": "poll, one by one",
    "aiokafka": "aiokafka getmany",
}
PEERS: Final = {
    "faust": "Faust agent with take",
    "quix": "quixstreams update",
    "bytewax": "bytewax flat_map_batch",
}


class Sizes(NamedTuple):
    """How much is measured."""

    records: int
    peer_records: int
    rounds: int


DEFAULT: Final = Sizes(records=1_000_000, peer_records=100_000, rounds=3)  # one round is long
QUICK: Final = Sizes(records=300_000, peer_records=30_000, rounds=2)


def _cpu_s(name: str, servers: str, topic: str, records: int) -> float | None:
    """Return the processor time of a contestant, nothing where it cannot be installed or fails."""
    command = ["benchmarks.readers", name, servers, topic, str(records)]
    python: str | None = sys.executable
    if name in PEERS:
        command = [f"benchmarks.{name}_counts", servers, topic, str(records), NOTHING]
        python = sys.executable if name == "faust" else peer_python()
    if python is None:
        return None
    try:
        variables = {} if python == sys.executable else peer_variables()
        return run_all({name: command}, variables, timeout_s=TIMEOUT_S, python=python)[name].cpu_s
    except ProcessFailedError as error:
        say(f"  {name}: {error}")
        return None


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    rows = simulate(build_city(40_000), sizes.records, interval_s=10.0, end_us=time.time_ns() // 1_000)
    names = [*WAYS, *PEERS]
    used: dict[str, list[float]] = {name: [] for name in names}
    others: dict[str, list[float]] = {title: [] for title in OTHERS}
    with KafkaServer(java_options=()) as kafka:
        servers = kafka.bootstrap_servers
        for topic, last in ((TOPIC, sizes.records), (START_TOPIC, START_RECORDS)):
            make_topic(servers, topic)
            fill(
                servers,
                topic,
                packed(SimulatedPositions._make(column[:last] for column in rows), ONE, PARTITIONS),
            )
        topics = {title: _fill_other(servers, rows, *kind) for title, kind in OTHERS.items()}
        for name in names:
            _cpu_s(name, servers, START_TOPIC, START_RECORDS)  # compiles
        starts = {name: _cpu_s(name, servers, START_TOPIC, START_RECORDS) for name in names}
        for number in range(sizes.rounds):
            say(f"  round {number + 1} of {sizes.rounds}")
            for name in names:
                records = sizes.peer_records if name in PEERS else sizes.records
                cpu_s = _cpu_s(name, servers, TOPIC, records)
                if cpu_s is not None:
                    used[name].append(cpu_s)
            for title, (topic, records) in topics.items():
                cpu_s = _cpu_s(READER, servers, topic, records)
                if cpu_s is not None:
                    others[title].append(cpu_s)
    return {
        "machine": machine,
        "sizes": sizes._asdict(),
        "starts": starts,
        "used": used,
        "rates": {name: _rate(name, sizes, starts[name], used[name]) for name in names},
        "packed": {title: _rate(READER, sizes, starts[READER], found) for title, found in others.items()},
    }


def _fill_other(servers: str, rows: SimulatedPositions, kind: str, partitions: int) -> tuple[str, int]:
    """Make a topic of the same positions packed in another way; return its name and how many records it has."""
    topic = f"duls.bench.read-{PACKED.get(kind, 1)}-{partitions}.v1"
    make_topic(servers, topic)
    chunks = (
        chunk if partitions > 1 else chunk._replace(vehicle=[0] * len(chunk.vehicle))
        for chunk in packed(rows, kind, PARTITIONS)
    )
    return topic, fill(servers, topic, chunks)


def _rate(name: str, sizes: Sizes, start_s: float | None, used: list[float]) -> float | None:
    """Return records per CPU-second without the start."""
    if start_s is None or not used:
        return None
    records = sizes.peer_records if name in PEERS else sizes.records
    return records / max(median(used) - start_s, 0.01)


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    bound = result["rates"]["consume"]
    rows = []
    for name, title in (WAYS | PEERS).items():
        rate = result["rates"][name]
        cells = ("missing", "") if rate is None else (f"{rate / 1e3:,.0f} k", f"{rate / bound:.2f}")
        rows.append((title, *cells))
    others = [
        (title, "failed" if rate is None else f"{rate / 1e3:,.0f} k")
        for title, rate in result["packed"].items()
    ]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"One position of about 138 bytes per record, 8 partitions; median of {result['sizes']['rounds']} "
                "interleaved rounds, the start of the processes taken off."
            ),
            "",
            table(("way of reading", "records/CPU-s", ": bare consume"), rows),
            "",
            table(("DULS, read and decode", "positions/CPU-s"), others),
        ]
    )


def main() -> None:
    """Measure and report."""
    measure_and_report("read", __doc__, lambda quick: measure(QUICK if quick else DEFAULT), as_text)


if __name__ == "__main__":
    main()
