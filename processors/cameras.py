"""The camera registry as arrays: which zones a camera counts for, and what its directions mean for each."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from processors.columns import Int32Array, UInt8Array
from processors.key_table import KeyTable, new_key_table, put_key

_HALF = (1 << 64) - 1


class CameraMovement(NamedTuple):
    """What a detection means for one zone; each a Movement code."""

    zone_no: int
    obverse: int
    reverse: int
    unknown: int


class CameraIndex(NamedTuple):
    """Cameras by id; camera c has the rows `starts[c]:starts[c + 1]` of `zone_no` and `movement`."""

    numbers: KeyTable  # camera id (UUID halves) → c
    starts: Int32Array
    zone_no: Int32Array
    movement: UInt8Array  # shape (rows, 3): Movement code by Direction code


def build_camera_index(cameras: Iterable[tuple[int, Sequence[CameraMovement]]]) -> CameraIndex:
    """Build the index of (camera id as a 128-bit integer, its zones)."""
    known = list(cameras)
    numbers = new_key_table(max(len(known), 1))
    starts, zones, movements = [0], [], []
    for number, (camera, rows) in enumerate(known):
        put_key(numbers, np.uint64(camera >> 64), np.uint64(camera & _HALF), number)
        zones += [row.zone_no for row in rows]
        movements += [(row.obverse, row.reverse, row.unknown) for row in rows]
        starts.append(len(zones))
    return CameraIndex(
        numbers,
        np.array(starts, np.int32),
        np.array(zones, np.int32),
        np.array(movements, np.uint8).reshape(-1, 3),
    )
