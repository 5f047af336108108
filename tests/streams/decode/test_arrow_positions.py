"""Arrow IPC streams of canonical columns give the rows that the same positions give as JSON, and fail nowhere."""

import json
import os
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.vocabulary import Outcome
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions
from tests.streams.decode.scanner_twins import COMPILED, EXAMPLES, mutated

TIMES_MS = [1_795_417_935_120, 0, -1, 4_102_444_800_000, 4_102_444_799_999, None]
VEHICLES = ["NL:VB-123-K", "unit 7", "D:TÜ-AB 12", "", "  ", "x" * 130, "tab\there", None]
NUMBERS = [52.0907, 5.1214, -0.0, 90.0, 90.1, 181.0, float("nan"), float("inf"), None]
COLUMNS = ("record", "index", "outcome", "event_us", "lat", "lon", "vehicle_class", "zero_emission", "plate")


def stream(columns: dict[str, Any], *, batch: int | None = None, **options: Any) -> bytes:
    """Return columns as an Arrow IPC stream."""
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, batch)
    return sink.getvalue().to_pybytes()


def good(rows: int = 3) -> dict[str, Any]:
    """Return columns of good positions."""
    return {
        "vehicle": pa.array([f"NL:AB-{n:03}-C" for n in range(rows)]),
        "time": pa.array([1_795_417_935_120 + n for n in range(rows)], pa.int64()),
        "lat": pa.array([52.0 + n / 1_000 for n in range(rows)]),
        "lon": pa.array([5.0] * rows),
        "class": pa.array(["N2"] * rows),
    }


def outcomes(columns: dict[str, Any], **options: Any) -> list[Outcome]:
    """Return the outcome of each row of a stream."""
    return [Outcome(code) for code in decode_positions([stream(columns, **options)]).outcome]


@pytest.mark.parametrize("batch", [None, 7])
@pytest.mark.parametrize("is_dictionary", [True, False])
def test_columns_give_what_json_gives(is_dictionary: bool, batch: int | None) -> None:
    """Row by row and bit by bit, with whatever is wrong in them."""
    rng = Random(8)
    rows = [
        {
            "vehicle": rng.choice(VEHICLES),
            "time": rng.choice(TIMES_MS),
            "lat": rng.choice(NUMBERS),
            "lon": rng.choice(NUMBERS),
            "class": rng.choice(["N2", "m1", "?", None]),
            "fuel": rng.choice(["diesel", "electric", None]),
            "emission": rng.choice(["euro6", "zero", None]),
        }
        for _ in range(2_000)
    ]
    texts = {
        name: pa.array([row[name] for row in rows], pa.string())
        for name in ("vehicle", "class", "fuel", "emission")
    }
    columns = {name: text.dictionary_encode() if is_dictionary else text for name, text in texts.items()}
    columns["time"] = pa.array([row["time"] for row in rows], pa.int64())
    for name in ("lat", "lon"):
        columns[name] = pa.array([row[name] for row in rows], pa.float64())
    lines = b"\n".join(json.dumps(row).encode() for row in rows)

    decoded = decode_positions([stream(columns, batch=batch)])
    expected = decode_positions([lines])

    for name in COLUMNS:
        assert getattr(expected, name).tobytes() == getattr(decoded, name).tobytes(), name
    assert spelled(expected) == spelled(decoded)


def spelled(decoded: Any) -> list[bytes]:
    """Return the identity of each row."""
    spans = zip(decoded.identity_start.tolist(), decoded.identity_length.tolist(), strict=True)
    return [decoded.identity[start : start + length].tobytes() for start, length in spans]


OPTIONAL = ("class", "fuel", "emission", "carrier")


@pytest.mark.parametrize("kind", ["none", "words", "no words"])
@given(data=st.data())
@settings(max_examples=EXAMPLES // 10, deadline=None)
def test_columns_of_nothing_but_nulls_are_missing_values(kind: str, data: st.DataObject) -> None:
    """Writers give them no type; each row is what JSON with null there gives."""
    names = data.draw(st.lists(st.sampled_from([*good(), *OPTIONAL]), unique=True))
    nulls = {
        "none": pa.nulls(3),
        "words": pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int32()), pa.nulls(2)),
        "no words": pa.DictionaryArray.from_arrays(pa.nulls(3, pa.int32()), pa.nulls(0)),
    }
    columns = good() | {name: nulls["none" if name in ("time", "lat", "lon") else kind] for name in names}
    rows = pa.table(good()).to_pylist()
    lines = [json.dumps({**row, **dict.fromkeys(names)}).encode() for row in rows]

    decoded, expected = decode_positions([stream(columns)]), decode_positions([b"\n".join(lines)])

    for name in COLUMNS:
        assert getattr(expected, name).tobytes() == getattr(decoded, name).tobytes(), name
    assert spelled(expected) == spelled(decoded)


