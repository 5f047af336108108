"""B2: records of each format of positions to columns, in positions per CPU-second, beside msgspec and orjson.

`python -m benchmarks.decode` prints one table and writes `results/decode.json`. All read the same records in the same
run, in turns; msgspec gives structs with times and plates as text, orjson dictionaries, DULS checked columns.
"""

import argparse
from statistics import median
from typing import Final

import msgspec

from benchmarks.decoders import OURS, Decode, cpu_s
from benchmarks.feed_records import MAKERS, msgspec_struct, records
from benchmarks.machine import this_machine
from benchmarks.report import say, table, write_json
from streams.decode.positions import decode_positions

RECORDS: Final = 20_000
ROUNDS: Final = 9
MSGSPEC: Final = "msgspec"
ORJSON: Final = "orjson"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One format: bytes of a record and positions per CPU-second of each reader, medians."""

    format_: str
    record_bytes: int
    rates: dict[str, float]


def readers(format_: str) -> dict[str, Decode]:
    """Return who reads a format."""
    import orjson  # noqa: PLC0415 a peer is loaded where it is used

    decode = msgspec.json.Decoder(msgspec_struct(format_)).decode
    return {
        MSGSPEC: lambda values: [decode(value) for value in values],
        ORJSON: lambda values: orjson.loads(b"[" + b",".join(values) + b"]"),
        OURS: decode_positions,
    }


def measure(format_: str, rounds: int) -> Line:
    """Measure all readers of a format in turns."""
    values = records(format_, RECORDS)
    contestants = readers(format_)
    assert not decode_positions(values).outcome.any(), "every record must be accepted"
    spent_s: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, decode in contestants.items():
            spent_s[name].append(cpu_s(decode, values))
    rates = {name: RECORDS / median(times) for name, times in spent_s.items()}
    return Line(format_=format_, record_bytes=len(values[0]), rates=rates)


def main() -> None:
    """Measure every format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    machine = this_machine()
    lines = [measure(format_, rounds) for format_ in MAKERS]
    head = ("format", "bytes", *(f"{name}, k/s" for name in lines[0].rates), "ours : fastest peer")
    rows = []
    for line in lines:
        peer = max(rate for name, rate in line.rates.items() if name != OURS)
        rates = [f"{rate / 1_000:,.0f}" for rate in line.rates.values()]
        rows.append((line.format_, str(line.record_bytes), *rates, f"{line.rates[OURS] / peer:.2f}"))
    say(machine.name())
    say(table(head, rows))
    say(f"wrote {write_json('decode', {'machine': machine, 'lines': lines})}")


if __name__ == "__main__":
    main()
