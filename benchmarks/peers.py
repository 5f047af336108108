"""The peers of B4: what each is given to count, in which form, and whether it counted right."""

import sys
import tempfile
from typing import Final, NamedTuple

from benchmarks.city_records import encoded
from benchmarks.peer_environment import peer_python, peer_variables
from benchmarks.peer_forms import BATCHES, PLAIN, WINDOWS, told
from benchmarks.processes import ProcessFailedError, Usage, run_all
from benchmarks.raw_topic import fill, make_topic
from benchmarks.zone_slot_counts import ZoneSlotCounts
from processors.simulation.columns import SimulatedPositions

TITLES: Final = {"faust": "Faust", "quix": "quixstreams", "bytewax": "bytewax"}
FORMS: Final = {
    PLAIN: "one by one, in a dictionary",
    WINDOWS: "one by one, in its windows",
    BATCHES: "in batches, our decoder and index",
}


class Peer(NamedTuple):
    """A framework in one form, and how many records keep it busy for two seconds of processor time or more."""

    framework: str
    form: str
    records: int

    @property
    def name(self) -> str:
        """Return the name among the contestants."""
        return f"{self.framework} {self.form}"

    @property
    def title(self) -> str:
        """Return the name in tables."""
        return f"{TITLES[self.framework]}: {FORMS[self.form]}"


PEERS: Final = (
    Peer("faust", PLAIN, 40_000),  # longer, since a start that differs by half a second is taken off
    Peer("quix", PLAIN, 70_000),
    Peer("bytewax", PLAIN, 140_000),
    Peer("faust", WINDOWS, 3_000),
    Peer("quix", WINDOWS, 16_000),
    Peer("bytewax", WINDOWS, 80_000),
    Peer("faust", BATCHES, 32_000),
    Peer("quix", BATCHES, 320_000),
    Peer("bytewax", BATCHES, 420_000),
)


class PeerFailedError(Exception):
    """A peer is missing, did not end well or counted something else; the message says which."""


class Task(NamedTuple):
    """A topic, and what is to be counted in it."""

    topic: str
    records: int
    positions_in_zones: int
    counts: str  # as `told`


def make_task(servers: str, topic: str, rows: SimulatedPositions) -> Task:
    """Fill a new topic with positions, and count them ourselves."""
    make_topic(servers, topic)
    fill(servers, topic, encoded(rows))
    counts = ZoneSlotCounts()
    for chunk in encoded(rows):
        counts.add(chunk.values)
    cells = counts.cells()
    return Task(topic, counts.records, sum(cells.values()), told(cells))


def run_peer(peer: Peer, servers: str, task: Task, timeout_s: float) -> Usage:
    """Let a peer count what is in a topic, in a process of its own.

    Raises:
        PeerFailedError: It is missing, failed, or counted something else than we do.
    """
    python = sys.executable if peer.framework == "faust" else peer_python()
    if python is None:
        message = "cannot be installed"
        raise PeerFailedError(message)
    until = task.positions_in_zones if peer.form == WINDOWS else task.records
    command = [f"benchmarks.{peer.framework}_counts", servers, task.topic, str(until), peer.form]
    variables = {} if python == sys.executable else peer_variables()
    # peers end at once when they have counted, and leave what they kept
    with tempfile.TemporaryDirectory(prefix="duls-bench-") as folder:
        try:
            used = run_all(
                {peer.name: command}, {**variables, "TMPDIR": folder}, timeout_s=timeout_s, python=python
            )[peer.name]
        except ProcessFailedError as error:
            raise PeerFailedError(str(error)) from error
    check(used.output, task)
    return used


def check(output: str, task: Task) -> None:
    """Compare what a peer told in its last line with our counts.

    Raises:
        PeerFailedError: They differ.
    """
    counted = output.rstrip().rpartition("\n")[2]
    if counted != task.counts:
        message = f"counts differ: {counted[:200]} in place of {task.counts[:200]}"
        raise PeerFailedError(message)
