"""What the roles use to start, and while nothing comes: time until ready, processor time, memory, and idle load.

`python -m benchmarks.idle [--write-docs]` starts its own services, prints one table and writes `results/idle.json`. The
first start compiles every kernel into an empty folder; the others load them from there.
"""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.city_records import build_city
from benchmarks.installation import Installation, Services, fresh_installation
from benchmarks.latency import ROLES, start_roles
from benchmarks.machine import Machine, this_machine
from benchmarks.processes import rss_mib, tree_cpu_s
from benchmarks.report import say, table, write_json, write_section

SETTLE_S: Final = 10.0
IDLE_S: Final = 60.0
GOAL: Final = 0.02


class Start(NamedTuple):
    """One start of both roles."""

    ready_s: float  # wall time until both are ready
    cpu_s: dict[str, float]


def _start(installation: Installation, folder: Path, stack: ExitStack) -> tuple[Start, dict[str, int]]:
    begin_s = time.monotonic()
    roles = start_roles(installation, folder, stack)
    pids = {role: process.pid for role, process in roles.items()}
    cpu_s = {role: tree_cpu_s(pid) for role, pid in pids.items()}
    return Start(time.monotonic() - begin_s, cpu_s), pids


def measure() -> dict[str, Any]:
    """Start the roles with cold and with warm kernels, then leave them alone; return what is written as JSON."""
    machine = this_machine()
    with Services() as services:
        installation = fresh_installation(services, build_city(1), "bench_idle")
        installation.environment["NUMBA_CACHE_DIR"] = str(services.folder / "kernels")
        with ExitStack() as stack:
            cold, _ = _start(installation, services.folder, stack)
        with ExitStack() as stack:
            warm, pids = _start(installation, services.folder, stack)
            time.sleep(SETTLE_S)
            before = {role: tree_cpu_s(pid) for role, pid in pids.items()}
            time.sleep(IDLE_S)
            idle = {role: (tree_cpu_s(pid) - before[role]) / IDLE_S for role, pid in pids.items()}
            memory = {role: rss_mib(pid) for role, pid in pids.items()}
    return {
        "machine": machine,
        "cold": cold._asdict(),
        "warm": warm._asdict(),
        "idle": idle,
        "memory_mib": memory,
    }


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    rows = [
        (
            role,
            f"{result['cold']['cpu_s'][role]:.1f} s",
            f"{result['warm']['cpu_s'][role]:.1f} s",
            f"{result['memory_mib'][role]:.0f} MiB",
            f"{result['idle'][role]:.1%}",
        )
        for role in ROLES
    ]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"Both roles are ready after {result['cold']['ready_s']:.0f} s where kernels have to be compiled, "
                f"after {result['warm']['ready_s']:.0f} s where they are on disk. "
                f"Idle over {IDLE_S:.0f} s, goal {GOAL:.0%}."
            ),
            "",
            table(
                (
                    "role",
                    "CPU to start, compiling",
                    "CPU to start",
                    "memory when idle",
                    "of a core when idle",
                ),
                rows,
            ),
        ]
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    result = measure()
    text = as_text(result)
    say(text)
    say(str(write_json("idle", result)))
    if chosen.write_docs:
        write_section("idle", text)


if __name__ == "__main__":
    main()
