"""Positions that nobody granted are withheld before anything is sent of them but that they came."""

from collections.abc import Callable
from typing import Final

import numpy as np
import structlog

from processors.columns import BoolArray, DecodedPositions, PositionColumns
from processors.grants import GrantBook, Place
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.admission import Admitted

REFRESH_S: Final = 2.0  # a revoked grant ends within this and a batch, and 10 s are promised

log = structlog.get_logger()


class GrantKeeper:
    """Withholds positions of carriers that granted nothing.

    Args:
        read: returns the grants of this moment; while it cannot, it waits, and positions wait in Kafka.
    """

    def __init__(self, read: Callable[[], GrantBook]) -> None:
        self._read = read
        self._book = GrantBook([])
        self._refresh_due_s = float("-inf")

    def refresh(self, now_s: float) -> None:
        """Hear of grants that are new or revoked, when it is time.

        Raises:
            ServiceAwayError: they cannot be read, so nothing may be taken.
        """
        if now_s < self._refresh_due_s:
            return
        self._book = self._read()
        self._refresh_due_s = now_s + REFRESH_S

    def granted(self, decoded: DecodedPositions) -> BoolArray:
        """Tell of each row whether it may be taken."""
        return self._book.granted(decoded.carrier, Place(decoded.event_us, decoded.lon, decoded.lat))


def withhold(admitted: Admitted, granted: BoolArray) -> Admitted:
    """Return *admitted* with the rows rejected, and empty, that are not granted; each goes the way that it went.

    Args:
        admitted: rows of a batch.
        granted: of each of them, whether it may be taken.
    """
    columns = admitted.columns
    if not isinstance(columns, PositionColumns):
        return admitted
    withheld = np.flatnonzero((columns.outcome == Outcome.ACCEPTED) & ~granted)
    return Admitted(_emptied(columns, withheld), admitted.destination) if withheld.size else admitted


def _emptied(columns: PositionColumns, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> PositionColumns:
    """Return columns of which some rows say nothing but that they were withheld."""
    changes = {
        "outcome": Outcome.NO_GRANT,
        "event_us": 0,
        "day": 0,
        "pseudonym_hi": 0,
        "pseudonym_lo": 0,
        "lat": 0.0,
        "lon": 0.0,
        "vehicle_class": VehicleClass.UNKNOWN,
        "zero_emission": ZeroEmission.UNKNOWN,
        "traits": 0,
        "carrier": 0,
    }
    changed = {}
    for name, value in changes.items():
        column = getattr(columns, name).copy()
        column[rows] = value
        changed[name] = column
    return columns._replace(**changed)
