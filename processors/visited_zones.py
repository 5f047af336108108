"""A zone that a vehicle visited today, in one word of 64 bits.

A word holds the number of the zone, the slot that counted the vehicle there last, as of the last visit that ended,
and the word that follows in the list of the vehicle. Of the slot it keeps the low bits: a vehicle lives for one local
day, whose slots are fewer, so the slot of a later position of the vehicle tells the others.
"""

from typing import Final

import numpy as np

from processors.jit import inner_kernel

ZONE_BITS: Final = 24  # as in the keys of flow cells
SLOT_BITS: Final = 11  # 34 hours of slots of a minute
PAST_BIT: Final = 1 << ZONE_BITS + SLOT_BITS  # only hour and day of the slot still count
FOLLOWING_SHIFT: Final = ZONE_BITS + SLOT_BITS + 1
MAX_WORDS: Final = (1 << 63 - FOLLOWING_SHIFT) - 1

_ZONE_MASK: Final = (1 << ZONE_BITS) - 1
_SLOT_MASK: Final = (1 << SLOT_BITS) - 1


@inner_kernel
def visited_word(zone_no: int, following: int) -> np.int64:
    """Pack a zone that no visit to has ended; *following* is a place or -1."""
    return np.int64(following + 1) << FOLLOWING_SHIFT | np.int64(zone_no)


@inner_kernel
def zone_of(word: np.int64) -> int:
    """Return the number of the zone."""
    return int(word & _ZONE_MASK)


@inner_kernel
def following_of(word: np.int64) -> int:
    """Return the place of the word that follows, -1 where none does."""
    return int((word >> FOLLOWING_SHIFT) - 1)


@inner_kernel
def slot_of(word: np.int64, now: int) -> int:
    """Return the slot that counted the vehicle last, ~slot when only its hour and day still count.

    *now* is the slot of a position that was taken later.
    """
    slot = now - ((now - (word >> ZONE_BITS)) & _SLOT_MASK)
    return int(~slot if word & PAST_BIT else slot)


@inner_kernel
def with_slot(word: np.int64, slot: int) -> np.int64:
    """Return the word with another slot, given as `slot_of` returns it."""
    kept = word & ~np.int64(_SLOT_MASK << ZONE_BITS | PAST_BIT)
    if slot < 0:
        return kept | np.int64(~slot & _SLOT_MASK) << ZONE_BITS | PAST_BIT
    return kept | np.int64(slot & _SLOT_MASK) << ZONE_BITS
