"""Kernels over the messages of librdkafka: what they hold, copied to columns, and their memory given back.

A message is a `rd_kafka_message_t` of nine words (rdkafka.h). Functions of the library come as addresses, so that
the machine code can be kept on disk: an address differs from one process to the next.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from processors.columns import BoolArray, Int32Array, Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel

NO_ROW: Final = -1

# of a message, by the places of its words in bytes
ERROR_PLACE: Final = 0
TOPIC_PLACE: Final = 8
PARTITION_PLACE: Final = 16
_PAYLOAD_PLACE: Final = 24
_LENGTH_PLACE: Final = 32
_OFFSET_PLACE: Final = 56

_HALF: Final = np.uint64(0xFFFF_FFFF)
_NOTHING: Final = np.uint64(0)
_US_PER_MS: Final = 1_000


class Functions(NamedTuple):
    """Addresses of functions of the library."""

    timestamp: np.uint64
    destroy: np.uint64


class MessageColumns(NamedTuple):
    """What is read of messages, by row."""

    starts: Int64Array  # of the value in the buffer; the entry after the last is the end
    is_null: BoolArray
    topic: UInt64Array  # address of the topic of the library
    partition: Int32Array
    offset: Int64Array
    broker_us: Int64Array


def _address(builder: Any, number: Any, type_: Any) -> Any:
    """Return a number as a pointer."""
    return builder.inttoptr(number, ir.PointerType(type_))


def _word_at(_context: Any, address: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.load(_address(builder, arguments[0], ir.IntType(64)))

    del address
    return types.uint64(types.uint64), generate


def _copy_bytes(_context: Any, target: Any, source: Any, length: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        to, from_, size = arguments
        byte = ir.IntType(8)
        ends = (_address(builder, to, byte), _address(builder, from_, byte))
        cgutils.raw_memcpy(builder, *ends, size, 1)  # type: ignore[no-untyped-call] # numba says no more
        return context.get_dummy_value()

    del target, source, length
    return types.void(types.uint64, types.uint64, types.uint64), generate


def _call(_context: Any, function: Any, argument: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        signature = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
        builder.call(_address(builder, arguments[0], signature), [arguments[1]])
        return context.get_dummy_value()

    del function, argument
    return types.void(types.uint64, types.uint64), generate


def _call_for_number(_context: Any, function: Any, first: Any, second: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        signature = ir.FunctionType(word, [word, word])
        return builder.call(_address(builder, arguments[0], signature), [arguments[1], arguments[2]])

    del function, first, second
    return types.int64(types.uint64, types.uint64, types.uint64), generate


word_at = cast("Callable[[np.uint64], np.uint64]", intrinsic(_word_at))
"""Return the word of eight bytes at an address."""

copy_bytes = cast("Callable[[np.uint64, np.uint64, np.uint64], None]", intrinsic(_copy_bytes))
"""Copy to an address, from another, so many bytes."""

call = cast("Callable[[np.uint64, np.uint64], None]", intrinsic(_call))
"""Call the function at an address with one argument."""

call_for_number = cast("Callable[[np.uint64, np.uint64, np.uint64], int]", intrinsic(_call_for_number))
"""Return what the function at an address says, a signed word, for two arguments."""


@lean_kernel
def bytes_of(messages: UInt64Array) -> int:
    """Return how many bytes the values take, each with the NUL behind it."""
    size = 0
    for message in messages:
        size += int(word_at(message + np.uint64(_LENGTH_PLACE))) + 1
    return size


@lean_kernel
def take_messages(
    messages: UInt64Array,
    functions: Functions,
    buffer: UInt8Array,
    columns: MessageColumns,
    row: int,
    odd: UInt64Array,
    odd_row: Int64Array,
    scratch: UInt64Array,
) -> tuple[int, int]:
    """Copy messages to *columns* from *row* on, and give their memory back.

    Those without a value, whose headers say what they are, and errors, which are no rows, are put into *odd* and left
    to the caller; `odd_row` has their rows, `NO_ROW` for errors.

    Args:
        messages: Addresses of messages.
        functions: Of the library.
        buffer: Room for all their values behind `columns.starts[row]`.
        columns: Room for a row of each, and the start of the first value.
        row: Of the first message.
        odd: Room for all messages.
        odd_row: The same.
        scratch: A word of no meaning.

    Returns:
        The next row, and the number of odd messages.
    """
    odd_count = 0
    place = columns.starts[row]
    kind_of_time = np.uint64(scratch.ctypes.data)  # nobody asks for it
    for message in messages:
        if word_at(message + np.uint64(ERROR_PLACE)) & _HALF != _NOTHING:
            odd[odd_count] = message
            odd_row[odd_count] = NO_ROW
            odd_count += 1
            continue
        payload = word_at(message + np.uint64(_PAYLOAD_PLACE))
        length = word_at(message + np.uint64(_LENGTH_PLACE)) if payload != _NOTHING else _NOTHING
        copy_bytes(np.uint64(buffer.ctypes.data) + np.uint64(place), payload, length)
        place += np.int64(length)
        buffer[place] = 0
        place += 1
        columns.starts[row + 1] = place
        columns.is_null[row] = payload == _NOTHING
        columns.topic[row] = word_at(message + np.uint64(TOPIC_PLACE))
        columns.partition[row] = np.int32(word_at(message + np.uint64(PARTITION_PLACE)) & _HALF)
        columns.offset[row] = np.int64(word_at(message + np.uint64(_OFFSET_PLACE)))
        columns.broker_us[row] = call_for_number(functions.timestamp, message, kind_of_time) * _US_PER_MS
        if payload == _NOTHING:
            odd[odd_count] = message
            odd_row[odd_count] = row
            odd_count += 1
        else:
            call(functions.destroy, message)
        row += 1
    return row, odd_count
