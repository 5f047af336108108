"""B5: how long until a position shows at a quarter, a half and four fifths of the largest rate, beside peers at theirs.

`python -m benchmarks.loads [--duration S] [--capacity N] [--write-docs]` runs an open loop (see `benchmarks.latency`)
at shares of the largest sustained rate: that of `--capacity`, or what `benchmarks.sustained` left in
`results/sustained.json`, or else 150,000 positions a second. Each share has services of its own. Peers run at shares
of their own capacity, which is measured in the same run (`benchmarks.peer_loads`). It writes `results/loads.json`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.latency import ROLES, measure, summary
from benchmarks.machine import Machine, this_machine
from benchmarks.peer_loads import PeerLoads, measure_peers, rows_of
from benchmarks.peers import TITLES
from benchmarks.raw_topic import ARRIVING_PER_S
from benchmarks.report import RESULTS, say, table, write_json, write_section
from benchmarks.sustained import VEHICLES

SHARES: Final = (0.25, 0.5, 0.8)
DURATION_S: Final = 60.0
USERS: Final = (*ROLES, "broker", "database")


def capacity_of(path: Path) -> int:
    """Return the largest rate that is known to be sustained, in positions a second.

    Args:
        path: Where `benchmarks.sustained` leaves what it found; it may be missing, or no rate have been sustained.
    """
    if path.exists():
        largest = round(msgspec.json.decode(path.read_bytes())["largest"])
        if largest:
            return int(largest)
    return ARRIVING_PER_S


def measure_loads(capacity: int, duration_s: float) -> dict[str, Any]:
    """Run ours, then the peers; return what is written as JSON."""
    machine = this_machine()
    steps = []
    for share in SHARES:
        say(f"  {share:.0%} of {capacity:,} positions/s")
        steps.append(_step(share, capacity, duration_s))
    peers, failures = measure_peers(SHARES, duration_s)
    return {
        "machine": machine,
        "capacity": capacity,
        "duration_s": duration_s,
        "steps": steps,
        "peers": peers,
        "failures": failures,
    }


def _step(share: float, capacity: int, duration_s: float) -> dict[str, Any]:
    """Return what we did under one share."""
    result = measure(round(share * capacity), duration_s, VEHICLES)
    found = summary(result)
    return {
        "share": share,
        "rate": result["rate"],
        "behind_s": float(result["sent"].behind_max_s),
        **{name: found[name] for name in ("zone_now", "zone_flow", "lag")},
        "cores": result["cores"],
    }


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    failures = ", ".join(f"{TITLES[name]} ({why})" for name, why in result["failures"].items())
    return "\n\n".join(
        [
            (
                f"Machine: {machine.name()}; load before {machine.load_before}.\n"
                f"{VEHICLES:,} vehicles, one position per record, {result['duration_s']:.0f} s of each share of "
                f"{result['capacity']:,} positions/s, the largest sustained rate; the first tenth is left out."
            ),
            _ours(result["steps"]),
            _peers(result["peers"]),
            f"Missing or failed: {failures or 'none'}.",
        ]
    )


def _ours(steps: Sequence[dict[str, Any]]) -> str:
    """Return what we did, as Markdown."""
    head = (
        "share",
        "positions/s",
        "`zone_now` p50",
        "p99",
        "`zone_flow` p99",
        "lag p99",
        "load behind",
        *(f"{name}, cores" for name in USERS),
    )
    rows = [
        (
            f"{step['share']:.0%}",
            f"{step['rate']:,.0f}",
            f"{step['zone_now']['p50_s']:.2f} s",
            f"{step['zone_now']['p99_s']:.2f} s",
            f"{step['zone_flow']['p99_s']:.2f} s",
            f"{step['lag']['p99_s']:.2f} s",
            f"{step['behind_s']:.2f} s",
            *(f"{step['cores'][name]:.2f}" for name in USERS),
        )
        for step in steps
    ]
    return table(head, rows)


def _peers(peers: dict[str, PeerLoads]) -> str:
    """Return what peers did, as Markdown; a share that none followed was not kept up with."""
    head = (
        "peer",
        "capacity, positions/s",
        "share",
        "positions/s",
        "count p50",
        "p99",
        "largest",
        "load behind",
        "cores",
        "broker, cores",
    )
    return table(head, [row for name, loads in peers.items() for row in rows_of(TITLES[name], loads)])


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loads", description=__doc__)
    parser.add_argument(
        "--duration", type=float, default=DURATION_S, help=f"seconds of each load ({DURATION_S:.0f})"
    )
    parser.add_argument(
        "--capacity",
        type=int,
        help=f"largest sustained positions per second (that of benchmarks.sustained, else {ARRIVING_PER_S})",
    )
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    chosen = parser.parse_args()
    result = measure_loads(chosen.capacity or capacity_of(RESULTS / "sustained.json"), chosen.duration)
    text = as_text(result)
    say(text)
    path = write_json("loads", result)
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs:
        write_section("loads", text)


if __name__ == "__main__":
    main()
