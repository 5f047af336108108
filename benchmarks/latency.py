"""B5: how long until a position shows, under an open-loop load; memory and lag of the roles meanwhile.

`python -m benchmarks.latency [--duration S] [--rate N] [--fleet N] [--flush-ms N] [--write-docs]` starts its own
services, prints a table and writes `results/latency.json` (`fleet.json` with a fleet; `latency-N.json` with another
time between flushes than the default, whose table goes into no document). The load sends by the clock, so a pipeline
that falls behind is seen to; delays are taken from the moment that a position was due, not from when it was sent.
"""

import argparse
import dataclasses
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import linear_regression
from typing import Any, Final

from benchmarks.city_load import LoadPlan, Sent, end_load, start_load
from benchmarks.city_records import build_city
from benchmarks.installation import Installation, Services, fresh_installation
from benchmarks.machine import Machine, this_machine
from benchmarks.marker_zones import MARKERS, marker_zones
from benchmarks.markers import MarkerSender
from benchmarks.processes import run_all, start, tree_cpu_s
from benchmarks.report import say, table, write_json, write_section
from benchmarks.watching import Sample, Watch
from duls.local_process import LOCALHOST, free_port

PERIOD_S: Final = 30.0  # between two entries of a marker: two entries each second in all
DRIVING: Final = 0.2075  # share of the fleet that drives in the morning
INTERVAL_S: Final = 1.0
ROLES: Final = ("intake", "aggregate")
READY_S: Final = 240.0  # kernels may have to be compiled on a busy machine
REORDER_S: Final = 5.0
NOW_GOAL_S: Final = 1.0
FLOW_GOAL_S: Final = REORDER_S + 2.0
LAG_GOAL_S: Final = 2.0
WARM_UP: Final = 0.1
EMPTY: Final[Mapping[str, str]] = {}


def measure(
    rate: int, duration_s: float, fleet: int = 0, settings: Mapping[str, str] = EMPTY
) -> dict[str, Any]:
    """Run services, roles and load; return what is written as JSON."""
    machine = this_machine()
    vehicles = fleet or round(rate * INTERVAL_S / DRIVING)
    interval_s = fleet / rate if fleet else INTERVAL_S
    city = build_city(1 if fleet else vehicles)
    # a process that compiles kernels keeps hundreds of MiB of it
    run_all({"kernels": ["duls.app.warm_up"]}, {}, timeout_s=READY_S)
    zones, markers = marker_zones(city, MARKERS)
    with Services() as services, ExitStack() as stack:
        installation = fresh_installation(
            services, dataclasses.replace(city, zones=(*city.zones, *zones)), "bench_latency", **settings
        )
        roles = start_roles(installation, services.folder, stack)
        sender = MarkerSender(services.bootstrap_servers, markers, PERIOD_S)
        stack.callback(sender.close)
        watch = Watch(installation.url, sender, {role: process.pid for role, process in roles.items()})
        before = services.cpu()
        cpu_before = {role: tree_cpu_s(process.pid) for role, process in roles.items()}
        start_wall_s = time.time() + 3.0
        load_output = stack.enter_context(tempfile.TemporaryFile())
        plan = LoadPlan("fleet" if fleet else "city", vehicles, interval_s, start_wall_s, duration_s)
        load = start_load(services.bootstrap_servers, plan, load_output)
        stack.callback(load.kill)
        watch.run(
            time.monotonic() + start_wall_s - time.time(),
            duration_s,
            lambda: all(process.poll() is None for process in roles.values()),
        )
        cpu_s = {role: tree_cpu_s(process.pid) - cpu_before[role] for role, process in roles.items()}
        used = services.cpu().since(before)
        sent = end_load(load, load_output)
        if watch.failures:
            raise watch.failures[0]
    return {
        "machine": machine,
        "rate": sent.records / duration_s,
        "vehicles": vehicles,
        "duration_s": duration_s,
        "sent": sent,
        "entries": watch.entries,
        "samples": watch.samples,
        "cores": {role: cpu_s[role] / duration_s for role in ROLES}
        | {"broker": used.broker / duration_s, "database": used.database / duration_s},
    }


