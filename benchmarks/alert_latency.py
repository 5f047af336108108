"""B5: how long until an alert is on its topic, under an open-loop load; and what the alert role costs.

`python -m benchmarks.alert_latency [--duration S] [--rate N] [--write-docs]` starts its own services, prints two
tables and writes `results/alert_latency.json`. Marker vehicles enter zones that one vehicle makes too full, under rules
without a duration of their own; the delay is from the moment that the position was due until a consumer has the alert.
Then the alert role runs alone, on counts that a script sends: a thousand zones, each changing once a second.
"""

import argparse
import dataclasses
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final, Self

import msgspec
from confluent_kafka import OFFSET_END, Consumer, Producer, TopicPartition

from benchmarks.city_load import LoadPlan, Sent, end_load, start_load
from benchmarks.city_records import build_city
from benchmarks.installation import Installation, Services, fresh_installation
from benchmarks.latency import DRIVING, INTERVAL_S, WARM_UP, delays_of, start_roles
from benchmarks.machine import Machine, this_machine
from benchmarks.marker_zones import MARKERS, marker_zones
from benchmarks.markers import Entry, MarkerSender
from benchmarks.processes import run_all, tree_cpu_s
from benchmarks.raw_topic import PARTITIONS
from benchmarks.report import say, table, write_json, write_section
from duls.pipelines.partial_counts import PartialCounts
from processors.vocabulary import ZONE_KINDS
from streams.topic_reader import make_reader
from streams.topics import ALERT_TOPIC, PARTIAL_TOPIC

ZONES: Final = 1_000
PERIOD_S: Final = 30.0  # between two entries of a marker: two entries each second in all
ROLES: Final = ("intake", "aggregate", "alert")
GOAL_S: Final = 0.5
CPU_GOAL: Final = 0.5  # of a core
SETTLE_S: Final = 5.0
LAST_S: Final = 15.0
TOLD_S: Final = 0.2  # between two messages of counts
CALM_CAPACITY: Final = 1_000_000
CHANGES_EVERY: Final = 5  # messages: a second
LATE_EPOCH: Final = 1_000_000
ALONE_WARM_S: Final = 15.0
ALONE_S: Final = 60.0
ALONE: Final = "alert, alone, 1,000 zones changing once a second"


def measure(rate: int, duration_s: float) -> dict[str, Any]:
    """Run services, roles and load, then the alert role alone; return what is written as JSON."""
    machine = this_machine()
    vehicles = round(rate * INTERVAL_S / DRIVING)
    city = build_city(vehicles)
    zones, markers = marker_zones(city, ZONES - len(city.zones))
    with Services() as services:
        installation = fresh_installation(
            services, dataclasses.replace(city, zones=(*city.zones, *zones)), "bench_alerts"
        )
        load_rules(installation, services)
        with ExitStack() as stack:
            roles = start_roles(installation, services.folder, stack, ROLES)
            sender = MarkerSender(services.bootstrap_servers, markers[:MARKERS], PERIOD_S)
            stack.callback(sender.close)
            watch = stack.enter_context(TopicWatch(services.bootstrap_servers, sender))
            before = services.cpu()
            cpu_before = {role: tree_cpu_s(process.pid) for role, process in roles.items()}
            sent = _load(services, sender, watch, vehicles, duration_s)
            cpu_s = {role: tree_cpu_s(process.pid) - cpu_before[role] for role, process in roles.items()}
            used = services.cpu().since(before)
        ids = [zone.zone_id for zone in (*city.zones, *zones)]
        alone = measure_alone(installation, services, ids)
    return {
        "machine": machine,
        "rate": sent.records / duration_s,
        "vehicles": vehicles,
        "duration_s": duration_s,
        "sent": sent,
        "entries": sender.entries,
        "delay": delay_of(sender.entries, duration_s),
        "cores": {role: cpu_s[role] / duration_s for role in ROLES}
        | {"broker": used.broker / duration_s, "database": used.database / duration_s},
        "alone_cores": alone,
    }


def delay_of(entries: Sequence[Entry], duration_s: float) -> dict[str, float]:
    """Return quantiles of the delays, without the first tenth of the time; what never came counts as infinite."""
    begin_s = entries[0].scheduled_s + duration_s * WARM_UP
    kept = [entry for entry in entries if entry.scheduled_s >= begin_s]
    return delays_of([entry.alert_s and entry.alert_s - entry.scheduled_s for entry in kept])


def load_rules(installation: Installation, services: Services) -> None:
    """Put a rule in force for every zone: marker zones are full of one vehicle, others never are."""
    usual = {"raise_s": 0, "clear_s": 0}
    rules = [
        {"id": kind, "kind": kind, "capacity": 0 if kind == "other" else CALM_CAPACITY, **usual}
        for kind in ZONE_KINDS
    ]
    path = services.folder / "rules.json"
    path.write_text(json.dumps({"rules": rules}))
    run_all(
        {"rules": ["duls", "rules", "load", str(path), "--by", "bench"]},
        installation.environment,
        timeout_s=60.0,
    )


