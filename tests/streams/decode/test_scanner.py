"""The compiled scanner agrees with the slow reader, its twin, whatever the bytes."""

import json
import os
import random
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decode.position_rules import PositionRow, rows_of_record
from streams.decode.positions import _joined, _scan, columns_of_rows, decode_positions

COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
MUTATED = 100_000 if COMPILED else 3_000
TEXT = '"2026-11-23T07:12:15Z"'
EXAMPLES = 300 if COMPILED else 60


def assert_agree(values: Sequence[bytes]) -> None:
    """Check that all rows of some values are those of the slow reader, bit for bit."""
    rows_of: list[list[PositionRow]] = [rows_of_record(value) for value in values]
    record = np.repeat(np.arange(len(values), dtype=np.int32), [len(rows) for rows in rows_of])
    index = np.concatenate([np.arange(len(rows), dtype=np.int32) for rows in rows_of])
    expected = columns_of_rows([row for rows in rows_of for row in rows], record, index)

    decoded = decode_positions(values)

    for name in decoded._fields[:8]:
        found, wanted = getattr(decoded, name), getattr(expected, name)
        if found.tobytes() != wanted.tobytes():
            where = int(np.flatnonzero(record != decoded.record)[0]) if name == "record" else None
            where = int(np.flatnonzero(found != wanted)[0]) if where is None else where
            raise AssertionError((name, values[record[where]], found[where], wanted[where]))
    starts, lengths = decoded.identity_start.tolist(), decoded.identity_length.tolist()
    joined = b"".join(decoded.identity[a : a + b].tobytes() for a, b in zip(starts, lengths, strict=True))
    assert lengths == expected.identity_length.tolist()
    assert joined == expected.identity.tobytes()


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
        "carrier": rng.choice(["Müller & Zn", 'quote " and \\', "carrier-x", "", "x" * 40]),
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


def test_both_readers_agree_on_mutated_messages() -> None:
    """A hundred thousand messages with mutated bytes give the same rows fast and slow."""
    rng = random.Random(20261123)
    messages = [message(rng) for _ in range(max(100, MUTATED // 100))]
    batch = 1_000
    for _ in range(MUTATED // batch):
        assert_agree([mutated(rng, rng.choice(messages)) for _ in range(batch)])


def test_both_readers_agree_on_keys_that_come_again() -> None:
    """Keys of any length and spelling are told apart from the keys that were there one object before."""
    rng = random.Random(3)
    keys = [
        "",
        "vehicle",
        "v\\u0065hicle",
        "vehicles",
        "lat",
        "la",
        "emission",
        "emissions",
        "\u00e9",
        "x" * 15,
    ]
    keys += ["x" * 16, "x" * 17, "x" * 14 + "\\n", "time", "lon", "lo n", "class", "fuel"]
    for _ in range(MUTATED // 500):
        drawn = [rng.sample(keys, 6) for _ in range(2)]
        lines = [
            "{" + ",".join(f'"{key}":{rng.choice(["1", "null", TEXT])}' for key in rng.choice(drawn)) + "}"
            for _ in range(6)
        ]
        assert_agree([line.encode() for line in lines])


def test_both_readers_agree_on_good_messages() -> None:
    """Messages as senders write them give the same rows fast and slow, and most are not handed over."""
    rng = random.Random(7)
    messages = [message(rng) for _ in range(MUTATED // 20)]

    assert_agree(messages)

    _, handed_over = _scan(*_joined(messages))
    assert handed_over.sum() == 0


@given(st.lists(st.binary(max_size=40), max_size=5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_bytes_raise(values: list[bytes]) -> None:
    """Any bytes give rows, the same fast and slow, at least one per record."""
    if values:
        assert_agree(values)
    assert np.unique(decode_positions(values).record).tolist() == list(range(len(values)))


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["vehicle", "time", "lat", "lon", "class", "fuel", "emission", "other", "é"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_both_readers_agree_on_any_fields(objects: list[dict[str, object]], ascii_only: bool) -> None:
    """Objects with any scalars in the used fields give the same rows fast and slow."""
    texts = [json.dumps(each, ensure_ascii=ascii_only).encode() for each in objects]

    assert_agree([*texts, b"\n".join(texts), b"[" + b",".join(texts) + b"]"])


@given(st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
@settings(max_examples=EXAMPLES * 3, deadline=None)
def test_both_readers_agree_on_any_number(number: str) -> None:
    """Numbers of any spelling give the same bits fast and slow, as coordinates and as times."""
    text = f'{{"vehicle":"x","time":{number},"lat":1,"lon":2}}'
    assert_agree([text.encode(), text.replace(number, "7").replace('"lat":1', f'"lat":{number}').encode()])


@given(
    st.from_regex(
        r"(19[67][0-9]|20[0-9]{2}|2100)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])",
        fullmatch=True,
    )
)
@settings(max_examples=EXAMPLES * 3, deadline=None)
def test_both_readers_agree_on_any_time(time: str) -> None:
    """Times near every rule give the same microseconds fast and slow."""
    assert_agree([f'{{"vehicle":"x","time":"{time}","lat":1,"lon":2}}'.encode()])
