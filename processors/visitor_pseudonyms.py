"""What is known of a detected vehicle over the days of a month: a pseudonym of that month, and where it is registered.

The pseudonym is the first 8 bytes of the HMAC-SHA-256 of the identity with the random key of the month; two of ten
million vehicles share one with a chance of three in a million. 0 is nobody.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import DecodedDetections, Int64Array, UInt32Array, UInt64Array
from processors.identity import are_home_plates
from processors.pseudonyms import PseudonymCache
from processors.vehicle_traits import AT_HOME

NOBODY: Final = 0


class Visitors(NamedTuple):
    """Of rows."""

    pseudonym: UInt64Array
    traits: UInt32Array  # to add to those of the row


def visitors_of(cache: PseudonymCache, decoded: DecodedDetections, rows: Int64Array) -> Visitors:
    """Return what some rows are known by in the month whose key the cache has."""
    pseudonyms = cache.pseudonyms(
        decoded.identity, decoded.identity_start[rows], decoded.identity_length[rows]
    ).hi
    at_home = np.where(are_home_plates(decoded.plate[rows]), AT_HOME, 0).astype(np.uint32)
    return Visitors(pseudonyms, at_home)


def no_visitors(rows: int) -> Visitors:
    """Return that rows are nobody."""
    return Visitors(np.zeros(rows, np.uint64), np.zeros(rows, np.uint32))
