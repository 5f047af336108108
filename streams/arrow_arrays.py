"""NumPy arrays as Arrow arrays and back, without a copy.

`pa.array` and `to_numpy` do the same, but import pandas first where it is installed: a second, and 50 MiB, in each
process that means to do something else.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def arrow_array(numbers: NDArray[Any]) -> pa.Array:
    """Return contiguous numbers as an Arrow array of the same memory."""
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(numbers.dtype), numbers.size, [None, pa.py_buffer(numbers)]
    )


def numbers_of(array: pa.Array) -> NDArray[Any]:
    """Return an Arrow array of numbers as one of NumPy on the same memory, read-only.

    Raises:
        pa.ArrowTypeError: It has nulls, or is not of numbers.
    """
    numbers: NDArray[Any] = np.from_dlpack(array)
    return numbers
