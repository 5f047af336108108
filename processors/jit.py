"""The one place for the options of compiled kernels.

`nogil` lets a second thread work beside a kernel; `cache` keeps the machine code beside the source, so that a
process starts in milliseconds; the numpy error model spares a branch per division. `fastmath` is never on:
the figures are equal to the last bit, and NaN must stay NaN.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

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

_code: Any = cgutils  # which has no types
_ir: Any = ir
_WORD: Any = ir.IntType(64)
_CACHE_LINE_BYTES: Final = 64
_FOR_READING, _TO_ALL_CACHES, _DATA = 0, 3, 1  # what LLVM's prefetch is told

if vars(config)["DISABLE_JIT"]:  # its types do not know it

    def prefetch(table: Any, row: int) -> None:
        """Do nothing: without compilation nothing waits for memory."""

    def lowest_bit(bits: int) -> int:
        """Return the number of the lowest bit that is set; at least one is."""
        return (bits & -bits).bit_length() - 1

    def word_at(text: Any, place: int) -> np.uint64:
        """Return the eight bytes from *place* on as one number, the first byte lowest; all must be in the text."""
        return np.uint64(text[place : place + 8].view("<u8")[0])

    def put_word(text: Any, place: int, word: np.uint64) -> None:
        """Write eight bytes from *place* on, the lowest of *word* first; there must be room for all."""
        text[place : place + 8].view("<u8")[0] = word

else:

    def _address(context: Any, builder: Any, types_: Any, values: Any) -> Any:
        """Return where an entry of an array of bytes stands, as the address of a word."""
        array = context.make_array(types_[0])(context, builder, values[0])
        place = context.cast(builder, values[1], types_[1], types.intp)
        return builder.bitcast(
            _code.pointer_add(builder, array.data, place, _code.voidptr_t), _WORD.as_pointer()
        )

    @intrinsic
    def word_at(_context: Any, text: Any, place: Any) -> Any:
        """Return the eight bytes from *place* on as one number, the first byte lowest; all must be in the text."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address = _address(context, builder, signature.args, arguments)
            return builder.load(address, align=1, typ=_WORD)

        return types.uint64(text, place), generate

    @intrinsic
    def put_word(_context: Any, text: Any, place: Any, word: Any) -> Any:
        """Write eight bytes from *place* on, the lowest of *word* first; there must be room for all."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            address = _address(context, builder, signature.args, arguments)
            value = context.cast(builder, arguments[2], signature.args[2], types.uint64)
            builder.store(value, address, align=1)
            return context.get_dummy_value()

        return types.void(text, place, word), generate

    @intrinsic
    def lowest_bit(_context: Any, bits: Any) -> Any:
        """Return the number of the lowest bit that is set; at least one is."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word = context.cast(builder, arguments[0], signature.args[0], types.int64)
            return builder.cttz(word, _ir.Constant(_ir.IntType(1), 1))

        return types.int64(bits), generate

    @intrinsic
    def prefetch(_context: Any, table: Any, row: Any) -> Any:
        """Ask for an entry of a table, of one with more dimensions its first; nothing waits for the answer.

        Any entry may be named, also one beyond the table.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            place = context.cast(builder, arguments[1], signature.args[1], types.intp)
            stride = _code.unpack_tuple(builder, array.strides)[0]
            flag = _ir.IntType(32)
            function = _code.get_or_insert_function(
                builder.module,
                _ir.FunctionType(_ir.VoidType(), (_code.voidptr_t, flag, flag, flag)),
                "llvm.prefetch.p0",
            )
            last = context.get_abi_sizeof(context.get_data_type(signature.args[0].dtype)) - 1
            for byte in (*range(0, last, _CACHE_LINE_BYTES), last):
                offset = builder.add(builder.mul(place, stride), _ir.Constant(place.type, byte))
                address = _code.pointer_add(builder, array.data, offset, _code.voidptr_t)
                builder.call(
                    function, [address, *(flag(value) for value in (_FOR_READING, _TO_ALL_CACHES, _DATA))]
                )
            return context.get_dummy_value()

        return types.void(table, row), generate
