"""Numbers go to Arrow and back on the same memory, and pandas stays where it is."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from streams.arrow_arrays import arrow_array, arrow_scalar, arrow_text, numbers_of

TYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8")


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("size", [0, 1, 1_000])
def test_numbers_come_back_from_the_same_memory(type_: str, size: int) -> None:
    """Whatever their type, and slices of them."""
    numbers = np.arange(size).astype(type_)

    array = arrow_array(numbers)

    assert array.to_pylist() == numbers.tolist()
    assert numbers_of(array).dtype == numbers.dtype
    assert numbers_of(array.slice(size // 3)).tolist() == numbers[size // 3 :].tolist()
    assert not size or np.shares_memory(numbers, numbers_of(array))


@pytest.mark.parametrize("word", ["", "a", "ë€"])
def test_a_word_is_one_row(word: str) -> None:
    """Of the type that texts are read as."""
    assert [word] == arrow_text(word).to_pylist()
    assert pa.large_string() == arrow_text(word).type


@pytest.mark.parametrize("value", [0, -1, 52.5, "x"])
def test_a_value_fills_what_is_missing(value: float | str) -> None:
    """As `pa.scalar` does."""
    type_ = arrow_scalar(value).type
    column = pa.array([None, value], type_)

    assert [value, value] == column.fill_null(arrow_scalar(value)).to_pylist()


def test_a_stream_with_nulls_is_read_without_pandas() -> None:
    """Where it is installed, as it is for the benchmarks."""
    code = (
        "import sys, numpy as np, pyarrow as pa\n"
        "from streams.arrow_arrays import arrow_array, arrow_text\n"
        "from streams.decode.positions import decode_positions\n"
        "number = arrow_array(np.array([0.0]))\n"
        "nothing = pa.Array.from_buffers(pa.float64(), 1, [pa.py_buffer(bytes(1)), pa.py_buffer(bytes(8))])\n"
        "columns = [arrow_text('NL:XX999X'), arrow_array(np.array([0])), nothing, number]\n"
        "table = pa.Table.from_arrays(columns, ['vehicle', 'time', 'lat', 'lon'])\n"
        "sink = pa.BufferOutputStream()\n"
        "with pa.ipc.new_stream(sink, table.schema) as writer:\n"
        "    writer.write_table(table)\n"
        "found = decode_positions([sink.getvalue().to_pybytes()])\n"
        "print(found.outcome.size, 'pandas' in sys.modules)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 False" == answer.stdout.strip()