class TopicWatch:
    """Reads the topic of alerts from its end, and notes when the alert of each entry came."""

    def __init__(self, bootstrap_servers: str, sender: MarkerSender) -> None:
        self._reader: Consumer = make_reader(bootstrap_servers, {"fetch.wait.max.ms": 10})
        self._sender = sender
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        self._reader.close()

    def is_complete(self) -> bool:
        """Tell whether the alert of every entry has come."""
        return all(entry.alert_s is not None for entry in self._sender.entries)

    def _run(self) -> None:
        """Read until the end."""
        self._reader.assign([TopicPartition(ALERT_TOPIC, 0, OFFSET_END)])
        while not self._stop.is_set():
            message = self._reader.poll(0.1)
            if message is None or message.error() is not None:
                continue
            told = json.loads(message.value() or b"{}")
            if told["state"] == "firing":
                self._note(told["zone_id"], time.monotonic())

    def _note(self, zone_id: str, now_s: float) -> None:
        """Note the oldest entry of a zone that has no alert yet."""
        waiting = (
            entry for entry in self._sender.entries if entry.zone_id == zone_id and entry.alert_s is None
        )
        entry = next(waiting, None)
        if entry is not None:
            entry.alert_s = now_s


def _load(
    services: Services, sender: MarkerSender, watch: TopicWatch, vehicles: int, duration_s: float
) -> Sent:
    """Send the city and the markers by the clock, and wait for the last alerts."""
    start_wall_s = time.time() + SETTLE_S
    with tempfile.TemporaryFile() as output:
        plan = LoadPlan("city", vehicles, INTERVAL_S, start_wall_s, duration_s)
        load = start_load(services.bootstrap_servers, plan, output)
        try:
            start_s = time.monotonic() + start_wall_s - time.time()
            end_s = start_s + duration_s
            while time.monotonic() < end_s:
                sender.send_due(start_s, time.monotonic())
                time.sleep(0.005)
            sent = end_load(load, output)
        finally:
            load.kill()
        last_s = time.monotonic() + LAST_S
        while time.monotonic() < last_s and not watch.is_complete():
            time.sleep(0.1)
        return sent


def measure_alone(installation: Installation, services: Services, zones: list[str]) -> float:
    """Return how many cores the alert role uses alone, when each of a thousand zones changes once a second."""
    with ExitStack() as stack:
        (role,) = start_roles(installation, services.folder, stack, ["alert"]).values()
        counts = ScriptedCounts(services.bootstrap_servers, zones)
        counts.send_for(ALONE_WARM_S)
        before_s = tree_cpu_s(role.pid)
        counts.send_for(ALONE_S)
        return (tree_cpu_s(role.pid) - before_s) / ALONE_S


class ScriptedCounts:
    """Sends what eight partitions count, five times a second; every zone changes once a second, in one of them."""

    def __init__(self, bootstrap_servers: str, zones: list[str]) -> None:
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0, "log_level": 3})
        self._zones = zones
        self._sent = 0

    def send_for(self, length_s: float) -> None:
        """Send by the clock for a while."""
        begin_s = time.monotonic()
        for number in range(round(length_s / TOLD_S)):
            time.sleep(max(0.0, begin_s + number * TOLD_S - time.monotonic()))
            now_us = time.time_ns() // 1_000
            for partition in range(PARTITIONS):
                value = msgspec.json.encode(self._counts(partition, now_us))
                self._producer.produce(PARTIAL_TOPIC, value, key=f"{partition},0".encode())
            self._sent += 1
            self._producer.poll(0)
        self._producer.flush(10.0)

    def _counts(self, partition: int, now_us: int) -> PartialCounts:
        """Return what a partition counts now."""
        return PartialCounts(
            partition=partition,
            shard=0,
            shards=1,
            epoch=LATE_EPOCH,  # above that of the roles that ran before
            offset=self._sent,
            as_of_us=now_us,
            settling=False,
            zones=[
                (zone, "N1", "no", self._count(number, partition), 0)
                for number, zone in enumerate(self._zones)
            ],
            fms_arrival_us=now_us,
        )

    def _count(self, number: int, partition: int) -> int:
        """Return how many vehicles are in a zone by one partition."""
        if number % PARTITIONS != partition:
            return 2
        changes = (self._sent + number) // CHANGES_EVERY
        return 2 + changes % 2


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    sent: Sent = result["sent"]
    found, cores = result["delay"], result["cores"]
    delay = (
        "position due → `duls.zone.alert.v1`",
        *(f"{found[name]:.2f} s" for name in ("p50_s", "p99_s", "max_s")),
        f"{GOAL_S:.1f} s",
    )
    used = [
        (role, f"{cores[role]:.2f}", "" if role != "alert" else f"{CPU_GOAL:.1f}")
        for role in (*ROLES, "broker", "database")
    ]
    used.append((ALONE, f"{result['alone_cores']:.2f}", f"{CPU_GOAL:.1f}"))
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{result['rate']:,.0f} positions/s from {result['vehicles']:,} vehicles over "
                f"{result['duration_s']:.0f} s by an open loop, never more than {sent.behind_max_s:.2f} s behind; "
                f"a rule in each of {ZONES:,} zones; {found['count']} alerts of marker vehicles; "
                f"the first {WARM_UP:.0%} is left out."
            ),
            "",
            table(("delay", "p50", "p99", "largest", "goal for p99"), [delay]),
            "",
            table(("cores used", "", "goal"), used),
        ]
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alert_latency", description=__doc__)
    parser.add_argument("--duration", type=float, default=150.0, help="seconds of load (150)")
    parser.add_argument("--rate", type=int, default=20_000, help="positions per second (20000)")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    chosen = parser.parse_args()
    result = measure(chosen.rate, chosen.duration)
    text = as_text(result)
    say(text)
    path = write_json("alert_latency", result)
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs:
        write_section("alert_latency", text)


if __name__ == "__main__":
    main()
