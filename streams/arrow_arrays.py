"""NumPy arrays as Arrow arrays and back, without a copy.

`pa.array`, `pa.scalar` and `to_numpy` do the same, but import pandas first where it is installed: a second, and
50 MiB, in each process that means to do something else.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def arrow_array(numbers: NDArray[Any]) -> pa.Array:
    """Return contiguous numbers, which truth values are not, as an Arrow array of the same memory."""
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(numbers.dtype), numbers.size, [None, pa.py_buffer(numbers)]
    )


def arrow_text(word: str) -> pa.LargeStringArray:
    """Return one word as an Arrow array."""
    data = word.encode()
    return pa.LargeStringArray.from_buffers(
        1, pa.py_buffer(np.array([0, len(data)], np.int64)), pa.py_buffer(data)
    )


def arrow_scalar(value: float | str) -> pa.Scalar:
    """Return a number of 64 bits or a large string as Arrow has it."""
    return (arrow_text(value) if isinstance(value, str) else arrow_array(np.array([value])))[0]


def numbers_of(array: pa.Array) -> NDArray[Any]:
    """Return an Arrow array of numbers without nulls as one of NumPy on the same memory, not to be written to.

    Raises:
        pa.ArrowTypeError: It is not of numbers, or has nulls.
    """
    numbers: NDArray[Any] = np.from_dlpack(array)
    return numbers
