"""Holding the fast reader against the slow one, and messages to do it with."""

import json
import os
import random
from collections.abc import Sequence

import numpy as np

from processors.columns import UInt8Array
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import (
    columns_of_rows,
    decode_positions,
    rows_of_value,
    scan,
)
from streams.decode.scanned_rows import ScannedRows
from streams.decode.scanner import new_memory
from streams.raw_values import RawValues

COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
MUTATED = 100_000 if COMPILED else 3_000
TEXT = '"2026-11-23T07:12:15Z"'
EXAMPLES = 300 if COMPILED else 60


def assert_agree(values: Sequence[bytes], format_: PositionFormat = PositionFormat.AUTO) -> None:
    """Check that all rows of some values are those of the slow reader, bit for bit."""
    rows_of = [rows_of_value(value, format_) for value in values]
    record = np.repeat(np.arange(len(values), dtype=np.int32), [len(rows) for rows in rows_of])
    index = np.concatenate([np.arange(len(rows), dtype=np.int32) for rows in rows_of])
    expected = columns_of_rows([row for rows in rows_of for row in rows], record, index)

    decoded = decode_positions(values, format_)

    for name in decoded._fields[:10]:
        found, wanted = getattr(decoded, name), getattr(expected, name)
        if found.tobytes() != wanted.tobytes():
            where = int(np.flatnonzero(record != decoded.record)[0]) if name == "record" else None
            where = int(np.flatnonzero(found != wanted)[0]) if where is None else where
            raise AssertionError((name, values[record[where]], found[where], wanted[where]))
    starts, lengths = decoded.identity_start.tolist(), decoded.identity_length.tolist()
    joined = b"".join(decoded.identity[a : a + b].tobytes() for a, b in zip(starts, lengths, strict=True))
    assert lengths == expected.identity_length.tolist()
    assert joined == expected.identity.tobytes()


def scanned_by_itself(values: Sequence[bytes]) -> tuple[ScannedRows, UInt8Array]:
    """Return the rows of the fast reader alone, and which records it handed over."""
    joined = RawValues.of(values)
    return scan(joined.buffer, joined.starts, PositionFormat.AUTO, new_memory())


def position(rng: random.Random) -> dict[str, object]:
    """Return a position with random fields, most of them good."""
    vehicle = rng.choice(
        ["NL:VB-123-K", "D:TÜ-AB 12", "abc", " be:1.a ", "x" * 126, "NL:--", "", "q\u00e9\n"]
    )
    time = rng.choice(
        [
            "2026-11-23T07:12:15.120Z",
            "2096-02-29 23:59:59+01:30",
            "1970-01-01t00:00:00.1234567-02:00",
            rng.randrange(5 * 10**12),
            rng.random() * 5e12,
            rng.randrange(10**20),
        ]
    )
    fields: dict[str, object] = {
        "vehicle": vehicle,
        "time": time,
        "lat": rng.choice([round(rng.uniform(-95, 95), rng.randrange(17)), rng.uniform(-1, 1), 52, 1e-30]),
        "lon": rng.choice([round(rng.uniform(-190, 190), rng.randrange(17)), -0.0, 10**17 + 1, 2.5e-9]),
        "speed_kmh": rng.choice([31.5, None, "fast", True]),
        "class": rng.choice(["N2", "m1", "L", "other", "unknown", "N22", "", None]),
        "fuel": rng.choice(
            ["Diesel", "electric", "fuel_cell", "plug-in hybrid", "bioethanol", "coal", None, ""]
        ),
        "emission": rng.choice(["euro6", "Z", "zero", "EURO", "e", None]),
        "carrier": rng.choice(
            ["Müller & Zn", 'quote " and \\', "carrier-x", "", " ", "x" * 40, None, 7, 10**30]
        ),
    }
    names = [name for name in fields if rng.random() < 0.97]
    rng.shuffle(names)
    return {name: fields[name] for name in names}


def message(rng: random.Random) -> bytes:
    """Return one object, an array of objects, or one object per line, in one of several spellings."""
    ascii_only, blank = rng.random() < 0.5, rng.choice(["", "", " "])
    positions = [position(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    texts = [
        json.dumps(each, ensure_ascii=ascii_only, separators=("," + blank, ":" + blank)).encode()
        for each in positions
    ]
    if rng.random() < 0.3:
        return b"[" + b", \n".join(texts) + b"]"
    return rng.choice([b"\n", b"\r\n", b"\n\n"]).join(texts)


TOKENS = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b" ", b"0", b"-", b"e9", b".", b"null",
          b"\\u00e9", b"\xc3\xa9", b"\xf0\x9f\x9a\x9a", b"\xff", b"\x00", b"NaN", b"true", b"1e999",
          b'"lat":', b"\x7f"]  # fmt: skip


def mutated(rng: random.Random, text: bytes) -> bytes:
    """Return *text* with a byte changed, a token put in, a span cut out or doubled, or two of them."""
    for _ in range(rng.choice([1, 1, 2])):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice([1, 1, 2, 5, 20]))
        new = rng.choice([bytes([rng.randrange(256)]), rng.choice(TOKENS), b"", text[start:end] * 2])
        text = text[:start] + new + text[start if rng.random() < 0.3 else end :]
    return text
