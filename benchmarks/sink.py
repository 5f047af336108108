"""B6: bringing the cells of one slot of a country to the database, beside other ways to do it.

`python -m benchmarks.sink [--quick] [--write-docs]` starts a TimescaleDB, prints two tables and writes
`results/sink.json`. A slot has 112,000 cells, of which none, half or all are in the table already. The bound is the
server's own work: `INSERT … SELECT … ON CONFLICT` from rows that are in a session table. Every way adds the same rows
in one transaction and takes its turn in each round; what exactly-once costs is the flush beside its parts without it.
These three are compared round by round, in more rounds than the slow ways take: a second of a shared machine is noise.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from statistics import median
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import numpy as np

from benchmarks.machine import Machine, this_machine
from benchmarks.processes import tree_cpu_s
from benchmarks.report import measure_and_report, say, table
from processors.columns import FIGURES, FlowDelta
from processors.units import US_PER_S
from sinks.claims import claim
from sinks.connection import Connection, open_connection
from sinks.copy_binary import CopyColumn, FieldKind, image_pieces
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush, PartitionAdvance
from sinks.migrate import migrate
from sinks.queries import query
from tests.services.timescale import TimescaleServer

SLOT_S: Final = 300
TOPIC: Final = UUID(int=7)
SHARES: Final = (0.0, 0.5, 1.0)  # of the cells that are in the table before
CLASSES: Final = 8  # cells of each zone
SERVER: Final = "server-side INSERT … SELECT"
OURS: Final = "DULS flush, exactly once"
BARE: Final = "its COPY and INSERT alone"
WORDS: Final = ("zone_no", "bucket", "vehicle_class", "zero_emission", "source")
COMPARED: Final = (SERVER, OURS, BARE)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Sizes(NamedTuple):
    """How much is measured."""

    cells: int
    rounds: int
    slow_rounds: int  # of the ways that are not compared: executemany takes long


DEFAULT: Final = Sizes(cells=112_000, rounds=11, slow_rounds=3)
QUICK: Final = Sizes(cells=16_000, rounds=3, slow_rounds=2)


class Took(NamedTuple):
    """What one slot took."""

    wall_s: float
    client_cpu_s: float
    server_cpu_s: float


def cells_of(count: int, slot: int, seed: int) -> FlowDelta:
    """Return the cells of a slot, sorted by key as a flush has them."""
    rng = np.random.default_rng(seed)
    number = np.arange(count)
    return FlowDelta(
        (number // CLASSES + 1).astype(np.int32),
        np.full(count, slot * SLOT_S * US_PER_S, np.int64),
        (number % CLASSES).astype(np.uint8),
        np.zeros(count, np.uint8),
        np.zeros(count, np.uint8),
        rng.integers(0, 1_000, (count, len(FIGURES))),
    )


def rows_of(delta: FlowDelta) -> list[tuple[Any, ...]]:
    """Return cells as rows of Python values, as drivers take them."""
    keys = zip(*(column.tolist() for column in delta[:5]), strict=True)
    return [
        (zone, EPOCH + timedelta(microseconds=bucket), *rest, *figures)
        for (zone, bucket, *rest), figures in zip(keys, delta.figures.tolist(), strict=True)
    ]


class Ways:
    """The ways to add the cells of a slot, each on a session of its own kind."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection = open_connection(url, application_name="bench")
        prepare_session(self._connection)
        self._claim = claim(self._connection, TOPIC, [0], {0: 0})[0]
        self._flushes = 0

    def server(self, delta: FlowDelta) -> Callable[[], object]:
        """Put the rows into the session table, then time the statement alone."""
        self._connection.execute("BEGIN")
        self._copy(delta)

        def add() -> None:
            self._connection.execute(query("flow", "add_flow_slot"), {"slot_s": SLOT_S})
            self._connection.execute("COMMIT")

        return add

    def ours(self, delta: FlowDelta) -> Callable[[], object]:
        """Flush with offsets."""

        def add() -> None:
            self._flushes += 1
            advance = PartitionAdvance(TOPIC, 0, self._flushes - 1, self._flushes, self._claim.epoch)
            flush(self._connection, Flush([advance], SLOT_S, slots=delta), self._flushes)

        return add

    def bare(self, delta: FlowDelta) -> Callable[[], object]:
        """Copy and insert as the flush does, without moving offsets."""

        def add() -> None:
            with self._connection.transaction():
                self._copy(delta)
                self._connection.execute(query("flow", "add_flow_slot"), {"slot_s": SLOT_S})

        return add

    def executemany(self, delta: FlowDelta) -> Callable[[], object]:
        """Insert row by row in psycopg's pipeline."""
        names = (*WORDS[:1], "slot_start", *WORDS[2:], *FIGURES)
        holders = ", ".join(["%s"] * len(names))
        statement = (
            f"INSERT INTO core.flow_slot AS stored ({', '.join(names)}, slot_s) VALUES ({holders}, {SLOT_S}) "  # noqa: S608 our own words
            f"{_on_conflict()}"
        )
        rows = rows_of(delta)

        def add() -> None:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.executemany(cast("Any", statement), rows)

        return add

    def copy_and_merge(self, delta: FlowDelta) -> Callable[[], object]:
        """Copy row by row into a session table, then merge, as one writes it by hand."""
        rows = rows_of(delta)

        def add() -> None:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                with cursor.copy("COPY pg_temp.slot_delta FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                cursor.execute(query("flow", "add_flow_slot"), {"slot_s": SLOT_S})

        return add

    def asyncpg(self, delta: FlowDelta) -> Callable[[], object]:
        """Copy with asyncpg's binary protocol, then merge."""
        library = import_module("asyncpg")
        text = query("flow", "add_flow_slot").decode().replace("%(slot_s)s", str(SLOT_S))
        stage = query("staging", "stage_slot_delta").decode()
        rows = rows_of(delta)

        async def prepare() -> Any:
            """Connect, and make the session table."""
            connection = await library.connect(self._url)
            await connection.execute(stage)
            return connection

        loop = asyncio.new_event_loop()
        connection = loop.run_until_complete(prepare())

        async def write() -> None:
            """Add the rows in one transaction."""
            async with connection.transaction():
                await connection.copy_records_to_table("slot_delta", records=rows)
                await connection.execute(text)

        def add() -> None:
            loop.run_until_complete(write())

        def close() -> None:
            loop.run_until_complete(connection.close())
            loop.close()

        add.close = close  # type: ignore[attr-defined] # closed after the measurement
        return add

    def _copy(self, delta: FlowDelta) -> None:
        columns = [
            CopyColumn(FieldKind.INTEGER, delta.zone_no),
            CopyColumn(FieldKind.TIMESTAMPTZ, delta.bucket),
            *(CopyColumn(FieldKind.SMALLINT, column) for column in delta[2:5]),
            *(CopyColumn(FieldKind.BIGINT, figure) for figure in delta.figures.T),
        ]
        with (
            self._connection.cursor() as cursor,
            cursor.copy(query("staging", "copy_slot_delta")) as copy,
        ):
            for piece in image_pieces(columns):
                copy.write(piece)


def _on_conflict() -> str:
    sums = ", ".join(f"{name} = stored.{name} + excluded.{name}" for name in FIGURES)
    key = "zone_no, slot_start, slot_s, vehicle_class, zero_emission, source"
    return f"ON CONFLICT ({key}) DO UPDATE SET {sums}"


def measure(sizes: Sizes) -> dict[str, Any]:
    """Run everything; return what is written as JSON."""
    machine = this_machine()
    took: dict[str, dict[str, list[Took]]] = {f"{share:.0%}": {} for share in SHARES}
    slot = int(time.time()) // SLOT_S
    with TimescaleServer() as server:
        url = server.create_database("bench_sink")
        migrate(url)
        ways = Ways(url)
        contestants: dict[str, Callable[[FlowDelta], Callable[[], object]]] = {
            SERVER: ways.server,
            OURS: ways.ours,
            BARE: ways.bare,
            "COPY by row and merge, psycopg": ways.copy_and_merge,
            "COPY and merge, asyncpg": ways.asyncpg,
            "executemany, psycopg": ways.executemany,
        }
        for number in range(sizes.rounds):
            say(f"  round {number + 1} of {sizes.rounds}")
            for share in SHARES:
                for name, prepare in contestants.items():
                    if number >= sizes.slow_rounds and name not in COMPARED:
                        continue
                    slot -= 1
                    kept = cells_of(round(sizes.cells * share), slot, number)
                    if kept.zone_no.size:
                        ways.bare(kept)()
                    found = _took(prepare(cells_of(sizes.cells, slot, number + 1)), server.pid)
                    took[f"{share:.0%}"].setdefault(name, []).append(found)
    return {
        "machine": machine,
        "sizes": sizes._asdict(),
        "took": {
            share: {name: [each._asdict() for each in every] for name, every in ways_.items()}
            for share, ways_ in took.items()
        },
    }


def _took(add: Callable[[], object], server_pid: int) -> Took:
    server_s, client_s, begin_s = tree_cpu_s(server_pid), time.process_time(), time.monotonic()
    add()
    wall_s, client_s = time.monotonic() - begin_s, time.process_time() - client_s
    close = getattr(add, "close", None)
    if close:
        close()
    return Took(wall_s, client_s, tree_cpu_s(server_pid) - server_s)


def times_as_long(result: dict[str, Any], share: str, name: str, other: str) -> float:
    """Return how many times as long one way takes as another in the same round, the median over rounds."""
    took = result["took"][share]
    return float(median(a["wall_s"] / b["wall_s"] for a, b in zip(took[name], took[other], strict=True)))


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    cells = result["sizes"]["cells"]
    shares = list(result["took"])

    def wall_s(share: str, name: str) -> float:
        return float(median(each["wall_s"] for each in result["took"][share][name]))

    rows = []
    for name in result["took"][shares[0]]:
        client = median(each["client_cpu_s"] for each in result["took"][shares[-1]][name])
        rates = (f"{cells / wall_s(share, name) / 1e3:,.0f} k" for share in shares)
        rows.append((name, *rates, f"{client:.2f} s"))
    of_server = ", ".join(f"{times_as_long(result, share, SERVER, OURS):.0%}" for share in shares)
    once = ", ".join(f"{times_as_long(result, share, OURS, BARE) - 1:+.1%}" for share in shares)
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{cells:,} cells of one slot, {len(FIGURES)} figures each; "
                f"median of {result['sizes']['rounds']} rounds, "
                f"of {result['sizes']['slow_rounds']} for the last three."
            ),
            "",
            table(
                ("cells/s, wall", *(f"{share} updates" for share in shares), "client CPU, all updates"), rows
            ),
            "",
            (
                f"Of the server-side rate: {of_server} (goal 90 %). "
                f"Exactly once costs {once} of the time (goal 2 %). Both are medians over rounds."
            ),
        ]
    )


def main() -> None:
    """Measure and report."""
    measure_and_report("sink", __doc__, lambda quick: measure(QUICK if quick else DEFAULT), as_text)


if __name__ == "__main__":
    main()