def test_a_word_of_a_dictionary_may_be_null() -> None:
    """Its rows have no value, as if they had no word."""
    columns = good() | {
        "vehicle": pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int32()), pa.array(["NL:1", None]))
    }

    assert [Outcome.MISSING_FIELD, Outcome.ACCEPTED, Outcome.MISSING_FIELD] == outcomes(columns)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_of_any_unit_are_times(unit: str) -> None:
    """With a zone, whichever it is; digits beyond microseconds are cut off."""
    moments = np.array(["2026-11-23T07:12:15.123456789"], "M8[ns]").astype(f"M8[{unit}]")
    columns = good(1) | {"time": pa.array(moments).cast(pa.timestamp(unit, "Europe/Amsterdam"))}

    expected = int(moments.astype("M8[us]").astype(np.int64)[0])
    assert [expected] == decode_positions([stream(columns)]).event_us.tolist()


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({name: column for name, column in good().items() if name != "lat"}, Outcome.MISSING_FIELD),
        (good() | {"lat": pa.array(["52", "52", "52"])}, Outcome.WRONG_TYPE),
        (good() | {"vehicle": pa.array([1, 2, 3])}, Outcome.WRONG_TYPE),
        (good() | {"class": pa.array([1, 2, 3])}, Outcome.WRONG_TYPE),
        (good() | {"time": pa.array([0, 0, 0], pa.timestamp("us"))}, Outcome.BAD_TIME),
        (good() | {"time": pa.array(["2026-11-23T07:12:15Z"] * 3)}, Outcome.BAD_TIME),
        (good(0), Outcome.EMPTY),
    ],
)
def test_columns_that_cannot_be_read_are_one_row(columns: dict[str, Any], reason: Outcome) -> None:
    """With the reason, and the records beside it live."""
    decoded = decode_positions([stream(good()), stream(columns), stream(good())])

    assert [reason] == outcomes(columns)
    assert [0, 0, 0, 1, 2, 2, 2] == decoded.record.tolist()


@pytest.mark.parametrize(
    "column",
    [
        pa.nulls(2**31 - 1),
        pa.RunEndEncodedArray.from_arrays(pa.array([2**31 - 1], pa.int32()), pa.array(["NL:VB-123-K"])),
    ],
    ids=["nulls", "runs"],
)
def test_rows_without_bytes_take_no_memory(column: Any) -> None:
    """Some hundred bytes that speak of two thousand million rows end nothing."""
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_arrays([column], names=["vehicle"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    value = sink.getvalue().to_pybytes()

    decoded = decode_positions([value, b"{}"])

    assert len(value) < 1_000
    assert [Outcome.NOT_ARROW, Outcome.MISSING_FIELD] == [Outcome(code) for code in decoded.outcome.tolist()]


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_bodies_are_refused(codec: str) -> None:
    """A record of two mebibytes must not become one of gigabytes."""
    assert [Outcome.NOT_ARROW] == outcomes(good(50_000), compression=codec)
    assert [Outcome.NOT_ARROW] == outcomes(
        {"vehicle": good(50_000)["vehicle"].dictionary_encode()}, compression=codec
    )


@pytest.mark.parametrize("words", [3, 70, 1_500, 5_000])
def test_dictionaries_may_hold_any_number_of_words(words: int) -> None:
    """Their combinations are as many as a sender likes, those that occur at most as many as rows."""
    rows = 3
    columns, known = good(rows), ["N2", "diesel", "zero"]
    for name, word in zip(("class", "fuel", "emission"), known, strict=True):
        others = [f"{name}{number}" for number in range(words - 1)]
        indices = pa.array([words - 1, 0, words - 1], pa.int32())
        columns[name] = pa.DictionaryArray.from_arrays(indices, pa.array([*others, word]))
    told = [dict.fromkeys(("class", "fuel", "emission"), "?") for _ in range(rows)]
    for row in (0, 2):
        told[row] = dict(zip(("class", "fuel", "emission"), known, strict=True))
    texts = [
        json.dumps({"vehicle": "NL:1", "time": 1, "lat": 52, "lon": 5, **said}).encode() for said in told
    ]

    found, wanted = decode_positions([stream(columns)]), decode_positions(texts)

    assert found.vehicle_class.tolist() == wanted.vehicle_class.tolist()
    assert found.zero_emission.tolist() == wanted.zero_emission.tolist()
    assert len(set(found.vehicle_class.tolist())) == 2


def test_arrow_and_json_may_be_mixed() -> None:
    """Each record is told by itself, whatever the setting says of the JSON."""
    line = b'{"vehicle":"x","time":0,"lat":52,"lon":5}'
    values = [line, stream(good()), None, b"\xff\xff\xff\xff", line]

    decoded = decode_positions(values)
    forced = decode_positions(values[1:2], PositionFormat.RFMS)

    assert [0, 1, 1, 1, 2, 3, 4] == decoded.record.tolist()
    assert [0, 0, 0, 0, Outcome.TOMBSTONE, Outcome.NOT_ARROW, 0] == decoded.outcome.tolist()
    assert [0, 0, 0] == forced.outcome.tolist()


def test_no_bytes_raise() -> None:
    """Streams with changed bytes give rows or a reason."""
    rng = Random(77)
    texts = good(5) | {"fuel": pa.array(["diesel"] * 5).dictionary_encode()}
    streams = [stream(good(5)), stream(texts, batch=2), stream({"vehicle": pa.array(["x"])})]
    count = 200_000 if os.environ.get("DULS_TEST_SOAK") else 5_000 if COMPILED else 500

    for _ in range(count // 500):
        values = [rng.choice(streams)[:8] + mutated(rng, rng.choice(streams)[8:]) for _ in range(500)]
        assert set(range(500)) == set(decode_positions(values).record.tolist())
