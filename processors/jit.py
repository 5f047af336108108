"""The one place for the options of compiled kernels.

`nogil` lets a second thread work beside a kernel; `cache` keeps the machine code beside the source, so that a
process starts in milliseconds; the numpy error model spares a branch per division. `fastmath` is never on:
the figures are equal to the last bit, and NaN must stay NaN.
"""

from collections.abc import Callable
from typing import Any

from numba import njit

# numba's own types check arguments against the annotations, where a NumPy integer is no int
Kernel = Callable[[Callable[..., Any]], Any]

kernel: Kernel = njit(nogil=True, cache=True, error_model="numpy")

lean_kernel: Kernel = njit(nogil=True, cache=True, error_model="numpy", _nrt=False)  # type: ignore[call-overload] # see below
"""For small functions called per row or per token: arrays are borrowed, and nothing may be allocated.

Counting references to a dozen arrays costs about 0.4 µs per call that is not inlined, more than reading a
position. Numba documents `_nrt` with `numba.extending.register_jitable`; its types do not know it.
"""

inlined_kernel: Kernel = njit(nogil=True, cache=True, error_model="numpy", _nrt=False, inline="always")  # type: ignore[call-overload] # as above
"""For a lean kernel with many arrays that is called in one place: handing them over costs 60 ns per row."""

inner_kernel: Kernel = njit(nogil=True, cache=True, error_model="numpy", _nrt=False, forceinline=True)  # type: ignore[call-overload] # as above
"""For the small parts of a kernel over tables of many arrays, made one machine function with it.

Handing some forty arrays over costs about 0.1 µs per call; a position that is taken makes dozens of calls.
"""
