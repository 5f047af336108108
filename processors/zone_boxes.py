"""Bounding boxes as words: whether two of them meet is one subtraction.

A box is told in columns and rows of a grid of SPAN by SPAN, in four fields of 16 bits. That of an edge has (east,
north, -west, -south), that of a link (west, south, -east, -north), where -x stands for SPAN - 1 - x. They meet where
no field of the edge is less than the same field of the link. The uppermost bit of each field of an edge is set: it
is still there after the subtraction exactly where the field was not less, and no field borrows from the next one.

Both are rounded by the same function, which never turns an order around. So boxes that meet in degrees meet here.
"""

from typing import Final

import numpy as np

from processors.jit import inner_kernel
from processors.zone_index import Grid, column_of, row_of

SPAN_SHIFT: Final = 15
SPAN: Final = 1 << SPAN_SHIFT  # columns and rows in which boxes are told
GUARDS: Final = np.uint64(0x8000_8000_8000_8000)


@inner_kernel
def box_of_edge(fine: Grid, x1: float, y1: float, x2: float, y2: float) -> np.uint64:
    """Return the box of an edge from its lower end to the other."""
    west, east = column_of(fine, min(x1, x2)), column_of(fine, max(x1, x2))
    south, north = row_of(fine, y1), row_of(fine, y2)
    return np.uint64(east | north << 16 | (SPAN - 1 - west) << 32 | (SPAN - 1 - south) << 48) | GUARDS


@inner_kernel
def box_of_link(west: int, south: int, east: int, north: int) -> np.uint64:
    """Return the box of a link between columns and rows, all of them its own."""
    return np.uint64(west | south << 16 | (SPAN - 1 - east) << 32 | (SPAN - 1 - north) << 48)


@inner_kernel
def boxes_meet(edge: np.uint64, link: np.uint64) -> bool:
    """Tell whether the boxes of an edge and of a link have a point in common."""
    return (edge - link) & GUARDS == GUARDS
