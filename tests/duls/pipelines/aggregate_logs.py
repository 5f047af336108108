"""Logs of observations that tests of aggregate let it read, and what the database holds after one of them."""

from collections.abc import Sequence

from tests.duls.pipelines.aggregate_entries import Entry, Seen, control, positions, progress
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process

BEGIN = [control("zones", 1), control("cameras", 1), control("settings", 1)]


def one_log(*entries: Entry) -> list[list[Entry]]:
    """Return the log of a single partition that begins with versions."""
    return [[*BEGIN, *entries]]


def drive(count: int = 6) -> list[Entry]:
    """Return a vehicle that enters zones and moves, one row a message, each followed by its progress."""
    return [
        entry
        for n in range(count)
        for entry in (
            positions([Seen(n, 10.0 * n, 10.0 * n - 1, 1, 4.99 + 0.02 * n)]),
            progress(n + 1, 10.0 * n),
        )
    ]


def flushed(store: MemoryStore, logs: Sequence[Sequence[Entry]], *messages: int) -> Process:
    """Return a process of the first partition that flushed after each of so many messages, with a snapshot at first."""
    process = Process(store, logs)
    process.own(0)
    for number, count in enumerate(messages):
        process.read(count)
        process.aggregate.flush(with_snapshots=number == 0)
    return process


def finished(logs: Sequence[Sequence[Entry]]) -> MemoryStore:
    """Return the database after one process read everything without a fault."""
    store = MemoryStore()
    process = Process(store, logs)
    process.own(*range(len(logs)))
    process.read()
    process.aggregate.finish()
    return store
