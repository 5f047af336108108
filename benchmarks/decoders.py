"""The ways to read a batch of JSON positions that peers are given; the fastest one makes the bound.

A decoder is loaded only where it is used, for loading costs more processor time than a million records.
"""

# ruff: noqa: PLC0415 see above

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

Decode = Callable[[Sequence[bytes]], Any]


def _msgspec_position() -> type:
    """Return a struct of the required fields; time stays text, which favours msgspec."""
    import msgspec

    return msgspec.defstruct("Position", [("vehicle", str), ("time", str), ("lat", float), ("lon", float)])


def load_msgspec() -> Decode:
    """Return a decoder to structs, one call per record."""
    import msgspec

    decode: Callable[[bytes], Any] = msgspec.json.Decoder(_msgspec_position()).decode
    return lambda values: [decode(value) for value in values]


def load_msgspec_lines() -> Decode:
    """Return a decoder to structs, one call per batch."""
    import msgspec

    decode_lines: Callable[[bytes], Any] = msgspec.json.Decoder(_msgspec_position()).decode_lines
    return lambda values: decode_lines(b"\n".join(values))


def load_orjson() -> Decode:
    """Return a decoder to dictionaries, one call per batch."""
    import orjson

    return lambda values: orjson.loads(b"[" + b",".join(values) + b"]")


def load_pyarrow() -> Decode:
    """Return a decoder to an Arrow table, on one thread."""
    import io

    import pyarrow.json

    options = pyarrow.json.ReadOptions(use_threads=False, block_size=1 << 24)
    return lambda values: pyarrow.json.read_json(io.BytesIO(b"\n".join(values)), read_options=options)


def load_polars() -> Decode:
    """Return a decoder to a polars frame."""
    import polars as pl

    return lambda values: pl.read_ndjson(b"\n".join(values))


def load_duls() -> Decode:
    """Return our decoder to columns, times and identities read and checked."""
    from streams.decode.positions import decode_positions

    return decode_positions


OURS: Final = "DULS"
LOADERS: Final[dict[str, Callable[[], Decode]]] = {
    "msgspec, by record": load_msgspec,
    "msgspec, lines": load_msgspec_lines,
    "orjson, array": load_orjson,
    "pyarrow.json": load_pyarrow,
    "polars": load_polars,
    OURS: load_duls,
}
"""All give typed columns or structs, but for orjson, which gives dictionaries."""


def rates(values: Sequence[bytes], rounds: int = 5) -> dict[str, float]:
    """Return records per CPU-second of each decoder, the best of some rounds, all threads counted."""
    found = {}
    for name, load in LOADERS.items():
        decode = load()
        decode(values)
        found[name] = len(values) / min(cpu_s(decode, values) for _ in range(rounds))
    return found


def cpu_s(decode: Decode, values: Sequence[bytes]) -> float:
    """Return the processor time of decoding a batch once."""
    begin_s = time.process_time()
    decode(values)
    return time.process_time() - begin_s
