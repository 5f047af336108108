"""B2: records of each format to columns, in positions per CPU-second, beside the readers that peers would use.

`python -m benchmarks.decode [--write-docs]` prints two tables and writes `results/decode.json`. All read the same
records in the same run, in turns. DULS gives checked columns, with times and identities read; msgspec structs with
times and plates as text; orjson and pysimdjson dictionaries; pyarrow and polars tables of what the records hold,
unchecked. Each format has 20,000 rows, no two alike; envelopes of detections (VESDI) hold 10 each.
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json

from benchmarks.city_records import PACKED, build_city, encoded, morning_us, packed, simulate
from benchmarks.decoders import OURS, cpu_s
from benchmarks.feed_records import MAKERS, msgspec_struct, records
from benchmarks.machine import Machine, this_machine
from benchmarks.report import say, table, write_json, write_section
from processors.simulation.columns import SimulatedDetections
from processors.simulation.detections import detections
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.encode_detections import encode_detections

Decode = Callable[[Sequence[bytes]], Any]

RECORDS: Final = 20_000
ROUNDS: Final = 7
PARTITIONS: Final = 8
VESDI: Final = "VESDI"
DETECTED_VEHICLES: Final = 50_000  # few pass a camera
DETECTIONS_S: Final = 3_600
BATCH: Final = 10  # detections of an envelope
PEERS: Final = ("msgspec", "orjson", "pysimdjson", "pyarrow", "polars")
PER_RECORD: Final = (1, 10, 100, 1_000)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One format: bytes of a record and positions per CPU-second of each reader, medians; nothing where it cannot."""

    format_: str
    record_bytes: int
    rows: int
    rates: dict[str, float | None]


def readers(format_: str) -> dict[str, Decode]:
    """Return who reads a format of one position per record."""
    decode = msgspec.json.Decoder(msgspec_struct(format_)).decode
    options = pa.json.ReadOptions(use_threads=False, block_size=1 << 26)
    return {
        OURS: decode_positions,
        "msgspec": lambda values: [decode(value) for value in values],
        "orjson": lambda values: import_module("orjson").loads(b"[" + b",".join(values) + b"]"),
        "pysimdjson": _simdjson,
        "pyarrow": lambda values: pa.json.read_json(io.BytesIO(b"\n".join(values)), read_options=options),
        "polars": lambda values: import_module("polars").read_ndjson(b"\n".join(values)),
    }


def _simdjson(values: Sequence[bytes]) -> list[Any]:
    parser = import_module("simdjson").Parser()
    return [parser.parse(value).as_dict() for value in values]


def array_readers() -> dict[str, Decode]:
    """Return who reads arrays of canonical positions."""
    decode = msgspec.json.Decoder(list[msgspec_struct("canonical")]).decode  # type: ignore[misc] # made at run time
    return {
        OURS: decode_positions,
        "msgspec": lambda values: [decode(value) for value in values],
        "orjson": lambda values: [import_module("orjson").loads(value) for value in values],
        "polars": lambda values: [import_module("polars").read_json(value) for value in values],
    }


def arrow_readers() -> dict[str, Decode]:
    """Return who reads Arrow streams; the peers check nothing and copy nothing."""
    return {
        OURS: decode_positions,
        "pyarrow": lambda values: [pa.ipc.open_stream(value).read_all() for value in values],
        "polars": lambda values: [import_module("polars").read_ipc_stream(value) for value in values],
    }


def vesdi_readers() -> dict[str, Decode]:
    """Return who reads envelopes of detections."""
    return {
        OURS: decode_detections,
        "msgspec": lambda values: [msgspec.json.decode(value) for value in values],
        "orjson": lambda values: [import_module("orjson").loads(value) for value in values],
        "pysimdjson": _simdjson,
    }


def measure(
    format_: str, values: Sequence[bytes], rows: int, contestants: dict[str, Decode], rounds: int
) -> Line:
    """Measure all readers of a format in turns."""
    assert not contestants[OURS](values).outcome.any(), "every record must be accepted"
    spent_s: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, decode in contestants.items():
            try:
                spent_s[name].append(cpu_s(decode, values))
            except ModuleNotFoundError as error:
                say(f"  {name}: {error}")
    rates = {name: rows / median(times) if times else None for name, times in spent_s.items()}
    return Line(format_=format_, record_bytes=len(values[0]), rows=rows, rates=rates)


def _lines(rounds: int) -> list[Line]:
    lines = [
        measure(format_, records(format_, RECORDS), RECORDS, readers(format_), rounds) for format_ in MAKERS
    ]
    rows = simulate(build_city(5_000), RECORDS, interval_s=10.0, end_us=time.time_ns() // 1_000)
    for kind in PACKED:
        values = [value for chunk in packed(rows, kind, PARTITIONS) for value in chunk.values]
        contestants = array_readers() if kind.startswith("JSON") else arrow_readers()
        lines.append(measure(kind, values, RECORDS, contestants, rounds))
    return [*lines, _vesdi(rounds)]


def _vesdi(rounds: int) -> Line:
    values = _envelopes()
    count = decode_detections(values).outcome.size
    assert count == RECORDS, "the simulated hour must be long enough"
    return measure(VESDI, values, count, vesdi_readers(), rounds)


def _envelopes() -> list[bytes]:
    """Return `RECORDS` detections of a morning in envelopes of `BATCH`."""
    start_us = morning_us()
    city = build_city(DETECTED_VEHICLES)
    parts: list[SimulatedDetections] = []
    for part in detections(city, start_us, start_us + DETECTIONS_S * 1_000_000, window_s=10.0):
        parts.append(part)
        if sum(each.vehicle.size for each in parts) >= RECORDS:
            break
    rows = SimulatedDetections._make(
        np.concatenate(columns)[:RECORDS] for columns in zip(*parts, strict=True)
    )
    return encode_detections(rows, city.cameras, batch=BATCH)


def per_record(rounds: int) -> dict[int, float]:
    """Return positions per CPU-second by how many canonical ones a record holds."""
    rows = simulate(build_city(5_000), RECORDS, interval_s=10.0, end_us=time.time_ns() // 1_000)
    every = [value for chunk in encoded(rows) for value in chunk.values]
    found = {}
    for size in PER_RECORD:
        values = [b"[" + b",".join(every[k : k + size]) + b"]" for k in range(0, len(every), size)]
        found[size] = len(every) / median(cpu_s(decode_positions, values) for _ in range(rounds))
    return found


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    rows = []
    for line in result["lines"]:
        peers = [rate for name, rate in line.rates.items() if name != OURS and rate]
        cells = [f"{rate / 1e6:.2f} M" if (rate := line.rates.get(name)) else "-" for name in (OURS, *PEERS)]
        rows.append((line.format_, f"{line.record_bytes:,}", *cells, f"{line.rates[OURS] / max(peers):.2f}"))
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            "",
            table(("rows per CPU-second", "bytes of a record", OURS, *PEERS, ": fastest peer"), rows),
            "",
            table(
                ("positions in a JSON record", "positions/CPU-s"),
                [(f"{size:,}", f"{rate / 1e6:.2f} M") for size, rate in result["per_record"].items()],
            ),
        ]
    )


def main() -> None:
    """Measure every format."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decode", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/performance.md")
    chosen = parser.parse_args()
    result = {
        "machine": this_machine(),
        "lines": _lines(chosen.rounds),
        "per_record": per_record(chosen.rounds),
    }
    text = as_text(result)
    say(text)
    say(f"wrote {write_json('decode', result)}")
    if chosen.write_docs:
        write_section("decode", text)


if __name__ == "__main__":
    main()