def start_roles(
    installation: Installation, folder: Path, stack: ExitStack, names: Sequence[str] = ROLES
) -> dict[str, subprocess.Popen[bytes]]:
    """Start roles and wait until all are ready; they end with the stack."""
    ports = {role: free_port() for role in names}
    roles = {}
    for role, port in ports.items():
        environment = {**installation.environment, "DULS_METRICS_PORT": str(port)}
        with (folder / f"{role}.log").open("wb") as output:
            roles[role] = start(["duls", "run", role], environment, output)
        stack.callback(_end, roles[role])
    end_s = time.monotonic() + READY_S
    while not all(_is_ready(port) for port in ports.values()):
        if time.monotonic() > end_s or any(process.poll() is not None for process in roles.values()):
            said = "\n".join((folder / f"{role}.log").read_text(errors="replace")[-2000:] for role in names)
            message = f"the roles were not ready within {READY_S:.0f} s, or ended:\n{said}"
            raise TimeoutError(message)
        time.sleep(0.2)
    return roles


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a role to end, and end it where it does not."""
    process.terminate()
    try:
        process.wait(15.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _is_ready(port: int) -> bool:
    """Tell whether the role on a port says that it works."""
    try:
        with urllib.request.urlopen(f"http://{LOCALHOST}:{port}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a run, without its first tenth, in which everything warms up."""
    warm_s = result["duration_s"] * WARM_UP
    begin_s = min(entry.scheduled_s for entry in result["entries"])
    entries = [entry for entry in result["entries"] if entry.scheduled_s - begin_s >= warm_s]
    samples = [sample for sample in result["samples"] if warm_s <= sample.at_s <= result["duration_s"]]
    return {
        "zone_now": delays_of([entry.now_s and entry.now_s - entry.scheduled_s for entry in entries]),
        "zone_flow": delays_of([entry.flow_s and entry.flow_s - entry.scheduled_s for entry in entries]),
        "lag": delays_of([sample.lag_s for sample in samples]),
        "memory": {role: _memory(samples, role) for role in ROLES},
    }


def delays_of(values: Sequence[float | None]) -> dict[str, float]:
    """Return quantiles; what was never seen counts as infinite."""
    ordered = sorted(float("inf") if value is None else value for value in values)
    last = len(ordered) - 1
    return {
        "count": len(ordered),
        "p50_s": ordered[round(0.5 * last)],
        "p99_s": ordered[round(0.99 * last)],
        "max_s": ordered[last],
    }


def _memory(samples: Sequence[Sample], role: str) -> dict[str, float]:
    """Return resident memory and its slope over the second half of the run."""
    half = samples[len(samples) // 2 :]
    fit = linear_regression([sample.at_s for sample in half], [sample.rss_mib[role] for sample in half])
    return {
        "first_mib": samples[0].rss_mib[role],
        "last_mib": samples[-1].rss_mib[role],
        "max_mib": max(sample.rss_mib[role] for sample in samples),
        "slope_mib_per_min": fit.slope * 60,
    }


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    sent: Sent = result["sent"]
    figures = summary(result)
    rows = [
        (
            name,
            f"{found['p50_s']:.2f} s",
            f"{found['p99_s']:.2f} s",
            f"{found['max_s']:.2f} s",
            f"{goal:.0f} s",
        )
        for name, found, goal in (
            ("position due → `live.zone_now`", figures["zone_now"], NOW_GOAL_S),
            ("position due → `live.zone_flow`", figures["zone_flow"], FLOW_GOAL_S),
            ("stream time behind the clock", figures["lag"], LAG_GOAL_S),
        )
    ]
    memory = [
        (
            role,
            *(f"{found[name]:.0f} MiB" for name in ("first_mib", "last_mib", "max_mib")),
            f"{found['slope_mib_per_min']:+.2f} MiB/min",
            f"{result['cores'][role]:.2f}",
        )
        for role, found in figures["memory"].items()
    ]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{result['rate']:,.0f} positions/s from {result['vehicles']:,} vehicles over "
                f"{result['duration_s']:.0f} s by an open loop, never more than {sent.behind_max_s:.2f} s behind; "
                f"{figures['zone_now']['count']} entries of marker vehicles, {REORDER_S:.0f} s of reorder; "
                f"the first {WARM_UP:.0%} is left out."
            ),
            "",
            table(("delay", "p50", "p99", "largest", "goal for p99"), rows),
            "",
            table(("memory", "first", "last", "largest", "slope of the second half", "cores used"), memory),
            "",
            f"Broker {result['cores']['broker']:.2f} cores, database {result['cores']['database']:.2f} cores.",
        ]
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--duration", type=float, default=300.0, help="seconds of load (300)")
    parser.add_argument("--rate", type=int, default=20_000, help="positions per second (20000)")
    parser.add_argument(
        "--fleet", type=int, default=0, help="vehicles that take turns to report, instead of a city"
    )
    parser.add_argument(
        "--flush-ms",
        type=int,
        help="time between two flushes, and between two tellings of progress, in place of the defaults",
    )
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    paced = ("DULS_FLUSH_MS", "DULS_INTAKE_PROGRESS_MS")
    settings = {} if chosen.flush_ms is None else dict.fromkeys(paced, str(chosen.flush_ms))
    result = measure(chosen.rate, chosen.duration, chosen.fleet, settings)
    name = "fleet" if chosen.fleet else "-".join(["latency", *set(settings.values())])
    text = as_text(result)
    say(text)
    path = write_json(name, {**result, "summary": summary(result)})
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs and not settings:
        write_section(name, text)


if __name__ == "__main__":
    main()
