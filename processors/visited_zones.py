"""The zones that a vehicle visited today, ten to a line of the cache.

What is asked of them is whether one is among them, so the lines of a vehicle are a list, the newest first, and each
is read as a whole. With a zone stands its *mark*: the slot that counted the vehicle there last, as of the last visit
that ended. Of the slot it keeps the low bits: a vehicle lives for one local day, whose slots are fewer, so the slot
of a later position of the vehicle tells the others.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.jit import inner_kernel

LINE_ZONES: Final = 10
FREE_ZONE: Final = -1
SLOT_BITS: Final = 15  # 34 hours of slots of 4 seconds
PAST_BIT: Final = 1 << SLOT_BITS  # only hour and day of the slot still count

VISITED_LINE: Final = np.dtype(
    [
        ("zone_no", "i4", (LINE_ZONES,)),  # FREE_ZONE behind the last one
        ("mark", "u2", (LINE_ZONES,)),
        ("following", "i4"),  # next line of the vehicle; next free line when free
    ],
    align=True,
)

_SLOT_MASK: Final = PAST_BIT - 1


@inner_kernel
def slot_at(lines: NDArray[np.void], place: int, now: int) -> int:
    """Return the slot that counted the vehicle last at a place, ~slot when only its hour and day still count.

    A place counts lines and the places in them.
    *now* is the slot of a position that was taken later.
    """
    mark = np.int64(lines[place // LINE_ZONES]["mark"][place % LINE_ZONES])
    slot = now - ((now - mark) & _SLOT_MASK)
    return int(~slot if mark & PAST_BIT else slot)


@inner_kernel
def put_slot(lines: NDArray[np.void], place: int, slot: int) -> None:
    """Keep another slot at a place, given as `slot_at` returns it."""
    mark = (~slot & _SLOT_MASK) | PAST_BIT if slot < 0 else slot & _SLOT_MASK
    lines[place // LINE_ZONES]["mark"][place % LINE_ZONES] = mark


@inner_kernel
def place_in_line(lines: NDArray[np.void], line: int, zone_no: int) -> int:
    """Return where in a line a zone stands, LINE_ZONES where it does not; FREE_ZONE gives the first free place."""
    zones = lines[line]["zone_no"]
    for number in range(LINE_ZONES):
        if zones[number] == zone_no:
            return number
    return LINE_ZONES


@inner_kernel
def clear_line(lines: NDArray[np.void], line: int) -> None:
    """Leave nothing of what stood in a line."""
    lines[line]["zone_no"][:] = FREE_ZONE
    lines[line]["mark"][:] = 0
