"""How soon peers show a count: an open loop at shares of what each works off at most, measured right before.

Each runs on a broker of its own, in form LIVE of `benchmarks.peer_forms`. It works off a topic that is full, which is
its capacity; then the same process is sent the city and the marker vehicles by the clock. A delay is from the moment
that a marker's position was due until a consumer has the count that it made.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from benchmarks.city_load import LoadPlan, Sent, end_load, start_load
from benchmarks.city_records import build_city, simulate
from benchmarks.count_watch import CountWatch, Progress, capacity, note_arrivals
from benchmarks.latency import DRIVING, INTERVAL_S, WARM_UP, delays_of
from benchmarks.marker_zones import MARKERS, Marker, marker_zones
from benchmarks.markers import Entry, MarkerSender
from benchmarks.peer_environment import peer_python, peer_variables
from benchmarks.peer_forms import COUNTS_TOPIC, LIVE
from benchmarks.peers import TITLES, PeerFailedError, make_task
from benchmarks.processes import start, tree_cpu_s
from benchmarks.raw_topic import make_topic
from benchmarks.report import say
from streams.topics import POSITIONS_TOPIC
from tests.services.kafka import KafkaServer

RECORDS: Final = {"faust": 5_000, "quix": 16_000, "bytewax": 100_000}
"""What keeps each busy for some seconds."""

VEHICLES: Final = 40_000
CITY_INTERVAL_S: Final = 10.0
PERIOD_S: Final = 30.0  # between two entries of a marker: two entries each second in all
SETTLE_S: Final = 5.0
LAST_S: Final = 15.0
DRAIN_S: Final = 180.0  # compiling on a busy machine included
PROGRESS_EVERY_S: Final = 0.1
MORE_S: Final = 1.0  # in which a peer that tells too many counts is seen


class PeerStep(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer did under one load."""

    share: float
    rate: float
    behind_s: float
    delay: dict[str, float]
    cores: float
    broker_cores: float


class PeerLoads(msgspec.Struct, frozen=True):
    """What a peer works off at most, in records a second, and what it did under shares of that."""

    capacity: float
    steps: list[PeerStep]


