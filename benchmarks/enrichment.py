"""What joining registers costs beside decode, with nine million plates loaded; and references, with a million known.

`python -m benchmarks.enrichment` prints one table and writes `results/enrichment.json`. Plates are drawn over the whole
register, so that nearly each look-up waits for memory, as it is with a country of vehicles.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np

from benchmarks.feed_records import records
from benchmarks.machine import this_machine
from benchmarks.report import say, table, write_json
from processors.columns import DecodedPositions, Int64Array
from processors.identity import plate_key_of
from processors.plate_table import home_numbers, new_plate_table, put_plates
from processors.register_tables import RegisterTables, complete_rows, permits_of
from processors.registrations import RegistrationBook, Registrations
from processors.vehicle_traits import Fuel, Size, VehicleFacts, packed_facts, packed_holder
from processors.vocabulary import VehicleClass, ZeroEmission
from streams.decode.positions import decode_positions

PLATES: Final = 9_000_000
REFERENCES: Final = 1_000_000
PERMITS: Final = 100_000
RECORDS: Final = 20_000
ROUNDS: Final = 9
GOAL: Final = 0.2
FIRST: Final = plate_key_of(b"plate:NL:0")
LAST: Final = plate_key_of(b"plate:NL:ZZZZZZ")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One format: processor time per position of decoding and of what is joined, in nanoseconds."""

    format_: str
    decode_ns: float
    join_ns: float

    @property
    def share(self) -> float:
        """Return what joining adds to decoding."""
        return self.join_ns / self.decode_ns


def registers(rng: np.random.Generator) -> tuple[RegisterTables, Int64Array]:
    """Return registers of so many plates, and the plates."""
    plates = rng.choice(np.arange(FIRST, LAST, 271), PLATES, replace=False)
    attributes = packed_facts(VehicleFacts(VehicleClass.N1, ZeroEmission.NO, 1, 2019, Fuel.DIESEL, 7))
    tables = []
    for count, known in ((PLATES, attributes), (PLATES // 5, packed_holder("H", Size.SMALL))):
        tables.append(new_plate_table(count))
        with np.errstate(over="ignore"):
            put_plates(tables[-1], home_numbers(plates[:count]), np.full(count, known))
    permitted = np.sort(rng.choice(plates, PERMITS, replace=False))
    permits = permits_of(permitted, np.zeros(PERMITS, np.int64), np.full(PERMITS, 1 << 60))
    return RegisterTables(tables[0], tables[1], permits), plates


def book(rng: np.random.Generator) -> RegistrationBook:
    """Return a book of so many references."""
    known = RegistrationBook(bytes(16))
    halves = rng.integers(0, 2**63, (2, REFERENCES)).astype(np.uint64)
    codes = np.full((2, REFERENCES), 1, np.uint8)
    known.load(Registrations(halves[0], halves[1], codes[0], codes[1]))
    return known


def nanoseconds(action: Callable[[], Any], rounds: int) -> float:
    """Return the processor time of an action per position, the median of some rounds."""
    spent = []
    for _ in range(rounds):
        begin_ns = time.process_time_ns()
        action()
        spent.append(time.process_time_ns() - begin_ns)
    return median(spent) / RECORDS


def measure(
    format_: str, tables: RegisterTables, plates: Int64Array, known: RegistrationBook, rounds: int
) -> Line:
    """Measure one format."""
    rng = np.random.default_rng(2)
    values = records(format_, RECORDS)
    decoded = decode_positions(values)
    decode_ns = nanoseconds(lambda: decode_positions(values), rounds)
    has_plates = bool(decoded.plate.any())
    spent = []
    for _ in range(rounds):
        fresh = copied(decoded)
        if has_plates:
            fresh.plate[:] = rng.choice(plates, RECORDS)

        def join(fresh: DecodedPositions = fresh) -> None:
            complete_rows(tables, fresh)
            known.complete(fresh)

        spent.append(nanoseconds(join, 1))
    return Line(format_=format_, decode_ns=decode_ns, join_ns=median(spent[1:]))


def copied(decoded: DecodedPositions) -> DecodedPositions:
    """Return rows of which the attributes are unknown again."""
    fresh = DecodedPositions._make([np.array(column) for column in decoded])
    fresh.vehicle_class[:] = 8
    fresh.zero_emission[:] = 2
    return fresh


def main() -> None:
    """Measure each format with plates, and references."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    rng = np.random.default_rng(1)
    tables, plates = registers(rng)
    known = book(rng)
    machine = this_machine()
    lines = [measure(f, tables, plates, known, rounds) for f in ("canonical", "OTM inline", "OTM reference")]
    rows = [(x.format_, f"{x.decode_ns:.0f}", f"{x.join_ns:.0f}", f"{x.share:.0%}") for x in lines]
    mebibytes = (tables.vehicles.nbytes + tables.holders.nbytes) / 2**20
    say(machine.name())
    say(
        f"{PLATES:,} plates of vehicles, {PLATES // 5:,} of companies, {PERMITS:,} permits: {mebibytes:.0f} MiB"
    )
    say(table(("format", "decode, ns", "join, ns", f"share, goal ≤ {GOAL:.0%}"), rows))
    say(f"wrote {write_json('enrichment', {'machine': machine, 'mebibytes': mebibytes, 'lines': lines})}")


if __name__ == "__main__":
    main()
