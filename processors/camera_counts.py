"""Counts per camera and UTC hour: passages and distinct vehicles, by direction, class and emission.

Cameras are 128-bit ids; within a ledger each gets a number when it is first counted, and leaves with its id.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.cells import CellTable, drain, new_cell_table, with_cell_room
from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel
from processors.key_table import ABSENT, KeyTable, new_key_table, with_key_room
from processors.units import HOUR_US

# columns of a camera count table
PASSAGES: Final = 0
VEHICLES: Final = 1
CAMERA_COLUMNS: Final = 2
CAMERA_COUNTS: Final = ("passages", "vehicles")

HOUR_BITS: Final = 31


class CameraCounts(NamedTuple):
    """What is counted per camera between two flushes."""

    numbers: KeyTable  # camera id → its number here
    cells: CellTable


class CameraDelta(NamedTuple):
    """What to add to the counts of cameras, each key once."""

    camera_hi: UInt64Array
    camera_lo: UInt64Array
    hour_us: Int64Array  # start of the UTC hour of the event
    direction: UInt8Array  # Direction code
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    counts: Int64Array  # shape (rows, CAMERA_COLUMNS), in the order of CAMERA_COUNTS


def new_camera_counts() -> CameraCounts:
    """Return counts of nothing."""
    return CameraCounts(new_key_table(), new_cell_table(1 << 6, CAMERA_COLUMNS, spare=0))


def with_camera_room(counts: CameraCounts, rows: int) -> CameraCounts:
    """Return the same counts with room for so many more detections."""
    return CameraCounts(with_key_room(counts.numbers, rows), with_cell_room(counts.cells, rows))


@inner_kernel
def camera_key(number: int, hour: int, direction: int, vehicle_class: int, zero_emission: int) -> np.int64:
    """Pack the key of a camera count; *hour* is the time of the event in hours since 1970 UTC."""
    group = ((np.int64(number) * 4 + direction) * 16 + vehicle_class) * 4 + zero_emission
    return (group << 31) | hour


def drain_cameras(counts: CameraCounts) -> CameraDelta:
    """Return everything that was counted; the cells are emptied, and the caller drops the numbers."""
    keys, values = drain(counts.cells)
    taken = counts.numbers.number != ABSENT
    order = np.argsort(counts.numbers.number[taken])
    group = keys >> HOUR_BITS
    camera = group >> 8
    return CameraDelta(
        counts.numbers.hi[taken][order][camera],
        counts.numbers.lo[taken][order][camera],
        (keys & ((1 << HOUR_BITS) - 1)) * HOUR_US,
        (group >> 6 & 3).astype(np.uint8),
        (group >> 2 & 15).astype(np.uint8),
        (group & 3).astype(np.uint8),
        values,
    )