class Running(NamedTuple):
    """A peer that runs, and where it writes what it has to say."""

    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise where the peer has ended.

        Raises:
            PeerFailedError: It has.
        """
        if self.process.poll() is not None:
            said = self.log.read_text(errors="replace").strip().rpartition("\n")[2][-300:]
            message = f"ended with {self.process.returncode}: {said}"
            raise PeerFailedError(message)


def measure_peers(shares: Sequence[float], duration_s: float) -> tuple[dict[str, PeerLoads], dict[str, str]]:
    """Return what each peer did, by framework, and why others failed."""
    found: dict[str, PeerLoads] = {}
    failures: dict[str, str] = {}
    for framework in TITLES:
        say(f"  {TITLES[framework]}")
        try:
            found[framework] = measure_peer(framework, shares, duration_s)
        except PeerFailedError as error:
            say(f"  {TITLES[framework]}: {error}")
            failures[framework] = str(error)
    return found, failures


def measure_peer(framework: str, shares: Sequence[float], duration_s: float) -> PeerLoads:
    """Run a peer on a broker of its own.

    Raises:
        PeerFailedError: It cannot be installed, ended, or did not work off what was there.
    """
    city = build_city(VEHICLES)
    records = RECORDS[framework]
    rows = simulate(city, records, interval_s=CITY_INTERVAL_S, end_us=time.time_ns() // 1_000)
    zones, markers = marker_zones(city, MARKERS)
    # peers number zones by their places, those of markers behind those of the city
    keys = {zone.zone_id: str(len(city.zones) + place).encode() for place, zone in enumerate(zones)}
    with ExitStack() as stack:
        kafka = stack.enter_context(KafkaServer(java_options=()))
        task = make_task(kafka.bootstrap_servers, POSITIONS_TOPIC, rows)
        make_topic(kafka.bootstrap_servers, COUNTS_TOPIC)
        watch = stack.enter_context(CountWatch(kafka.bootstrap_servers, keys))
        peer = start_peer(framework, kafka.bootstrap_servers, stack)
        seen = work_off(watch, peer, task.positions_in_zones)
        largest = capacity(seen, task.positions_in_zones, records)
        loads = Loads(kafka, peer, watch, markers, keys)
        steps: list[PeerStep] = []
        for share in shares:
            say(f"    {share:.0%} of {largest:,.0f} positions/s")
            steps.append(loads.step(share, share * largest, duration_s))
            if not loads.is_caught_up():
                break  # what comes next would wait behind this
        return PeerLoads(largest, steps)


def start_peer(framework: str, bootstrap_servers: str, stack: ExitStack) -> Running:
    """Start a peer in form LIVE; it ends with the stack.

    Raises:
        PeerFailedError: It cannot be installed.
    """
    python = sys.executable if framework == "faust" else peer_python()
    if python is None:
        message = "not installable"
        raise PeerFailedError(message)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duls-bench-")))
    variables = {"TMPDIR": str(folder), **({} if python == sys.executable else peer_variables())}
    log = folder / "log"
    command = [f"benchmarks.{framework}_counts", bootstrap_servers, POSITIONS_TOPIC, "0", LIVE]
    with log.open("wb") as output:
        process = start(command, variables, output, python)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return Running(process, log)


def work_off(watch: CountWatch, peer: Running, counts: int) -> list[Progress]:
    """Return the progress of a peer until it has told so many counts.

    Raises:
        PeerFailedError: It ended, took too long, or told others.
    """
    end_s = time.monotonic() + DRAIN_S
    seen = [Progress(time.monotonic(), watch.counts)]
    while seen[-1].counts < counts:
        peer.check()
        if time.monotonic() > end_s:
            message = f"told {seen[-1].counts} of {counts} counts within {DRAIN_S:.0f} s"
            raise PeerFailedError(message)
        time.sleep(PROGRESS_EVERY_S)
        seen.append(Progress(time.monotonic(), watch.counts))
    time.sleep(MORE_S)
    if watch.counts != counts or watch.seen():
        message = f"told {watch.counts} counts in place of {counts}, {watch.seen()} of them where nobody was"
        raise PeerFailedError(message)
    return seen


class Loads:
    """Sends a running peer one load after the other."""

    def __init__(
        self,
        kafka: KafkaServer,
        peer: Running,
        watch: CountWatch,
        markers: Sequence[Marker],
        keys: Mapping[str, bytes],
    ) -> None:
        self._kafka = kafka
        self._peer = peer
        self._watch = watch
        self._markers = markers
        self._keys = keys
        self._entries: list[Entry] = []

    def step(self, share: float, rate: float, duration_s: float) -> PeerStep:
        """Send a load and return what the peer did under it.

        Raises:
            PeerFailedError: The peer ended.
        """
        sender = MarkerSender(self._kafka.bootstrap_servers, self._markers, PERIOD_S)
        start_wall_s = time.time() + SETTLE_S
        plan = LoadPlan(
            "city", max(1, round(rate * INTERVAL_S / DRIVING)), INTERVAL_S, start_wall_s, duration_s
        )
        with tempfile.TemporaryFile() as output:
            load = start_load(self._kafka.bootstrap_servers, plan, output)
            try:
                used = self._send(sender, time.monotonic() + start_wall_s - time.time(), duration_s)
                sent = end_load(load, output)
            finally:
                load.kill()
                sender.close()
        self._entries += sender.entries
        end_s = time.monotonic() + LAST_S
        while not self.is_caught_up() and time.monotonic() < end_s:
            self._peer.check()
            time.sleep(PROGRESS_EVERY_S)
        note_arrivals(self._entries, self._keys, self._watch.arrivals)
        return _told(share, sent, sender.entries, used, duration_s)

    def is_caught_up(self) -> bool:
        """Tell whether the count of every marker that was sent has come.

        Raises:
            PeerFailedError: The topic could not be read.
        """
        if self._watch.failures:
            raise PeerFailedError(self._watch.failures[0])
        return self._watch.seen() >= len(self._entries)

    def _send(self, sender: MarkerSender, start_s: float, duration_s: float) -> tuple[float, float]:
        """Send markers by the clock; return the processor time of peer and broker meanwhile."""
        pids = self._peer.process.pid, self._kafka.pid
        time.sleep(max(0.0, start_s - time.monotonic()))
        before = [tree_cpu_s(pid) for pid in pids]
        while time.monotonic() < start_s + duration_s:
            sender.send_due(start_s, time.monotonic())
            self._peer.check()
            time.sleep(0.005)
        peer_s, broker_s = (tree_cpu_s(pid) - first for pid, first in zip(pids, before, strict=True))
        return peer_s, broker_s


def _told(
    share: float, sent: Sent, entries: Sequence[Entry], used: tuple[float, float], duration_s: float
) -> PeerStep:
    """Return what a peer did under a load, without the first tenth of it."""
    warm_s = entries[0].scheduled_s + duration_s * WARM_UP
    kept = [entry for entry in entries if entry.scheduled_s >= warm_s]
    return PeerStep(
        share=share,
        rate=sent.records / duration_s,
        behind_s=sent.behind_max_s,
        delay=delays_of([entry.now_s and entry.now_s - entry.scheduled_s for entry in kept]),
        cores=used[0] / duration_s,
        broker_cores=used[1] / duration_s,
    )


def rows_of(title: str, loads: PeerLoads) -> list[Sequence[str]]:
    """Return the lines of a peer in the table."""
    return [
        (
            title,
            f"{loads.capacity:,.0f}",
            f"{step.share:.0%}",
            f"{step.rate:,.0f}",
            *(f"{step.delay[name]:.2f} s" for name in ("p50_s", "p99_s", "max_s")),
            f"{step.behind_s:.2f} s",
            f"{step.cores:.2f}",
            f"{step.broker_cores:.2f}",
        )
        for step in loads.steps
    ]
