"""The one place for the options of compiled kernels.

`nogil` lets a second thread work beside a kernel; `cache` keeps the machine code beside the source, so that a
process starts in milliseconds; the numpy error model spares a branch per division. `fastmath` is never on:
the figures are equal to the last bit, and NaN must stay NaN.
"""

from numba import njit

kernel = njit(nogil=True, cache=True, error_model="numpy")

lean_kernel = njit(nogil=True, cache=True, error_model="numpy", _nrt=False)
"""For small functions called per row or per token: arrays are borrowed, and nothing may be allocated.

Counting references to a dozen arrays costs about 0.4 µs per call that is not inlined, more than reading a
position.
"""
